"""Public holidays by country and part of it, from the library `holidays` (https://holidays.readthedocs.io).

The library is imported when a calendar first asks for it: it takes a quarter of a second.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=1)
def countries() -> Mapping[str, str]:
    """ISO code → English name of the countries whose holidays are known, in the order of the names."""
    from holidays.registry import COUNTRIES

    named = {entry[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entry[0]) for entry in COUNTRIES.values()}
    return dict(sorted(named.items(), key=lambda item: item[1]))


@lru_cache(maxsize=256)
def subdivisions(country: str) -> Mapping[str, str]:
    """Code → name of the parts of a country that have holidays of their own; empty for an unknown country."""
    if country not in countries():
        return {}
    from holidays import country_holidays

    known = country_holidays(country)
    names = {code: name for name, code in known.subdivisions_aliases.items()}
    return {code: names.get(code, code) for code in known.subdivisions}


@lru_cache(maxsize=1024)
def holidays_of(country: str, subdivision: str, year: int) -> Mapping[date, tuple[str, ...]]:
    """The public holidays of a year, under the names that the country itself gives them."""
    from holidays import country_holidays

    part = subdivision or None
    language = country_holidays(country).default_language
    found = country_holidays(country, subdiv=part, years=year, expand=False, language=language)
    return {day: tuple(found.get_list(day)) for day in sorted(found)}
