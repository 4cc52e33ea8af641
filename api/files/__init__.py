"""Files that a bot brings for its next message."""
