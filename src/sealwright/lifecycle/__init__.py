"""What the user declares about a system: one file, read with a place for every mistake."""
