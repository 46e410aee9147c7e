"""Catalogues of controls, each with its source, licence, date and what was verified."""
