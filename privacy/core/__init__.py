"""The pure part of privacy: what of an event is personal."""
