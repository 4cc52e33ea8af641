"""A contact centre in virtual time, for replays: the same board and decisions, and around them what people do.

`scenario` is what happens from outside, `staff` who and what is in it, `simulator` lets it happen. With `recorded`
people behave as in a past period; `measures` keeps what became of each task, `comparison` makes a report of it.
"""
