"""The generated documents: in step with the code, and unable to claim what no test shows."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contactcenter import compat
from contactcenter.environment import BASE_DIR
from contactcenter.management.commands import docs

HELD = "tests/test_door.py::test_door_shuts"


@pytest.fixture
def house(tmp_path, settings):
    """A tree with one test in it; ``house(rule)`` writes that rule down as the only one."""
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_door.py").write_text("def test_door_shuts():\n    assert True\n")

    def put(rule: str) -> Path:
        text = '[pages]\ndoors = "https://example.com/doors"\n[[section]]\ntitle = "Doors"\n[[section.rule]]\n' + rule
        (tmp_path / compat.SOURCE).write_text(text)
        return tmp_path / "docs"

    return put


@pytest.mark.parametrize(
    "name",
    [
        "tests/test_door.py::test_door_opens",
        "tests/test_window.py::test_door_shuts",
        "tests/test_door.py",
        "test_door_shuts",
        "tests/test_door.py::helper",
    ],
)
def test_a_test_that_is_not_there_is_refused(house, name):
    (
        house(f'says = "A | door."\npage = "doors"\ntests = ["{HELD}", "{name}"]').parent / "tests" / "test_door.py"
    ).write_text("def test_door_shuts(): ...\ndef helper(): ...\n")

    with pytest.raises(compat.Unheld) as refused:
        compat.document()

    assert str(refused.value) == f"docs/compat.toml: Doors: A | door.: there is no test {name}"


def test_a_rule_with_neither_test_nor_reason_is_refused(house):
    house('says = "A door."\npage = "doors"')

    with pytest.raises(compat.Unheld, match="names neither a test nor a difference"):
        compat.document()


def test_nothing_is_written_when_a_rule_is_not_held(house):
    folder = house('says = "A door."\npage = "doors"\ntests = ["tests/test_door.py::test_gone"]')

    with pytest.raises(CommandError, match=r"there is no test tests/test_door\.py::test_gone"):
        call_command("docs")

    assert [path.name for path in folder.iterdir()] == ["compat.toml"]


def test_held_and_different_rules_are_told_apart(house):
    house(
        f'says = "A | door."\npage = "doors"\ntests = ["{HELD}"]\n'
        '[[section.rule]]\nsays = "A bell."\npage = "doors"\ndifference = "We knock."'
    )

    text = compat.document()

    assert "2 rules: 1 are held by tests, 1 are deliberate differences." in text
    held, different = text.split("## Deliberate differences")
    assert (
        "| [A \\| door.](https://example.com/doors) | [`test_door_shuts`](../tests/test_door.py) |" in held.splitlines()
    )
    assert "| [A bell.](https://example.com/doors) | We knock. |" in different.splitlines()
    assert ("A bell" in held, "A \\| door" in different) == (False, False)


OPERATIONS = {"Open": {"method": "POST", "path": "/v1/Doors"}, "Shut": {"method": "DELETE", "path": "/v1/Doors/{Sid}"}}


@pytest.fixture
def table(house):
    """``table(lines)`` writes down a table of operations of which there are two."""
    folder = house('says = "A bell."\npage = "doors"\ndifference = "We knock."')
    specification = folder.parent / compat.SPECIFICATION
    specification.parent.mkdir()
    specification.write_text(json.dumps({"operations": OPERATIONS}))

    def put(lines: str) -> None:
        source = folder.parent / compat.SOURCE
        source.write_text(f"[operations]\n{lines}\n{source.read_text()}")

    return put


def test_each_operation_is_told_with_its_tests(table):
    table(f'Shut = ["{HELD}"]')

    text = compat.document().partition("## Operations")[2]

    assert "1 of 2 operations" in text
    assert "| Open | `POST /v1/Doors` | not served yet |" in text.splitlines()
    assert "| Shut | `DELETE /v1/Doors/{Sid}` | [`test_door_shuts`](../tests/test_door.py) |" in text.splitlines()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('Shut = ["tests/test_door.py::test_gone"]', "Shut: there is no test tests/test_door.py::test_gone"),
        (f'Slam = ["{HELD}"]', "there is no operation Slam"),
    ],
)
def test_an_operation_that_is_not_there_or_not_tried_is_refused(table, lines, fault):
    table(lines)

    with pytest.raises(compat.Unheld) as refused:
        compat.document()

    assert str(refused.value) == f"docs/compat.toml: operations: {fault}"


def test_stale_document_is_found_and_written_anew(house):
    folder = house('says = "A bell."\npage = "doors"\ndifference = "We knock."')

    with pytest.raises(SystemExit, match=r"Stale: .*compat\.md"):
        call_command("docs", "--check")
    assert not (folder / "compat.md").exists()

    call_command("docs")
    call_command("docs", "--check")
    shutil.copy(folder / "states.md", folder / "compat.md")
    with pytest.raises(SystemExit, match=r"Stale: compat\.md\. Run"):
        call_command("docs", "--check")


def test_documents_of_this_tree_are_in_step():
    for name, text in docs.documents().items():
        assert (BASE_DIR / "docs" / name).read_text() == text, f"{name} is stale: ./run manage docs"
