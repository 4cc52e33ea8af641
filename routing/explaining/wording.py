"""Verdicts in people's words. The codes are stable, for programs; the sentences are for whoever reads them."""

from collections.abc import Mapping
from typing import Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from routing.core.explain import Detail
from routing.core.trace import Clause, Hint
from routing.explaining.offers import Standing
from routing.explaining.queues import Channel
from routing.explaining.tasks import Waiting

CODES: Final[Mapping[str, str]] = {
    "o": "free",
    "r": "refused",
    "f": "full",
    "c": "channel-off",
    "a": "away",
    "x": "excluded",
    "k": "not-wanted",
    "t": "target-expression",
    "s": "skills",
    "q": "queue-expression",
    "-": "gone",
}
"""By the letters of `routing.core.clauses`."""

TITLES: Final[Mapping[str, Promise]] = {
    "o": _("free"),
    "r": _("said no a moment ago"),
    "f": _("without a free slot"),
    "c": _("switched off for the channel"),
    "a": _("away"),
    "x": _("handing it over"),
    "k": _("not who it is for"),
    "t": _("not fit for the step"),
    "s": _("without a skill that it needs"),
    "q": _("not in the queue"),
    "-": _("gone"),
}
"""Words that read well behind any number of workers, and behind none."""

HINTS: Final[Mapping[Hint, Promise]] = {
    "missing": _("There is no such value."),
    "array": _("A list is compared as if it were a single value: use HAS or IN."),
    "no-array": _("No list stands where HAS and IN need one."),
    "kinds": _("A text, a number and a yes or no are never equal: '5' is not 5."),
    "case": _("Only capital letters differ."),
}


def verdict(detail: Detail) -> str:
    """One sentence about one worker."""
    match detail.letter:
        case "o":
            words = _free(detail)
        case "f":
            words = _full(detail)
        case "c":
            words = gettext("Switched off for this channel.") if detail.channel else gettext("Has no such channel.")
        case "a":
            words = (
                gettext("Away: %(activity)s.") % {"activity": detail.activity} if detail.activity else gettext("Away.")
            )
        case "s":
            words = gettext("Lacks: %(skills)s.") % {"skills": ", ".join(detail.skills)}
        case "t" | "q":
            words = _expression(detail)
        case letter:
            words = str(_PLAIN.get(letter, ""))
    return words


_PLAIN: Final[Mapping[str, Promise]] = {
    "r": _("Said no to this task, or nothing, a moment ago."),
    "x": _("Has the task, and hands it over."),
    "k": _("The task is for somebody else."),
    "-": _("Is not there any more."),
}


def _free(detail: Detail) -> str:
    if detail.place is None:
        return gettext("Free.")
    return gettext("Free, number %(place)d in line.") % {"place": detail.place}


def _full(detail: Detail) -> str:
    channel = detail.channel
    if channel is None:
        return gettext("Without a free slot.")
    if channel.configured_capacity == 0:
        return gettext("Takes nothing on this channel: the capacity is 0.")
    return gettext("Busy: %(load)d of %(capacity)d.") % {"load": channel.load, "capacity": channel.configured_capacity}


def _expression(detail: Detail) -> str:
    if not detail.clauses:
        return gettext("Not in the queue.") if detail.letter == "q" else gettext("Does not fit the step.")
    told = "; ".join(clause(each) for each in detail.clauses)
    pattern = gettext("Not in the queue: %(why)s.") if detail.letter == "q" else gettext("Does not fit: %(why)s.")
    return pattern % {"why": told}


def clause(told: Clause) -> str:
    """A comparison with what was found.

    >>> from routing.core.expressions import parse
    >>> from routing.core.trace import why_not
    >>> clause(why_not(parse("skills HAS 'billing'"), {"skills": ["sales"]})[0])
    "skills HAS 'billing' – skills is ['sales']"
    """
    if told.held:
        return gettext("%(comparison)s holds and must not") % {"comparison": told.text}
    return _with_found(told)


def fulfilled(told: Clause) -> str:
    """A comparison that made an expression hold."""
    if told.held:
        return _with_found(told)
    return gettext("%(comparison)s does not hold, and must not") % {"comparison": told.text}


def _with_found(told: Clause) -> str:
    return " – ".join([told.text, ", ".join(found(told))] if told.found else [told.text])


def found(told: Clause) -> list[str]:
    """What stood at the names."""
    pattern = gettext("%(name)s is %(value)s")
    return [pattern % {"name": side.text, "value": side.value} for side in told.found]


OBSTACLES: Final[Mapping[str, Promise]] = {
    "away": _("Away: somebody who is away gets no work."),
    "no-channel": _("Every channel is switched off, or its capacity is 0."),
    "full": _("Busy on every channel."),
    "no-queue": _("In no queue: no queue's expression matches."),
    "nothing-waits": _("Nothing waits in this worker's queues."),
    "refused": _("Said no to what waits first, or nothing, a moment ago."),
    "no-slot": _("No free slot on the channels of what waits first: they are full or switched off."),
    "not-fitting": _("What waits first asks for somebody else."),
    "others-first": _("Others who are free have been without new work for longer."),
    "soon": _("Nothing is in the way: the next task is on its way."),
}


def obstacle(code: str) -> str:
    """What is in a worker's way."""
    return str(OBSTACLES[code])


def waiting(found: Waiting) -> str:
    """Why a task still waits, in a sentence."""
    return _nobody(found.counts, never=found.never) or _next(found.position)


def served(channel: Channel) -> str:
    """Who could take what waits in a queue on one channel, in a sentence."""
    free = channel.free or channel.counts.get("o", 0)
    if channel.free:
        words = ngettext("%(free)d agent is free for it.", "%(free)d agents are free for it.", free)
    elif free:
        words = ngettext(
            "%(free)d agent is free, but not for what waits first.",
            "%(free)d agents are free, but not for what waits first.",
            free,
        )
    else:
        return _nobody(channel.counts, never=channel.never)
    return words % {"free": free}


def _nobody(counts: Mapping[str, int], *, never: bool) -> str:
    """Empty where somebody is free."""
    if counts.get("o"):
        return ""
    if never:
        return gettext("Nobody can ever serve it, even if all were at work and had nothing to do.")
    fitting = [f"{counts[letter]} {TITLES[letter]}" for letter in "rfca" if counts.get(letter)]
    if not fitting:
        return gettext("Nobody fits it now.")
    return gettext("Nobody who fits is free: %(why)s.") % {"why": ", ".join(fitting)}


def _next(position: int) -> str:
    if position > 1:
        return gettext(
            "Somebody is free, but it is number %(position)d in the queue: the ones before it are first."
        ) % {"position": position}
    return gettext("Nothing is in the way: it is next, and somebody is free.")


def standing(standing: Standing) -> str:
    """One sentence about how a worker stood when a task was offered."""
    if standing.chosen:
        return gettext("Asked.")
    if standing.letter == "o":
        return _later_in_line(standing)
    if standing.lasting:
        return verdict(standing.detail)
    return gettext("Then: %(reason)s.") % {"reason": TITLES[standing.letter]}


def _later_in_line(standing: Standing) -> str:
    parts = [f"{order}: {value}" for order, value in standing.ranks]
    if standing.idle_since:
        parts.append(gettext("last offer %(at)s") % {"at": date_format(localtime(standing.idle_since), "TIME_FORMAT")})
    else:
        parts.append(gettext("never had an offer"))
    return gettext("Free, but later in line (%(why)s).") % {"why": ", ".join(parts)}
