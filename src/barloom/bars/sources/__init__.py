"""Where bars come from: one file a format, each registered once in registry.py."""
