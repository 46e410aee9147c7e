"""Attacks in source code: one text for each technique, with payloads that do no harm."""
