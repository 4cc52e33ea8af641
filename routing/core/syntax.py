"""Reads the text of an expression into a small tree, or says where and why it cannot."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from kernel.errors import Invalid

MAX_BYTES: Final = 4096
MAX_DEPTH: Final = 50

ReferencePath = tuple[str | int, ...]


class ExpressionError(Invalid):
    """The text is no expression; ``line`` and ``column`` count from 1 and point at the place."""

    default_code = "invalid-expression"

    def __init__(self, message: str, *, line: int, column: int, expected: str = "", **params: Any) -> None:
        super().__init__(message, params={"line": line, "column": column, "expected": expected, **params})
        self.line = line
        self.column = column
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in the text: line and column count from 1; ``text[start:end]`` is the part."""

    line: int
    column: int
    start: int
    end: int

    def to(self, other: "Place") -> "Place":
        """From here to the end of another place."""
        return Place(self.line, self.column, self.start, other.end)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: str | int | float | bool | None
    place: Place = field(compare=False)
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted path with indices."""

    path: ReferencePath
    place: Place = field(compare=False)
    depth: int = 0

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column


@dataclass(frozen=True, slots=True)
class Listed:
    """``[a, b]``"""

    items: "tuple[Operand, ...]"
    place: Place = field(compare=False)
    depth: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left operator right``; the operator is one of ``== != < <= > >= contains has in not_in``."""

    operator: str
    left: "Operand"
    right: "Operand"
    depth: int

    @property
    def place(self) -> Place:
        return self.left.place.to(self.right.place)


@dataclass(frozen=True, slots=True)
class Negation:
    """``NOT part``"""

    part: "Condition"
    depth: int


@dataclass(frozen=True, slots=True)
class Junction:
    """All of the parts (``conjunction``) or at least one of them."""

    conjunction: bool
    parts: "tuple[Condition, ...]"
    depth: int


Operand = Literal | Reference | Listed
Condition = Comparison | Negation | Junction

OPERATORS: Final = {
    "EQ": "==",
    "NE": "!=",
    "GE": ">=",
    "GT": ">",
    "LE": "<=",
    "LT": "<",
    "CONTAINS": "contains",
    "HAS": "has",
    "IN": "in",
}
"""By the grammar's kind of word, never by its letters: case-insensitively, "ſ" is an "s" as well."""

# What may stand at the place, told by the kinds of words that the grammar would take there; the first that fits.
VALUE = "Line %(line)d, column %(column)d: a value is expected: a name, a text, a number, true, false, null or a list."
OPERATOR = "Line %(line)d, column %(column)d: an operator such as ==, !=, >, CONTAINS, HAS or IN is expected."
CLOSING = "Line %(line)d, column %(column)d: AND, OR or a closing parenthesis is expected."
JOINT = "Line %(line)d, column %(column)d: AND, OR or the end of the expression is expected."
LIST = "Line %(line)d, column %(column)d: a comma or a closing bracket is expected."
NAME = "Line %(line)d, column %(column)d: a name is expected after the dot."
INDEX = "Line %(line)d, column %(column)d: a whole number is expected between the brackets."
BRACKET = "Line %(line)d, column %(column)d: a closing bracket is expected."
HYPHEN = "Line %(line)d, column %(column)d: a name cannot contain a hyphen; rename the attribute."
QUOTE = "Line %(line)d, column %(column)d: this text has no closing quotation mark."
NAME_ALONE = "Line %(line)d, column %(column)d: a name such as task.account_owner is expected here, and nothing else."
AFTER_NOT = "Line %(line)d, column %(column)d: IN is expected after NOT."

EXPECTATIONS: Final = (
    (frozenset({"STRING", "TRUE"}), VALUE, "value"),
    (frozenset({"_COMMA", "_RSQB"}), LIST, "comma or ]"),
    (frozenset({"EQ", "HAS"}), OPERATOR, "operator"),
    (frozenset({"_RPAR"}), CLOSING, "AND, OR or )"),
    (frozenset({"_AND"}), JOINT, "AND, OR or the end"),
    (frozenset({"_RSQB"}), BRACKET, "]"),
    (frozenset({"NUMBER"}), INDEX, "whole number"),
    (frozenset({"NAME"}), NAME, "name"),
    (frozenset({"IN"}), AFTER_NOT, "IN"),
)


def _depth(parts: "Iterable[Operand | Condition]") -> int:
    return 1 + max((part.depth for part in parts), default=0)


