"""Statistics: what is now, from the tables; what was, from the event log."""
