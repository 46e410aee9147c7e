"""Checks of model files and training code, one file each; `registry.py` lists them."""
