"""The technical documentation of EU AI Act Annex IV, from the ledger."""
