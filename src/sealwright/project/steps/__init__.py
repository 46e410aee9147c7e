"""What `run` does, phase by phase: each step examines something and puts evidence on record."""
