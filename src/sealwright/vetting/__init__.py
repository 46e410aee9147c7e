"""Vetting of models, their code and their dependencies, by content and without loading anything."""
