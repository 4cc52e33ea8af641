"""What supervisors type about calendars."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelForm, SelectWidget, told
from hours import editor
from hours.core.calendar import WEEKDAYS
from hours.core.document import CalendarError, read, time_zones
from hours.core.public import countries, holidays_of, subdivisions
from hours.models import Calendar
from kernel import clock

NEW: Final[Mapping[str, Any]] = {
    "time_zone": "UTC",
    "weekly": {day: ["09:00-18:00"] if number < 5 else [] for number, day in enumerate(WEEKDAYS)},
    "country": "",
    "subdivision": "",
    "worked_holidays": [],
    "overrides": [],
}
"""What the page of a new calendar begins with."""

_HOLIDAYS: Final = ("country", "subdivision", "worked_holidays")
_A_YEAR: Final = timedelta(days=365)


@lru_cache(maxsize=1)
def zone_choices() -> list[tuple[str, Any]]:
    """The time zones by part of the world."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(time_zones() - {"UTC"}):
        region, _slash, place = name.partition("/")
        groups.setdefault(region, []).append((name, place.replace("_", " ").replace("/", " / ")))
    return [("UTC", "UTC"), *groups.items()]


class _Rows(forms.Widget):
    """A part of the page that has names of its own below ``<name>-``. ``errors`` are texts by their path."""

    template = ""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.errors: Mapping[str, str] = {}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(str(key).startswith(f"{name}-") for key in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return render_to_string(self.template, {"name": name, **self.context(value)})

    def context(self, value: Any) -> dict[str, Any]:
        raise NotImplementedError


class WeekWidget(_Rows):
    """Seven days with any number of blocks."""

    template = "admin/hours/week.html"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return editor.week_of(editor.posted_rows(data, name))

    def context(self, value: Any) -> dict[str, Any]:
        days = [
            {
                "key": key,
                "name": str(DAY_NAMES[number]).capitalize(),
                "blocks": editor.ends_of((value or {}).get(key, [])),
                "error": self.errors.get(f"weekly.{key}", ""),
            }
            for number, key in enumerate(WEEKDAYS)
        ]
        return {"days": days}


class OverridesWidget(_Rows):
    """Days with other hours, or none."""

    template = "admin/hours/overrides.html"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return editor.overrides_of(editor.posted_rows(data, name))

    def context(self, value: Any) -> dict[str, Any]:
        rows = [
            {**row, "blocks": editor.ends_of(row["hours"]), "error": self._error(index)}
            for index, row in enumerate(value or [])
        ]
        return {"rows": rows}

    def _error(self, index: int) -> str:
        return next((text for path, text in self.errors.items() if path.startswith(f"overrides[{index}]")), "")


class HolidaysWidget(_Rows):
    """A country, a part of it, and which of its holidays are worked."""

    template = "admin/hours/holidays.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        worked = data.getlist(f"{name}-worked_holidays") if hasattr(data, "getlist") else []
        return {
            "country": data.get(f"{name}-country", ""),
            "subdivision": data.get(f"{name}-subdivision", ""),
            "worked_holidays": worked,
        }

    def context(self, value: Any) -> dict[str, Any]:
        return {"countries": countries().items(), "country": (value or {}).get("country", ""), **holiday_choices(value)}


def holiday_choices(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """What hangs on the country: its parts, and the holidays of the next twelve months."""
    given = value or {}
    country, worked = given.get("country", ""), given.get("worked_holidays", ())
    if country not in countries():
        return {"parts": [], "part": "", "holidays": [], "kept": []}
    parts = subdivisions(country)
    part = str(given.get("subdivision", ""))
    part = part if part in parts else ""
    coming = _coming(country, part, years=1)
    later = _coming(country, part, years=10)
    return {
        "parts": sorted(parts.items(), key=lambda item: item[1]),
        "part": part,
        "holidays": [{"date": day, "name": name, "worked": name in worked} for name, day in coming.items()],
        # Not every holiday comes every year; what was ticked once stays so.
        "kept": [name for name in worked if name in later and name not in coming],
    }


def _coming(country: str, part: str, *, years: int) -> dict[str, date]:
    """The names of the holidays from today on, and when each comes next."""
    today = clock.now().date()
    found: dict[str, date] = {}
    for year in range(today.year, today.year + years + 1):
        for day, names in holidays_of(country, part, year).items():
            if today <= day < today + years * _A_YEAR:
                found |= {name: day for name in names if name not in found}
    return found


class RowsField(forms.Field):
    """A part of the document; the form checks it as a whole."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, label="", **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != data)


class CalendarForm(ModelForm):
    """A calendar's names, week, holidays and exceptions."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices, widget=SelectWidget)
    weekly = RowsField(widget=WeekWidget)
    holidays = RowsField(widget=HolidaysWidget)
    overrides = RowsField(widget=OverridesWidget)
    error_fields = dict.fromkeys(_HOLIDAYS, "holidays")

    class Meta:
        model = Calendar
        fields = ["workspace", "friendly_name", "unique_name"]
        help_texts = {
            "unique_name": _("What workflows call it, such as support: calendar.support.open == true"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = {**NEW, **self.instance.definition}
        self.fields["time_zone"].initial = kept["time_zone"]
        self.fields["weekly"].initial = kept["weekly"]
        self.fields["overrides"].initial = kept["overrides"]
        self.fields["holidays"].initial = {name: kept[name] for name in _HOLIDAYS}

    def definition(self) -> dict[str, Any]:
        """The whole document as it is now to be."""
        given = self.cleaned_data
        return {
            "time_zone": given["time_zone"],
            "weekly": given["weekly"],
            "overrides": given["overrides"],
            **given["holidays"],
        }

    def clean(self) -> Any:
        if "time_zone" in self.cleaned_data:
            try:
                read(self.definition())
            except CalendarError as error:
                self.refuse_at(error)
        return super().clean()

    def refuse_at(self, error: CalendarError) -> None:
        """Show the refusal at its place in the page, and above it in the words of the page."""
        field = self.error_fields.get(error.field or "", error.field or "")
        widget = self.fields[field].widget
        if isinstance(widget, _Rows):
            widget.errors = {error.path: told(error)}
        place = place_of(error.path)
        self.add_error(field, f"{place}: {told(error)}" if place else told(error))


def place_of(path: str) -> str:
    """A path of the document in the words of the page.

    >>> place_of("weekly.tuesday"), place_of("overrides[1].last"), place_of("country")
    ('Tuesday', 'Exception 2', '')
    """
    row = re.match(r"overrides\[(\d+)\]", path)
    if row:
        return gettext("Exception %(number)d") % {"number": int(row[1]) + 1}
    day = path.removeprefix("weekly.")
    return str(DAY_NAMES[WEEKDAYS.index(day)]).capitalize() if day in WEEKDAYS else ""