@v_args(inline=True)
class _Builder(Transformer[Token, Condition]):
    """Builds the tree while parsing, so that no recursion is needed on what a stranger wrote."""

    def string(self, token: Token) -> Literal:
        return Literal(re.sub(r"\\([\\'\"])", r"\1", token[1:-1]), _place(token))

    def number(self, token: Token) -> Literal:
        whole = re.fullmatch(r"-?[0-9]+", token) is not None
        return Literal(int(token) if whole else float(token), _place(token))

    def true(self, token: Token) -> Literal:
        return Literal(True, _place(token))

    def false(self, token: Token) -> Literal:
        return Literal(False, _place(token))

    def null(self, token: Token) -> Literal:
        return Literal(None, _place(token))

    def list(self, *parts: Any) -> Listed:
        items = parts[1::2]  # Between them stand brackets and commas.
        return Listed(items, _place(parts[0]).to(_place(parts[-1])), _depth(items))

    def reference(self, *tokens: Token) -> Reference:
        path = tuple(_part(token) for token in tokens if token.type in ("NAME", "NUMBER"))
        return Reference(path, _place(tokens[0]).to(_place(tokens[-1])))

    def operator(self, token: Token) -> str:
        return OPERATORS[token.type]

    def not_in(self, *_tokens: Token) -> str:
        return "not_in"

    def comparison(self, left: Operand, operator: str, right: Operand) -> Comparison:
        return Comparison(operator, left, right, _depth((left, right)))

    def negation(self, part: Condition) -> Negation:
        return Negation(part, part.depth + 1)

    def conjunction(self, *parts: Condition) -> Junction:
        return Junction(True, parts, _depth(parts))

    def disjunction(self, *parts: Condition) -> Junction:
        return Junction(False, parts, _depth(parts))

    def start(self, condition: Condition) -> Condition:
        return condition


def _place(token: Token) -> Place:
    start = token.start_pos or 0
    return Place(token.line or 1, token.column or 1, start, token.end_pos or start)


def _part(token: Token) -> str | int:
    if token.type == "NAME":
        return str(token)
    if not token.isdigit():
        place = _place(token)
        raise ExpressionError(INDEX, line=place.line, column=place.column, expected="whole number")
    return int(token)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("expressions.lark").read_text()
    return Lark(grammar, parser="lalr", lexer="basic", transformer=_Builder(), propagate_positions=False)


def read(text: str) -> Condition:
    """The tree of an expression.

    Raises ExpressionError: not of the grammar, longer than 4 KB, or nested more than 50 deep.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ExpressionError("The expression is longer than %(limit)d bytes.", line=1, column=1, limit=MAX_BYTES)
    try:
        tree: Any = _parser().parse(text)
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    if tree.depth > MAX_DEPTH:
        raise ExpressionError("The expression is nested more than %(limit)d deep.", line=1, column=1, limit=MAX_DEPTH)
    return tree  # type: ignore[no-any-return]


def _explained(text: str, error: UnexpectedInput) -> ExpressionError:
    """The parser's refusal in a person's words."""
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    offset = len(text.rstrip()) if ended else (error.pos_in_stream or 0)
    line, column = text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
    if re.search(r"[\w$]$", text[:offset]) and text[offset : offset + 1] == "-":
        return ExpressionError(HYPHEN, line=line, column=column)
    if isinstance(error, UnexpectedCharacters):
        if text[offset] in "'\"":
            return ExpressionError(QUOTE, line=line, column=column)
        expected = _accepted_before(text, offset)
    else:
        expected = frozenset[str](getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    for kinds, message, name in EXPECTATIONS:
        if kinds <= expected:
            return ExpressionError(message, line=line, column=column, expected=name)
    return ExpressionError(JOINT, line=line, column=column, expected="AND, OR or the end")


def _accepted_before(text: str, offset: int) -> frozenset[str]:
    """What the grammar would take after the good part of the text; a bad character alone does not tell."""
    try:
        _parser().parse(text[:offset])
    except UnexpectedToken as error:
        return frozenset[str](error.accepts or error.expected or ())
    except (UnexpectedInput, VisitError):
        pass
    return frozenset({"_AND"})


@lru_cache(maxsize=1024)
def read_path(text: str) -> ReferencePath:
    """A reference alone, such as ``task.account.owner``.

    Raises ExpressionError.
    """
    tree = read(f"{text} == 1")
    if isinstance(tree, Comparison) and isinstance(tree.left, Reference) and tree.left.place.end == len(text.rstrip()):
        return tree.left.path
    raise ExpressionError(NAME_ALONE, line=1, column=1, expected="name")
