"""The guarded UPDATE: the only way in which a state column changes."""

from collections.abc import Sequence
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
    move_all([row], machine, verb, status_field=status_field, **fields)


def move_all(
    rows: Sequence[models.Model], machine: Machine, verb: str, *, status_field: str = "status", **fields: Any
) -> None:
    """The same of several rows of one kind, all or none: ``StaleMove`` when somebody else moved one of them first."""
    manager = type(rows[0])._default_manager
    these = manager.filter(pk__in=[row.pk for row in rows])
    movable = these.filter(**{f"{status_field}__in": machine.sources(verb)})
    changed = movable.update(**{status_field: machine.target(verb)}, version=F("version") + 1, **fields)
    if changed != len(rows):
        raise StaleMove(
            "It is too late to %(verb)s: this %(thing)s is %(status)s now.",
            params={
                "thing": pgettext_lazy("machine", machine.name),
                "status": _word(machine, getattr(rows[0], status_field)),
                "verb": _word(machine, verb),
            },
        )
    columns = {field.name: field.attname for field in type(rows[0])._meta.concrete_fields}
    written = [columns.get(name, name) for name in (status_field, "version", *fields)]
    found = {values[0]: values[1:] for values in these.values_list("pk", *written)}
    for row in rows:
        for name, value in zip(written, found[row.pk], strict=True):
            setattr(row, name, value)


def _word(machine: Machine, word: str) -> Promise:
    """A state or verb as the reader of the refusal says it: languages bend both to the thing."""
    return pgettext_lazy(machine.name, word.replace("_", " "))
