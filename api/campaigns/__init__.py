"""Campaigns by API: one text to a list."""
