"""Runs, sweeps and walk forwards with a folder that ends well or badly."""
