"""The live screens of agents: the page, its socket, its commands."""
