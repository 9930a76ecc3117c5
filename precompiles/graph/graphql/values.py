"""From values as written, in a document or in its variables, to values as a resolver takes them.

Input coercion of sections 3.4 to 3.12 and 6.1.2 of the standard, and which variable may stand where
(5.8.5). Knows no field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import errors
from .document import Named, TypeReference, Value, Variable
from .scalars import PARSERS
from .schema import InputValue, NamedType, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The variables of a document, what they hold, and which of them were used."""

    schema: Schema
    defined: Mapping[str, Variable]
    values: Mapping[str, Any]
    """A variable without a value and without a default is not in here."""
    used: set[str]


def bound(schema: Schema, defined: tuple[Variable, ...], given: Mapping[str, Any]) -> Bindings:
    """Return the variables with their values (CoerceVariableValues), or refuse them."""
    by_name: dict[str, Variable] = {}
    for each in defined:
        if each.name in by_name:
            raise errors.INVALID(each.position, "UniqueVariableNames")
        by_name[each.name] = each
        check_variable_type(schema, each)
    values: dict[str, Any] = {}
    for each in defined:
        if each.default is not None:
            none = Bindings(schema=schema, defined={}, values={}, used=set())
            values[each.name] = literal(none, each.type, each.default)
        if each.name in given:
            try:
                values[each.name] = decoded(schema, each.type, given[each.name])
            except ValueError:
                raise errors.INVALID(each.position, "VariableValue") from None
        elif each.default is None and each.type.kind == "non-null":
            raise errors.INVALID(each.position, "VariableValue")
    return Bindings(schema=schema, defined=by_name, values=values, used=set())


def check_variable_type(schema: Schema, variable: Variable) -> None:
    """Refuse a variable of a type that is not there or that no input has."""
    kind = variable.type
    while kind.of is not None:
        kind = kind.of
    found = schema.types.get(kind.name)
    if found is None:
        raise errors.INVALID(variable.position, "KnownTypeNames")
    if found.kind == "OBJECT":
        raise errors.INVALID(variable.position, "VariablesAreInputTypes")


def decoded(schema: Schema, kind: TypeReference, value: Any) -> Any:
    """Return what a JSON value means as this type; ValueError when it is not of it."""
    if kind.of is not None and kind.kind == "non-null":
        if value is None:
            raise ValueError(value)
        return decoded(schema, kind.of, value)
    if value is None:
        return None
    if kind.of is not None:
        items = value if isinstance(value, list) else [value]
        return [decoded(schema, kind.of, each) for each in items]
    named = schema.types[kind.name]
    if named.kind == "SCALAR":
        return PARSERS[named.name](value)
    if named.kind == "ENUM":
        if not isinstance(value, str) or value not in named.values:
            raise ValueError(value)
        return value
    return decoded_object(schema, named, value)


def decoded_object(schema: Schema, named: NamedType, value: Any) -> dict[str, Any]:
    """Return an input object; ValueError for a field too many or too few."""
    if not isinstance(value, dict) or value.keys() - named.inputs.keys():
        raise ValueError(value)
    found = {}
    for name, declared in named.inputs.items():
        if name in value:
            found[name] = decoded(schema, declared.type, value[name])
        elif declared.required:
            raise ValueError(name)
    return found


def arguments(
    bindings: Bindings, declared: Mapping[str, InputValue], given: tuple[Named, ...], position: int
) -> dict[str, Any]:
    """Return the arguments of a field or a directive (CoerceArgumentValues)."""
    return named_values(
        bindings,
        declared,
        given,
        position,
        rules=("UniqueArgumentNames", "KnownArgumentNames", "ProvidedRequiredArguments"),
    )


