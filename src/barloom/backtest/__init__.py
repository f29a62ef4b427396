"""Bars pass through once, chunk by chunk, and come out as trades, metrics and the records of a run."""
