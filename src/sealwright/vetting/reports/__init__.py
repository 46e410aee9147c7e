"""What a scan said, written for people and for programs."""
