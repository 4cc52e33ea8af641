"""The pure part of webhooks: their kinds and states, and when to try again."""
