"""The plain simulator that judges the engine: it shares no code with it."""
