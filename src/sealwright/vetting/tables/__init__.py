"""Tables of numbers and texts: Arrow and Parquet."""
