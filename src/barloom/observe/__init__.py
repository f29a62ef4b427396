"""Observation of a run: progress, memory, machine, profile, verdicts."""
