"""Faults of files, folders and sizes, each test named by its id in the fault table: the right bars, or one sentence."""
