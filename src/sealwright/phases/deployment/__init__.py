"""The deployment phase."""
