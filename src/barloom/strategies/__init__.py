"""Strategies: the class to derive from (`base`), what signals see (`window`), and the ones built in (`registry`)."""

from barloom.strategies.base import Strategy, StrategyOrigin
from barloom.strategies.registry import BUILT_IN, load_strategy
from barloom.strategies.window import Window

__all__ = ["BUILT_IN", "Strategy", "StrategyOrigin", "Window", "load_strategy"]
