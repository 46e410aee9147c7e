"""The model runtime: one served version in a process of its own, without network."""
