"""Reads, writes and compiles gettext catalogues, so that nobody needs gettext's own programs.

The formats: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html and MO-Files.html
"""

import ast
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_MAGIC = 0x950412DE
_KEYWORDS = ("msgctxt", "msgid", "msgid_plural", "msgstr")


@dataclass(slots=True)
class Entry:
    """One text and its translation; ``context`` and ``plural`` are empty where there is none."""

    text: str
    context: str = ""
    plural: str = ""
    translations: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What the catalogue looks a text up by."""
        return self.context, self.text

    @property
    def is_translated(self) -> bool:
        """Whether every form has words."""
        return bool(self.translations) and all(self.translations)


def read(text: str) -> list[Entry]:
    """The entries of a .po file, its header (the entry without a text) among them; obsolete ones are left out.

    >>> [(entry.text, entry.translations) for entry in read('msgid "a"\\nmsgstr "b"\\n"c"')]
    [('a', ['bc'])]
    """
    return [entry for block in _blocks(text) if (entry := _entry(block)) is not None]


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip():
            block.append(line.strip())
        elif block:
            yield block
            block = []


def _entry(lines: list[str]) -> Entry | None:
    parts: dict[str, str] = {}
    entry = Entry("")
    keyword = ""
    for line in lines:
        if line.startswith("#: "):
            entry.places += line[3:].split()
        elif line.startswith("#, "):
            entry.flags += [flag.strip() for flag in line[3:].split(",")]
        elif not line.startswith("#"):
            if not line.startswith('"'):
                keyword, _, line = line.partition(" ")  # noqa: PLW2901 - the rest of the line
            parts[keyword] = parts.get(keyword, "") + ast.literal_eval(line)
    if "msgid" not in parts:
        return None
    entry.text, entry.context, entry.plural = (parts.get(name, "") for name in ("msgid", "msgctxt", "msgid_plural"))
    entry.translations = [words for name, words in parts.items() if name.startswith("msgstr")]
    return entry


def write(entries: Iterable[Entry]) -> str:
    """The text of a .po file."""
    return "\n".join(_written(entry) for entry in entries)


def _written(entry: Entry) -> str:
    lines = [f"#: {place}" for place in entry.places]
    lines += [f"#, {', '.join(entry.flags)}"] if entry.flags else []
    lines += [f"msgctxt {_quoted(entry.context)}"] if entry.context else []
    lines.append(f"msgid {_quoted(entry.text)}")
    if entry.plural:
        lines.append(f"msgid_plural {_quoted(entry.plural)}")
        lines += [f"msgstr[{n}] {_quoted(words)}" for n, words in enumerate(entry.translations or ["", ""])]
    else:
        lines.append(f"msgstr {_quoted((entry.translations or [''])[0])}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As gettext writes it: a text of several lines begins with an empty one."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return _literal(text)
    return "\n".join(['""', *map(_literal, lines)])


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def compiled(entries: Iterable[Entry]) -> bytes:
    """The .mo file: the same bytes for the same translations. What has no words, or is fuzzy, is left out."""
    told = {_name(entry): "\0".join(entry.translations) for entry in entries if _is_usable(entry)}
    pairs = sorted((name.encode(), words.encode()) for name, words in told.items())
    names, words = [name for name, _ in pairs], [text for _, text in pairs]
    tables = 7 * 4
    texts = tables + 16 * len(pairs)
    index, data = b"", b""
    for text in (*names, *words):
        index += struct.pack("<II", len(text), texts + len(data))
        data += text + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), tables, tables + 8 * len(pairs), 0, tables + 16 * len(pairs))
    return head + index + data


def _is_usable(entry: Entry) -> bool:
    return entry.is_translated and "fuzzy" not in entry.flags


def _name(entry: Entry) -> str:
    start = f"{entry.context}\x04" if entry.context else ""
    return start + (f"{entry.text}\0{entry.plural}" if entry.plural else entry.text)
