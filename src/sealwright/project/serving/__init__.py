"""A serving installation: the controller, and what it compiles, releases and puts on record."""
