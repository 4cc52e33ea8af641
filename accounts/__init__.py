"""Who calls us: accounts, people, API keys, and the one policy."""
