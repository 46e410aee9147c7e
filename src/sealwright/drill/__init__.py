"""Drills: attacks on a throw-away copy of the controls, to see whether they hold."""
