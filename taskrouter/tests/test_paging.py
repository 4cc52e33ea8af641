"""Pages by the row at their edge: whole, in order, forwards and backwards, whatever happens between two of them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agents.models import Activity
from agents.tests.factories import make_workspace
from kernel.errors import Invalid
from taskrouter.paging import Listing, Turn

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORDERS = [("pk",), ("created_at", "pk"), ("-created_at", "pk"), ("-updated_at", "friendly_name", "pk")]


def follow(listing, rows, *, size, towards="next_page_url", start=None):
    """The names of each page, from the first (or from a query) on, and the query of the last."""
    query = start or urlencode({"PageSize": size})
    pages = []
    for _ in range(100):
        parameters = QueryDict(query)
        page = listing.page(rows, listing.turn(parameters))
        pages.append([row.friendly_name for row in page.rows])
        onward = listing.meta(page, key="activities", parameters=parameters)[towards]
        if onward is None:
            return pages, query
        query = urlsplit(onward).query
    raise AssertionError("The pages come to no end.")


class TestPages(TestCase):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(
        moments=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=9),
        size=st.integers(1, 4),
        order=st.sampled_from(ORDERS),
    )
    def test_pages_forwards_and_backwards_are_the_whole_list_in_order(self, moments, size, order):
        workspace = make_workspace()
        Activity.objects.filter(workspace=workspace).exclude(friendly_name="Offline").delete()
        for number, (made, changed) in enumerate(moments):
            Activity.objects.create(
                workspace=workspace,
                friendly_name=str(9 - number),
                created_at=NOON + timedelta(microseconds=made),
                updated_at=NOON + timedelta(microseconds=changed),
            )
        listing, rows = Listing("Activities", order), Activity.objects.filter(workspace=workspace)
        whole = [row.friendly_name for row in rows.order_by(*order)]

        forwards, last = follow(listing, rows, size=size)
        backwards, _ = follow(listing, rows, size=size, towards="previous_page_url", start=last)

        assert [name for page in forwards for name in page] == whole
        assert all(len(page) == size for page in forwards[:-1])
        assert backwards[::-1] == forwards


def test_a_token_leads_nowhere_but_on_in_its_own_list_and_order(db):
    workspace = make_workspace()
    listing = Listing("Activities", ("created_at", "pk"))
    page = listing.page(workspace.activities.all(), Turn(size=1))
    address = listing.meta(page, key="activities", parameters=QueryDict())["next_page_url"]
    query = QueryDict(urlsplit(address).query)

    assert listing.turn(query).number == 1
    for path, order in (("Activities", ("pk",)), ("Activities", ("-created_at", "pk")), ("x", ("created_at", "pk"))):
        with pytest.raises(Invalid):
            Listing(path, order).turn(query)


def test_the_addresses_keep_the_filters_and_count_the_pages(db):
    workspace = make_workspace()
    listing = Listing(f"Workspaces/{workspace.sid}/Activities")
    parameters = QueryDict("Available=true&FriendlyName=a%26b&PageSize=1")

    page = listing.page(workspace.activities.all(), listing.turn(parameters))
    meta = listing.meta(page, key="activities", parameters=parameters)
    following = dict(parse_qsl(urlsplit(meta["next_page_url"]).query))

    assert (meta["page"], meta["page_size"], meta["previous_page_url"]) == (0, 1, None)
    assert meta["first_page_url"] == meta["url"]
    assert following.pop("PageToken")
    assert following == {"Available": "true", "FriendlyName": "a&b", "PageSize": "1", "Page": "1"}


@pytest.mark.parametrize("query", ["Page=1", "PageSize=0", "PageSize=1001", "PageSize=1e2", "PageToken=x", "Page=x"])
def test_what_is_no_page_is_refused(query):
    with pytest.raises(Invalid) as refused:
        Listing("Activities").turn(QueryDict(query))

    assert (
        refused.value.field == {"Page": "page", "PageSize": "page_size", "PageToken": "page_token"}[query.split("=")[0]]
    )
    assert (refused.value.code == "absolute-paging") == (query == "Page=1")


def test_the_zeroth_page_may_be_named():
    assert Listing("Activities").turn(QueryDict("Page=0&PageSize=1000")).size == 1000
