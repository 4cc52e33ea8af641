"""Where every connection comes in: the carrier's webhooks ahead of Django, all other HTTP through the limits to Django,
WebSockets through the origin check."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

import django

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from contactcenter.handler import Handler  # noqa: E402
from contactcenter.limits import WEBHOOKS_RUNNING, WEBHOOKS_WAITING, Fork, Limits  # noqa: E402
from contactcenter.sockets import KnownOrigin, Nowhere  # noqa: E402
from conversations.core import doors  # noqa: E402
from conversations.webhooks import Webhooks  # noqa: E402
from desk.consumers import DeskConsumer  # noqa: E402
from webchat.consumers import VisitorConsumer  # noqa: E402

webhooks = Limits(Webhooks(), running=WEBHOOKS_RUNNING, waiting=WEBHOOKS_WAITING)
others = Limits(Handler(), running=settings.REQUESTS_AT_ONCE)
http = Fork(lambda path: doors.door(path) is not None, taken=webhooks, others=others)
websocket = KnownOrigin(
    AuthMiddlewareStack(
        URLRouter(
            [
                path("ws/desk", DeskConsumer.as_asgi()),
                path("ws/chat", VisitorConsumer.as_asgi()),
                re_path(r"", Nowhere()),  # type: ignore[arg-type]
            ]
        )
    )
)
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
