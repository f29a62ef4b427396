"""What a trade is: entries, exits, fills, costs, size, the record; and the plain reference simulator that judges the engine."""
