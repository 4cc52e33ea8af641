"""Webhook endpoints in the admin."""

from typing import Any

import pytest
from django.urls import reverse

from eventlog.models import Event
from hooks import actions, vault
from hooks.actions import Letter
from hooks.models import Dispatch, Endpoint, Kind
from tests.office import enter
from tests.people import House, full_house, house

pytestmark = pytest.mark.django_db

URL = "https://bot.example.com/webhooks"


def add(home: House, **changes: Any) -> Any:
    given = {"friendly_name": "Bot", "url": URL, **changes}
    return enter(home, "Bo").post(reverse("admin:hooks_endpoint_add"), given)


def parts(response: Any) -> list[str]:
    """Of a secret that is shown."""
    return [part.text for part in response.context["parts"]]


def test_a_signing_secret_is_shown_once() -> None:
    home = full_house()

    response = add(home)

    endpoint = Endpoint.objects.get()
    (secret,) = parts(response)
    assert secret in response.text
    assert vault.unseal(endpoint.secret) == secret
    assert secret not in endpoint.secret
    page = reverse("admin:hooks_endpoint_change", args=[endpoint.pk])
    assert secret not in enter(home, "Bo").get(page).text
    assert Event.objects.get(type="webhook-endpoint.created").actor_sid == home.users["Bo"].sid


@pytest.mark.parametrize("url", ["ftp://bot.example.com/", "https://169.254.169.254/latest/", "nonsense"])
def test_a_url_that_webhooks_may_not_go_to_is_refused_at_its_field(url: str) -> None:
    response = add(full_house(), url=url)

    assert "url" in response.context["adminform"].form.errors
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_changed_by_the_action() -> None:
    home = full_house()
    add(home)
    endpoint = Endpoint.objects.get()

    page = reverse("admin:hooks_endpoint_change", args=[endpoint.pk])
    enter(home, "Bo").post(page, {"friendly_name": "Other bot", "url": URL})

    endpoint.refresh_from_db()
    assert (endpoint.friendly_name, endpoint.active) == ("Other bot", False)
    assert Event.objects.filter(type="webhook-endpoint.updated").count() == 1


def test_a_new_secret_is_asked_for_and_shown_once() -> None:
    home = full_house()
    (first,) = parts(add(home))
    endpoint = Endpoint.objects.get()
    client, url = enter(home, "Bo"), reverse("admin:hooks_endpoint_renew", args=[endpoint.pk])

    assert first not in client.get(url).text
    (second,) = parts(client.post(url))

    endpoint.refresh_from_db()
    assert second != first
    assert vault.unseal(endpoint.secret) == second


def test_another_accounts_endpoint_does_not_exist() -> None:
    other = house("Other")
    endpoint = Endpoint.objects.create(account=other.account, friendly_name="Theirs", url=URL, secret="sealed")
    client = enter(full_house(), "Dee")

    assert client.get(reverse("admin:hooks_endpoint_change", args=[endpoint.pk])).status_code == 404
    assert client.post(reverse("admin:hooks_endpoint_renew", args=[endpoint.pk])).status_code == 404
    endpoint.refresh_from_db()
    assert endpoint.secret == "sealed"


def sent(home: House, status: str = "delivered") -> Dispatch:
    """A callback that is over."""
    endpoint = actions.keep_callback(
        home.account, kind=Kind.EVENT_CALLBACK, owner_sid=home.workspace.sid, friendly_name="Acme", url=URL
    )
    actions.enqueue_all(endpoint, [Letter("EV1", "activity.created", "WA1", {"EventType": "activity.created"})])
    Dispatch.objects.update(status=status, due_at=None)
    return Dispatch.objects.get()


def test_a_callback_is_among_the_deliveries_and_no_endpoint_of_an_integrator() -> None:
    home = full_house()
    dispatch = sent(home, "failed")
    client = enter(home, "Bo")

    assert "activity.created" in client.get(reverse("admin:hooks_dispatch_changelist")).text
    told = client.get(reverse("admin:hooks_dispatch_change", args=[dispatch.pk])).text
    assert "activity.created" in told
    assert URL in told
    assert "Acme (event callback)" in told
    assert reverse("admin:hooks_endpoint_change", args=[dispatch.endpoint.pk]) not in told
    assert URL not in client.get(reverse("admin:hooks_endpoint_changelist")).text


def test_a_webhooks_delivery_leads_to_its_endpoint() -> None:
    home = full_house()
    add(home)
    endpoint = Endpoint.objects.get()
    actions.enqueue_all(endpoint, [Letter("EV1", "handoff.created", "HO1", {})])

    told = enter(home, "Bo").get(reverse("admin:hooks_dispatch_change", args=[Dispatch.objects.get().pk])).text

    assert reverse("admin:hooks_endpoint_change", args=[endpoint.pk]) in told


def test_a_delivery_is_sent_again_after_a_question() -> None:
    home = full_house()
    dispatch = sent(home)
    client, url = enter(home, "Bo"), reverse("admin:hooks_dispatch_replay", args=[dispatch.pk])

    client.get(url)
    dispatch.refresh_from_db()
    assert dispatch.status == "delivered"
    client.post(url)

    dispatch.refresh_from_db()
    assert dispatch.status == "pending"
    assert Event.objects.get(type="webhook.queued").actor_sid == home.users["Bo"].sid


def test_nobody_elses_delivery_is_sent_again() -> None:
    dispatch = sent(house("Other"))
    client = enter(full_house(), "Dee")

    assert client.post(reverse("admin:hooks_dispatch_replay", args=[dispatch.pk])).status_code in (403, 404)
    dispatch.refresh_from_db()
    assert dispatch.status == "delivered"
