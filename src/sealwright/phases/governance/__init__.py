"""Governance: what people say and decide, and the report that shows it all."""
