"""The pure part of conversations: states and the order of delivery states."""
