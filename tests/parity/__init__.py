"""barloom beside other implementations: the engines its presets are named after, and TA-Lib."""
