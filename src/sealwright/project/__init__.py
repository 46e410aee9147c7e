"""An opened installation: its keys, ledger and artifacts, and what can be done with them."""
