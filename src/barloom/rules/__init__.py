"""Options of a run: entries, exits, costs, sizing, sessions, fills, and all of them together as its parameters."""
