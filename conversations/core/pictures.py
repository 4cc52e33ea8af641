"""What a stranger's file is, judged by its bytes alone, and a small picture of it that is ours.

Pillow decodes what strangers made: only the formats named here, only up to so many pixels, one at a time in a process,
on a thread of its own: each thread that ever decoded keeps the memory of its largest picture.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import filetype
from PIL import Image, ImageOps

OPAQUE: Final = "application/octet-stream"
THUMBNAIL_TYPE: Final = "image/webp"
MAX_PIXELS: Final = 40_000_000
EDGE: Final = 480
# What a browser shows without running anything, and the decoder that may read it.
PICTURES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
# Nothing is offered under an ending that a computer would run.
_ENDINGS: Final = frozenset(
    (
        *("png", "jpg", "gif", "webp", "heic", "avif"),
        *("mp3", "ogg", "m4a", "aac", "amr", "wav", "flac", "mp4", "3gp", "mov", "webm", "mkv"),
        *("pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "zip"),
    )
)
_ORIENTATION: Final = 0x0112
_decoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was decoded: its size as it is to be seen, and a small one without anything but pixels."""

    width: int
    height: int
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file is; ``ending`` is safe to offer."""

    content_type: str
    ending: str
    picture: Picture | None = None


def examine(content: bytes) -> Examined:
    """The file's type by its first bytes. What says that it is a picture and is none, or is too large, is opaque.

    >>> examine(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    Examined(content_type='application/octet-stream', ending='bin', picture=None)
    """
    kind = filetype.guess(content) if content else None
    if kind is None:
        return Examined(OPAQUE, "bin")
    if kind.mime in PICTURES:
        picture = _decoder.submit(_picture, content, decoder=PICTURES[kind.mime]).result()
        return Examined(kind.mime, kind.extension, picture) if picture else Examined(OPAQUE, "bin")
    return Examined(kind.mime, kind.extension if kind.extension in _ENDINGS else "bin")


def claims_to_be_a_picture(content: bytes) -> bool:
    """Whether it begins as a picture does."""
    kind = filetype.guess(content) if content else None
    return kind is not None and kind.mime in PICTURES


def _picture(content: bytes, *, decoder: str) -> Picture | None:
    try:
        with Image.open(BytesIO(content), formats=[decoder]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return None
            if image.getexif().get(_ORIENTATION) in (5, 6, 7, 8):  # Taken with the camera on its side.
                width, height = height, width
            return Picture(width, height, _thumbnail(image))
    except Exception:  # Bytes made to break a decoder break it in any way: struct, zlib, index, memory.
        return None


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGBA") if image.mode in ("1", "P", "PA") else image
    small.thumbnail((EDGE, EDGE))
    small = ImageOps.exif_transpose(small)
    if small.mode not in ("RGB", "RGBA"):
        small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    small.info.clear()  # No place, no camera, no colour profile.
    held = BytesIO()
    small.save(held, "WEBP", quality=80, method=2, exif=b"", xmp=b"", icc_profile=b"")
    return held.getvalue()
