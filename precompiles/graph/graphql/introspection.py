"""The schema, asked about itself (section 4 of the standard). Reads no state."""

from collections.abc import Mapping
from typing import Any

from .answer import Reading, Resolver
from .document import TypeReference, Value
from .plan import Planned
from .schema import FieldType, InputValue, NamedType

Type = NamedType | TypeReference
"""A named type, or one in a list or without null."""

WRAPPED = {"list": "LIST", "non-null": "NON_NULL"}


def looked_up(reading: Reading, reference: TypeReference) -> Type:
    """Return a type: a named one as what it was declared."""
    return reference if reference.of is not None else reading.schema.types[reference.name]


def of_named(name: str) -> Resolver:
    """Return what resolves an attribute that only named types have."""
    return lambda _, source, __: getattr(source, name) if isinstance(source, NamedType) else None


def attribute(name: str) -> Resolver:
    """Return what resolves an attribute."""
    return lambda _, source, __: getattr(source, name)


def kind(_: Reading, source: Type, __: Planned) -> str:
    """Resolve __Type.kind."""
    return source.kind if isinstance(source, NamedType) else WRAPPED[source.kind]


def fields(_: Reading, source: Type, __: Planned) -> list[FieldType] | None:
    """Resolve __Type.fields: of objects only."""
    if not isinstance(source, NamedType) or source.kind != "OBJECT":
        return None
    return list(source.fields.values())


def interfaces(_: Reading, source: Type, __: Planned) -> list[NamedType] | None:
    """Resolve __Type.interfaces: there are none."""
    return [] if isinstance(source, NamedType) and source.kind == "OBJECT" else None


def enum_values(_: Reading, source: Type, __: Planned) -> list[str] | None:
    """Resolve __Type.enumValues."""
    is_enum = isinstance(source, NamedType) and source.kind == "ENUM"
    return list(source.values) if is_enum and isinstance(source, NamedType) else None


def input_fields(_: Reading, source: Type, __: Planned) -> list[InputValue] | None:
    """Resolve __Type.inputFields."""
    if not isinstance(source, NamedType) or source.kind != "INPUT_OBJECT":
        return None
    return list(source.inputs.values())


def of_type(reading: Reading, source: Type, _: Planned) -> Type | None:
    """Resolve __Type.ofType."""
    if isinstance(source, NamedType) or source.of is None:
        return None
    return looked_up(reading, source.of)


def default_value(_: Reading, source: InputValue, __: Planned) -> str | None:
    """Resolve __InputValue.defaultValue."""
    return None if source.default is None else printed(source.default)


def printed(value: Value) -> str:
    """Return a constant as GraphQL writes it. The schema has numbers, names and strings."""
    if value.kind == "string":
        return f'"{value.content}"'
    return str(value.content).lower() if value.kind == "boolean" else str(value.content)


def nothing(_: Reading, __: Any, ___: Planned) -> None:
    """Resolve what this schema does not have."""


def never(_: Reading, __: Any, ___: Planned) -> bool:
    """Resolve what holds for nothing in this schema."""
    return False


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "__schema"): lambda reading, _, __: reading.schema,
    ("Query", "__type"): lambda reading, _, field: reading.schema.types.get(
        field.arguments["name"]
    ),
    ("", "__typename"): lambda _, __, field: field.parent,
    ("__Schema", "description"): nothing,
    ("__Schema", "types"): lambda reading, _, __: list(reading.schema.types.values()),
    ("__Schema", "queryType"): lambda reading, _, __: reading.schema.types["Query"],
    ("__Schema", "mutationType"): nothing,
    ("__Schema", "subscriptionType"): nothing,
    ("__Schema", "directives"): lambda reading, _, __: list(reading.schema.directives.values()),
    ("__Type", "kind"): kind,
    ("__Type", "name"): of_named("name"),
    ("__Type", "description"): of_named("description"),
    ("__Type", "fields"): fields,
    ("__Type", "interfaces"): interfaces,
    ("__Type", "possibleTypes"): nothing,
    ("__Type", "enumValues"): enum_values,
    ("__Type", "inputFields"): input_fields,
    ("__Type", "ofType"): of_type,
    ("__Type", "specifiedByURL"): nothing,
    ("__Field", "name"): attribute("name"),
    ("__Field", "description"): attribute("description"),
    ("__Field", "args"): lambda _, source, __: list(source.arguments.values()),
    ("__Field", "type"): lambda reading, source, _: looked_up(reading, source.type),
    ("__Field", "isDeprecated"): never,
    ("__Field", "deprecationReason"): nothing,
    ("__InputValue", "name"): attribute("name"),
    ("__InputValue", "description"): attribute("description"),
    ("__InputValue", "type"): lambda reading, source, _: looked_up(reading, source.type),
    ("__InputValue", "defaultValue"): default_value,
    ("__EnumValue", "name"): lambda _, source, __: source,
    ("__EnumValue", "description"): nothing,
    ("__EnumValue", "isDeprecated"): never,
    ("__EnumValue", "deprecationReason"): nothing,
    ("__Directive", "name"): attribute("name"),
    ("__Directive", "description"): attribute("description"),
    ("__Directive", "locations"): attribute("locations"),
    ("__Directive", "args"): lambda _, source, __: list(source.arguments.values()),
    ("__Directive", "isRepeatable"): never,
}
