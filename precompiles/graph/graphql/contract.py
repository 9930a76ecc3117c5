"""0x0500: GraphQL over what the chain holds. `document`, `plan` and `answer` are its three steps.

What a query does is paid for before it is done: its bytes in the declaration, the cost of the plan
before anything is read, storage by the host as it is read, the response as it is written.
"""

from collections.abc import Mapping

from ... import abi
from ...gas import Constant, Expression, Listed, PerItem
from ...precompile import Call, Precompile, method
from . import answer, chain, entities, errors, introspection, models, oracles, pools, sdl, variables
from .answer import Reading, Resolver
from .document import parse
from .plan import Plan, plan
from .predefined import DOCUMENTS
from .schema import schema

DOCUMENT_MAX = 4_096
VARIABLES_MAX = 4_096
SCHEMA_MAX = 16_384

# Measured: docs/gas.md.
BASE_GAS = 5_000
BYTE_GAS = 30
VALUE_GAS = 100
"""Of a value among the variables, which may be as short as two bytes."""

RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    **introspection.RESOLVERS,
    **chain.RESOLVERS,
    **entities.RESOLVERS,
    **oracles.RESOLVERS,
    **pools.RESOLVERS,
    **models.RESOLVERS,
}


def planned(document: str, given: bytes) -> Plan:
    """Return the plan of a document with its variables."""
    return plan(schema(), parse(document.encode()), variables.decode(given))


def values_price(given: bytes) -> int:
    """Return the price of the values among the variables: no more than what begins or ends one."""
    return VALUE_GAS * sum(given.count(mark) for mark in (b",", b"[", b"{"))


def query(call: Call, document: str, given: bytes = b"") -> bytes:
    """Answer a document."""
    call.host.charge(values_price(given), "variables")
    found = planned(document, given)
    call.host.charge(found.cost, "query")
    return answer.respond(Reading(call=call, schema=schema()), found, RESOLVERS)


def cost(call: Call, document: str, given: bytes = b"") -> int:
    """Return what a query charges before it reads anything."""
    of_values = values_price(given)
    call.host.charge(of_values, "variables")
    size = len(document.encode()) + len(given)
    return BASE_GAS + BYTE_GAS * size + of_values + planned(document, given).cost


def predefined(_: Call, number: int) -> str:
    """Return a document that is known by a number."""
    if number not in DOCUMENTS:
        raise errors.UNKNOWN_DOCUMENT(number)
    return DOCUMENTS[number]


def query_predefined(call: Call, number: int, given: bytes) -> bytes:
    """Answer a document that is known by a number."""
    return query(call, predefined(call, number), given)


def schema_text(_: Call) -> str:
    """Return the schema."""
    return sdl.SDL


QUERY_GAS: Expression = (Constant(amount=BASE_GAS), PerItem(argument="document", amount=BYTE_GAS))
VARIABLES_GAS: Expression = (*QUERY_GAS, PerItem(argument="variables", amount=BYTE_GAS))
TEXTS: dict[str, abi.Bound] = {"document": DOCUMENT_MAX}
ALL_TEXTS: dict[str, abi.Bound] = {**TEXTS, "variables": VARIABLES_MAX}
RESPONSE: dict[str, abi.Bound] = {"json": answer.RESPONSE_MAX}

PRECOMPILE = Precompile(
    address=(0x0500).to_bytes(20, "big"),
    family="graph",
    name="graphql",
    interface="IGraphQL",
    version=1,
    summary="GraphQL queries over the chain, its precompiles, entities, feeds, pools and models",
    methods=(
        method(
            "query(string document, bytes variables) returns (bytes json)",
            mutability="view",
            gas=VARIABLES_GAS,
            handler=query,
            summary="Answer a document with variables, a JSON object. Besides this price: the cost"
            " of the document, the state it reads, and 3 gas for a byte of the response.",
            bounds={**ALL_TEXTS, **RESPONSE},
        ),
        method(
            "query(string document) returns (bytes json)",
            mutability="view",
            gas=QUERY_GAS,
            handler=query,
            summary="Answer a document without variables.",
            bounds={**TEXTS, **RESPONSE},
        ),
        method(
            "cost(string document, bytes variables) returns (uint256 gas)",
            mutability="pure",
            gas=VARIABLES_GAS,
            handler=cost,
            summary="Return what query charges for a document before it reads anything.",
            bounds=ALL_TEXTS,
        ),
        method(
            "cost(string document) returns (uint256 gas)",
            mutability="pure",
            gas=QUERY_GAS,
            handler=cost,
            summary="Return the same without variables.",
            bounds=TEXTS,
        ),
        method(
            "queryPredefined(uint16 id, bytes variables) returns (bytes json)",
            mutability="view",
            gas=(
                Constant(amount=BASE_GAS),
                PerItem(argument="variables", amount=BYTE_GAS),
                Listed(
                    argument="id",
                    amounts=tuple(
                        (number, BYTE_GAS * len(text)) for number, text in DOCUMENTS.items()
                    ),
                ),
            ),
            handler=query_predefined,
            summary="Answer a document that is known by a number.",
            bounds={"variables": VARIABLES_MAX, **RESPONSE},
        ),
        method(
            "predefined(uint16 id) returns (string document)",
            mutability="pure",
            gas=(Constant(amount=500),),
            handler=predefined,
            summary="Return a document that is known by a number.",
            bounds={"document": DOCUMENT_MAX},
        ),
        method(
            "schema() returns (string text)",
            mutability="pure",
            gas=(Constant(amount=1_000),),
            handler=schema_text,
            summary="Return the schema, with what each field costs.",
            bounds={"text": SCHEMA_MAX},
        ),
    ),
    errors=errors.ERRORS,
    references=("GraphQL, October 2021", "EIP-1767", "The GraphQL cost directives"),
)
