"""GraphQL against graphql-core: what is parsed, valid, answered, and what a query may cost.

Ours takes a part of the language. So a document that it takes must be valid for graphql-core, and
one that it refuses must be invalid there, or refused by a limit or a rule of our own.
"""

import importlib.util
import json
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import eth_abi
import graphql
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.conformance import embedded
from precompiles.conformance.embedded import CONTEXT, Outcome, World, call_precompile
from precompiles.conformance.vectors import load, path_of
from precompiles.gas import decoding_price
from precompiles.graph.graphql import answer as answering
from precompiles.graph.graphql import contract, document, entities, errors, lexer, plan, variables
from precompiles.graph.graphql.schema import schema
from precompiles.graph.graphql.sdl import SDL
from precompiles.precompile import COMMON_ERRORS, Revert
from precompiles.registry import PRECOMPILES, find

GRAPHQL = find("graphql")
STORE = find("entity_store").address
OWNER = bytes(19) + b"\1"
LIMITS = {"LimitExceeded", "InvalidLength"}
OWN_RULES = {"UniqueResponseKeys", "ListSize", "OneQuery", "VariableValue"}
"""Rules that are ours, and variables, which graphql-core looks at later."""


def load_oracle() -> ModuleType:
    path = Path(__file__).parent / "vectors" / "graphql_oracle.py"
    spec = importlib.util.spec_from_file_location("graphql_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Its dataclasses look themselves up there.
    spec.loader.exec_module(module)
    return module


oracle = load_oracle()


# --- Asking ---------------------------------------------------------------------------------


def data_of(signature: str, *arguments: object) -> bytes:
    types = [each for each in signature[signature.index("(") + 1 : -1].split(",") if each]
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


def ask(text: str, given: Any = None, world: World | None = None, **options: Any) -> Outcome:
    packed = given if isinstance(given, bytes) else json.dumps(given or {}).encode()
    data = data_of("query(string,bytes)", text, packed)
    return call_precompile(world or World(), GRAPHQL.address, data, static=True, **options)


def response(text: str, given: Any = None, world: World | None = None) -> bytes:
    outcome = ask(text, given, world)
    assert outcome.status == "success", reason(outcome)
    (json_bytes,) = eth_abi.decode(["bytes"], outcome.data)
    assert isinstance(json_bytes, bytes)
    return json_bytes


def cost(text: str, given: bytes = b"{}") -> int:
    outcome = call_precompile(
        World(), GRAPHQL.address, data_of("cost(string,bytes)", text, given), static=True
    )
    assert outcome.status == "success", reason(outcome)
    return int.from_bytes(outcome.data, "big")


def reason(outcome: Outcome) -> tuple[Any, ...]:
    """The name and the arguments of the error of a refusal."""
    if outcome.status != "reverted":
        return (outcome.status,)
    known = {each.signature.selector: each.signature for each in (*GRAPHQL.errors, *COMMON_ERRORS)}
    signature = known[outcome.data[:4]]
    types = [each.type.name for each in signature.inputs]
    return (signature.name, *eth_abi.decode(types, outcome.data[4:]))


# --- Lexing ---------------------------------------------------------------------------------


def their_tokens(text: str) -> list[tuple[str, str | None]] | None:
    found = graphql.Lexer(graphql.Source(text))
    tokens = []
    try:
        while True:
            token = found.advance()
            if token.kind == graphql.TokenKind.EOF:
                return tokens
            tokens.append((str(token.kind.value), token.value))
    except graphql.GraphQLError:
        return None


def our_tokens(text: str) -> list[tuple[str, str | None]] | None:
    kinds = {lexer.NAME: "Name", lexer.INT: "Int", lexer.FLOAT: "Float", lexer.STRING: "String"}
    try:
        found = lexer.tokens(text.encode(), 1 << 20)
    except Revert:
        return None
    return [
        (each.text, None) if each.kind == lexer.PUNCTUATOR else (kinds[each.kind], each.text)
        for each in found[:-1]
    ]


# Neither what only later editions have, nor what only ours refuses.
PIECES = st.sampled_from(
    [*"{}()[]:=!|&$@,#\"\\ \t\n", "\r\n", "...", "..", '"""', '\\"', "\\n", "\\u0041", "\\ud83d",
     "\\ude00", "\\u12", "\\q", "a", "_b1", "query", "0", "-0", "12", "-", "1.5", "1e3", "01",
     "1.", ".5", "  x", "\n  ", "é", "\U0001f600"]
)  # fmt: skip


@settings(max_examples=1_500)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_tokens_are_graphql_cores(text: str) -> None:
    ours, theirs = our_tokens(text), their_tokens(text)
    if ours is not None:
        assert theirs is not None
        assert ours == [("String" if k == "BlockString" else k, v) for k, v in theirs]
    elif theirs is not None:
        outside = re.sub(r'"""(?:\\"""|(?!""")[\s\S])*"""|"(?:\\.|[^"\n])*"|#[^\n\r]*', "", text)
        assert not outside.isascii()


@settings(max_examples=400)
@given(st.text(alphabet=' \t\n\r"\\abé', max_size=40))
def test_block_strings_are_graphql_cores(content: str) -> None:
    text = f'"""{content}"""'
    theirs = their_tokens(text)
    ours = our_tokens(text)
    assert (ours is None) is (theirs is None)
    if ours is not None and theirs is not None:
        assert [value for _, value in ours] == [value for _, value in theirs]


@pytest.mark.parametrize("character", [*range(32), 127, 0xA0, 0xFEFF, 0x2028, 0x10FFFF])
def test_which_characters_may_stand_where(character: int) -> None:
    """Outside of text ASCII only; in text all but the controls, tab and line ends apart."""
    blank = chr(character) in "\t\n\r"
    assert (our_tokens(f"a{chr(character)}b") is not None) is blank
    in_text = character >= 32
    assert (our_tokens(f'"{chr(character)}"') is not None) is (in_text or character == 9)
    assert (our_tokens(f"#{chr(character)}") is not None) is (in_text or blank)
    assert (our_tokens(f'"""{chr(character)}"""') is not None) is (in_text or blank)


# --- Variables ------------------------------------------------------------------------------

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def depth_of(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list):
        return 1
    return 1 + max((depth_of(each) for each in inner), default=0)


@settings(max_examples=400)
@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_variables_are_what_json_says(values: Any, ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(values, ensure_ascii=ascii_only, indent=indent).encode()
    if depth_of(values) > document.VALUE_DEPTH_MAX + 1:
        with pytest.raises(Revert):
            variables.decode(data)
        return
    if depth_of(values) <= document.VALUE_DEPTH_MAX:
        assert variables.decode(data) == values


def refuse(_: str) -> Any:
    raise ValueError


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


@settings(max_examples=800)
@given(
    st.dictionaries(TEXTS, VALUES, max_size=3),
    st.integers(0, 60),
    st.sampled_from([*'{}[]:,"\\-+.0eEtn \t', "\\u", "\\ud800", "1.5", "NaN", "\x00", "\ufeff"]),
)
def test_broken_variables_are_refused_like_broken_json(
    values: Any, position: int, piece: str
) -> None:
    text = json.dumps(values)
    text = text[:position] + piece + text[position + 1 :]
    try:
        theirs = json.loads(
            text, parse_float=refuse, parse_constant=refuse, object_pairs_hook=unique
        )
        json.dumps(theirs, ensure_ascii=False).encode()  # No half surrogates.
    except ValueError:
        theirs = None
    try:
        ours = variables.decode(text.encode())
    except Revert:
        ours = None
    if not isinstance(theirs, dict):
        theirs = None
    assert ours == theirs


# --- What is valid --------------------------------------------------------------------------

ADDRESS = '"0x' + "00" * 18 + '0901"'
WORD = '"0x' + "00" * 32 + '"'


def agree(text: str) -> tuple[Any, ...]:
    """Ask both whether a document is valid; return our reason to refuse it, or nothing."""
    theirs = oracle.refusals(text)
    try:
        plan.plan(schema(), document.parse(text.encode()), {})
    except Revert as refusal:
        outcome = Outcome(status="reverted", data=refusal.data, gas_used=0, logs=())
        ours = reason(outcome)
        if not theirs:
            # An empty selection is no part of the language before graphql-core's edition.
            if re.search(r"\{[\s,]*\}", text):
                return ours
            assert ours[0] in LIMITS or ours[-1] in OWN_RULES or ours[-1] == "token", (text, ours)
        return ours
    assert theirs == [], text
    return ()


NAMES = ["block", "number", "hash", "account", "balance", "storage", "registry", "precompiles",
         "name", "methods", "__typename", "__schema", "types", "fields", "type", "ofType", "_meta",
         "entities", "entity", "id", "int", "nothing"]  # fmt: skip
ARGUMENTS = ["", "", "", "(number:1)", f"(address:{ADDRESS})", f"(slot:{WORD})", "(first:2)",
             "(first:$n)", "(number:$l)", f"(type:{WORD} first:3)", "(number:1.5)", "(first:null)",
             f"(type:{WORD} first:1 where:[{{column:\"a\" _in:[1,$l]}}])", '(column:"a")',
             "(number:1 number:1)", "(nothing:1)", f"(type:{WORD} id:1)"]  # fmt: skip
DIRECTIVES = ["", "", "", "", "@skip(if:true)", "@include(if:$b)", "@skip", "@nothing",
              "@skip(if:true)@skip(if:false)", "@deprecated"]  # fmt: skip
TYPES = ["Query", "Block", "Account", "Registry", "Precompile", "__Schema", "__Type", "Entity",
         "Long", "Nothing"]  # fmt: skip

HEADS = ["", "query", "query Q", "query($n:Int! $l:Long! $b:Boolean!)", "query($n:Int=1)",
         "query($l:Long=1 $b:Boolean=true)", "mutation"]  # fmt: skip

pick = st.sampled_from


@st.composite
def selections(draw: st.DrawFn, depth: int = 0) -> str:
    items = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 9))
        if kind == 0:
            items.append(f"...{draw(pick('ABC'))}{draw(pick(DIRECTIVES))}")
        elif kind == 1 and depth < 3:
            condition = draw(pick(["", *(f"on {name}" for name in TYPES)]))
            items.append(f"...{condition}{draw(pick(DIRECTIVES))}{draw(selections(depth + 1))}")
        else:
            alias = draw(pick(["", "", "a:", "b:"]))
            inner = draw(selections(depth + 1)) if depth < 4 and draw(st.booleans()) else ""
            items.append(
                f"{alias}{draw(pick(NAMES))}{draw(pick(ARGUMENTS))}{draw(pick(DIRECTIVES))}{inner}"
            )
    return "{" + " ".join(items) + "}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    head = draw(pick(HEADS))
    parts = [head + draw(selections())]
    names = draw(st.lists(pick("ABC"), max_size=3))
    parts += [f"fragment {name} on {draw(pick(TYPES))}{draw(selections())}" for name in names]
    return " ".join(draw(st.permutations(parts)))


