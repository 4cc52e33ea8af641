"""The guarded UPDATE: the only way in which a state column changes."""

from typing import Any

from django.db import models
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from kernel.errors import StaleMove
from kernel.machine import Machine


def move(row: models.Model, machine: Machine, verb: str, *, status_field: str = "status", **fields: Any) -> None:
    """Take ``row`` along ``verb``, writing ``fields`` with it and raising its ``version`` by one.

    One ``UPDATE … WHERE id = ? AND status IN (…)``: when no row matched, somebody else moved it first and ``StaleMove``
    is raised. Afterwards ``row`` carries what was written.
    """
    target = machine.target(verb)
    changed = (
        type(row)
        ._default_manager.filter(pk=row.pk, **{f"{status_field}__in": machine.sources(verb)})
        .update(**{status_field: target}, version=F("version") + 1, **fields)
    )
    if changed != 1:
        raise StaleMove(
            "It is too late to %(verb)s: this %(thing)s is %(status)s now.",
            params={
                "thing": pgettext_lazy("machine", machine.name),
                "status": _word(machine, getattr(row, status_field)),
                "verb": _word(machine, verb),
            },
        )
    row.refresh_from_db(fields=[status_field, "version", *fields])


def _word(machine: Machine, word: str) -> Promise:
    """A state or verb as the reader of the refusal says it: languages bend both to the thing."""
    return pgettext_lazy(machine.name, word.replace("_", " "))
