"""A copy of a person's data: complete, of this person alone, for the permitted, for some days."""

import json
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from conversations.models import Media
from eventlog.models import Event
from kernel import clock
from kernel.errors import Conflict, Forbidden, NotFound
from privacy import actions, job, queries, timers
from privacy.models import DataRequest
from privacy.tests import stories
from privacy.tests.stories import Story
from tests import people
from tests.office import enter
from tests.people import House

pytestmark = pytest.mark.django_db


def copied(home: House, story: Story) -> DataRequest:
    request = actions.request_export(story.contact, actor=home.actor("Bo"))
    job.run(request.sid)
    request.refresh_from_db()
    return request


def test_the_copy_holds_all_and_of_nobody_else(home: House, story: Story) -> None:
    people.said("others-secret", from_address="+15550109999")

    request = copied(home, story)

    with request.file.open("rb") as held, ZipFile(held) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    person = json.loads(texts["contact.json"])
    assert [row["address"] for row in person["identities"]] == [people.CUSTOMER, f"whatsapp:{stories.CARO}"]
    assert person["fields"] == {"order": "order-secret"}
    talk = json.loads(texts[f"conversations/{story.sms.sid}.json"])
    assert [row["body"] for row in talk["messages"]] == ["parcel-secret", "answer-secret"]
    assert talk["messages"][0]["media"] == [f"media/{story.media.sid}.png"]
    assert texts[f"media/{story.media.sid}.png"] == stories.PNG
    assert sorted(texts) == sorted(
        [
            "contact.json",
            f"conversations/{story.sms.sid}.json",
            f"conversations/{story.whatsapp.sid}.json",
            f"media/{story.media.sid}.png",
        ]
    )
    assert not any(b"others-secret" in text for text in texts.values())
    assert request.figures == {"conversations": 2, "messages": 4, "files": 1}


def test_a_file_that_is_gone_from_the_disk_is_left_out(home: House, story: Story) -> None:
    default_storage.delete(str(Media.objects.get().file.name))

    assert copied(home, story).figures["files"] == 0


def test_it_is_fetched_by_the_permitted_and_each_time_is_noted(home: House, story: Story) -> None:
    request = copied(home, story)
    page = reverse("privacy-export", args=[request.sid])

    response = enter(home, "Bo").get(page)

    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert response["Content-Disposition"] == f'attachment; filename="{story.contact.sid}.zip"'
    assert b"".join(response.streaming_content)[:2] == b"PK"
    told = Event.objects.get(type="privacy.export-downloaded")
    assert told.actor_sid == home.users["Bo"].sid

    stranger = people.house("Other")
    people.person(stranger, "Cy", role="admin")
    assert enter(home, "Ada").get(page).status_code == 404
    assert enter(stranger, "Cy").get(page).status_code == 404
    assert Event.objects.filter(type="privacy.export-downloaded").count() == 1


def test_after_some_days_the_file_is_gone(home: House, story: Story) -> None:
    request = copied(home, story)
    name = str(request.file.name)
    assert request.due_at is not None
    timers.drive_requests(request.due_at - timedelta(seconds=1))
    assert default_storage.exists(name)

    timers.drive_requests(request.due_at)

    request.refresh_from_db()
    assert (request.status, request.file.name, request.due_at) == ("expired", "", None)
    assert not default_storage.exists(name)
    with pytest.raises(NotFound):
        actions.note_download(request, actor=home.actor("Bo"))
    assert enter(home, "Bo").get(reverse("privacy-export", args=[request.sid])).status_code == 404


def test_agents_get_no_copies(home: House, story: Story) -> None:
    with pytest.raises(Forbidden):
        actions.request_export(story.contact, actor=home.actor("Ada"))
    with pytest.raises(NotFound):
        queries.data_request(copied(home, story).sid, actor=home.actor("Ada"))


def test_one_copy_at_a_time(home: House, story: Story) -> None:
    actions.request_export(story.contact, actor=home.actor("Bo"))

    with pytest.raises(Conflict):
        actions.request_export(story.contact, actor=home.actor("Dee"))
    assert DataRequest.objects.count() == 1


def test_what_fails_is_told_and_leaves_no_file(home: House, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("privacy.export._person", broken)
    request = copied(home, story)

    assert (request.status, request.file.name) == ("failed", "")
    assert Event.objects.filter(type="privacy.export-failed").count() == 1


def test_a_stale_worker_leaves_no_file(home: House, story: Story) -> None:
    request = actions.request_export(story.contact, actor=home.actor("Bo"))
    claim = actions.claim_request(request.sid)
    assert claim is not None
    DataRequest.objects.update(due_at=clock.now() - timedelta(seconds=1))
    job.run(request.sid)
    kept = default_storage.listdir("exports")[1]

    with open(__file__, "rb") as held:
        from django.core.files import File

        assert actions.finish_export(claim, content=File(held), figures={}) is False

    assert default_storage.listdir("exports")[1] == kept


def test_the_sweep_rings_for_what_waits(home: House, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr("privacy.tasks.ring", rung.append)
    timers._rung_at.clear()
    request = actions.request_export(story.contact, actor=home.actor("Bo"))

    timers.drive_requests(clock.now() + timedelta(seconds=1))
    timers.drive_requests(clock.now() + timedelta(seconds=1))

    assert rung == [request.sid]
