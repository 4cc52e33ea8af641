"""The pump's services for what of conversations must not wait for other sweeps: a late turn is a slower sender."""

from eventlog.timers import Deadline


class Turns(Deadline):
    """Messages whose sender may send again."""

    name = "turns"
    sweep = "conversations.timers.grant_turns"
    due = "conversations.timers.first_turn"
    soon = True
    # A bucket holds a tenth of a second: so late a look costs nothing of the rate, and grants several together.
    pause = 0.04
