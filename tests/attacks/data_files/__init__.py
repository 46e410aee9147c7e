"""Attacks in the data files beside a model: pictures and tables. Payloads only echo a word."""
