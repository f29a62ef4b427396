"""How the sets of a sweep are run: batches, and who runs them."""
