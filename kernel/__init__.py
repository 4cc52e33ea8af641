"""Plain Python that every package may use: ids, clock, errors, state machines, actors, addresses."""
