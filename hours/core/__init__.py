"""The pure part: what a calendar says of a moment."""
