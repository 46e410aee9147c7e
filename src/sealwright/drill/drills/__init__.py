"""One file per drill: its declaration, the attack, the benign twin, and how the record is read."""
