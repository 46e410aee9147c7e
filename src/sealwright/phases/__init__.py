"""Who says it: one room per phase of the lifecycle. They meet in the ledger, not here."""
