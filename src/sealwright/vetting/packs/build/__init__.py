"""How packs are made: read a library's source, keep what provably builds data, list the rest."""
