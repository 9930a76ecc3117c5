"""Tables of the types, fields and directives that the schema text declares.

There are object types only, no interfaces and no unions: so the type of every selection is known
as it is read, and a fragment fits exactly one type. Knows no query and no state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from . import lexer, sdl
from .document import Directive, Parser, TypeReference, Value
from .lexer import END, STRING

DEFAULT_WEIGHT = 100
INTROSPECTION_WEIGHT = 50
TOKENS_MAX = 1 << 16

TypeKind = Literal["SCALAR", "OBJECT", "ENUM", "INPUT_OBJECT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputValue:
    """An argument, or a field of an input object."""

    name: str
    description: str | None
    type: TypeReference
    default: Value | None

    @property
    def required(self) -> bool:
        """Return whether it must be given."""
        return self.type.kind == "non-null" and self.default is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """A field of an object type, with what it costs."""

    name: str
    description: str | None
    arguments: Mapping[str, InputValue]
    type: TypeReference
    named: str
    """The name of the type inside lists and marks."""
    listed: bool
    weight: int
    slicing: str
    """The argument that says how long the list is, if there is one."""
    assumed: int
    """How long the list is at most, where no argument says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType:
    """A type with a name."""

    kind: TypeKind
    name: str
    description: str | None
    fields: Mapping[str, FieldType]
    inputs: Mapping[str, InputValue]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveType:
    """A directive."""

    name: str
    description: str | None
    arguments: Mapping[str, InputValue]
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All types and directives by name, in the order of the text."""

    types: Mapping[str, NamedType]
    directives: Mapping[str, DirectiveType]
    meta: Mapping[str, FieldType]
    """The fields that no type declares: of the root, and `__typename` of every type."""
    totals: Mapping[str, int]
    """How many types, fields, input values, enum values and directives there are, by what
    introspection calls them."""


class Reader(Parser):
    """A place in the tokens of a schema. A mistake in it is ours: it reverts at once in a test."""

    def description(self) -> str | None:
        """Read a description, if there is one."""
        token = self.tokens[self.at]
        if token.kind != STRING:
            return None
        self.at += 1
        return token.text

    def input_value(self) -> InputValue:
        """Read an argument or an input field."""
        description = self.description()
        name = self.name().text
        self.expect(":")
        kind = self.type()
        default = self.value(constant=True) if self.take("=") else None
        return InputValue(name=name, description=description, type=kind, default=default)

    def inputs(self, opening: str, closing: str) -> dict[str, InputValue]:
        """Read arguments or input fields, if there are any."""
        if not self.peek(opening):
            return {}
        return {each.name: each for each in self.several(opening, closing, self.input_value)}

    def field_type(self, introspection: bool) -> FieldType:
        """Read a field."""
        description = self.description()
        name = self.name().text
        arguments = self.inputs("(", ")")
        self.expect(":")
        kind = self.type()
        used = {each.name: each for each in self.directives(constant=True)}
        weight = INTROSPECTION_WEIGHT if introspection else DEFAULT_WEIGHT
        assumed, slicing = list_size(used.get("listSize"))
        return FieldType(
            name=name,
            description=description,
            arguments=arguments,
            type=kind,
            named=name_of(kind),
            listed=is_list(kind),
            weight=weight_of(used.get("cost"), weight),
            slicing=slicing,
            assumed=assumed,
        )

    def named_type(self, description: str | None) -> NamedType:
        """Read the definition of a type."""
        word = self.name().text
        name = self.name().text
        introspection = name.startswith("__")
        fields: tuple[FieldType, ...] = ()
        if word == "type":
            fields = self.several("{", "}", lambda: self.field_type(introspection))
        inputs = self.inputs("{", "}") if word == "input" else {}
        values: tuple[str, ...] = ()
        if word == "enum":
            values = self.several("{", "}", lambda: self.name().text)
        kinds: dict[str, TypeKind] = {
            "type": "OBJECT",
            "input": "INPUT_OBJECT",
            "enum": "ENUM",
            "scalar": "SCALAR",
        }
        return NamedType(
            kind=kinds[word],
            name=name,
            description=description,
            fields={each.name: each for each in fields},
            inputs=inputs,
            values=values,
        )

    def directive_type(self, description: str | None) -> DirectiveType:
        """Read the definition of a directive."""
        self.expect("@")
        name = self.name().text
        arguments = self.inputs("(", ")")
        assert self.word("on"), "a directive says where it may stand"
        locations = [self.name().text]
        while self.take("|"):
            locations.append(self.name().text)
        return DirectiveType(
            name=name,
            description=description,
            arguments=arguments,
            locations=tuple(locations),
        )


def list_size(used: Directive | None) -> tuple[int, str]:
    """Return the assumed size and the slicing argument of a list."""
    assumed, slicing = 0, ""
    for each in used.arguments if used else ():
        if each.name == "assumedSize":
            assumed = int(each.value.content)
        else:
            (name,) = each.value.content
            slicing = name.content
    return assumed, slicing


def weight_of(used: Directive | None, otherwise: int) -> int:
    """Return the weight that a field declares."""
    return int(used.arguments[0].value.content) if used else otherwise


def name_of(kind: TypeReference) -> str:
    """Return the name inside lists and marks."""
    while kind.of is not None:
        kind = kind.of
    return kind.name


def is_list(kind: TypeReference) -> bool:
    """Return whether a type is a list, whether or not null may stand for it."""
    return kind.kind == "list" or (kind.of is not None and kind.of.kind == "list")


def read(text: str) -> Schema:
    """Return the tables of a schema's text."""
    reader = Reader(tokens=lexer.tokens(text.encode(), TOKENS_MAX))
    types: dict[str, NamedType] = {}
    directives: dict[str, DirectiveType] = {}
    while reader.tokens[reader.at].kind != END:
        description = reader.description()
        if reader.word("directive"):
            directive = reader.directive_type(description)
            directives[directive.name] = directive
        else:
            found = reader.named_type(description)
            types[found.name] = found
    meta = types.pop("__Root").fields
    return Schema(types=types, directives=directives, meta=meta, totals=totals(types, directives))


def totals(
    types: Mapping[str, NamedType], directives: Mapping[str, DirectiveType]
) -> dict[str, int]:
    """Return how many objects introspection has of each type."""
    fields = [field for each in types.values() for field in each.fields.values()]
    arguments = sum(len(each.arguments) for each in fields)
    arguments += sum(len(each.arguments) for each in directives.values())
    return {
        "__Schema": 1,
        "__Type": len(types),
        "__Field": len(fields),
        "__InputValue": arguments + sum(len(each.inputs) for each in types.values()),
        "__EnumValue": sum(len(each.values) for each in types.values()),
        "__Directive": len(directives),
    }


@cache
def schema() -> Schema:
    """Return the tables, which are made when they are first asked for."""
    return read(sdl.SDL + sdl.INTROSPECTION)


@cache
def longest(name: str) -> int:
    """Return the length of the longest list that introspection has of this field."""
    known = schema()
    fields = [field for each in known.types.values() for field in each.fields.values()]
    match name:
        case "types":
            return len(known.types)
        case "directives":
            return len(known.directives)
        case "fields":
            return max(len(each.fields) for each in known.types.values())
        case "enumValues":
            return max(len(each.values) for each in known.types.values())
        case "inputFields":
            return max(len(each.inputs) for each in known.types.values())
        case "args":
            of_fields = max(len(each.arguments) for each in fields)
            return max(of_fields, *(len(each.arguments) for each in known.directives.values()))
    return 0  # Interfaces and possible types: there are none.
