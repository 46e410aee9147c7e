"""Pickle, followed as the C unpickler does, without importing or calling anything."""
