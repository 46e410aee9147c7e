"""Drills: harmless real attacks on one's own installation."""
