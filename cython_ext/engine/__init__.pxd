# The steps of a simulation, each on what the ones before it left: declarations and inline functions only.
