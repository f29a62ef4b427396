"""Many parameter sets over one shared set of bars."""
