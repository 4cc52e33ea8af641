"""Finds every text that a person may read: in Python, in templates and in the browser's scripts.

Besides what is marked with ``gettext``, these are texts that the edges translate: the messages of refusals
(``kernel.errors``), the words of the state machines, and what carriers' failures leave on a message.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

from tools.po import Entry

# How many of a call's first arguments are texts, and whether they begin with a context.
_MARKS = {"gettext": (1, False), "ngettext": (2, False), "pgettext": (2, True), "npgettext": (3, True)}
_MARKED = {
    name + end: shape for name, shape in _MARKS.items() for end in ("", "_lazy")
} | {"_": (1, False), "gettext_noop": (1, False)}  # fmt: skip
_STRING = r"""[uU]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_CALL = re.compile(rf"(?<![\w.])({'|'.join(_MARKS)}|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")
_PUT_TOGETHER = re.compile(rf"(?<![\w.])n?gettext\((?:\s*`|\s*{_STRING}\s*\+).*")
_REFUSALS = "DomainError"
_SENTENCE = re.compile(r"[A-Z].*[.…]")


class Unreadable(Exception):
    """A text is put together before it can be translated: use parameters."""


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file, parsed; ``place`` is its path from the root."""

    place: str
    tree: ast.Module

    @classmethod
    def read(cls, path: Path, *, root: Path) -> "Module":
        return cls(path.relative_to(root).as_posix(), ast.parse(path.read_text()))


def marked(module: Module) -> Iterator[Entry]:
    """What stands in calls of gettext and its kin."""
    for call in _calls(module.tree):
        shape = _MARKED.get(_name(call.func))
        if shape is not None and call.args:
            yield from _from_call(module, call, shape)


def _from_call(module: Module, call: ast.Call, shape: tuple[int, bool]) -> Iterator[Entry]:
    count, has_context = shape
    if count == 1:
        for text in _texts(module, call.args[0]):
            yield Entry(text, places=[module.place])
        return
    given = [argument.value for argument in call.args[:count] if isinstance(argument, ast.Constant)]
    if len(given) == count:
        yield _entry([str(text) for text in given], has_context=has_context, place=module.place)


def _entry(texts: list[str], *, has_context: bool, place: str) -> Entry:
    context = texts.pop(0) if has_context else ""
    return Entry(texts[0], context=context, plural=texts[1] if len(texts) > 1 else "", places=[place])


def refusals(modules: Iterable[Module]) -> Iterator[Entry]:
    """The messages of ``DomainError`` and its subclasses, also where a table of constants holds them.

    Raises ``Unreadable`` for a message that is put together on the spot.
    """
    modules = list(modules)
    kinds = _subclasses(modules)
    for module in modules:
        calls = [call for call in _calls(module.tree) if _name(call.func) in kinds and call.args]
        for call in calls:
            for text in _texts(module, call.args[0]):
                yield Entry(text, places=[module.place])
        if any(_is_constant(call.args[0]) for call in calls):
            yield from (Entry(text, places=[module.place]) for text in _constants(module.tree))


def _subclasses(modules: list[Module]) -> set[str]:
    bases = {
        node.name: {_name(base) for base in node.bases}
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {_REFUSALS}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def _is_constant(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Name) and argument.id.isupper()


def _constants(tree: ast.Module) -> Iterator[str]:
    """Module constants that are phrases."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, str) and " " in value:
                yield value


def failures(module: Module) -> Iterator[Entry]:
    """Every sentence of a file that is no docstring."""
    docstrings = _docstrings(module.tree)
    for node in ast.walk(module.tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
        if isinstance(text, str) and _SENTENCE.fullmatch(text):
            yield Entry(text, places=[module.place])


def _docstrings(tree: ast.Module) -> set[int]:
    """Texts that stand alone, as docstrings do."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def machines(module: Module) -> Iterator[Entry]:
    """A machine's name, and under the name as context its states and verbs."""
    for call in _calls(module.tree):
        if _name(call.func) != "Machine":
            continue
        name, *words = [
            node.value.replace("_", " ")
            for node in ast.walk(call)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        yield Entry(name, context="machine", places=[module.place])
        for word in words:
            yield Entry(word, context=name, places=[module.place])


def in_template(path: Path, *, root: Path) -> Iterator[Entry]:
    """The texts of a Django template."""
    yield from _in_calls(templatize(path.read_text()), place=path.relative_to(root).as_posix())


def in_script(path: Path, *, root: Path) -> Iterator[Entry]:
    """The texts of a browser script. Raises ``Unreadable`` for a text that is put together on the spot."""
    text, place = path.read_text(), path.relative_to(root).as_posix()
    if found := _PUT_TOGETHER.search(text):
        raise Unreadable(f"{place}: {found[0]}")
    yield from _in_calls(text, place=place)


def _in_calls(text: str, *, place: str) -> Iterator[Entry]:
    for name, arguments in _CALL.findall(text):
        count, has_context = _MARKED[name]
        texts = [ast.literal_eval(literal) for literal in re.findall(_STRING, arguments)][:count]
        if texts[0]:
            yield _entry(texts, has_context=has_context, place=place)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _texts(module: Module, argument: ast.expr) -> Iterator[str]:
    """The texts that an argument can be; none where it is passed through."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from _texts(module, argument.body)
        yield from _texts(module, argument.orelse)
    elif isinstance(argument, (ast.JoinedStr, ast.BinOp)):
        raise Unreadable(f"{module.place}:{argument.lineno}: {ast.unparse(argument)}")
