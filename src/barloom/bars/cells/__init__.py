"""The meaning of a cell of text or of a whole number: which moment it is, which price; decided here for every format."""

CELLS = ("date_order", "time_format", "decimal", "thousands", "encoding")
"""Options that say what a cell means."""
