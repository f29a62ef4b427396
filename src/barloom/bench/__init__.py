"""Measurements of ``barloom bench``: works whose answers are checked first, their times, and the comparison of two records."""
