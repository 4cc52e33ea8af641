"""The composition root: settings, routes, processes, health."""
