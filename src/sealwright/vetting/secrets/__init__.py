"""Secrets that lie in code, notebooks and settings: found, and never repeated."""
