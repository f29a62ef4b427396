"""Bars pass through once, chunk by chunk, and come out as trades and metrics."""
