"""Business calendars: when a team is there, why not, and when it will be again."""
