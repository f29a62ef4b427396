"""Analysis of a sweep: its table, the ranking, robustness and overfitting of the best set, heat maps and the report."""
