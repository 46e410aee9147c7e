"""Tensors out of files that can run code and into one that cannot, without running any."""
