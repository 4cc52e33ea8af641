"""Campaigns: one text to many customers, each row with its own fate."""
