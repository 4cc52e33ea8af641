"""The site lists in the admin."""

import pytest
from django.urls import reverse

from conversations.models import Address
from tests.office import enter
from tests.people import House
from webchat.models import Deployment

pytestmark = pytest.mark.django_db


def test_a_supervisor_lists_the_sites_a_line_each(home: House, shop: Address) -> None:
    sites = "https://Shop.example.com/\n\n http://localhost:3000 "
    bo = enter(home, "Bo")
    response = bo.post(reverse("admin:webchat_deployment_add"), {"address": shop.pk, "allowed_origins": sites})

    assert response.status_code == 302
    deployment = Deployment.objects.get()
    assert deployment.allowed_origins == ["https://shop.example.com", "http://localhost:3000"]
    page = bo.get(reverse("admin:webchat_deployment_change", args=[deployment.pk])).text
    assert "https://shop.example.com\nhttp://localhost:3000" in page


def test_what_is_no_origin_is_refused_at_the_field(home: House, shop: Address) -> None:
    add = reverse("admin:webchat_deployment_add")
    response = enter(home, "Bo").post(add, {"address": shop.pk, "allowed_origins": "https://x.example/path"})

    assert response.status_code == 200
    assert "https://x.example/path is no origin." in response.text
    assert not Deployment.objects.exists()


def test_agents_do_not_come_here(home: House, shop: Address) -> None:
    enter(home, "Ada").post(reverse("admin:webchat_deployment_add"), {"address": shop.pk, "allowed_origins": ""})

    assert not Deployment.objects.exists()


def test_the_line_for_the_pages_stands_beside_the_sites(home: House, shop: Address) -> None:
    bo = enter(home, "Bo")
    bo.post(reverse("admin:webchat_deployment_add"), {"address": shop.pk, "allowed_origins": ""})

    page = bo.get(reverse("admin:webchat_deployment_change", args=[Deployment.objects.get().pk])).text

    name = shop.address.removeprefix("webchat:")
    assert f"/chat/widget.js&quot; data-deployment=&quot;{name}&quot; async&gt;" in page.replace('"', "&quot;")
