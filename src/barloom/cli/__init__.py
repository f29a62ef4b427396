"""The command line: one file a command; nothing in barloom imports it."""
