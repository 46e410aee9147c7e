"""Walls around training commands, and the record of what was tried against them."""
