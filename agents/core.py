"""The arithmetic of capacity."""


def available_percentage(configured_capacity: int, load: int) -> int:
    """How much of a channel is free: floor((1 - load / capacity) * 100), and never below 0.

    https://www.twilio.com/docs/taskrouter/multitasking. Nothing is free of a capacity of 0.

    >>> [available_percentage(3, load) for load in (0, 1, 2, 3, 4)], available_percentage(0, 0)
    ([100, 66, 33, 0, 0], 0)
    """
    return max(0, (configured_capacity - load) * 100 // configured_capacity) if configured_capacity else 0
