"""The report: built as records, shown as JSON, as a page, or in a few lines of text."""
