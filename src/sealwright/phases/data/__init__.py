"""The data phase: which version, from where, labelled by whom, and whether it is sound."""
