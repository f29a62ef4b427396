"""The records of accounts: balances, rates, equity points and running totals."""

from __future__ import annotations

from barloom._native import simulation

CASES = 3
"""Accounts of a parameter set: as chosen, best case, worst case."""
ACCOUNT = simulation.ACCOUNT
MONEY = simulation.MONEY
POINT = simulation.POINT
TALLY = simulation.TALLY
