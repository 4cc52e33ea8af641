"""The pure part of campaigns: states, texts, lists."""
