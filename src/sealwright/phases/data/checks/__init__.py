"""Checks of declared constraints, one file each; `registry.py` lists them."""
