"""What differs between two models, so that a new one is read as closely as a change of code."""
