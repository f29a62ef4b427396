"""What a sweep came to: its table, and what the best set is worth."""
