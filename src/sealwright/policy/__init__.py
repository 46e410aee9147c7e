"""What must hold: policies, lineage, staleness, approvals and the gate."""
