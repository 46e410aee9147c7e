"""The demonstration: real patients' data, five people, three denials and an admission."""
