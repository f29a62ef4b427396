"""Helpers for several tests: sample bars, ways to split them, and the engine beside the reference simulator."""
