"""The journal that is also the outbox: events, their numbering, their sinks, timers and the live stream."""
