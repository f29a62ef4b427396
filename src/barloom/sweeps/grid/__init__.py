"""The parameter sets of a sweep: axes, names, constraints, search."""
