"""All 61 operations are served, with the parameters that the specification gives them, and each is tested."""

import re
import tomllib
from typing import Any

import pytest
from django.urls import resolve

from tests.sdk.specification import OPERATIONS, Operation
from tests.support.product import ROOT


def view_of(operation: Operation) -> Any:
    """The view of the path, asked for with the names of its parts in their places; None where another path matches."""
    match = resolve("/taskrouter" + re.sub(r"\{(\w+)\}", r"\1", operation.path))
    return match.func if set(match.kwargs.values()) == set(re.findall(r"\{(\w+)\}", operation.path)) else None


def served(operation: Operation) -> bool:
    """Whether a view answers this method at this path."""
    view = view_of(operation)
    return view is not None and operation.method.lower() in view.actions


def test_the_specification_names_sixty_one_operations():
    assert len(OPERATIONS) == 61


def test_each_operation_is_served():
    assert [name for name, operation in OPERATIONS.items() if not served(operation)] == []


def test_each_operation_is_named_with_tests_that_ask_for_it():
    """Each of those tests fails when it does not: `conftest`."""
    named = tomllib.loads((ROOT / "docs" / "compat.toml").read_text())["operations"]

    assert {name for name, tests in named.items() if tests} == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_operation_takes_the_parameters_of_the_specification(name):
    """All of them, and no other."""
    operation = OPERATIONS[name]
    view = view_of(operation)
    resource, verb = view.cls, view.actions[operation.method.lower()]
    forms = {"list": "filters", "fetch": "filters", "create": "new", "update": "changes"}

    taken = set(getattr(resource, forms[verb]).parameters) if verb in forms else set()

    paging = {"PageSize", "Page", "PageToken"} if verb == "list" else set()
    assert taken | paging == set(operation.query) | set(operation.form)
