"""What 0x0500 must answer, by graphql-core with resolvers over plain Python values.

The schema is parsed, the document parsed, validated and executed by graphql-core; here are only the
scalars' textual forms and a model of what there is to read, written from docs/graph.md.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_utils import keccak
from graphql import (
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
    value_from_ast_untyped,
)

from precompiles.graph.graphql.sdl import INTROSPECTION, SDL

KINDS = ("uint256", "int256", "bytes32", "address", "bytes")


# --- Scalars --------------------------------------------------------------------------------


def hexed(value: bytes) -> str:
    return "0x" + "".join(f"{byte:02x}" for byte in value)


def numbered(value: int) -> str:
    return ("-" if value < 0 else "") + "0x" + format(abs(value), "x")


def to_bytes(size: int | None) -> Callable[[Any], bytes]:
    def convert(value: Any) -> bytes:
        if not isinstance(value, str) or not re.match(r"^0x([0-9a-fA-F][0-9a-fA-F])*\Z", value):
            raise GraphQLError("not bytes")
        if size is not None and len(value) != 2 + 2 * size:
            raise GraphQLError("not of the size")
        return bytes.fromhex(value[2:])

    return convert


def to_integer(lowest: int, highest: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if isinstance(value, str):
            sign = -1 if value.startswith("-") else 1
            digits = value.removeprefix("-")
            if re.match(r"^(0|[1-9][0-9]{0,77})\Z", digits):
                value = sign * int(digits)
            elif re.match(r"^0x[0-9a-fA-F]{1,64}\Z", digits):
                value = sign * int(digits, 16)
        if type(value) is not int or not lowest <= value <= highest:
            raise GraphQLError("not an integer of the range")
        return value

    return convert


def as_it_is(value: Any) -> Any:
    if isinstance(value, bool | float | list | dict) or value is None:
        raise GraphQLError("no column holds that")
    return value


SCALARS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "Long": (to_integer(0, 2**64 - 1), numbered),
    "BigInt": (to_integer(1 - 2**256, 2**256 - 1), numbered),
    "Bytes": (to_bytes(None), hexed),
    "Bytes32": (to_bytes(32), hexed),
    "Address": (to_bytes(20), hexed),
    "ColumnValue": (as_it_is, as_it_is),
}


def schema() -> GraphQLSchema:
    built = build_schema(SDL)
    for name, (convert, write) in SCALARS.items():
        scalar = built.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)

        def literal(node: Any, convert: Callable[[Any], Any] = convert) -> Any:
            # The value of an enum is a word, and no scalar here has words.
            return convert(None if node.kind == "enum_value" else value_from_ast_untyped(node))

        scalar.coerce_input_value = convert
        scalar.coerce_input_literal = literal
        scalar.coerce_output_value = write
    return built


SCHEMA = schema()
RULES = [each for each in specified_rules if each is not MaxIntrospectionDepthRule]
"""Without the one rule that is a limit of its own."""


# --- What there is to read ------------------------------------------------------------------


@dataclass
class Table:
    """A type of the entity store: columns as name, kind, indexed; rows by id, in order."""

    namespace: bytes
    name: str
    columns: list[tuple[str, str, bool]]
    rows: dict[int, list[Any]] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)

    @property
    def identifier(self) -> bytes:
        return keccak(self.namespace + self.name.encode())

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.identifier,
            "namespace": self.namespace,
            "name": self.name,
            "count": len(self.rows),
            "columns": [
                {"name": name, "kind": kind, "indexed": indexed}
                for name, kind, indexed in self.columns
            ],
        }

    def number(self, column: str) -> int:
        return [name for name, _, _ in self.columns].index(column)

    def row(self, identifier: int) -> dict[str, Any]:
        def reader(kind: str) -> Callable[..., Any]:
            def read(_info: Any, column: str) -> Any:
                number = self.number(column)
                if self.columns[number][1] != kind:
                    raise ValueError("another kind")
                return self.rows[identifier][number]

            return read

        key = next((key for key, row in self.keys.items() if row == identifier), None)
        kinds = {"uint": "uint256", "int": "int256"}
        readers = {
            name: reader(kinds.get(name, name))
            for name in ("uint", "int", "bytes32", "address", "bytes")
        }
        return {"id": identifier, "key": key, **readers}

    def passes(self, identifier: int, conditions: list[dict[str, Any]]) -> bool:
        for condition in conditions:
            number = self.number(condition["column"])
            kind = self.columns[number][1]
            value = self.rows[identifier][number]

            def meant(written: Any, kind: str = kind) -> Any:
                if kind in ("uint256", "int256"):
                    return to_integer(-(2**256), 2**256)(written)
                return to_bytes({"bytes32": 32, "address": 20}[kind])(written)

            checks = {
                "_eq": lambda operand, value=value: value == operand,
                "_not": lambda operand, value=value: value != operand,
                "_gt": lambda operand, value=value: value > operand,
                "_gte": lambda operand, value=value: value >= operand,
                "_lt": lambda operand, value=value: value < operand,
                "_lte": lambda operand, value=value: value <= operand,
            }
            for name, written in condition.items():
                if name == "column" or written is None:
                    continue
                if name in ("_in", "_not_in"):
                    among = value in [meant(each) for each in written]
                    if among is (name == "_not_in"):
                        return False
                elif not checks[name](meant(written)):
                    return False
        return True

    def page(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        ids = list(self.rows)
        if given.get("orderBy"):
            number = self.number(given["orderBy"])
            assert self.columns[number][2]
            ids.sort(key=lambda each: (self.rows[each][number], each))
        if given["orderDirection"] == "desc":
            ids.reverse()
        if given.get("after"):
            ids = ids[ids.index(given["after"]) + 1 :]
        ids = [each for each in ids if self.passes(each, given.get("where") or [])]
        return [self.row(each) for each in ids[given["skip"] :][: given["first"]]]


@dataclass
class Model:
    """All that can be asked for, as values and functions of the arguments."""

    block: dict[str, Any]
    hashes: dict[int, bytes] = field(default_factory=dict)
    accounts: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    precompiles: list[dict[str, Any]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    feeds: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    pools: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[tuple[bytes, str, int], dict[str, Any]] = field(default_factory=dict)

    def table(self, identifier: bytes) -> Table | None:
        return next((each for each in self.tables if each.identifier == identifier), None)

    def account(self, _info: Any, address: bytes) -> dict[str, Any]:
        empty = {"balance": 0, "transactionCount": 0, "code": b"", "storage": {}}
        found = {**empty, **self.accounts.get(address, {})}
        words = found["storage"]
        exists = address in self.accounts
        return {
            "address": address,
            **found,
            "codeSize": len(found["code"]),
            "codeHash": keccak(found["code"]) if exists else bytes(32),
            "storage": lambda _info, slot: words.get(slot, bytes(32)),
        }

    def root(self) -> dict[str, Any]:
        block = {**self.block, "hash": lambda _info, number: self.hashes.get(number)}
        return {
            "block": block,
            "_meta": {"block": block},
            "account": self.account,
            "registry": {
                "version": 1,
                "count": len(self.precompiles),
                "precompile": lambda _info, address: next(
                    (each for each in self.precompiles if each["address"] == address), None
                ),
                "precompiles": lambda _info, first, skip: self.precompiles[skip:][:first],
            },
            "entityType": self.entity_type,
            "entity": self.entity,
            "entities": self.entities,
            "session": self.session,
            "feed": lambda _info, **given: self.feeds.get(given["id"]),
            "feeds": lambda _info, ids: [self.feeds.get(each) for each in ids],
            "pool": lambda _info, **given: self.pools.get(given["id"]),
            "model": lambda _info, **given: next(
                (each for each in self.models if each["id"] == given["id"]), None
            ),
            "models": lambda _info, first, skip: self.models[skip:][:first],
            "modelVersion": lambda _info, namespace, name, version: self.versions.get(
                (namespace, name, version)
            ),
        }

    def entity_type(self, _info: Any, **given: Any) -> dict[str, Any] | None:
        table = self.table(given["id"])
        return table.shown() if table else None

    def entity(self, _info: Any, **given: Any) -> dict[str, Any] | None:
        table = self.table(given["type"])
        assert table is not None
        assert (given.get("id") is None) is not (given.get("key") is None)
        row = given["id"] if given.get("id") is not None else table.keys.get(given["key"], 0)
        return table.row(row) if row in table.rows else None

    def entities(self, _info: Any, **given: Any) -> list[dict[str, Any]]:
        table = self.table(given["type"])
        assert table is not None
        return table.page(given)

    def session(self, _info: Any, **given: Any) -> dict[str, Any] | None:
        table = self.table(keccak(given["namespace"] + b"SessionAnchor"))
        latest = table.keys.get(given["id"]) if table else None
        if table is None or latest is None:
            return None

        def anchor(_info: Any, epoch: int) -> dict[str, Any] | None:
            row = table.keys.get(keccak(given["id"] + epoch.to_bytes(32, "big")))
            if row is None:
                return None
            return {"epoch": table.rows[row][0], "root": table.rows[row][1]}

        def anchors(info: Any, first: int, fromEpoch: int) -> list[dict[str, Any]]:  # noqa: N803 - the schema's name
            end = min(fromEpoch + first, table.rows[latest][0] + 1)
            found = [anchor(info, epoch) for epoch in range(fromEpoch, end)]
            return [each for each in found if each is not None]

        return {
            "id": given["id"],
            "latestEpoch": table.rows[latest][0],
            "anchor": anchor,
            "anchors": anchors,
        }


# --- Answers --------------------------------------------------------------------------------


def refusals(document: str) -> list[str]:
    """What graphql-core finds wrong, or nothing."""
    try:
        tree = parse(document)
    except GraphQLError as error:
        return [error.message]
    found = validate(SCHEMA, tree, RULES, max_errors=1, hide_suggestions=True)
    return [error.message for error in found]


def answer(document: str, model: Model, variables: dict[str, Any] | None = None) -> bytes:
    """The response, which must be without errors."""
    assert refusals(document) == []
    result = execute_sync(SCHEMA, parse(document), model.root(), variable_values=variables)
    assert result.errors is None, result.errors
    return canonical({"data": result.data})


def canonical(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# --- Introspection --------------------------------------------------------------------------

# graphql-core has the introspection types of a later edition. So those of October 2021 are given to
# it as types of another name, which gets its underscores back in the answer.
OCTOBER_2021 = re.sub(r"(?s)type __Root \{.*?\}", "", INTROSPECTION).replace("__", "Meta__")


def introspected(document: str) -> dict[str, Any]:
    """The whole schema, in the order of its text and without what a later edition has added."""
    text = SDL + OCTOBER_2021
    built = build_schema(text, assume_valid=True)
    result = execute_sync(built, parse(document))
    assert result.errors is None, result.errors
    assert result.data is not None
    found = result.data["__schema"]
    for key, pattern in (
        ("types", r"(?m)^(?:type|enum|scalar|input) (\w+)"),
        ("directives", r"(?m)^directive @(\w+)"),
    ):
        order = re.findall(pattern, text)
        kept = [each for each in found[key] if each["name"] in order]
        found[key] = sorted(kept, key=lambda each, order=order: order.index(each["name"]))
        for each in found[key]:
            # These have descriptions in graphql-core, which the standard does not give.
            if each["name"] in ("String", "Boolean", "Int", *re.findall(r"@(\w+)", OCTOBER_2021)):
                without_descriptions(each)
    shown: dict[str, Any] = json.loads(json.dumps(result.data).replace('"Meta__', '"__'))
    return shown


def without_descriptions(value: Any) -> None:
    """Forget the descriptions of a built-in type or directive."""
    if isinstance(value, dict) and "description" in value:
        value["description"] = None
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            without_descriptions(each)
