"""The shapes of requests and answers about files."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from rest_framework import serializers

from api.serializers import Strict
from api.shapes import Shape


class FileByUrlSerializer(Strict):
    """Where the file is. It is fetched at once."""

    url = serializers.CharField(max_length=2000, help_text="https, open to the internet; redirects are not followed")
    name = serializers.CharField(
        max_length=120, required=False, help_text="what it is to be called; else the URL's last part"
    )

    def name_or_last_part(self) -> str:
        """Under which name the file goes."""
        given: dict[str, str] = self.validated_data
        return given.get("name") or PurePosixPath(unquote(urlsplit(given["url"]).path)).name


class FileFormSerializer(Shape):
    """The file itself."""

    file = serializers.FileField()


class FileSerializer(Shape):
    """A file that waits for a message; unsent it is forgotten after a day. Its type is what its bytes say."""

    sid = serializers.CharField(help_text="for `media` of a message in the same conversation")
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
