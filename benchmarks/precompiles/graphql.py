"""GraphQL queries, and what pricing them takes, beside graphql-core with the same readers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import eth_abi

from chain.accounts import dev_accounts
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from precompiles.backends.keccak import keccak256
from precompiles.conformance.embedded import GAS_MAX, Frame, Meter, World, call_precompile
from precompiles.graph.entity_store import store
from precompiles.graph.graphql import entities
from precompiles.graph.graphql.document import parse
from precompiles.graph.graphql.plan import plan
from precompiles.graph.graphql.schema import schema
from precompiles.graph.graphql.sdl import SDL
from precompiles.registry import find
from precompiles.storage import Foreign

from .rows import Row, compare, peer

ENTITIES = 1_000
PAGE = 100
GRAPHQL, STORE = find("graphql").address, find("entity_store").address
OWNER = dev_accounts(count=1)[0].address
KIND = keccak256(OWNER + b"trade")
COLUMNS = 'price: int(column: "price") amount: uint(column: "amount")'


def rows() -> list[Row]:
    return [*thousand(), *pricing(), *doubling()]


def call_data(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak256(signature.encode())[:4] + eth_abi.encode(types, arguments)


def steps() -> Iterator[bytes]:
    """Calls that make a type and its rows."""
    names, kinds = ["price", "amount"], [1, 0]
    yield call_data("defineType(string,string[],uint8[],uint16)", "trade", names, kinds, 0)
    for number in range(ENTITIES):
        row = eth_abi.encode(["int256", "uint256"], [number * 7919 % 1_000, number])
        yield call_data("append(bytes32,bytes,uint256[])", KIND, row, [])


def pages() -> str:
    """A document that asks for a thousand entities, a hundred a list."""
    lists = (
        f'p{start}: entities(type: "0x{KIND.hex()}", first: {PAGE}, after: {start})'
        f" {{id {COLUMNS}}}"
        for start in range(0, ENTITIES, PAGE)
    )
    return "{" + " ".join(lists).replace(", after: 0)", ")") + "}"


def thousand() -> Iterator[Row]:
    world = World()
    for data in steps():
        outcome = call_precompile(world, STORE, data, caller=OWNER)
        assert outcome.status == "success"
    document = pages()
    data = call_data("query(string)", document)
    peers = {}
    if graphql := peer("graphql"):
        peers["graphql-core"] = core_query(graphql, world, document)
    name = f"{ENTITIES:,} entities of two columns"

    def ask() -> bytes:
        return call_precompile(world, GRAPHQL, data, gas=GAS_MAX).data

    if graphql:
        (ours,) = eth_abi.decode(["bytes"], ask())
        assert ours == peers["graphql-core"](), "both answer alike"
    yield compare(name, ask, peers, goal="under 20 ms")
    chain = LocalChain.open(pars_genesis(6133, [OWNER]), accounts=dev_accounts(count=1))
    for each in steps():
        chain.send(CallRequest(sender=OWNER, to=STORE, data=each))
    request = CallRequest(to=GRAPHQL, data=data, gas=GAS_MAX)
    assert chain.call(request).success
    yield compare(f"{name}, eth_call", lambda: chain.call(request), {}, goal="under 20 ms")
    chain.close()


def core_query(graphql: Any, world: World, document: str) -> Any:
    """The same document by graphql-core, which parses, validates and resolves with our readers."""
    built = graphql.build_schema(SDL)
    fields = built.type_map["Entity"].fields
    for name in ("int", "uint"):
        fields[name].resolve = lambda row, _, column: f"{row.value(row.table.column(column, 0)):#x}"
    fields["id"].resolve = lambda row, _: f"{row.identifier:#x}"

    def run() -> bytes:
        meter = Meter(GAS_MAX)
        frame = Frame(world=world, address=GRAPHQL, meter=meter, static=True, depth=0)
        words = Foreign(host=frame, address=STORE)

        def listed(_: Any, __: Any, **given: Any) -> list[entities.Row]:
            entity = store.load_type(words, KIND)
            table = entities.Table(words=words, identifier=KIND, entity=entity)
            found = entities.walk(table, None, int(given.get("after") or 0), False)
            return [row for row, _ in zip(found, range(given["first"]), strict=False)]

        built.query_type.fields["entities"].resolve = listed
        result = graphql.graphql_sync(built, document)
        assert result.errors is None
        return json.dumps({"data": result.data}, separators=(",", ":")).encode()

    return run


def pricing() -> Iterator[Row]:
    """Documents that double in size: linear is twice the time of the row above, or less."""
    graphql = peer("graphql")
    built = graphql.build_schema(SDL) if graphql else None
    before = 0.0
    for count in (7, 15, 30, 60):
        inner = " ".join(f"k{n}: hash(number: {10**9 + n})" for n in range(count))
        document = f"{{block {{{inner}}}}}"
        source = document.encode()
        peers = {}
        if graphql:
            peers["graphql-core"] = lambda document=document: graphql.validate(
                built, graphql.parse(document)
            )
        row = compare(
            f"pricing {count} fields, {len(source):,} bytes",
            lambda source=source: plan(schema(), parse(source), {}),
            peers,
        )
        goal = f"{row.ours / before:.2f} times the row above" if before else "linear"
        yield replace(row, goal=goal)
        before = row.ours


def doubling() -> Iterator[Row]:
    """Fragments that spread the next one twice: their sizes add up, what they ask for doubles."""
    before = 0.0
    for levels in (3, 6, 12):
        parts = ["{__schema{types{...F0}}}"]
        for level in range(levels):
            spread = f"{{...F{level + 1}}}"
            parts += [f"fragment F{level} on __Type{{a:ofType{spread} b:ofType{spread}}}"]
        source = " ".join([*parts, f"fragment F{levels} on __Type{{name}}"]).encode()
        row = compare(
            f"pricing {2**levels:,} times a fragment, {len(source)} bytes",
            lambda source=source: plan(schema(), parse(source), {}),
            {},
        )
        goal = f"{row.ours / before:.2f} times the row above" if before else "linear"
        yield replace(row, goal=goal)
        before = row.ours
