"""What several tests need: bars to try, ways to cut them, and the engine and its judge side by side."""
