"""What training code depends on: lock files, names, packages and known vulnerabilities."""
