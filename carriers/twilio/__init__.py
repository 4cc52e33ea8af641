"""Twilio: its client, its webhooks, its signatures, its errors."""
