"""What ``barloom bench`` measures: works whose answers are checked first, their times, and the comparison of two records."""
