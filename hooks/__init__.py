"""Signed webhooks to integrators: endpoints, what waits for each of them, and the guarded way out."""
