"""What single callers do: detectors with bounded memory, and an account that forgives nobody."""
