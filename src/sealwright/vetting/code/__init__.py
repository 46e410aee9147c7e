"""Examination of source code: engines and rules of our own."""
