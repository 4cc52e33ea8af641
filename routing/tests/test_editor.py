"""The two views of a workflow: rows and document. What one says, the other says as well."""

import json

import pytest

from routing.preview import editor


def posted(rows, prefix="rules"):
    """What a browser posts of these rows when nobody has touched them."""
    data = {f"{prefix}-kept": rows["kept"]}
    for name, row in enumerate(rows["filters"]):
        data |= {f"{prefix}-{name}-{field}": row[field] for field in ("name", "expression", "kept")}
        for place, target in enumerate(row["targets"]):
            data |= {f"{prefix}-{name}-{place}-{key}": target[key] for key in (*editor.TARGET_KEYS, "kept")}
    return data | {f"{prefix}-default-{key}": rows["default"][key] for key in (*editor.DEFAULT_KEYS, "kept")}


def there_and_back(document, **changes):
    data = posted(editor.rows_of(json.dumps(document))) | changes
    return editor.document_of(editor.posted_rows(data, "rules"))


PLAIN = {
    "task_routing": {
        "filters": [
            {
                "filter_friendly_name": "Sales",
                "expression": "type == 'sales'",
                "targets": [
                    {"queue": "WQ1", "priority": 5, "timeout": 30, "expression": "worker.level > 2"},
                    {"queue": "WQ2", "order_by": "worker.level DESC", "skip_if": "workers.available == 0"},
                ],
            }
        ],
        "default_filter": {"queue": "WQ3"},
    }
}
NUMBERS_AS_TEXTS = {
    "task_routing": {
        "filters": [
            {
                "targets": [{"queue": "WQ1", "priority": "10", "timeout": "010"}, {"priority": "0"}],
                "friendly_name": "Prioritizing Filter",
                "expression": ' 1==1\n AND type == "sales" ',
            }
        ],
        "default_filter": {"queue": "WQ2", "friendly_name": "Rest", "priority": "1", "timeout": None},
    }
}
EMPTY_TARGET = {
    "task_routing": {
        "filters": [
            {
                "filter_friendly_name": "Back to the agent",
                "expression": "originalRouting.queueName == 'Support'",
                "targets": [{"queue": "WQ1", "known_worker_sid": "task.originalRouting.workerSid", "timeout": 30}, {}],
            }
        ]
    }
}
STRANGE_KEYS = {
    "task_routing": {
        "filters": [
            {
                "filter_friendly_name": "A",
                "friendly_name": "B",
                "expression": "1==1",
                "targets": [{"queue": "WQ1", "expression": "", "priority": None, "x": [1, {"y": 2}]}],
                "description": "Why it is so",
            }
        ],
        "comment": "für alle",
    },
    "etag": 7,
}
DEFAULT_ALONE = {"task_routing": {"default_filter": {"queue": "WQ1"}}}
NO_FILTERS = {"task_routing": {"filters": [], "default_filter": {"queue": "WQ1"}}}


@pytest.mark.parametrize(
    "document",
    [PLAIN, NUMBERS_AS_TEXTS, EMPTY_TARGET, STRANGE_KEYS, DEFAULT_ALONE, NO_FILTERS],
    ids=["plain", "numbers as texts", "empty target", "strange keys", "default alone", "no filters"],
)
def test_nothing_is_lost_between_the_two_views(document):
    assert json.dumps(there_and_back(document), sort_keys=True) == json.dumps(document, sort_keys=True)


def test_a_plain_document_leaves_nothing_to_keep_beside_the_fields():
    rows = editor.rows_of(json.dumps(PLAIN))

    assert rows["kept"] == rows["default"]["kept"] == rows["filters"][0]["kept"] == ""
    assert [target["kept"] for target in rows["filters"][0]["targets"]] == ["", ""]


def test_a_changed_field_changes_its_value_alone():
    changed = there_and_back(NUMBERS_AS_TEXTS, **{"rules-0-0-priority": "20", "rules-0-name": "Urgent"})

    rule = changed["task_routing"]["filters"][0]
    assert rule["targets"][0] == {"queue": "WQ1", "priority": 20, "timeout": "010"}
    assert (rule["friendly_name"], "filter_friendly_name" in rule) == ("Urgent", False)
    assert rule["expression"] == ' 1==1\n AND type == "sales" '
    assert changed["task_routing"]["default_filter"] == NUMBERS_AS_TEXTS["task_routing"]["default_filter"]


def test_an_emptied_field_is_gone_and_its_neighbours_stay():
    changed = there_and_back(STRANGE_KEYS, **{"rules-0-name": "", "rules-0-0-queue": ""})

    rule = changed["task_routing"]["filters"][0]
    assert rule["targets"] == [{"expression": "", "priority": None, "x": [1, {"y": 2}]}]
    assert "filter_friendly_name" not in rule
    assert rule["description"] == "Why it is so"


def test_rows_may_come_packed_in_one_field():
    data = posted(editor.rows_of(json.dumps(PLAIN)))

    assert editor.posted_rows({"rules": json.dumps(data)}, "rules") == editor.posted_rows(data, "rules")


def test_a_filter_without_a_word_is_none_and_a_target_without_a_word_is_one():
    data = {"rules-new1-name": "", "rules-new1-expression": "", "rules-new1-new2-queue": ""}
    data |= {"rules-a-expression": "1==1", "rules-a-b-queue": "WQ1", "rules-a-c-queue": "", "rules-a-c-priority": ""}

    (rule,) = editor.posted_rows(data, "rules")["filters"]

    assert [target["id"] for target in rule["targets"]] == ["b", "c"]
    assert editor.document_of({"filters": [rule], "default": {}})["task_routing"]["filters"][0]["targets"] == [
        {"queue": "WQ1"},
        {},
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"task_routing": []}', '{"task_routing": {"filters": 5}}', "[" * 9999]
)
def test_what_is_no_document_gives_empty_rows(text):
    rows = editor.rows_of(text)

    assert (rows["filters"], rows["default"]["queue"]) == ([], "")


def test_what_is_posted_under_other_names_is_left_out():
    data = {"rules-0-secret": "x", "rules-0-0-secret": "x", "rules-0-0-0-queue": "x", "rules-0-expression": "1==1"}

    (rule,) = editor.posted_rows(data, "rules")["filters"]

    assert (rule["expression"], rule["targets"]) == ("1==1", [])


def test_keys_stand_in_the_order_of_the_form() -> None:
    rows = editor.rows_of('{"task_routing": {"default_filter": {"queue": "WQ1"}}}')
    rows["default"] |= {"skip_if": "1==1", "priority": "3", "expression": "worker.level > 1"}

    default = editor.document_of(rows)["task_routing"]["default_filter"]
    assert list(default) == ["queue", "priority", "expression", "skip_if"]
