"""How the figures of a report are written: for its page, its plots and a terminal alike."""


def duration(seconds: float | None) -> str:
    """
    >>> duration(None), duration(4.26), duration(75), duration(3725)
    ('–', '4.3 s', '1:15', '1:02:05')
    """
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 or not seconds else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def share(value: float | None) -> str:
    """
    >>> share(None), share(0.875), share(1)
    ('–', '88 %', '100 %')
    """
    return "–" if value is None else f"{value * 100:.0f} %"
