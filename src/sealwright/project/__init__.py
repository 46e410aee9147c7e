"""An opened installation: its keys, its ledger and its artifacts, and what can be done with them."""
