"""Tokens to a tree (GraphQL October 2021, sections 2.2 to 2.12). Knows no schema.

Every limit on how much is written is kept here. Selections and values nest no deeper than a
constant, so the parser's own calls do not either.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from . import errors, lexer
from .lexer import END, NAME, PUNCTUATOR, Token

FIELDS_MAX = 128
ALIASES_MAX = 64
SELECTION_DEPTH_MAX = 16
VALUE_DEPTH_MAX = 8

Kind = Literal["variable", "int", "float", "string", "boolean", "null", "enum", "list", "object"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value as written: `content` is text, a bool, or the values inside with their names."""

    kind: Kind
    position: int
    content: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An argument, or a field of an input object."""

    name: str
    position: int
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A directive where it is used."""

    name: str
    position: int
    arguments: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeReference:
    """A type as written: a name, a list of `of`, or `of` without null."""

    kind: Literal["named", "list", "non-null"]
    name: str = ""
    of: "TypeReference | None" = None

    def __str__(self) -> str:
        if self.of is None:
            return self.name
        return f"[{self.of}]" if self.kind == "list" else f"{self.of}!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """The definition of a variable."""

    name: str
    position: int
    type: TypeReference
    default: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A selected field. `number` counts the selections of a document."""

    number: int
    position: int
    key: str
    name: str
    arguments: tuple[Named, ...]
    directives: tuple[Directive, ...]
    selections: "Selections | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A named fragment where it is used."""

    number: int
    position: int
    name: str
    directives: tuple[Directive, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A fragment written in place; without a condition it is a group."""

    number: int
    position: int
    condition: str | None
    directives: tuple[Directive, ...]
    selections: "Selections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selections:
    """What stands between braces. `number` counts these of a document."""

    number: int
    items: tuple[Field | Spread | Inline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A fragment's definition, with the spreads in it."""

    name: str
    position: int
    condition: str
    selections: Selections
    spreads: tuple[Spread, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One query and the fragments beside it."""

    position: int
    variables: tuple[Variable, ...]
    selections: Selections
    spreads: tuple[Spread, ...]
    fragments: tuple[Fragment, ...]


@dataclass(slots=True, kw_only=True)
class Parser:
    """A place in the tokens, and what was counted on the way there."""

    tokens: list[Token]
    at: int = 0
    fields: int = 0
    aliases: int = 0
    selections: int = 0
    groups: int = 0
    spreads: list[Spread] = field(default_factory=list)
    """Those of the definition that is being read."""

    def peek(self, text: str) -> bool:
        """Return whether this punctuator comes next."""
        token = self.tokens[self.at]
        return token.kind == PUNCTUATOR and token.text == text

    def take(self, text: str) -> bool:
        """Step over a punctuator if it comes next; return whether it did."""
        if not self.peek(text):
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> int:
        """Step over a punctuator that must come next; return its position."""
        token = self.tokens[self.at]
        if not self.take(text):
            raise errors.SYNTAX(token.position, text)
        return token.position

    def name(self) -> Token:
        """Step over a name that must come next."""
        token = self.tokens[self.at]
        if token.kind != NAME:
            raise errors.SYNTAX(token.position, "name")
        self.at += 1
        return token

    def word(self, text: str) -> bool:
        """Step over this name if it comes next; return whether it did."""
        token = self.tokens[self.at]
        if token.kind != NAME or token.text != text:
            return False
        self.at += 1
        return True

    def several(self, opening: str, closing: str, one: Callable[[], Any]) -> tuple[Any, ...]:
        """Return at least one of something between two punctuators."""
        self.expect(opening)
        found = [one()]
        while not self.take(closing):
            found.append(one())
        return tuple(found)

    # --- Values and types ---------------------------------------------------------------------

    def value(self, *, constant: bool, depth: int = 1) -> Value:
        """Read a value; a constant one has no variables in it."""
        token = self.tokens[self.at]
        position = token.position
        if depth > VALUE_DEPTH_MAX:
            raise errors.LIMIT("value depth", VALUE_DEPTH_MAX)
        if token.kind == PUNCTUATOR:
            return self.composed(token, constant=constant, depth=depth)
        self.at += 1
        match token.kind:
            case lexer.INT:
                return Value(kind="int", position=position, content=token.text)
            case lexer.FLOAT:
                return Value(kind="float", position=position, content=token.text)
            case lexer.STRING:
                return Value(kind="string", position=position, content=token.text)
            case lexer.NAME if token.text in ("true", "false"):
                return Value(kind="boolean", position=position, content=token.text == "true")
            case lexer.NAME if token.text == "null":
                return Value(kind="null", position=position)
            case lexer.NAME:
                return Value(kind="enum", position=position, content=token.text)
        raise errors.SYNTAX(position, "value")

    def composed(self, token: Token, *, constant: bool, depth: int) -> Value:
        """Read a variable, a list or an object."""
        if token.text == "$" and not constant:
            self.at += 1
            return Value(kind="variable", position=token.position, content=self.name().text)
        if self.take("["):
            values: list[Value] = []
            while not self.take("]"):
                values.append(self.value(constant=constant, depth=depth + 1))
            return Value(kind="list", position=token.position, content=tuple(values))
        if self.take("{"):
            fields: list[Named] = []
            while not self.take("}"):
                fields.append(self.named(constant=constant, depth=depth + 1))
            return Value(kind="object", position=token.position, content=tuple(fields))
        raise errors.SYNTAX(token.position, "value")

    def named(self, *, constant: bool, depth: int = 1) -> Named:
        """Read a name, a colon and a value."""
        name = self.name()
        self.expect(":")
        value = self.value(constant=constant, depth=depth)
        return Named(name=name.text, position=name.position, value=value)

    def arguments(self, *, constant: bool = False) -> tuple[Named, ...]:
        """Read arguments, if there are any."""
        if not self.peek("("):
            return ()
        return self.several("(", ")", lambda: self.named(constant=constant))

    def directives(self, *, constant: bool = False) -> tuple[Directive, ...]:
        """Read directives, if there are any."""
        found = []
        while self.peek("@"):
            position = self.expect("@")
            name = self.name().text
            arguments = self.arguments(constant=constant)
            found.append(Directive(name=name, position=position, arguments=arguments))
        return tuple(found)

    def type(self, depth: int = 1) -> TypeReference:
        """Read a type."""
        if depth > VALUE_DEPTH_MAX:
            raise errors.LIMIT("value depth", VALUE_DEPTH_MAX)
        if self.take("["):
            found = TypeReference(kind="list", of=self.type(depth + 1))
            self.expect("]")
        else:
            found = TypeReference(kind="named", name=self.name().text)
        return TypeReference(kind="non-null", of=found) if self.take("!") else found

    # --- Selections ---------------------------------------------------------------------------

    def selection_set(self, depth: int = 1) -> Selections:
        """Read what is selected, between braces."""
        if depth > SELECTION_DEPTH_MAX:
            raise errors.LIMIT("depth", SELECTION_DEPTH_MAX)
        number = self.groups
        self.groups += 1
        items = self.several("{", "}", lambda: self.selection(depth))
        return Selections(number=number, items=items)

    def selection(self, depth: int) -> Field | Spread | Inline:
        """Read a field or a fragment."""
        number = self.selections
        self.selections += 1
        if self.peek("..."):
            return self.fragment_use(number, depth)
        self.fields += 1
        if self.fields > FIELDS_MAX:
            raise errors.LIMIT("fields", FIELDS_MAX)
        first = self.name()
        name = first.text
        if self.take(":"):
            self.aliases += 1
            if self.aliases > ALIASES_MAX:
                raise errors.LIMIT("aliases", ALIASES_MAX)
            name = self.name().text
        arguments = self.arguments()
        directives = self.directives()
        return Field(
            number=number,
            position=first.position,
            key=first.text,
            name=name,
            arguments=arguments,
            directives=directives,
            selections=self.selection_set(depth + 1) if self.peek("{") else None,
        )

    def fragment_use(self, number: int, depth: int) -> Spread | Inline:
        """Read a spread or an inline fragment. One in place counts as a level of depth here."""
        position = self.expect("...")
        token = self.tokens[self.at]
        if token.kind == NAME and token.text != "on":
            self.at += 1
            directives = self.directives()
            spread = Spread(
                number=number, position=position, name=token.text, directives=directives
            )
            self.spreads.append(spread)
            return spread
        condition = self.name().text if self.word("on") else None
        return Inline(
            number=number,
            position=position,
            condition=condition,
            directives=self.directives(),
            selections=self.selection_set(depth + 1),
        )

    # --- Definitions --------------------------------------------------------------------------

    def variable(self) -> Variable:
        """Read the definition of a variable."""
        position = self.expect("$")
        name = self.name().text
        self.expect(":")
        kind = self.type()
        default = self.value(constant=True) if self.take("=") else None
        if used := self.directives(constant=True):
            raise errors.INVALID(used[0].position, "KnownDirectives")
        return Variable(name=name, position=position, type=kind, default=default)

    def query(self) -> tuple[int, tuple[Variable, ...], Selections]:
        """Read an operation, which must be a query."""
        token = self.tokens[self.at]
        variables: tuple[Variable, ...] = ()
        if not self.peek("{"):
            if not self.word("query"):
                raise errors.SYNTAX(token.position, "query or fragment")
            if self.tokens[self.at].kind == NAME:
                self.at += 1
            if self.peek("("):
                variables = self.several("(", ")", self.variable)
            if used := self.directives():
                raise errors.INVALID(used[0].position, "KnownDirectives")
        return token.position, variables, self.selection_set()

    def fragment(self) -> Fragment:
        """Read the definition of a fragment."""
        position = self.tokens[self.at - 1].position
        name = self.name()
        if name.text == "on":
            raise errors.SYNTAX(name.position, "name other than on")
        if not self.word("on"):
            raise errors.SYNTAX(self.tokens[self.at].position, "on")
        condition = self.name().text
        if used := self.directives():
            raise errors.INVALID(used[0].position, "KnownDirectives")
        selections = self.selection_set()
        return Fragment(
            name=name.text,
            position=position,
            condition=condition,
            selections=selections,
            spreads=self.taken_spreads(),
        )

    def taken_spreads(self) -> tuple[Spread, ...]:
        """Return the spreads of the definition that was read, and begin anew."""
        found = tuple(self.spreads)
        self.spreads.clear()
        return found


def parse(source: bytes) -> Document:
    """Return the document, or refuse it."""
    parser = Parser(tokens=lexer.tokens(source))
    query: tuple[int, tuple[Variable, ...], Selections] | None = None
    spreads: tuple[Spread, ...] = ()
    fragments: list[Fragment] = []
    while True:
        if parser.word("fragment"):
            fragments.append(parser.fragment())
        else:
            position = parser.tokens[parser.at].position
            found = parser.query()
            if query is not None:
                raise errors.INVALID(position, "OneQuery")
            query, spreads = found, parser.taken_spreads()
        if parser.tokens[parser.at].kind == END:
            break
    if query is None:
        raise errors.INVALID(0, "OneQuery")
    return Document(
        position=query[0],
        variables=query[1],
        selections=query[2],
        spreads=spreads,
        fragments=tuple(fragments),
    )
