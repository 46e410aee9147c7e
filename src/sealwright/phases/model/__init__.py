"""The model phase: sandboxed training, bill of materials, scans and signatures."""