@settings(max_examples=300)
@given(documents())
def test_what_is_valid_is_valid_for_graphql_core(text: str) -> None:
    agree(text)


COLUMN = '{column:"a"'

GOOD = [
    "{block{number hash(number:1)}}",
    "query($n:Int! $l:Long!){block{hash(number:$l)}registry{precompiles(first:$n){name}}}",
    "query($b:Boolean!){block@include(if:$b){number}}",
    "query($b:Boolean=true){block@include(if:$b){number}}",
    "query($n:Int=3 $s:Int=0){registry{precompiles(first:3 skip:$s){name}}"
    f"entities(type:{WORD} first:2 skip:$n){{id}}}}",
    f"query($w:[Condition!]){{entities(type:{WORD} first:2 where:$w){{id}}}}",
    f"query($w:Condition!){{entities(type:{WORD} first:2 where:[$w]){{id}}}}",
    f'query($v:ColumnValue){{entities(type:{WORD} first:2 where:{COLUMN} _eq:$v}}){{id}}}}',
    f'query($v:[ColumnValue!]){{entities(type:{WORD} first:2 where:{COLUMN} _in:$v}}){{id}}}}',
    f'query($v:ColumnValue!){{entities(type:{WORD} first:2 where:{COLUMN} _in:[$v]}}){{id}}}}',
    f"query($o:OrderDirection=desc){{entities(type:{WORD} first:2 orderDirection:$o){{id}}}}",
    "{...A} fragment A on Query{...B} fragment B on Query{block{...C}} fragment C on Block{number}",
    "{__schema{types{...T}}} fragment T on __Type{name fields(includeDeprecated:true){name}}",
    "{_meta{block{number}}}",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_documents_that_are_valid_and_every_one_without_a_token(text: str) -> None:
    refused = agree(text)
    assert refused == () or refused[-1] == "VariableValue"
    for token in lexer.tokens(text.encode())[:-1]:
        agree(text[: token.position] + text[token.position + max(len(token.text), 1) :])
        agree(text[: token.position] + f" {token.text} " + text[token.position :])


PLACES = [
    ("Int", "registry{precompiles(first:$v){name}}"),
    ("Boolean", "block@skip(if:$v){number}"),
    ("Long", "block{hash(number:$v)}"),
    ("[Condition!]", f"entities(type:{WORD} first:1 where:$v){{id}}"),
    ("Condition", f"entities(type:{WORD} first:1 where:[$v]){{id}}"),
    ("ColumnValue", f'entities(type:{WORD} first:1 where:{{column:"a" _in:[$v]}}){{id}}'),
    ("[ColumnValue!]", f'entities(type:{WORD} first:1 where:{{column:"a" _in:$v}}){{id}}'),
    ("Int", f"entities(type:{WORD} first:1 skip:$v){{id}}"),
]


@pytest.mark.parametrize(("kind", "place"), PLACES)
@pytest.mark.parametrize("shape", ["{}", "{}!", "[{}]", "[{}]!", "[{}!]", "[{}!]!", "[[{}]]"])
@pytest.mark.parametrize("default", ["", "=null", "=1", "=[]", '={column:"a"}', "=true"])
def test_which_variable_may_stand_where(kind: str, place: str, shape: str, default: str) -> None:
    inner = kind.strip("[]!")
    agree(f"query($v:{shape.format(inner)}{default}){{{place}}}")
    agree(f"query($v:{kind}{default}){{{place}}}")


# --- What is answered -----------------------------------------------------------------------

COLUMNS = [("n", "uint256", True), ("i", "int256", True), ("w", "bytes32", True),
           ("a", "address", False), ("b", "bytes", False)]  # fmt: skip
ROWS = 40


def filled(rows: int = ROWS) -> tuple[World, Any]:
    """A world with a type of rows, and the same as a model."""
    world = World()
    table = oracle.Table(namespace=OWNER, name="all kinds", columns=COLUMNS)
    kinds = [oracle.KINDS.index(kind) for _, kind, _ in COLUMNS]
    names = [name for name, _, _ in COLUMNS]
    signature = "defineType(string,string[],uint8[],uint16)"
    write(world, signature, table.name, names, kinds, 0b00111)
    for number in range(1, rows + 1):
        add_row(world, table, number)
    return world, model_of(world, [table])


def add_row(world: World, table: Any, number: int) -> None:
    mixed = number * 7 % 11
    row = [mixed, 5 - mixed, keccak(bytes([mixed])), bytes(19) + bytes([mixed]), b"x" * number]
    data = eth_abi.encode([kind for _, kind, _ in COLUMNS], row)
    write(world, "append(bytes32,bytes,uint256[])", table.identifier, data, [])
    table.rows[number] = row


def write(world: World, signature: str, *arguments: object) -> None:
    outcome = call_precompile(world, STORE, data_of(signature, *arguments), caller=OWNER)
    assert outcome.status == "success"


def model_of(world: World, tables: list[Any]) -> Any:
    world.balances[OWNER] = 10**18
    world.nonces[OWNER] = 3
    world.block_hashes[0] = b"\7" * 32
    listed = [
        {
            "address": entry.address,
            "name": entry.name,
            "version": entry.version,
            "family": entry.family,
            "methods": [
                {"signature": each.signature.canonical, "selector": each.signature.selector}
                for each in entry.methods
            ],
        }
        for entry in PRECOMPILES
    ]
    return oracle.Model(
        block={
            "number": CONTEXT.block_number,
            "timestamp": CONTEXT.timestamp,
            "parentHash": CONTEXT.parent_hash,
            "gasLimit": CONTEXT.gas_limit,
            "baseFeePerGas": CONTEXT.base_fee,
            "coinbase": CONTEXT.coinbase,
            "chainId": CONTEXT.chain_id,
        },
        hashes={0: b"\7" * 32},
        accounts={OWNER: {"balance": 10**18, "transactionCount": 3}},
        precompiles=listed,
        tables=tables,
    )


WORLD, MODEL = filled()
TYPE = MODEL.tables[0].identifier.hex()

OPERATORS = ["_eq", "_not", "_gt", "_gte", "_lt", "_lte"]
OPERANDS = {
    "n": st.integers(-2, 12).map(str),
    "i": st.integers(-8, 7).map(lambda n: f'"{n}"'),
    "w": st.integers(0, 12).map(lambda n: f'"0x{keccak(bytes([n])).hex()}"'),
    "a": st.integers(0, 12).map(lambda n: f'"0x{n:040x}"'),
}


@st.composite
def conditions(draw: st.DrawFn) -> str:
    column = draw(pick(sorted(OPERANDS)))
    tests = []
    for name in draw(st.lists(pick([*OPERATORS, "_in", "_not_in"]), max_size=2, unique=True)):
        if name.endswith("in"):
            operands = draw(st.lists(OPERANDS[column], max_size=4))
            tests.append(f"{name}:[{','.join(operands)}]")
        else:
            tests.append(f"{name}:{draw(OPERANDS[column])}")
    return f'{{column:"{column}" {" ".join(tests)}}}'


@st.composite
def pages(draw: st.DrawFn) -> str:
    given = [f'type:"0x{TYPE}"', f"first:{draw(st.integers(1, 50))}"]
    if draw(st.booleans()):
        given.append(f'orderBy:"{draw(pick(["n", "i", "w"]))}"')
    given.append(draw(pick(["", "orderDirection:desc", "orderDirection:asc"])))
    given.append(draw(pick(["", "skip:3", "skip:100", f"after:{draw(st.integers(1, ROWS))}"])))
    where = draw(st.lists(conditions(), max_size=2))
    given.append(f"where:[{','.join(where)}]" if where else "")
    columns = 'n:uint(column:"n") i:int(column:"i") w:bytes32(column:"w") b:bytes(column:"b")'
    return f'{{entities({" ".join(given)}){{id {columns} a:address(column:"a")}}}}'


@settings(max_examples=120)
@given(pages())
def test_pages_of_entities_are_those_of_the_model(text: str) -> None:
    assert response(text, world=WORLD) == oracle.answer(text, MODEL)


@pytest.mark.parametrize(
    "text",
    [
        "{registry{version count precompiles(first:100){address name version family"
        " methods{signature selector}}}}",
        "{registry{precompiles(first:3 skip:7){name}}}",
        "{registry{precompiles(first:3 skip:900){name}}}",
        f'{{account(address:"0x{OWNER.hex()}"){{balance transactionCount codeSize code}}}}',
        "{block{hash(number:0) none:hash(number:1)}}",
        f'{{entityType(id:"0x{TYPE}"){{id count namespace name columns{{name kind indexed}}}}}}',
        "{a:registry{b:count __typename} __typename c:block{__typename}}",
    ],
)
def test_answers_are_graphql_cores(text: str) -> None:
    assert response(text, world=WORLD) == oracle.answer(text, MODEL)


VARIABLES = {"n": 2, "l": 1, "b": False}
GIVEN = {
    "account": [f'address:"0x{OWNER.hex()}"', f'address:"0x{"77" * 20}"'],
    "precompile": [f"address:{ADDRESS}", f'address:"0x{OWNER.hex()}"'],
    "precompiles": ["first:2", "first:$n skip:3", "skip:99 first:1"],
    "entityType": [f'id:"0x{TYPE}"', f"id:{WORD}"],
    "entity": [f'type:"0x{TYPE}" id:$l', f'type:"0x{TYPE}" id:999', f'type:"0x{TYPE}" key:{WORD}'],
    "entities": [f'type:"0x{TYPE}" first:$n', f'type:"0x{TYPE}" first:2 after:$l orderBy:"i"'],
    "session": [f"namespace:{ADDRESS} id:{WORD}"],
    "hash": ["number:0", "number:$l", 'number:"0x0"'],
    "storage": [f"slot:{WORD}"],
    "uint": ['column:"n"'],
    "int": ['column:"i"'],
    "bytes32": ['column:"w"'],
    "address": ['column:"a"'],
    "bytes": ['column:"b"'],
    "anchor": ["epoch:1"],
    "anchors": ["first:2 fromEpoch:0"],
    "feed": [f"id:{WORD}"],
    "feeds": [f"ids:[{WORD} {WORD}]"],
    "round": ["roundId:1"],
    "rounds": ["first:1"],
    "pool": [f"id:{WORD}"],
    "tickAt": ["tick:1"],
    "ticks": ["tickSpacing:60 from:0 to:100 first:2"],
    "position": [f"owner:{ADDRESS} tickLower:1 tickUpper:2 salt:{WORD}"],
    "model": [f"id:{WORD}"],
    "models": ["first:2"],
    "modelVersion": [f'namespace:{ADDRESS} name:"a" version:1'],
    "__type": ['name:"Query"', 'name:"Long"', 'name:"Nothing"'],
    "fields": ["includeDeprecated:true", "includeDeprecated:$b"],
}
LEFT = ["", "", "", "", "@skip(if:$b)", "@include(if:true)", "@include(if:$b)"]


@st.composite
def valid_documents(draw: st.DrawFn) -> str:
    """Documents that are valid by their making, over all types, with fragments of both kinds."""
    known = schema()
    keys = map("k{}".format, range(10**6))
    fragments: list[str] = []

    def selected(parent: str, depth: int) -> str:
        fields = {**known.types[parent].fields, "__typename": known.meta["__typename"]}
        if parent == "Query":
            fields = {**fields, **known.meta}
        leaves = [n for n, f in fields.items() if known.types[f.named].kind != "OBJECT"]
        names = draw(st.lists(pick(list(fields) if depth < 5 else leaves), min_size=1, max_size=3))
        items = [one(fields[name], depth) for name in names]
        kind = draw(st.integers(0, 5))
        if kind == 0 and depth < 5:
            items.append(f"...on {parent}{draw(pick(LEFT))}{selected(parent, depth + 1)}")
        elif kind == 1 and depth < 5:
            inner = selected(parent, depth + 1)
            fragments.append(f"fragment F{len(fragments)} on {parent}{inner}")
            items.append(f"...F{len(fragments) - 1}{draw(pick(LEFT))}")
        return "{" + " ".join(items) + "}"

    def one(field: Any, depth: int) -> str:
        # The column `address` takes an argument, and the accounts' does not.
        arguments = GIVEN.get(field.name, []) if field.arguments else []
        given = f"({draw(pick(arguments))})" if arguments else ""
        inner = ""
        if known.types[field.named].kind == "OBJECT":
            inner = selected(field.named, depth + 1)
        return f"{next(keys)}:{field.name}{given}{draw(pick(LEFT))}{inner}"

    body = selected("Query", 1)
    text = " ".join([body, *fragments])
    kinds = {"n": "Int!", "l": "Long!", "b": "Boolean!"}
    used = "".join(f"${name}:{kind} " for name, kind in kinds.items() if f"${name}" in text)
    return f"query({used}){text}" if used else text


@settings(max_examples=150)
@given(valid_documents())
def test_documents_that_run_are_answered_as_by_graphql_core(text: str) -> None:
    assert oracle.refusals(text) == []
    outcome = ask(text, VARIABLES, WORLD)
    if outcome.status != "success":
        assert reason(outcome)[0] in {"LimitExceeded", "out of gas"}, (text, reason(outcome))
        return
    (found,) = eth_abi.decode(["bytes"], outcome.data)
    if ":__" not in text.replace(":__typename", ""):
        assert found == oracle.answer(text, MODEL, VARIABLES)
    else:
        json.loads(found)


def test_introspection_is_graphql_cores() -> None:
    """The query that clients send, with each of its options that October 2021 knows."""
    for descriptions in (True, False):
        for more in (True, False):
            text = graphql.get_introspection_query(
                descriptions=descriptions,
                specified_by_url=more,
                directive_is_repeatable=more,
                schema_description=more,
            )
            found = json.loads(response(text))
            assert found["data"] == oracle.introspected(text)
            client = graphql.build_client_schema(found["data"])
            assert graphql.validate(client, graphql.parse("{block{number}}")) == []


# --- What it costs --------------------------------------------------------------------------


class Counter:
    """Counts what resolvers do, by the weights of the schema."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work = 0
        wrapped = {place: self.wrap(each) for place, each in contract.RESOLVERS.items()}
        monkeypatch.setattr(contract, "RESOLVERS", wrapped)

    def wrap(self, resolve: Callable[..., Any]) -> Callable[..., Any]:
        def count(reading: Any, source: Any, planned: plan.Planned) -> Any:
            value = resolve(reading, source, planned)
            introspection = planned.parent.startswith("__")
            several = planned.type.listed and value is not None and not introspection
            self.work += planned.type.weight * (len(value) if several else 1)
            return value

        return count


def work_is_paid(text: str, given: dict[str, Any], counter: Counter) -> Outcome:
    counter.work = 0
    packed = json.dumps(given).encode()
    outcome = ask(text, packed, WORLD)
    if outcome.status == "success":
        fixed = contract.BASE_GAS + contract.BYTE_GAS * (len(text.encode()) + len(packed))
        assert counter.work <= cost(text, packed) - fixed - contract.values_price(packed)
    return outcome


def test_the_cost_is_never_below_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(monkeypatch)
    for text in (
        graphql.get_introspection_query(),
        "{__schema{types{name fields{name args{name type{name fields{name args{name}}}}}}}}",
        "{__schema{directives{args{type{ofType{name}}}} types{enumValues{name}inputFields{name}}}}",
        '{__type(name:"Query"){fields{args{type{ofType{ofType{inputFields{name}}}}}}}}',
        "{registry{precompiles(first:100){methods{signature selector}}}}",
        f'{{entities(type:"0x{TYPE}" first:100){{id b:bytes(column:"b")}}}}',
        f'{{entities(type:"0x{TYPE}" first:1 skip:10){{id}}}}',
    ):
        assert work_is_paid(text, {}, counter).status == "success"
        assert counter.work > 0


def test_the_cost_of_any_document_is_never_below_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(monkeypatch)

    @settings(max_examples=200)
    @given(st.one_of(valid_documents(), pages()))
    def check(text: str) -> None:
        work_is_paid(text, VARIABLES, counter)

    check()


def test_a_query_that_reads_no_state_uses_its_cost_and_its_bytes() -> None:
    for text in ("{block{number}}", graphql.get_introspection_query(), "{registry{count}}"):
        decoding = decoding_price(data_of("query(string,bytes)", text, b""))
        written = answering.RESPONSE_BYTE_GAS * len(response(text, b""))
        assert ask(text, b"").gas_used == decoding + cost(text, b"") + written


def test_the_cost_is_charged_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(monkeypatch)
    text = f'{{entities(type:"0x{TYPE}" first:100){{id}}}}'
    needed = cost(text) + decoding_price(data_of("query(string,bytes)", text, b"{}"))
    assert ask(text, world=WORLD, gas=needed - 1).status == "out of gas"
    assert counter.work == 0
    assert ask(text, world=WORLD, gas=needed).status == "out of gas"


def doubling(levels: int) -> str:
    """Each fragment spreads the next one twice, so that the last is there 2 ** levels times."""
    parts = ["{__schema{types{...F0}}}"]
    for level in range(levels):
        spread = f"{{...F{level + 1}}}"
        parts += [f"fragment F{level} on __Type{{a:ofType{spread} b:ofType{spread}}}"]
    parts.append(f"fragment F{levels} on __Type{{name}}")
    return " ".join(parts)


def test_fragments_that_double_are_priced_without_being_expanded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0
    original = plan.Analysis.item

    def item(self: plan.Analysis, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return original(self, *arguments)

    monkeypatch.setattr(plan.Analysis, "item", item)
    found = []
    for levels in (1, 13):
        calls = 0
        text = doubling(levels)
        found.append(cost(text))
        assert calls == text.count("...") + text.count("ofType") + text.count("name") + 2
    assert found[1] > 2**13 * 32 * 50 > 30 * found[0]
    assert ask(doubling(3)).status == "success"
    assert ask(doubling(13)).status == "out of gas"


def test_a_chain_of_fragments_is_no_deeper_than_what_it_selects() -> None:
    """Chains are walked without recursion, whatever their order in the document."""
    count = 55
    for order in (1, -1):
        parts = [f"fragment F{n} on Block{{...F{n + 1}}}" for n in range(count)][::order]
        text = " ".join(["{block{...F0}}", *parts, f"fragment F{count} on Block{{number}}"])
        assert response(text) == b'{"data":{"block":{"number":"0x1"}}}'


def test_a_filter_pays_for_every_row_that_it_looks_at() -> None:
    used = []
    for rows in (20, 40):
        world, _ = filled(rows)
        text = f'{{entities(type:"0x{TYPE}" first:1 where:{{column:"n" _eq:99}}){{id}}}}'
        used.append(ask(text, world=world).gas_used)
    per_row = (used[1] - used[0]) / 20
    assert per_row >= entities.ROW_GAS + entities.TEST_GAS + 2 * 2_100


def test_operands_of_a_variable_are_paid_wherever_it_is_used() -> None:
    where = {"w": {"column": "n", "_in": list(range(100, 600))}}
    used = []
    for lists in (1, 11):
        body = " ".join(
            f'k{n}:entities(type:"0x{TYPE}" first:1 after:{ROWS} where:$w){{id}}'
            for n in range(lists)
        )
        used.append(ask(f"query($w:[Condition!]){{{body}}}", where, WORLD).gas_used)
    assert used[1] - used[0] > 10 * 500 * entities.OPERAND_GAS


def test_an_index_ends_a_scan() -> None:
    text = f'{{entities(type:"0x{TYPE}" first:9 %s where:{{column:"n" _lt:1}}){{id}}}}'
    plain = ask(text % "", world=WORLD)
    sorted_ = ask(text % 'orderBy:"n"', world=WORLD)
    assert sorted_.gas_used < plain.gas_used / 3


def test_a_scan_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entities, "SCAN_MAX", ROWS - 1)
    text = f'{{entities(type:"0x{TYPE}" first:1 where:{{column:"n" _eq:99}}){{id}}}}'
    assert reason(ask(text, world=WORLD)) == ("LimitExceeded", "scan", ROWS - 1)
    monkeypatch.setattr(entities, "SCAN_MAX", ROWS)
    assert response(text, world=WORLD) == b'{"data":{"entities":[]}}'


def test_a_response_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'{{entities(type:"0x{TYPE}" first:40){{id}}}}'
    size = len(response(text, world=WORLD))
    monkeypatch.setattr(answering, "RESPONSE_MAX", size)
    assert len(response(text, world=WORLD)) == size
    monkeypatch.setattr(answering, "RESPONSE_MAX", size - 1)
    assert reason(ask(text, world=WORLD)) == ("LimitExceeded", "response", size - 1)


def test_the_largest_code_does_not_fit_twice() -> None:
    world = World()
    for number in (1, 2):
        world.codes[bytes(19) + bytes([number])] = bytes(24_576)
    one = '{account(address:"0x%040x"){code}}'
    assert len(response(one % 0x1, world=world)) == 2 * 24_576 + 34
    both = "{" + "".join(f"{a}:" + (one % (n + 1))[1:-1] for n, a in enumerate("ab")) + "}"
    assert reason(ask(both, world=world)) == ("LimitExceeded", "response", 65_536)


# --- Anything at all ------------------------------------------------------------------------

DECLARED = {each.signature.name for each in (*errors.ERRORS, *COMMON_ERRORS)}


def one_of_the_outcomes(text: bytes, given: bytes) -> None:
    head = (64).to_bytes(32, "big") + (96 + -(-len(text) // 32) * 32).to_bytes(32, "big")
    tails = [
        len(each).to_bytes(32, "big") + each + bytes(-len(each) % 32) for each in (text, given)
    ]
    selector = keccak(text="query(string,bytes)")[:4]
    data = selector + head + b"".join(tails)
    outcome = call_precompile(WORLD, GRAPHQL.address, data, static=True)
    if outcome.status == "reverted":
        assert reason(outcome)[0] in DECLARED


@settings(max_examples=400)
@given(st.binary(max_size=80), st.binary(max_size=40))
def test_random_bytes(text: bytes, given: bytes) -> None:
    one_of_the_outcomes(text, given)


@settings(max_examples=300)
@given(
    st.one_of(documents(), valid_documents()),
    st.lists(st.tuples(st.integers(0, 400), PIECES), max_size=3),
)
def test_documents_with_random_changes(text: str, changes: list[tuple[int, str]]) -> None:
    for position, piece in changes:
        text = text[:position] + piece + text[position + 1 :]
    one_of_the_outcomes(text.encode(), b'{"n":1,"l":2,"b":true}')


@pytest.mark.parametrize(
    "text",
    [
        "{" * 4_096,
        "[" * 4_096,
        "{a(b:" + "[" * 4_000,
        "{a(b:" + "{c:" * 1_300,
        "query($a:" + "[" * 4_000,
        "{" + "...{" * 1_000,
        "{" + "a " * 2_000 + "}",
        "{" + "a:b " * 1_000 + "}",
        "{block{hash(number:" + "9" * 4_000 + ")}}",
        "{block{hash(number:-" + "9" * 4_000 + ")}}",
        "{block{hash(number:0." + "9" * 4_000 + ")}}",
        '"' + "a" * 4_000,
        '"""' + '\\"""' * 1_000,
        '"' + "\\u0041" * 600 + '"',
        "#" * 4_096,
        ",\n" * 2_048,
        "@a" * 2_000,
        "{a" + "@skip(if:true)" * 290 + "}",
        "\U0001f600" * 1_000,
    ],
)
def test_giants_are_refused(text: str) -> None:
    assert reason(ask(text))[0] in {"GraphQLSyntaxError", "LimitExceeded", "ValidationError"}


@pytest.mark.parametrize(
    "given",
    [b"[" * 4_000, b'{"a":' * 800, b'{"a":' + b"9" * 4_000 + b"}", b'{"a":"' + b"\\" * 4_000],
)
def test_giant_variables_are_refused(given: bytes) -> None:
    outcome = ask("query($a:Long!){block{hash(number:$a)}}", given)
    assert reason(outcome)[0] in {"VariablesError", "LimitExceeded", "ValidationError"}


EVERYTHING = """query($id: Bytes32!) {
  entityType(id: $id) { namespace name count columns { name kind indexed } }
  model(id: $id) { owner status kind adopted weightsRoot poseidonRoot weightsSize inputSize
    outputSize chunks chunksStored }
  pool(id: $id) { sqrtPriceX96 tick protocolFee lpFee liquidity
    ticks(tickSpacing: 60, from: -600, to: 600, first: 3) { tick liquidityNet } }
  feed(id: $id) { kind owner description decimals heartbeat configDigest latest { answer }
    rounds(first: 3) { roundId } }
}"""


@pytest.mark.parametrize(
    "name", ["entity_store", "model_registry", "pool_manager", "feeds", "aggregation"]
)
def test_an_id_may_be_any_word_or_slot_of_the_storage(name: str) -> None:
    """Whoever chooses an id must not make a resolver trip over what it finds there."""
    entry = find(name)
    longest = sorted(load(path_of(entry)), key=lambda vector: len(vector.before))[-2:]
    for vector in longest:
        world = embedded.prepared(vector)
        words = {slot: word for (_, slot), word in world.storage.items() if word}
        near = {slot + step for slot in words for step in (-2, -1, 0, 1, 2)}
        numbers = sorted(near | set(words.values()))
        for number in random.Random(1).sample(numbers, min(len(numbers), 100)):
            identifier = f"0x{number % 2**256:064x}"
            outcome = ask(EVERYTHING, {"id": identifier}, world)
            assert outcome.status == "success", reason(outcome)


# --- The tables -----------------------------------------------------------------------------


def test_every_field_has_a_resolver_and_no_resolver_is_idle() -> None:
    places = {(each.name, field) for each in schema().types.values() for field in each.fields} | {
        ("Query", "__schema"),
        ("Query", "__type"),
        ("", "__typename"),
    }
    assert places == set(contract.RESOLVERS)


def test_every_list_outside_introspection_says_how_long_it_is() -> None:
    for each in schema().types.values():
        for field in each.fields.values():
            if field.listed and not each.name.startswith("__"):
                assert bool(field.slicing) is not bool(field.assumed), (each.name, field.name)
                if field.slicing:
                    assert field.arguments[field.slicing].required


def test_no_list_is_longer_than_it_says() -> None:
    sizes = {
        (each.name, field.name): field.assumed
        for each in schema().types.values()
        for field in each.fields.values()
    }
    assert max(len(entry.methods) for entry in PRECOMPILES) <= sizes["Precompile", "methods"]
    locations = max(len(each.locations) for each in schema().directives.values())
    assert locations <= sizes["__Directive", "locations"]


def test_no_input_field_has_a_default() -> None:
    """They would have to be filled in where an input object comes in a variable."""
    inputs = [v for each in schema().types.values() for v in each.inputs.values()]
    assert inputs
    assert all(each.default is None for each in inputs)


def test_the_schema_is_one_for_graphql_core() -> None:
    assert graphql.validate_schema(graphql.build_schema(SDL)) == []
    assert len(SDL) <= contract.SCHEMA_MAX


def test_documents_known_by_a_number_are_valid() -> None:
    for text in contract.DOCUMENTS.values():
        assert oracle.refusals(text) == []
        assert text.isascii()
