"""The pure part of verification: codes, states, limits."""
