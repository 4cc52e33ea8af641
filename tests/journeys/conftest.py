"""The running product and the people at their screens."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.people import Cast
from tests.support.browser import chromium, everyday_chromium  # noqa: F401 - fixtures
from tests.support.product import Product


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    product = Product(env={"DEBUG": "0"})
    try:
        yield product.start()
    finally:
        product.stop()


@pytest.fixture
def cast(product: Product, chromium: Any) -> Iterator[Cast]:  # noqa: F811
    cast = Cast(product, chromium)
    yield cast
    cast.leave()
