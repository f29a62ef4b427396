"""``python -m barloom`` is the command ``barloom``."""

from barloom.cli.main import entry

if __name__ == "__main__":
    entry()
