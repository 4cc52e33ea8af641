"""Addresses of files for those who cannot sign in: a carrier fetches what it is to deliver."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.urls import reverse

from conversations.models import Media

# A message may wait ten hours at the provider (``ValidityPeriod``).
LIFETIME: Final = timedelta(hours=12)
_SALT: Final = "conversations.links"


def public_url(media: Media) -> str:
    """An address that nobody can guess and that ends by itself; whoever has it gets this one file."""
    token = signing.TimestampSigner(salt=_SALT).sign(media.sid)
    return settings.PUBLIC_URL + quote(reverse("media-shared", args=[token]), safe="/:")


def shared(token: str) -> Media | None:
    """The stored file that the address was made for, while it holds."""
    try:
        sid = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return Media.objects.filter(sid=sid, status=Media.Status.STORED).first()
