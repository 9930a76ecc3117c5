"""Vectors of the GraphQL entry: answers by graphql-core, refusals by the rules."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import decode, encode
from eth_utils import keccak
from families import family_cases
from graphql import get_introspection_query
from graphql_oracle import KINDS, Model, Table, answer, canonical, introspected

from precompiles.conformance import embedded
from precompiles.conformance.embedded import CONTEXT
from precompiles.conformance.vectors import parse
from precompiles.graph.graphql.predefined import DOCUMENTS
from precompiles.graph.graphql.sdl import SDL

QUERY = "query(string)"
QUERY_WITH = "query(string,bytes)"
COST = "cost(string)"
COST_WITH = "cost(string,bytes)"
PREDEFINED = "queryPredefined(uint16,bytes)"

SOURCE = "graphql-core 3.3 with resolvers over plain values"
RULES = "the rules of GraphQL, October 2021, and the limits of docs/graph.md"
COST_RULE = "counted by hand from the weights in the schema"

POSEIDON = "0x" + "0901".zfill(40)
NOBODY = "0x" + "77" * 20

MODEL = Model(
    block={
        "number": CONTEXT.block_number,
        "timestamp": CONTEXT.timestamp,
        "parentHash": CONTEXT.parent_hash,
        "gasLimit": CONTEXT.gas_limit,
        "baseFeePerGas": CONTEXT.base_fee,
        "coinbase": CONTEXT.coinbase,
        "chainId": CONTEXT.chain_id,
    },
    precompiles=[
        {
            "address": bytes.fromhex(POSEIDON[2:]),
            "name": "poseidon",
            "version": 1,
            "family": "zk",
        }
    ],
)


STORE = "0x" + "0501".zfill(40)
TRADES = Table(
    namespace=CALLER,
    name="trade",
    columns=[
        ("price", "int256", True),
        ("who", "address", True),
        ("note", "bytes", False),
        ("amount", "uint256", False),
        ("tag", "bytes32", True),
    ],
)
ANCHORS = Table(
    namespace=CALLER,
    name="SessionAnchor",
    columns=[("epoch", "uint256", False), ("root", "bytes32", False)],
)
KEY = keccak(text="key")
SESSION = keccak(text="session")


def step(signature: str, *arguments: Any) -> Case:
    return {"to": STORE, "input": hexed(call(signature, *arguments))}


def defined(table: Table) -> Case:
    names, kinds, indexed = zip(*table.columns, strict=True)
    numbers = [KINDS.index(kind) for kind in kinds]
    mask = sum(1 << number for number, yes in enumerate(indexed) if yes)
    return step("defineType(string,string[],uint8[],uint16)", table.name, names, numbers, mask)


def added(table: Table, key: bytes, row: list[Any]) -> Case:
    """The call that adds a row; the table gets it too."""
    data = encode([kind for _, kind, _ in table.columns], row)
    identifier = table.keys.get(key) or len(table.rows) + 1
    table.rows[identifier] = row
    if not key:
        return step("append(bytes32,bytes,uint256[])", table.identifier, data, [])
    table.keys[key] = identifier
    return step("upsert(bytes32,bytes32,bytes,uint256[])", table.identifier, key, data, [])


def trades() -> list[Case]:
    steps = [defined(TRADES)]
    for number, price in enumerate((30, -5, 30, 2, 2**255 - 1, -(2**255))):
        who = bytes(19) + bytes([7 - number])
        row = [price, who, b"n" * (5 * number), 2**number, keccak(bytes([number]))]
        steps.append(added(TRADES, KEY if number == 2 else b"", row))
    return steps


def anchored() -> list[Case]:
    steps = [defined(ANCHORS)]
    for epoch in (1, 2, 3, 5):
        row = [epoch, keccak(bytes([epoch]))]
        under = keccak(SESSION + epoch.to_bytes(32, "big"))
        steps += [added(ANCHORS, under, row), added(ANCHORS, SESSION, row)]
    return steps


TRADED = trades()
ANCHORED = anchored()
MODEL.tables += [TRADES, ANCHORS]


def cases() -> Iterator[Case]:
    yield from family_cases("graph", "Queries, entity storage and oracle feeds")
    yield from answered()
    yield from introspection()
    yield from entities()
    yield from sessions()
    yield from oracle_feeds()
    yield from pools()
    yield from models()
    yield from priced()
    yield from not_parsed()
    yield from not_valid()
    yield from wrong_variables()
    yield from too_much()
    yield from predefined()


def ask(document: str, given: Any = None) -> bytes:
    if given is None:
        return call(QUERY, document)
    return call(QUERY_WITH, document, given if isinstance(given, bytes) else packed(given))


def packed(given: Any) -> bytes:
    return json.dumps(given).encode()


def good(name: str, document: str, given: Any = None, **more: Any) -> Case:
    expected = answer(document, MODEL, given)
    return case(name, ask(document, given), ["bytes"], expected, **more)


def answered() -> Iterator[Case]:
    every = "number timestamp parentHash gasLimit baseFeePerGas coinbase chainId"
    yield good("block", f"{{block{{{every}}}}}")
    yield good("meta", "{_meta{block{number}}}")
    yield good("block-hash-unknown", "{block{hash(number:0)}}")
    yield good("typename", "{__typename block{__typename}}")
    yield good("order-is-the-selections", "{_meta{block{timestamp number}} block{number}}")
    yield good("alias", "{one:block{n:number number:timestamp} two:block{number}}")
    yield good("named-query", "query Name{block{number}}")
    yield good("commas-and-comments", "\t{,block,#comment é\r\n{number,}}#end")
    account = "address balance transactionCount code codeHash codeSize"
    yield good("account-of-nobody", f'{{account(address:"{NOBODY}"){{{account}}}}}')
    slot = "0x" + "00" * 31 + "05"
    storage = f'{{account(address:"{NOBODY}"){{storage(slot:"{slot}")}}}}'
    yield good("storage-of-nobody", storage)
    precompile = "{registry{version precompile(address:%s){address name version family}}}"
    yield good("precompile", precompile % f'"{POSEIDON}"')
    yield good("precompile-in-block-string", precompile % f'"""\n  {POSEIDON}\n  """')
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in POSEIDON)
    yield good("precompile-escaped", precompile % f'"{escaped}"')
    yield good("precompile-that-is-not", precompile % f'"{NOBODY}"')
    with_variable = "query($a:Address!){registry{precompile(address:$a){name}}}"
    yield good("variable", with_variable, {"a": POSEIDON})
    yield good("variable-unused-value", with_variable, {"a": POSEIDON, "b": [{"c": None}]})
    unused = b'{"a":"' + POSEIDON.encode() + b'","b":[],"c":{},"d":[[],{}]}'
    expected = answer(with_variable, MODEL, {"a": POSEIDON})
    yield case("variables-empty", ask(with_variable, unused), ["bytes"], expected)
    spaced = b'\t{ "\\u0061" : "' + POSEIDON.encode() + b'" ,"\\ud83d\\ude00":-12}\r\n'
    expected = answer(with_variable, MODEL, {"a": POSEIDON})
    yield case("variables-escaped", ask(with_variable, spaced), ["bytes"], expected)
    default = f'query($a:Address!="{POSEIDON}"){{registry{{precompile(address:$a){{name}}}}}}'
    yield good("variable-default", default)
    yield good("variable-over-default", default, {"a": NOBODY})
    skipping = "query($s:Boolean!){block{number @skip(if:$s) timestamp @include(if:$s)}}"
    for given in (True, False):
        yield good(f"skip-{given}".lower(), skipping, {"s": given})
    both = "{block{number @include(if:true) @skip(if:true) timestamp}}"
    yield good("include-and-skip", both)
    yield good("skip-everything", "{block@skip(if:true){number}}")
    yield good("inline-fragments", "{...{block{number}} ...on Query{_meta{block{number}}}}")
    fragments = "{block{...A ...B@skip(if:true)}} fragment A on Block{number ...C}"
    fragments += " fragment C on Block{timestamp} fragment B on Block{gasLimit}"
    yield good("fragments", fragments)
    yield good("number-as-hex", '{block{hash(number:"0x1")}}')
    yield good("number-as-decimals", '{block{hash(number:"1")}}')


def introspection() -> Iterator[Case]:
    one = '{__type(name:"Block"){kind name fields{name type{kind name ofType{name}}}}}'
    yield good("type-of-block", one)
    yield good("type-that-is-not", '{__type(name:"Nothing"){name}}')
    yield good("roots", "{__schema{queryType{name} mutationType{name} subscriptionType{name}}}")
    arguments = '{__type(name:"Query"){fields{name args{name defaultValue type{name}}}}}'
    yield good("arguments", arguments)
    values = '{__type(name:"OrderDirection"){enumValues{name isDeprecated} possibleTypes{name}}}'
    yield good("enum-values", values)
    inputs = (
        '{__type(name:"Condition"){inputFields{name type{kind ofType{name}}} interfaces{name}}}'
    )
    yield good("input-fields", inputs)
    document = get_introspection_query()
    expected = canonical({"data": introspected(document)})
    yield case("introspection", ask(document), ["bytes"], expected)


def entities() -> Iterator[Case]:
    every = 'id key price:int(column:"price") who:address(column:"who") note:bytes(column:"note")'
    every += ' amount:uint(column:"amount") tag:bytes32(column:"tag")'
    of = f'type:"{hexed(TRADES.identifier)}"'

    def stored_case(name: str, document: str, given: Any = None) -> Case:
        return good(name, document, given, before=TRADED)

    declared = "id namespace name count columns{name kind indexed}"
    identifier = hexed(TRADES.identifier)
    yield stored_case("entity-type", f'{{entityType(id:"{identifier}"){{{declared}}}}}')
    yield stored_case("entity-columns", f'{{entityType(id:"{identifier}"){{columns{{name}}}}}}')
    none = "0x" + "00" * 32
    yield good("entity-type-that-is-not", f'{{entityType(id:"{none}"){{{declared}}}}}')
    yield stored_case("entity-by-id", f"{{entity({of} id:3){{{every}}}}}")
    yield stored_case("entity-by-key", f'{{entity({of} key:"{hexed(KEY)}"){{{every}}}}}')
    yield stored_case("entity-that-is-not", f"{{entity({of} id:99){{id}}}}")
    yield stored_case("entity-of-no-key", f'{{entity({of} key:"{hexed(SESSION)}"){{id}}}}')
    for name, given in (
        ("all", "first:100"),
        ("after-2", "first:2 after:2"),
        ("skip-1", "first:2 skip:1"),
        ("after-last", "first:2 after:6"),
        ("descending", "first:3 orderDirection:desc"),
        ("by-price", 'first:9 orderBy:"price"'),
        ("by-price-descending", 'first:9 orderBy:"price" orderDirection:desc'),
        ("by-who", 'first:9 orderBy:"who"'),
        ("by-tag", 'first:9 orderBy:"tag" skip:2'),
        ("price-above-2", 'first:9 where:{column:"price" _gt:2}'),
        ("price-2-to-30", 'first:9 where:[{column:"price" _gte:2 _lte:30}]'),
        ("price-below", 'first:9 where:{column:"price" _lt:"-0x4"}'),
        ("price-is-30", 'first:1 skip:1 where:{column:"price" _eq:"30"}'),
        ("amount-in", 'first:9 where:{column:"amount" _in:[1,"0x4",99]}'),
        ("amount-in-nothing", 'first:9 where:{column:"amount" _in:[]}'),
        ("amount-at-most-2-256-minus-1",
         f'first:9 where:{{column:"amount" _lte:"{2**256 - 1}" _gte:"-0x{2**256 - 1:x}"}}'),
        ("who-is", f'first:9 where:{{column:"who" _eq:"0x{6:040x}"}}'),
        ("by-price-to-2", 'first:9 orderBy:"price" where:{column:"price" _lte:2}'),
        ("by-price-from-30", 'first:9 orderBy:"price" orderDirection:desc'
         ' where:{column:"price" _gte:30}'),
        ("by-price-is-30", 'first:9 orderBy:"price" where:{column:"price" _eq:30}'),
        ("null-is-no-condition", 'first:9 where:[{column:"price" _eq:null}] after:null'),
    ):  # fmt: skip
        yield stored_case(f"entities-{name}", f"{{entities({of} {given}){{{every}}}}}")
    document = (
        "query($t:Bytes32!$w:[Condition!]$o:OrderDirection$f:Int!$s:Int)"
        '{entities(type:$t where:$w orderBy:"price" orderDirection:$o first:$f skip:$s){id}}'
    ).replace("$s:Int)", "$s:Int=0)")
    where = [{"column": "price", "_in": [30, "2", "-0x5"]}]
    given = {"t": identifier, "w": where, "o": "desc", "f": 2, "s": 1}
    yield stored_case("entities-by-variables", document, given)
    given = {"t": identifier, "w": where[0], "f": 9}
    yield stored_case("entities-by-one-condition", document, given)
    page = f"{{entities({of} first:9 %s){{id}}}}"
    for name, kind, place, value in (
        ("no-null-for-null", "[Condition!]!", "where:$v", [{"column": "amount", "_gt": 2}]),
        ("one-no-null-in-list", "Condition!", "where:[$v]", {"column": "amount", "_gt": 2}),
        ("list-in-object", "[ColumnValue!]", 'where:{column:"amount" _in:$v}', [2, 4]),
        ("list-no-null-in-object", "[ColumnValue!]!", 'where:{column:"amount" _in:$v}', [2]),
        ("one-for-list", "[ColumnValue!]", 'where:{column:"amount" _in:$v}', 2),
        ("element", "ColumnValue!", 'where:{column:"amount" _in:[$v 4]}', 2),
    ):
        document = f"query($v:{kind}){page % place}"
        yield stored_case(f"entities-variable-{name}", document, {"v": value})
    for name, kind, place in (
        ("list-of-null", "[ColumnValue]!", 'where:{column:"amount" _in:^$v}'),
        ("one-for-list", "ColumnValue", 'where:{column:"amount" _in:^$v}'),
        ("list-of-lists", "[[ColumnValue!]!]", 'where:{column:"amount" _in:^$v}'),
        ("list-for-one", "[ColumnValue!]", 'where:{column:"amount" _eq:^$v}'),
        ("list-in-list", "[Condition!]", "where:[^$v]"),
        ("text-for-order", "String", "orderDirection:^$v"),
        ("order-for-text", "OrderDirection", "orderBy:^$v"),
    ):
        document = f"query($v:{kind}){page % place}"
        yield wrong(f"entities-no-variable-{name}", document, "VariablesInAllowedPosition",
                    {} if "!" not in kind[-1] else {"v": []})  # fmt: skip
    for name, marked, reason in (
        ("unknown-column", f'{{entity({of} id:1){{^int(column:"cost")}}}}', "unknown column"),
        ("another-kind", f'{{entity({of} id:1){{^uint(column:"price")}}}}',
         "column of another kind"),
        ("unknown-column-in-where", f'{{^entities({of} first:1 where:{{column:"b"}}){{id}}}}',
         "unknown column"),
        ("order-without-index", f'{{^entities({of} first:1 orderBy:"amount"){{id}}}}',
         "column without index"),
        ("order-by-unknown", f'{{^entities({of} first:1 orderBy:"cost"){{id}}}}',
         "unknown column"),
        ("after-unknown", f"{{^entities({of} first:1 after:7){{id}}}}", "unknown row"),
        ("text-for-number", f'{{^entities({of} first:1 where:{{column:"price" _eq:"x"}}){{id}}}}',
         "value of another kind"),
        ("number-of-2-256",
         f'{{^entities({of} first:1 where:{{column:"amount" _lt:"0x1{"0" * 64}"}}){{id}}}}',
         "value of another kind"),
        ("number-of-2-256-in-decimals",
         f'{{^entities({of} first:1 where:{{column:"amount" _lt:{2**256}}}){{id}}}}',
         "value of another kind"),
        ("number-for-address", f'{{^entities({of} first:1 where:{{column:"who" _eq:1}}){{id}}}}',
         "value of another kind"),
        ("bytes-compared", f'{{^entities({of} first:1 where:{{column:"note" _eq:"0x"}}){{id}}}}',
         "value of another kind"),
    ):  # fmt: skip
        yield unresolved(f"entities-{name}", marked, reason, before=TRADED)


def sessions() -> Iterator[Case]:
    arguments = f'namespace:"{hexed(CALLER)}" id:"{hexed(SESSION)}"'
    for name, selection in (
        ("latest", "id latestEpoch"),
        ("anchor", "anchor(epoch:2){epoch root} none:anchor(epoch:4){epoch root}"),
        ("anchors", "anchors(first:3 fromEpoch:2){epoch root}"),
        ("anchors-to-the-end", "anchors(first:100 fromEpoch:4){epoch root}"),
        ("anchors-beyond", "anchors(first:100 fromEpoch:6){epoch root}"),
    ):
        document = f"{{session({arguments}){{{selection}}}}}"
        yield good(f"session-{name}", document, before=ANCHORED)
    other = Table(namespace=CALLER, name="SessionAnchor", columns=[("root", "bytes32", False)])
    document = f"{{session({arguments}){{id}}}}"
    step_of = step(
        "upsert(bytes32,bytes32,bytes,uint256[])", other.identifier, SESSION, bytes(32), []
    )
    nothing = canonical({"data": {"session": None}})
    yield case("session-of-other-columns", ask(document), ["bytes"], nothing,
               before=[defined(other), step_of])  # fmt: skip
    yield good("session-of-nobody", f"{{session({arguments}){{id}}}}".replace(
        hexed(CALLER), NOBODY), before=ANCHORED)  # fmt: skip
    yield good("session-unknown", f"{{session({arguments}){{id}}}}".replace(
        hexed(SESSION), hexed(KEY)), before=ANCHORED)  # fmt: skip


# --- What other entries keep: states and answers are those of their own vectors ------------------

PACKAGE = Path(__file__).parents[3] / "precompiles"
CONFIG = ["bytes32", "uint32", "uint8", "uint8", "uint8", "int192", "int192", "uint32", "uint16"]
HEARTBEAT = 7
ZERO = bytes(32)


def kept(folder: str) -> dict[str, Case]:
    """The vectors of another entry by name, with the address of each call before them."""
    document = json.loads((PACKAGE / folder / "vectors.json").read_text())
    found = {each["name"]: each for each in document["vectors"]}
    for each in found.values():
        steps = each.get("before", [])
        each["before"] = [{"to": document["address"], **one} for one in steps]
        each["itself"] = {"to": document["address"], "input": each["input"]}
        each["own"] = {
            at: {**given, "code": document["contracts"].get(given.get("code"), given.get("code"))}
            if "code" in given else given
            for at, given in each.get("accounts", {}).items()
        } if "accounts" in each else {}  # fmt: skip
    return found


def told(vector: Case, types: list[str]) -> tuple[Any, ...]:
    """The answer of a vector."""
    found: tuple[Any, ...] = decode(types, bytes.fromhex(vector["output"][2:]))
    return found


def oracle_feeds() -> Iterator[Case]:
    vectors = kept("graph/feeds")
    identifier = bytes.fromhex(vectors["latest-round"]["input"][10:74])
    rounds = {}
    for number in (1, 2):
        data = told(
            vectors[f"round-{number}"], ["uint80", "int256", "uint256", "uint256", "uint80"]
        )
        rounds[number] = {
            "roundId": data[0], "answer": data[1], "observedAt": data[2], "updatedAt": data[3],
        }  # fmt: skip
    config = told(vectors["config"], CONFIG)
    feed = {
        "id": identifier,
        "kind": "reported",
        "owner": CALLER,
        "description": told(vectors["description"], ["string"])[0],
        "decimals": told(vectors["decimals"], ["uint8"])[0],
        "heartbeat": config[HEARTBEAT],
        "configDigest": config[0],
        "latest": rounds[2],
        "round": lambda _info, roundId: rounds.get(roundId),  # noqa: N803 - the schema's name
        "rounds": lambda _info, first, skip: [rounds[2], rounds[1]][skip:][:first],
    }
    MODEL.feeds[identifier] = feed
    before = vectors["latest-round"]["before"]
    shown = "roundId answer observedAt updatedAt"
    of = f'id:"{hexed(identifier)}"'
    facts = "id kind owner description decimals heartbeat configDigest"
    for name, selection in (
        ("", f"{facts} latest{{{shown}}}"),
        ("-round", f"round(roundId:1){{{shown}}} no:round(roundId:3){{{shown}}}"),
        ("-round-0", f"round(roundId:0){{{shown}}}"),
        ("-rounds", f"rounds(first:9){{{shown}}}"),
        ("-rounds-skipped", f"rounds(first:1 skip:1){{{shown}}}"),
        ("-rounds-all-skipped", f"rounds(first:1 skip:2){{{shown}}}"),
    ):
        yield good(f"feed{name}", f"{{feed({of}){{{selection}}}}}", before=before)
    both = f'{{feeds(ids:["{hexed(ZERO)}" "{hexed(identifier)}"]){{decimals}}}}'
    yield good("feeds", both, before=before)
    yield good("feed-unknown", f'{{feed(id:"{hexed(ZERO)}"){{decimals}}}}')
    new = {**feed, "latest": None, "rounds": []}
    yield from with_feed(new, "feed-without-rounds", f"{{feed({of}){{latest{{{shown}}} "
                         f"rounds(first:3){{{shown}}}}}}}", before[:1])  # fmt: skip
    yield wrong("feeds-of-none", "{^feeds(ids:[]){decimals}}", "ListSize")
    vectors = kept("graph/aggregation")
    identifier = bytes.fromhex(vectors["latest-round"]["input"][10:74])
    data = told(vectors["latest-round"], ["uint80", "int256", "uint256", "uint256", "uint80"])
    latest = {
        "roundId": data[0], "answer": data[1], "observedAt": data[2], "updatedAt": data[3],
    }  # fmt: skip
    composite = {
        "id": identifier,
        "kind": "composite",
        "owner": CALLER,
        "description": told(vectors["description"], ["string"])[0],
        "decimals": told(vectors["decimals"], ["uint8"])[0],
        "heartbeat": None,
        "configDigest": None,
        "latest": latest,
    }
    document = f'{{feed(id:"{hexed(identifier)}"){{{facts} latest{{{shown}}}}}}}'
    steps = vectors["latest-round"]["before"]
    yield from with_feed(composite, "feed-of-feeds", document, steps)


def with_feed(feed: dict[str, Any], name: str, document: str, steps: list[Case]) -> Iterator[Case]:
    before = MODEL.feeds.get(feed["id"])
    MODEL.feeds[feed["id"]] = feed
    yield good(name, document, before=steps)
    if before:
        MODEL.feeds[feed["id"]] = before


def pools() -> Iterator[Case]:
    """A pool with a position: the words that it keeps, read by v4's layout."""
    vectors = kept("dex/pool_manager")
    state = vectors["swap-exact-in-0"]
    opened = next(each for each in state["before"] if each["input"].startswith("0x6276cbbe"))
    key = bytes.fromhex(opened["input"][2:])[4:164]
    identifier = keccak(key)
    given = {**state, "accounts": state["own"], "before": [*state["before"], state["itself"]]}
    manager = bytes.fromhex("0400".zfill(40))
    words = embedded.words(embedded.prepared(parse(given, manager)), manager)

    def at(*path: int) -> int:
        """A slot: a number and the mappings on the way, by Solidity's rule."""
        slot = path[0]
        for key_of in path[1:]:
            slot = int.from_bytes(keccak(encode(["int256", "uint256"], [key_of, slot])), "big")
        return slot

    def cut(word: int, low: int, bits: int, signed: bool = False) -> int:
        value = word >> low & (1 << bits) - 1
        return value - (1 << bits) if signed and value >> bits - 1 else value

    pool = int.from_bytes(keccak(identifier + (6).to_bytes(32, "big")), "big")
    slot0 = words[pool]

    def tick(number: int) -> dict[str, Any]:
        slot = at(pool + 4, number)
        word = words.get(slot, 0)
        return {
            "tick": number,
            "liquidityGross": cut(word, 0, 128),
            "liquidityNet": cut(word, 128, 128, True),
            "feeGrowthOutside0X128": words.get(slot + 1, 0),
            "feeGrowthOutside1X128": words.get(slot + 2, 0),
        }

    spacing = int.from_bytes(key[96:128], "big", signed=True)
    written = [n for n in range(-887_272 // spacing * spacing, 887_273, spacing)
               if tick(n)["liquidityGross"]]  # fmt: skip
    assert len(written) == 2

    def ticks(_info: Any, **given: int) -> list[dict[str, Any]]:
        inside = [n for n in written if given["from"] <= n <= given["to"]]
        return [tick(n) for n in inside[given["skip"] :][: given["first"]]]

    def position(_info: Any, **given: Any) -> dict[str, int]:
        ends = b"".join(
            (given[n] & 0xFFFFFF).to_bytes(3, "big") for n in ("tickLower", "tickUpper")
        )
        number = int.from_bytes(keccak(given["owner"] + ends + given["salt"]), "big")
        data = number.to_bytes(32, "big") + (pool + 6).to_bytes(32, "big")
        slot = int.from_bytes(keccak(data), "big")
        return {
            "liquidity": words.get(slot, 0),
            "feeGrowthInside0LastX128": words.get(slot + 1, 0),
            "feeGrowthInside1LastX128": words.get(slot + 2, 0),
        }

    MODEL.pools[identifier] = {
        "id": identifier,
        "sqrtPriceX96": cut(slot0, 0, 160),
        "tick": cut(slot0, 160, 24, True),
        "protocolFee": cut(slot0, 184, 24),
        "lpFee": cut(slot0, 208, 24),
        "liquidity": words[pool + 3],
        "feeGrowthGlobal0X128": words.get(pool + 1, 0),
        "feeGrowthGlobal1X128": words.get(pool + 2, 0),
        "tickAt": lambda _info, **given: tick(given["tick"]),
        "ticks": ticks,
        "position": position,
    }
    shown = "tick liquidityGross liquidityNet feeGrowthOutside0X128 feeGrowthOutside1X128"
    of = f'id:"{hexed(identifier)}"'
    inside = "liquidity feeGrowthInside0LastX128 feeGrowthInside1LastX128"
    growth = "feeGrowthGlobal0X128 feeGrowthGlobal1X128"
    low, high = written
    page = f"ticks(tickSpacing:{spacing} %s){{{shown}}}"
    ends = f'owner:"{hexed(CALLER)}" tickLower:{low} tickUpper:{high} salt:"%s"'
    for name, selection in (
        ("", f"id sqrtPriceX96 tick protocolFee lpFee liquidity {growth}"),
        ("-tick", f"tickAt(tick:{low}){{{shown}}} none:tickAt(tick:{low + 1}){{{shown}}}"),
        ("-ticks", page % f"from:{low - 5} to:{high + 5} first:9"),
        ("-ticks-exactly", page % f"from:{low} to:{high} first:9"),
        ("-ticks-inside", page % f"from:{low + 1} to:{high - 1} first:9"),
        ("-ticks-first", page % f"from:{low} to:{high} first:1"),
        ("-ticks-second", page % f"from:{low} to:{high} first:1 skip:1"),
        ("-ticks-backwards", page % f"from:{high} to:{low} first:1"),
        ("-position", f"position({ends % hexed(ZERO)}){{{inside}}}"),
        ("-position-of-none", f"position({ends % hexed(KEY)}){{{inside}}}"),
    ):
        steps = [*state["before"], state["itself"]]
        document = f"{{pool({of}){{{selection}}}}}"
        yield good(f"pool{name}", document, before=steps, accounts=state["own"])
    yield good("pool-unknown", f'{{pool(id:"{hexed(ZERO)}"){{id}}}}')
    steps = {"before": [*state["before"]], "accounts": state["own"]}
    document = f"{{pool({of}){{^{page % 'from:0 to:9 first:1'}}}}}"
    for number in (0, -1, 32_768):
        given = document.replace(f"tickSpacing:{spacing}", f"tickSpacing:{number}")
        yield unresolved(f"pool-ticks-spacing-{number}", given, "tick spacing", **steps)
    wide = f"{{pool({of}){{{page % 'from:-887272 to:887272 first:100'}}}}}"
    wide = wide.replace(f"tickSpacing:{spacing}", "tickSpacing:1")
    error = "LimitExceeded(string,uint256)"
    yield refused("pool-ticks-too-wide", ask(wide), error, "scan", 256, source=RULES, **steps)


def models() -> Iterator[Case]:
    vectors = kept("ai/model_registry")
    listed = vectors["models-all"]
    (identifiers,) = told(listed, ["bytes32[]"])
    sealed = vectors["model-sealed"]
    identifier = bytes.fromhex(sealed["input"][10:74])
    fields = told(sealed, ["address", "uint8", "uint8", "bool", "uint256", "uint256", "uint256"])
    price = vectors["price"]
    assert price["input"][10:74] == identifier.hex()
    sizes = told(price, ["uint256"] * 4)
    root, poseidon = told(vectors["roots"], ["bytes32", "uint256"])
    assert vectors["roots"]["input"][10:74] == identifier.hex()
    MODEL.models.append(
        {
            "id": identifier,
            "owner": CALLER,
            "status": "sealed",
            "kind": fields[2],
            "adopted": fields[3],
            "weightsRoot": root,
            "poseidonRoot": poseidon or None,
            "weightsSize": fields[4],
            "inputSize": sizes[0],
            "outputSize": sizes[1],
            "chunks": fields[5],
            "chunksStored": fields[6],
        }
    )
    every = ("id owner status kind adopted weightsRoot poseidonRoot weightsSize inputSize"
             " outputSize chunks chunksStored")  # fmt: skip
    document = f'{{model(id:"{hexed(identifier)}"){{{every}}}}}'
    yield good("model", document, before=sealed["before"])
    yield good("model-unknown", f'{{model(id:"{hexed(ZERO)}"){{id}}}}')
    one = hexed((1).to_bytes(32, "big"))  # The slot in which the registry counts models.
    yield good("model-that-is-a-count", f'{{model(id:"{one}"){{id status}}}}',
               before=listed["before"])  # fmt: skip
    MODEL.models[:] = [{"id": each} for each in identifiers]
    for given in ("first:9", "first:1", "first:1 skip:1", "first:1 skip:900"):
        name = given.replace(":", "-").replace(" ", "-")
        yield good(f"models-{name}", f"{{models({given}){{id}}}}", before=listed["before"])
    version = vectors["version-retired"]
    namespace, name, number = decode(
        ["address", "string", "uint256"], bytes.fromhex(version["input"][10:])
    )
    model, retired = told(version, ["bytes32", "bool"])
    space = bytes.fromhex(namespace[2:])
    MODEL.versions[space, name, number] = {
        "version": number,
        "model": {"id": model},
        "retired": retired,
    }
    asked = f'{{modelVersion(namespace:"{namespace}" name:"{name}" version:%s){{%s}}}}'
    selection = "version model{id} retired"
    before = version["before"]
    yield good("model-version", asked % (number, selection), before=before)
    yield good("model-version-unknown", asked % (99, selection), before=before)
    yield good("model-version-0", asked % (0, selection), before=before)
    yield good("model-version-negative", asked % (-1, selection), before=before)


def priced() -> Iterator[Case]:
    address = f'"{POSEIDON}"'
    word = f'"0x{"00" * 32}"'
    for name, document, weights, steps in (
        ("typename", "{__typename}", 50, 2),
        ("object", "{block{number hash(number:1)}}", 300, 5),
        ("account", f"{{account(address:{address}){{code balance}}}}", 2_200, 5),
        ("list", f"{{entities(type:{word} first:10){{id key}}}}", 10 * (300 + 200), 5),
        ("skipped", f"{{entities(type:{word} first:10 skip:90){{id}}}}", 100 * 300 + 1_000, 4),
        ("fragment", "{...F} fragment F on Query{block{number}}", 200, 2 + 2 + 3),
        ("left-out", "{block@skip(if:true){number} __typename}", 50, 3 + 2),
        ("nested-lists", "{registry{precompiles(first:3){methods{selector}}}}",
         100 + 3 * (100 + 48 * (8 + 8)), 2 + 2 + 2 + 2),
    ):  # fmt: skip
        expected = 5_000 + 30 * len(document) + weights + 20 * steps
        yield case(f"cost-{name}", call(COST, document), ["uint256"], expected, source=COST_RULE)
    document = f"query($n:Int!){{entities(type:{word} first:$n){{id}}}}"
    given = packed({"n": 7})
    expected = 5_000 + 30 * (len(document) + len(given)) + 100 + 7 * 400 + 20 * 4
    data = call(COST_WITH, document, given)
    yield case("cost-variable", data, ["uint256"], expected, source=COST_RULE)
    given = b'{"a":[1,2,{}]}'
    document = "{block{number}}"
    expected = 5_000 + 30 * (len(document) + len(given)) + 5 * 100 + 200 + 20 * 4
    data = call(COST_WITH, document, given)
    yield case("cost-unused-values", data, ["uint256"], expected, source=COST_RULE)


def wrong(name: str, document: str, rule: str, given: Any = None) -> Case:
    """A refusal at the place that ^ marks in the document."""
    before, _, after = document.partition("^")
    error = "ValidationError(uint256,string)"
    data = ask(before + after, given)
    return refused(name, data, error, len(before.encode()), rule, source=RULES)


def broken(name: str, document: str, expected: str) -> Case:
    """A document that is none, at the place that ^ marks."""
    before, _, after = document.partition("^")
    error = "GraphQLSyntaxError(uint256,string)"
    data = ask(before + after)
    return refused(name, data, error, len(before.encode()), expected, source=RULES)


def not_parsed() -> Iterator[Case]:
    for name, document, expected in (
        ("nothing", "^", "query or fragment"),
        ("blanks-only", " ,\n^", "query or fragment"),
        ("no-selection", "{^}", "name"),
        ("not-closed", "{block{number}^", "name"),
        ("closed-twice", "{block{number}}^}", "query or fragment"),
        ("mutation", "^mutation{block{number}}", "query or fragment"),
        ("subscription", "^subscription{block{number}}", "query or fragment"),
        ("type-definition", "^type A{b:Int}", "query or fragment"),
        ("fragment-named-on", "{...{block{number}}} fragment ^on on Query{block{number}}",
         "name other than on"),
        ("fragment-without-type", "{...F} fragment F^{block{number}}", "on"),
        ("no-arguments", "{block{hash(^)}}", "name"),
        ("no-value", "{block{hash(number:^)}}", "value"),
        ("ends-before-value", "{block{hash(number:^", "value"),
        ("variable-without-name", "query(^a:Int){block{number}}", "$"),
        ("variable-in-default", "query($a:Int=^$b){block{number}}", "value"),
        ("two-dots", "{^..F}", "token"),
        ("number-with-zero", "{block{hash(number:^01)}}", "token"),
        ("number-before-name", "{block{hash(number:^1a)}}", "token"),
        ("number-with-dot", "{block{hash(number:^1.)}}", "token"),
        ("string-not-closed", '{__type(name:^"a)}', "token"),
        ("string-over-lines", '{__type(name:^"a\nb"){name}}', "token"),
        ("block-string-not-closed", '{__type(name:^"""a""){name}}', "token"),
        ("unknown-escape", '{__type(name:^"\\x"){name}}', "token"),
        ("short-escape", '{__type(name:^"\\u12"){name}}', "token"),
        ("half-a-surrogate-pair", '{__type(name:^"\\ud83d"){name}}', "paired surrogates"),
        ("surrogates-in-wrong-order", '{__type(name:^"\\ude00\\ud83d"){name}}',
         "paired surrogates"),
        ("non-ascii-name", "{^é}", "token"),
        ("byte-order-mark", "^\ufeff{block{number}}", "token"),
        ("control-character", "{^\x00block{number}}", "token"),
        ("control-character-in-string", '{__type(name:^"\x07"){name}}', "token"),
        ("non-breaking-space", "{^\u00a0block{number}}", "token"),
    ):  # fmt: skip
        yield broken(f"syntax-{name}", document, expected)


def not_valid() -> Iterator[Case]:
    word = f'"0x{"00" * 32}"'
    for name, document, rule in (
        ("two-queries", "query A{block{number}} ^query B{block{number}}", "OneQuery"),
        ("fragments-only", "^fragment F on Query{block{number}}", "OneQuery"),
        ("unknown-field", "{block{^nothing}}", "FieldsOnCorrectType"),
        ("schema-below-the-root", "{block{^__schema{types{name}}}}", "FieldsOnCorrectType"),
        ("leaf-with-selection", "{block{^number{a}}}", "ScalarLeafs"),
        ("object-without-selection", "{^block}", "ScalarLeafs"),
        ("unknown-argument", "{^block(a:1){number}}".replace("^", "").replace("a:", "^a:"),
         "KnownArgumentNames"),
        ("argument-twice", "{block{hash(number:1 ^number:1)}}", "UniqueArgumentNames"),
        ("argument-missing", "{block{^hash}}", "ProvidedRequiredArguments"),
        ("argument-null", "{block{hash(number:^null)}}", "ValuesOfCorrectType"),
        ("float", "{block{hash(number:^1.0)}}", "ValuesOfCorrectType"),
        ("exponent", "{block{hash(number:^1e3)}}", "ValuesOfCorrectType"),
        ("negative-long", "{block{hash(number:^-1)}}", "ValuesOfCorrectType"),
        ("long-of-2-64", f"{{block{{hash(number:^{2**64})}}}}", "ValuesOfCorrectType"),
        ("giant-number", f"{{block{{hash(number:^{'9' * 400})}}}}", "ValuesOfCorrectType"),
        ("enum-for-string", "{__type(name:^Block){name}}", "ValuesOfCorrectType"),
        ("address-of-19", f'{{account(address:^"0x{"00" * 19}"){{balance}}}}',
         "ValuesOfCorrectType"),
        ("address-without-0x", f'{{account(address:^"{"00" * 20}"){{balance}}}}',
         "ValuesOfCorrectType"),
        ("unknown-enum-value", f"{{entities(type:{word} first:1 orderDirection:^up){{id}}}}",
         "ValuesOfCorrectType"),
        ("unknown-input-field",
         f'{{entities(type:{word} first:1 where:{{column:"a" ^_le:1}}){{id}}}}',
         "ValuesOfCorrectType"),
        ("input-field-twice",
         f'{{entities(type:{word} first:1 where:{{column:"a" ^column:"a"}}){{id}}}}',
         "UniqueInputFieldNames"),
        ("input-field-missing", f"{{entities(type:{word} first:1 where:^{{_eq:1}}){{id}}}}",
         "ValuesOfCorrectType"),
        ("first-missing", f"{{^entities(type:{word}){{id}}}}", "ProvidedRequiredArguments"),
        ("first-of-0", f"{{^entities(type:{word} first:0){{id}}}}", "ListSize"),
        ("first-of-101", f"{{^entities(type:{word} first:101){{id}}}}", "ListSize"),
        ("first-negative", f"{{^entities(type:{word} first:-1){{id}}}}", "ListSize"),
        ("first-of-2-31", f"{{entities(type:{word} first:^{2**31}){{id}}}}",
         "ValuesOfCorrectType"),
        ("skip-of-1001", f"{{^entities(type:{word} first:1 skip:1001){{id}}}}", "ListSize"),
        ("skip-null", f"{{^entities(type:{word} first:1 skip:null){{id}}}}", "ListSize"),
        ("same-field", "{block{number ^number}}", "UniqueResponseKeys"),
        ("number-for-input-object", f"{{entities(type:{word} first:1 where:^1){{id}}}}",
         "ValuesOfCorrectType"),
        ("same-field-later", "{block{number timestamp ^timestamp}}", "UniqueResponseKeys"),
        ("list-8-deep", "{block{hash(number:^" + "[" * 7 + "1" + "]" * 7 + ")}}",
         "ValuesOfCorrectType"),
        ("address-without-x", f'{{account(address:^"00{"00" * 20}"){{balance}}}}',
         "ValuesOfCorrectType"),
        ("unknown-variable-in-list",
         f'{{entities(type:{word} first:1 where:{{column:"a" _in:[^$v]}}){{id}}}}',
         "NoUndefinedVariables"),
        ("null-variable-in-list",
         "query($v:ColumnValue){"
         f'entities(type:{word} first:1 where:{{column:"a" _in:[^$v]}}){{id}}}}',
         "VariablesInAllowedPosition"),
        ("default-of-another-type",
         f"query($v:Boolean=true){{entities(type:{word} first:^$v){{id}}}}",
         "VariablesInAllowedPosition"),
        ("same-alias", "{block{a:number ^a:number}}", "UniqueResponseKeys"),
        ("same-through-fragment", "{block{number ^...F}} fragment F on Block{number}",
         "UniqueResponseKeys"),
        ("same-though-left-out", "{block{number @skip(if:true) ^number}}", "UniqueResponseKeys"),
        ("same-fragment-twice", "{block{...F ^...F}} fragment F on Block{number}",
         "UniqueResponseKeys"),
        ("unknown-fragment", "{block{^...F}}", "KnownFragmentNames"),
        ("unused-fragment", "{block{number}} ^fragment F on Block{number}", "NoUnusedFragments"),
        ("fragment-twice", "{block{...F}} fragment F on Block{number} ^fragment F on Block{number}",
         "UniqueFragmentNames"),
        ("fragment-of-itself", "{block{...F}} fragment F on Block{number ^...F}",
         "NoFragmentCycles"),
        ("fragment-cycle", "{...A} fragment A on Query{...B} fragment B on Query{^...A}",
         "NoFragmentCycles"),
        ("fragment-on-unknown-type", "{block{...F}} ^fragment F on Bloc{number}", "KnownTypeNames"),
        ("fragment-on-scalar", "{block{...F}} ^fragment F on Long{number}",
         "FragmentsOnCompositeTypes"),
        ("fragment-on-another-type", "{^...F} fragment F on Block{number}",
         "PossibleFragmentSpreads"),
        ("inline-on-another-type", "{^...on Block{number}}", "PossibleFragmentSpreads"),
        ("unknown-directive", "{block{number ^@fast}}", "KnownDirectives"),
        ("directive-elsewhere", "{block{number ^@deprecated}}", "KnownDirectives"),
        ("directive-on-query", "query ^@skip(if:true){block{number}}", "KnownDirectives"),
        ("directive-on-fragment", "{...F} fragment F on Query ^@skip(if:true){block{number}}",
         "KnownDirectives"),
        ("directive-on-variable", "query($a:Int ^@skip(if:true)){block{number}}",
         "KnownDirectives"),
        ("directive-twice", "{block{number @skip(if:true) ^@skip(if:true)}}",
         "UniqueDirectivesPerLocation"),
        ("directive-without-if", "{block{number ^@skip}}", "ProvidedRequiredArguments"),
        ("directive-with-number", "{block{number @skip(if:^1)}}", "ValuesOfCorrectType"),
        ("unknown-variable", "{block{hash(number:^$n)}}", "NoUndefinedVariables"),
        ("unused-variable", "query(^$n:Long){block{number}}", "NoUnusedVariables"),
        ("variable-twice", "query($n:Long! ^$n:Long!){block{hash(number:$n)}}",
         "UniqueVariableNames"),
        ("variable-of-unknown-type", "query(^$n:Lon!){block{hash(number:$n)}}", "KnownTypeNames"),
        ("variable-of-object-type", "query(^$n:Block){block{hash(number:$n)}}",
         "VariablesAreInputTypes"),
        ("variable-that-may-be-null", "query($n:Long){block{hash(number:^$n)}}",
         "VariablesInAllowedPosition"),
        ("variable-default-of-another-type", 'query($n:Boolean=^"a"){block{number @skip(if:$n)}}',
         "ValuesOfCorrectType"),
        ("variable-missing", "query(^$n:Long!){block{hash(number:$n)}}", "VariableValue"),
    ):  # fmt: skip
        yield wrong(f"rule-{name}", document, rule)
    for name, kind, value in (("another-type", "Int!", 1), ("a-list", "[Long!]!", [1])):
        document = f"query($n:{kind}){{block{{hash(number:^$n)}}}}"
        rule = "VariablesInAllowedPosition"
        yield wrong(f"rule-variable-of-{name}", document, rule, {"n": value})
    both = f"{{^entity(type:{word}){{id}}}}"
    yield unresolved("entity-without-id", both, "id or key")
    neither = f"{{^entity(type:{word} id:1 key:{word}){{id}}}}"
    yield unresolved("entity-with-id-and-key", neither, "id or key")
    yield unresolved("entity-of-no-type", f"{{^entity(type:{word} id:1){{id}}}}", "unknown type")
    yield unresolved(
        "entities-of-no-type", f"{{^entities(type:{word} first:1){{id}}}}", "unknown type"
    )


def unresolved(name: str, document: str, reason: str, **more: Any) -> Case:
    """A refusal while reading, of the field that ^ marks."""
    before, _, after = document.partition("^")
    error = "NotResolved(uint256,string)"
    return refused(name, ask(before + after), error, len(before), reason, source=RULES, **more)


def wrong_variables() -> Iterator[Case]:
    document = "query($n:Long!){block{hash(number:$n)}}"
    for name, given, reason in (
        ("no-object", "^[]", "object"),
        ("blank", " ^", "object"),
        ("not-closed", '{"n":1^', "comma"),
        ("behind", '{"n":1}^x', "end"),
        ("twice", '{"n":1,^"n":1}', "duplicate key"),
        ("twice-escaped", '{"n":1,^"\\u006e":1}', "duplicate key"),
        ("without-colon", '{"n"^}', "colon"),
        ("without-quotes", "{^n:1}", "string"),
        ("trailing-comma", '{"n":1,^}', "string"),
        ("float", '{"n":^1.0}', "value"),
        ("exponent", '{"n":^1e1}', "value"),
        ("leading-zero", '{"n":^01}', "value"),
        ("plus", '{"n":^+1}', "value"),
        ("not-a-number", '{"n":^NaN}', "value"),
        ("comment", '{^#\n"n":1}', "string"),
        ("tab-in-string", '{^"\t":1}', "string"),
        ("half-a-surrogate-pair", '{"n":^"\\udc00"}', "unicode"),
        ("byte-order-mark", '^\ufeff{"n":1}', "object"),
    ):
        before, _, after = given.partition("^")
        data = ask(document, (before + after).encode())
        error = "VariablesError(uint256,string)"
        yield refused(f"variables-{name}", data, error, len(before.encode()), reason, source=RULES)
    not_text = b'{"n":"\xff"}'
    error = "VariablesError(uint256,string)"
    yield refused("variables-not-utf8", ask(document, not_text), error, 5, "unicode", source=RULES)
    for name, given in (
        ("null", None), ("bool", True), ("negative", -1), ("list", [1]), ("object", {"a": 1}),
        ("2-64", 2**64), ("text", "one"), ("empty-text", ""), ("giant", 10**400),
    ):  # fmt: skip
        marked = document.replace("$n:", "^$n:")
        yield wrong(f"variable-{name}", marked, "VariableValue", {"n": given})

    word = "0x" + "00" * 32
    document = f'query(^$w:[Condition!]){{entities(type:"{word}" first:1 where:$w){{id}}}}'
    for name, given in (
        ("number-for-condition", 1),
        ("unknown-field-of-condition", {"column": "a", "_le": 1}),
        ("condition-without-column", {"_eq": 1}),
        ("list-for-column-value", {"column": "a", "_eq": [1]}),
        ("bool-for-column-value", {"column": "a", "_eq": True}),
        ("null-in-list", {"column": "a", "_in": [None]}),
        ("null-condition", [None]),
    ):
        yield wrong(f"variable-{name}", document, "VariableValue", {"w": given})
    document = (
        f'query(^$o:OrderDirection){{entities(type:"{word}" first:1 orderDirection:$o){{id}}}}'
    )
    for name, given in (("unknown-enum-value", "up"), ("number-for-enum", 1)):
        yield wrong(f"variable-{name}", document, "VariableValue", {"o": given})


def too_much() -> Iterator[Case]:
    def limited(name: str, document: str, limit: str, maximum: int, given: Any = None) -> Case:
        data = ask(document, given)
        error = "LimitExceeded(string,uint256)"
        return refused(f"limit-{name}", data, error, limit, maximum, source=RULES)

    long = "{block{number}}#" + "x" * 4_080
    yield good("document-of-4096", long)
    data = ask(long + "x")
    yield refused("document-of-4097", data, "InvalidLength(uint256,uint256)", 4_096, 4_097)
    given = b"{" + b" " * 4_095 + b"}"
    data = ask("{block{number}}", given)
    yield refused("variables-of-4097", data, "InvalidLength(uint256,uint256)", 4_096, 4_097)
    names = [f"a{number}" for number in range(200)]

    def fields(count: int) -> str:
        rest = count - 1 - 7
        inner = "number timestamp parentHash gasLimit baseFeePerGas coinbase chainId"
        return "{block{" + inner + " ".join(f" {name}:number" for name in names[:rest]) + "}}"

    yield good("aliases-of-64", fields(72))
    yield limited("aliases-of-65", fields(73), "aliases", 64)
    plain = "{block{" + "number " * 126 + "}}"
    yield wrong("fields-of-127-but-equal", plain.replace("number number", "number ^number", 1),
                "UniqueResponseKeys")  # fmt: skip
    yield limited("fields-of-129", "{block{" + "number " * 128 + "}}", "fields", 128)
    yield limited("tokens-of-513", "{block{hash(number:[" + "1 " * 505 + "])}}", "tokens", 512)
    deep = "{__schema{types{" + "ofType{" * 13 + "name" + "}" * 16
    yield good(
        "introspection-depth-of-16", '{__type(name:"Int"){' + "ofType{" * 14 + "name" + "}" * 16
    )
    yield limited("written-depth-of-17", deep.replace("name", "ofType{name}"), "depth", 16)
    through = "{__schema{types{...A}}} fragment A on __Type{" + "ofType{" * 14 + "name" + "}" * 15
    yield limited("introspection-depth-of-17", through, "introspection depth", 16)
    nested = "{block{hash(number:" + "[" * 8 + "1" + "]" * 8 + ")}}"
    yield limited("value-depth-of-9", nested, "value depth", 8)
    kind = "query($a:" + "[" * 8 + "Int" + "]" * 8 + "){block{number}}"
    yield limited("type-depth-of-9", kind, "value depth", 8)
    given = b'{"a":' + b"[" * 6 + b"1" + b"]" * 6 + b"}"
    expected = answer("{block{number}}", MODEL)
    yield case("variables-depth-of-8", ask("{block{number}}", given), ["bytes"], expected)
    given = b'{"a":' + b"[" * 7 + b"1" + b"]" * 7 + b"}"
    yield limited("variables-depth-of-9", "{block{number}}", "value depth", 8, given)
    word = f'"0x{"00" * 32}"'
    lists = "".join(f"{name}:entities(type:$t first:100){{id}}" for name in names[:11])
    many = f"query($t:Bytes32!={word}){{{lists}}}"
    yield limited("entities-of-1100", many, "entities", 1_000)
    skipped = f"{{entities(type:{word} first:1 skip:1000){{id}}}}"
    yield limited("entities-skipped", skipped, "entities", 1_000)


def predefined() -> Iterator[Case]:
    for number, document in DOCUMENTS.items():
        data = call("predefined(uint16)", number)
        yield case(f"document-{number}", data, ["string"], document)
    unknown = "UnknownDocument(uint16)"
    for number in (0, 0x0007, 0x1002, 0xFFFF):
        yield refused(f"no-document-{number}", call("predefined(uint16)", number), unknown, number)
        yield refused(f"query-{number}", call(PREDEFINED, number, b""), unknown, number)
    expected = answer(DOCUMENTS[1], MODEL)
    yield case("query-of-1", call(PREDEFINED, 1, b""), ["bytes"], expected)
    given = {"address": NOBODY}
    expected = answer(DOCUMENTS[2], MODEL, given)
    yield case("query-of-2", call(PREDEFINED, 2, packed(given)), ["bytes"], expected)
    error = "ValidationError(uint256,string)"
    position = DOCUMENTS[2].index("$")
    yield refused("query-of-2-without", call(PREDEFINED, 2, b""), error, position, "VariableValue")
    yield case("schema", call("schema()"), ["string"], SDL)
