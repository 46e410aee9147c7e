"""Policy packs: the exact names that pickles of ordinary libraries may reach."""
