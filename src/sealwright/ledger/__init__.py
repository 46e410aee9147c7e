"""Where evidence is kept: an append-only Merkle log of signed envelopes."""