def named_values(
    bindings: Bindings,
    declared: Mapping[str, InputValue],
    given: tuple[Named, ...],
    position: int,
    *,
    rules: tuple[str, str, str],
) -> dict[str, Any]:
    """Return values by name; `rules` are broken by one twice, an unknown and a missing one."""
    twice, unknown, missing = rules
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for each in given:
        if each.name in seen:
            raise errors.INVALID(each.position, twice)
        seen.add(each.name)
        place = declared.get(each.name)
        if place is None:
            raise errors.INVALID(each.position, unknown)
        if each.value.kind == "variable":
            check_usage(bindings, each.value, place.type, has_default=place.default is not None)
            if each.value.content not in bindings.values:
                continue
        found[each.name] = literal(bindings, place.type, each.value)
    for name, place in declared.items():
        if name in found:
            continue
        if name not in seen and place.required:
            raise errors.INVALID(position, missing)
        if place.default is not None:
            found[name] = literal(bindings, place.type, place.default)
    return found


def literal(bindings: Bindings, kind: TypeReference, value: Value) -> Any:
    """Return what a value of a document means as this type, or refuse it."""
    if value.kind == "variable":
        return variable_value(bindings, kind, value)
    if kind.of is not None and kind.kind == "non-null":
        if value.kind == "null":
            raise errors.INVALID(value.position, "ValuesOfCorrectType")
        return literal(bindings, kind.of, value)
    if value.kind == "null":
        return None
    if kind.of is not None:
        items = value.content if value.kind == "list" else (value,)
        return [element(bindings, kind.of, each) for each in items]
    named = bindings.schema.types[kind.name]
    if named.kind == "INPUT_OBJECT" and value.kind == "object":
        rules = ("UniqueInputFieldNames", "ValuesOfCorrectType", "ValuesOfCorrectType")
        return named_values(bindings, named.inputs, value.content, value.position, rules=rules)
    if named.kind == "ENUM" and value.kind == "enum" and value.content in named.values:
        return value.content
    if named.kind == "SCALAR" and value.kind in ("int", "string", "boolean"):
        content = int(value.content) if value.kind == "int" else value.content
        try:
            return PARSERS[named.name](content)
        except ValueError:
            pass
    raise errors.INVALID(value.position, "ValuesOfCorrectType")


def element(bindings: Bindings, kind: TypeReference, value: Value) -> Any:
    """Return an element of a list; a variable without a value is null there."""
    if value.kind == "variable":
        check_usage(bindings, value, kind, has_default=False)
    return literal(bindings, kind, value)


def variable_value(bindings: Bindings, kind: TypeReference, value: Value) -> Any:
    """Return what a variable holds; one that may be null must not be where null may not."""
    found = bindings.values.get(value.content)
    if found is None and kind.kind == "non-null":
        raise errors.INVALID(value.position, "ValuesOfCorrectType")
    return found


def check_usage(
    bindings: Bindings, value: Value, place: TypeReference, *, has_default: bool
) -> None:
    """Refuse a variable that is not defined, or not of a type for this place."""
    defined = bindings.defined.get(value.content)
    if defined is None:
        raise errors.INVALID(value.position, "NoUndefinedVariables")
    bindings.used.add(value.content)
    if place.kind == "non-null" and defined.type.kind != "non-null":
        never_null = defined.default is not None and defined.default.kind != "null"
        assert place.of is not None, "a mark stands on a type"
        allowed = (never_null or has_default) and fits(defined.type, place.of)
    else:
        allowed = fits(defined.type, place)
    if not allowed:
        raise errors.INVALID(value.position, "VariablesInAllowedPosition")


def fits(kind: TypeReference, place: TypeReference) -> bool:
    """Return whether each value of a type is one of the place's (AreTypesCompatible)."""
    if place.kind == "non-null" and place.of is not None:
        return kind.kind == "non-null" and kind.of is not None and fits(kind.of, place.of)
    if kind.kind == "non-null" and kind.of is not None:
        return fits(kind.of, place)
    if place.of is not None:
        return kind.kind == "list" and kind.of is not None and fits(kind.of, place.of)
    return kind.of is None and kind.name == place.name
