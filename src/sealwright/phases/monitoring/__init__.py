"""The monitoring phase."""
