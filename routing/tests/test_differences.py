"""What a review shows of two documents, and the history of two states."""

import json

from routing.preview import differences
from routing.preview.differences import Change, Piece, between, of_states, pieces


def text(*filters, default="WQ0", **more):
    routing = {"filters": list(filters), **more}
    return json.dumps({"task_routing": routing | ({"default_filter": {"queue": default}} if default else {})})


def case(name, expression, *targets):
    return {"filter_friendly_name": name, "expression": expression, "targets": list(targets) or [{"queue": "WQ1"}]}


SALES = case("Sales", "topic == 'sales'", {"queue": "WQ1", "priority": 5, "timeout": 60}, {"queue": "WQ2"})
VIP = case("VIP", "vip == true")
REST = case("Rest", "1==1")


def kinds(difference):
    return [(rule.name, rule.kind, rule.moved) for rule in difference.filters]


def test_two_equal_documents_differ_in_nothing():
    difference = between(text(SALES, VIP), json.dumps(json.loads(text(SALES, VIP)), indent=4))

    assert difference.same
    assert not difference.rewritten


def test_another_way_to_write_the_same_is_told_apart():
    as_texts = case("Sales", "topic == 'sales'", {"queue": "WQ1", "priority": "5", "timeout": "060"}, {"queue": "WQ2"})

    difference = between(text(SALES), text(as_texts))

    assert (difference.same, difference.rewritten) == (True, True)


def test_a_changed_field_stands_beside_what_it_was():
    after = case("Sales", "topic == 'sales'", {"queue": "WQ1", "priority": 9, "timeout": 60}, {"queue": "WQ2"})

    (rule, vip) = between(text(SALES, VIP), text(after, VIP)).filters

    assert (rule.kind, rule.changes, vip.kind) == ("changed", (), "same")
    assert [(step.kind, step.before, step.after) for step in rule.targets] == [("changed", 1, 1), ("same", 2, 2)]
    assert rule.targets[0].changes == (Change("priority", "5", "9"),)


def test_a_new_target_pushes_no_other_into_the_difference():
    after = case("Sales", "topic == 'sales'", *SALES["targets"][:1], {"queue": "WQ3", "timeout": 5}, {"queue": "WQ2"})

    (rule,) = between(text(SALES), text(after)).filters

    assert [(step.kind, step.before, step.after) for step in rule.targets] == [
        ("same", 1, 1),
        ("added", None, 2),
        ("same", 2, 3),
    ]
    assert rule.targets[1].changes == (Change("queue", "", "WQ3"), Change("timeout", "", "5"))


def test_an_empty_target_is_one():
    before = case("Sales", "1==1", {"queue": "WQ1", "timeout": 5})
    after = case("Sales", "1==1", {"queue": "WQ1", "timeout": 5}, {})

    (rule,) = between(text(before), text(after)).filters

    assert [(step.kind, step.changes) for step in rule.targets] == [("same", ()), ("added", ())]


def test_filters_are_known_by_name_or_expression():
    renamed = case("Returns", "vip == true")
    rewritten = case("Sales", "topic IN ['sales', 'offer']", *SALES["targets"])

    difference = between(text(SALES, VIP), text(rewritten, renamed))

    assert [rule.changes for rule in difference.filters] == [
        (Change("expression", "topic == 'sales'", "topic IN ['sales', 'offer']"),),
        (Change("name", "VIP", "Returns"),),
    ]


def test_only_what_was_moved_counts_as_moved():
    difference = between(text(SALES, VIP, REST), text(REST, SALES, VIP))

    assert kinds(difference) == [("Rest", "same", True), ("Sales", "same", False), ("VIP", "same", False)]
    assert not difference.same
    assert [(rule.before, rule.after) for rule in difference.filters] == [(3, 1), (1, 2), (2, 3)]


def test_what_is_gone_stands_where_it_stood():
    new = case("New", "topic == 'new'")

    difference = between(text(SALES, VIP, REST), text(new, SALES, REST))

    assert kinds(difference) == [
        ("New", "added", False),
        ("Sales", "same", False),
        ("VIP", "removed", False),
        ("Rest", "same", False),
    ]
    assert difference.filters[2].targets[0].changes == (Change("queue", "WQ1", ""),)


def test_the_default_filter_comes_goes_and_changes():
    assert between(text(VIP), text(VIP, default="WQ9")).default.changes == (Change("queue", "WQ0", "WQ9"),)
    assert between(text(VIP), text(VIP, default=None)).default.kind == "removed"
    assert between(text(VIP, default=None), text(VIP)).default.kind == "added"
    assert between(text(VIP, default=None), text(VIP, default=None)).default.kind == "same"


def test_states_are_compared_field_by_field():
    before = {"name": "A", "attributes": {"skills": ["a"], "level": 1}, "load": 3, "draft": {"version": 1}}
    after = {"name": "A", "attributes": {"skills": ["a", "b"]}, "draft": None}

    assert of_states(before, after) == [
        Change("attributes.skills", '["a"]', '["a", "b"]'),
        Change("attributes.level", "1", ""),
        Change("draft.version", "1", ""),
    ]


def test_texts_are_compared_word_by_word():
    before, after = pieces("skills HAS 'a'", "skills HAS 'a' AND level > 3")

    assert before == [Piece("skills HAS 'a'", False)]
    assert after == [Piece("skills HAS 'a'", False), Piece(" AND level > 3", True)]
    assert pieces("", "x") == ([Piece("", True)], [Piece("x", True)])


def test_long_texts_are_not_compared_by_words():
    before, after = pieces("a " * 3000, "b " * 3000)

    assert (len(before), len(after)) == (1, 1)


def test_filters_that_nothing_happened_to_stand_together():
    new = case("New", "topic == 'new'")

    difference = between(text(SALES, VIP, REST), text(SALES, VIP, new, REST))

    assert [(same, [rule.name for rule in rules]) for same, rules in difference.runs] == [
        (True, ["Sales", "VIP"]),
        (False, ["New"]),
        (True, ["Rest"]),
    ]


def test_a_name_of_very_many_digits_is_compared_like_any_other():
    difference = between(text(case("9" * 5000, "topic == 'a'")), text(case("8" * 5000, "topic == 'a'")))

    assert [rule.kind for rule in difference.filters] == ["changed"]
    assert between(text(case("007", "a == 1")), text(case("7", "a == 1"))).same


def test_a_filter_is_found_again_without_writing_it_down_for_each_pair(monkeypatch):
    written = []
    write = differences._whole
    monkeypatch.setattr(differences, "_whole", lambda row: written.append(row) or write(row))
    old, new = ([case(f"{kind}{number}", f"{kind} == {number}") for number in range(50)] for kind in "ab")

    difference = between(text(*old), text(*new))

    assert [rule.kind for rule in difference.filters] == ["removed"] * 50 + ["added"] * 50
    assert len(written) == 100
