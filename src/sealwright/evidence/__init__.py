"""What can be said: canonical bytes, typed statements, signatures, and who may make them."""
