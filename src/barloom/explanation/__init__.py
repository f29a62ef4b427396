"""One trade of a finished run, told bar by bar."""
