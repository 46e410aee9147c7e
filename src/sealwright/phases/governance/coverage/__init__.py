"""Which controls of which framework the ledger evidences."""
