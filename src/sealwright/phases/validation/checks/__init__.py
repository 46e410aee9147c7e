"""One file per kind of evaluation; `registry` lists them all."""
