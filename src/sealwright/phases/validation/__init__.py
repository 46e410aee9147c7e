"""The validation phase: criteria first, then what the model under test really does."""
