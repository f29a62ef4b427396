"""What a user says: entries, exits, costs, sizing, sessions, fills, and all of it as the parameters of a run."""
