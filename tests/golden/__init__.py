"""Digests that every platform, compiler and thread count must reproduce."""
