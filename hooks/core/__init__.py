"""The pure part of webhooks: which addresses may be reached, and when to try again."""
