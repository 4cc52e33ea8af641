"""Measurements of the routing engine."""
