"""What must hold of every precompile. A new one is covered as soon as it is registered."""

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from precompiles import abi
from precompiles.address_map import FAMILIES, RESERVED
from precompiles.conformance import embedded
from precompiles.conformance.embedded import World, call_precompile
from precompiles.conformance.vectors import DEFAULT_CALLER, Vector, differences, load, path_of
from precompiles.generate import by_interface
from precompiles.precompile import COMMON_ERRORS, Method, Precompile, price
from precompiles.registry import PRECOMPILES, find

ROOT = Path(__file__).parents[2]

RESERVED_WORDS = """
after alias apply auto byte case copyof default define final implements in inline let macro match
mutable null of partial promise reference relocatable sealed sizeof static supports switch typedef
typeof var indexed value self msg block tx chain
"""


def sample(kind: abi.Type) -> object:
    """Some value of a type, not empty."""
    if kind.fields:
        return tuple(sample(field.type) for field in kind.fields)
    if kind.element is not None:
        return [sample(kind.element)] * (1 if kind.name.endswith("[]") else kind.bound)
    if kind.name == "bytes":
        return b"\1"
    if kind.name == "string":
        return "x"
    if kind.name == "bool":
        return True
    if kind.name == "address":
        return bytes(19) + b"\7"
    if kind.name.startswith("bytes"):
        return bytes(range(1, int(kind.name[5:]) + 1))
    return 1


def sample_call(method: Method) -> bytes:
    signature = method.signature
    values = [sample(parameter.type) for parameter in signature.inputs]
    return signature.selector + abi.encode(signature.inputs, values)


def state(world: World) -> object:
    return {key: word for key, word in world.storage.items() if word}, dict(world.balances)


# --- Vectors --------------------------------------------------------------------------------


def test_vector(precompile: Precompile, vector: Vector) -> None:
    assert vector.address == precompile.address
    assert differences(vector, embedded.answer(vector)) == []


def options_of(vector: Vector) -> dict[str, Any]:
    return {
        "caller": vector.caller,
        "value": vector.value,
        "static": vector.static,
        "context": embedded.context_of(vector),
    }


def test_gas_is_exact(precompile: Precompile, vector: Vector) -> None:
    """The gas a call used is enough for it, one less is not, and then nothing has changed."""
    method = precompile.by_selector.get(vector.input[:4])
    if method is not None and method.calls:
        pytest.skip("what the accounts it calls are given decides how a lack of gas ends")
    options = options_of(vector)
    used = call_precompile(
        embedded.prepared(vector), vector.address, vector.input, **options
    ).gas_used
    enough = call_precompile(
        embedded.prepared(vector), vector.address, vector.input, **options, gas=used
    )
    world = embedded.prepared(vector)
    before = state(world)
    short = call_precompile(world, vector.address, vector.input, **options, gas=used - 1)

    assert used >= vector.gas
    assert enough.status != "out of gas"
    assert enough.gas_used == used
    assert short.status == "out of gas"
    assert short.gas_used == used - 1
    assert state(world) == before
    assert short.logs == ()


def test_refusal_changes_nothing(precompile: Precompile) -> None:
    for vector in load(path_of(precompile)):
        if vector.expected.error is None:
            continue
        world = embedded.prepared(vector)
        before = state(world)
        outcome = call_precompile(world, vector.address, vector.input, **options_of(vector))
        assert outcome.status == "reverted"
        assert state(world) == before, vector.name
        assert outcome.logs == ()


def test_some_vectors_succeed_and_some_are_refused(precompile: Precompile) -> None:
    vectors = load(path_of(precompile))
    assert any(vector.expected.output is not None for vector in vectors)
    assert any(vector.expected.error is not None for vector in vectors)
    assert len({vector.name for vector in vectors}) == len(vectors)


def test_every_vector_names_its_source(precompile: Precompile) -> None:
    listed = json.loads(path_of(precompile).read_text("utf-8"))["vectors"]
    assert [each["name"] for each in listed if not each.get("source")] == []


def test_every_method_has_a_vector_that_succeeds(precompile: Precompile) -> None:
    """Itself, or in the script that its caller is called back with."""
    inputs = [v.input for v in load(path_of(precompile)) if v.expected.output is not None]
    seen = {each for each in precompile.by_selector if any(each in data for data in inputs)}
    assert seen == set(precompile.by_selector)


def test_every_declared_error_has_a_vector(precompile: Precompile) -> None:
    payloads = [v.expected.error for v in load(path_of(precompile))]
    seen = {payload[:4] for payload in payloads if payload is not None}
    missing = {
        error.signature.canonical
        for error in precompile.errors
        if error.signature.selector not in seen
    }
    assert missing == set()


# --- Permission -----------------------------------------------------------------------------


def every_method(precompile: Precompile) -> list[tuple[Method, bytes]]:
    return [(method, sample_call(method)) for method in precompile.methods]


def test_static_call_of_a_method_that_writes_is_refused(precompile: Precompile) -> None:
    for method, data in every_method(precompile):
        outcome = call_precompile(World(), precompile.address, data, static=True)
        if method.writes:
            assert outcome.data == keccak(text="WriteProtection()")[:4], method.signature.canonical
        else:
            assert outcome.data[:4] != keccak(text="WriteProtection()")[:4]


def test_delegatecall_is_refused_unless_opted_in(precompile: Precompile) -> None:
    for method, data in every_method(precompile):
        outcome = call_precompile(World(), precompile.address, data, delegated=True)
        refused = outcome.data == keccak(text="DelegateCallRefused()")[:4]
        assert refused is not method.delegable


def test_secret_methods_are_refused_in_a_block(precompile: Precompile) -> None:
    refused = keccak(text="SecretOperationOnChain()")[:4]
    for method, data in every_method(precompile):
        for secret_ops in ("call-only", "public-test"):
            context = {"mode": "block", "secret_ops": secret_ops}
            outcome = call_precompile(World(), precompile.address, data, context=context)
            expected = method.secret and secret_ops == "call-only"
            assert (outcome.data == refused) is expected, method.signature.canonical


def test_value_is_refused_unless_payable(precompile: Precompile) -> None:
    for method, data in every_method(precompile):
        world = World(balances={DEFAULT_CALLER: 5})
        outcome = call_precompile(world, precompile.address, data, value=5)
        if method.mutability != "payable":
            assert outcome.data == keccak(text="ValueRefused(uint256)")[:4] + (5).to_bytes(
                32, "big"
            )
            assert world.balances == {DEFAULT_CALLER: 5}


# --- Decoding -------------------------------------------------------------------------------


# Where methods that take or make a secret answer too, always the same.
IN_A_CALL = {"mode": "call", "random": bytes}


def refusal(precompile: Precompile, data: bytes) -> bytes:
    outcome = call_precompile(World(), precompile.address, data, context=IN_A_CALL)
    assert outcome.status == "reverted", data.hex()
    return outcome.data[:4]


def test_truncation_at_every_word_is_refused(precompile: Precompile) -> None:
    for method, data in every_method(precompile):
        last_bytes = range(max(4, len(data) - 33), len(data))
        for size in {*range(4, len(data), 32), *last_bytes}:
            selector = refusal(precompile, data[:size])
            assert selector == keccak(text="Truncated(uint256)")[:4], (method, size)


def test_trailing_bytes_are_refused(precompile: Precompile) -> None:
    for method, data in every_method(precompile):
        size_max = 4 + sum(abi.encoded_size_max(each.type) for each in method.signature.inputs)
        beyond = size_max - len(data) + 32
        for tail in (b"\0", bytes(31), bytes(33), bytes(beyond), b"\1" * (beyond + 32)):
            assert refusal(precompile, data + tail) == keccak(text="TrailingBytes(uint256)")[:4]


def test_words_up_to_the_largest_encoding_are_ignored(precompile: Precompile) -> None:
    """Vyper always sends that many, with whatever its memory holds."""
    for method, data in every_method(precompile):
        size_max = 4 + sum(abi.encoded_size_max(each.type) for each in method.signature.inputs)
        plain = call_precompile(World(), precompile.address, data, context=IN_A_CALL)
        for tail in {min(32, size_max - len(data)), size_max - len(data)}:
            tailed = data + b"\xa5" * tail
            longer = call_precompile(World(), precompile.address, tailed, context=IN_A_CALL)
            assert (longer.status, longer.data) == (plain.status, plain.data)


def test_offset_bombs_are_refused(precompile: Precompile) -> None:
    bombs = [0, 1, 31, 1 << 16, 1 << 63, 1 << 64, 1 << 255, 2**256 - 1, 2**256 - 32]
    for method, data in every_method(precompile):
        for position, parameter in method.heads.values():
            if parameter.type.dynamic:
                right = int.from_bytes(data[position : position + 32], "big")
                for bomb in {*bombs, right - 32, right + 32, len(data) - 4} - {right}:
                    bad = data[:position] + bomb.to_bytes(32, "big") + data[position + 32 :]
                    selector = refusal(precompile, bad)
                    assert selector == keccak(text="NonCanonicalOffset(uint256)")[:4]


def test_length_bombs_are_refused_cheaply(precompile: Precompile) -> None:
    """A claimed length beyond the bound is refused; its price stays that of the bound."""
    for method, data in every_method(precompile):
        for position, parameter in method.heads.values():
            if parameter.type.dynamic and not parameter.type.fields:
                start = 4 + int.from_bytes(data[position : position + 32], "big")

                def claiming(length: int, data: bytes = data, start: int = start) -> bytes:
                    return data[:start] + length.to_bytes(32, "big") + data[start + 32 :]

                bound = parameter.type.bound
                for bomb in (bound + 1, 1 << 63, 1 << 64 | 1, 2**256 - 1):
                    bad = claiming(bomb)
                    selector = refusal(precompile, bad)
                    assert selector == keccak(text="InvalidLength(uint256,uint256)")[:4]
                    assert price(precompile, bad) == price(precompile, claiming(bound))


def test_any_bytes_get_one_of_the_declared_outcomes(
    precompile: Precompile, declared: set[bytes]
) -> None:
    """No exception but Revert and OutOfGas may leave: inside a block it would stop the node."""
    choose = random.Random(precompile.name)
    selectors = list(precompile.by_selector)
    samples = [data for _, data in every_method(precompile)]
    for _ in range(400):
        kind = choose.randrange(3)
        if kind == 0:
            data = choose.randbytes(choose.randrange(300))
        elif kind == 1:
            words = [
                choose.choice((0, 1, 32, 64, 96, 1 << 255)) for _ in range(choose.randrange(9))
            ]
            data = choose.choice(selectors) + b"".join(word.to_bytes(32, "big") for word in words)
        else:
            data = bytearray(choose.choice(samples))
            for _ in range(choose.randrange(1, 4)):
                data[choose.randrange(len(data))] = choose.randrange(256)
            data = bytes(data)
        before = bytes(data)
        outcome = call_precompile(World(), precompile.address, data, context=IN_A_CALL)
        assert data == before
        assert outcome.gas_used >= price(precompile, data)
        if outcome.status == "reverted":
            assert outcome.data[:4] in declared, (data.hex(), outcome.data.hex())


def test_price_is_total_and_never_falls_as_zeros_are_added(precompile: Precompile) -> None:
    for selector in (*precompile.by_selector, b"", b"\1", b"\xff" * 4):
        prices = [price(precompile, selector + bytes(size)) for size in range(0, 1024, 31)]
        assert prices == sorted(prices)
        assert prices[0] >= 200


# --- Declarations ---------------------------------------------------------------------------


def own_methods(entry: Precompile) -> list[Method]:
    """What an entry declares: all but what it answers for its family at the first address."""
    return [each for each in entry.methods if each.handler.__module__ != "precompiles.family"]


def test_the_name_is_the_folder(precompile: Precompile) -> None:
    if precompile.name == precompile.family:
        assert (ROOT / "precompiles" / precompile.family / "__init__.py").exists()
        return
    module = f"precompiles.{precompile.family}.{precompile.name}"
    for method in own_methods(precompile):
        assert method.handler.__module__.startswith(f"{module}.") or (
            method.handler.__module__ == module
        )


def test_addresses_are_distinct_in_order_and_in_range() -> None:
    addresses = [int.from_bytes(entry.address, "big") for entry in PRECOMPILES]
    assert addresses == sorted(set(addresses))
    assert set(addresses) <= set(RESERVED)
    assert {len(entry.address) for entry in PRECOMPILES} == {20}
    assert len({entry.name for entry in PRECOMPILES}) == len(PRECOMPILES)


def test_selectors_equal_those_of_the_solidity_interface(precompile: Precompile) -> None:
    """The interface text is parsed anew here, not with the code that wrote it."""
    text = (ROOT / "contracts" / "interfaces" / f"{precompile.interface}.sol").read_text()
    structs: dict[str, str] = {}

    def canonical(declared: str) -> str:
        name, bracket, rest = declared.partition("[")
        return structs.get(name, name) + bracket + rest

    for name, fields in re.findall(r"struct (\w+) \{([^}]*)\}", text):
        kinds = [canonical(each.split()[0]) for each in fields.split(";") if each.strip()]
        structs[name] = f"({','.join(kinds)})"
    found = set()
    for name, parameters in re.findall(r"function (\w+)\(([^)]*)\)", text):
        types = [canonical(each.split()[0]) for each in parameters.split(",") if each.strip()]
        found.add(keccak(text=f"{name}({','.join(types)})")[:4])
    assert found == set(precompile.by_selector)
    errors = {
        keccak(text=f"{name}({','.join(each.split()[0] for each in fields.split(',') if each)})")[
            :4
        ]
        for name, fields in re.findall(r"error (\w+)\(([^)]*)\)", text)
    }
    assert errors == {error.signature.selector for error in precompile.errors}


def test_no_error_shares_its_selector_with_another(precompile: Precompile) -> None:
    errors = (*precompile.errors, *COMMON_ERRORS)
    assert len({error.signature.selector for error in errors}) == len(errors)


def test_every_parameter_name_is_legal_solidity_and_vyper() -> None:
    reserved = re.findall(r"\w+", RESERVED_WORDS)
    for entries in by_interface().values():
        for method in entries[0].methods:
            for parameter in (*method.signature.inputs, *method.signature.outputs):
                assert parameter.name not in reserved


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_information_entries_tell_what_is_registered(family: str) -> None:
    members = [e for e in PRECOMPILES if e.family == family and own_methods(e)]

    def ask(signature: str, types: list[str]) -> tuple[object, ...]:
        selector = keccak(text=signature)[:4]
        outcome = call_precompile(World(), find(family).address, selector)
        answer: tuple[object, ...] = eth_abi.decode(types, outcome.data)
        return answer

    info = ask("info()", ["string", "string", "address[]", "string[]"])
    assert info[0] == family
    assert info[2] == tuple(f"0x{entry.address.hex()}" for entry in members)
    assert info[3] == tuple(entry.name for entry in members)
    listed = ask("methods()", ["address[]", "bytes4[]", "string[]"])
    expected = [
        (f"0x{entry.address.hex()}", method.signature.selector, method.signature.canonical)
        for entry in members
        for method in own_methods(entry)
    ]
    assert list(zip(*listed, strict=True)) == expected  # type: ignore[call-overload]
    assert ask("version()", ["uint256"]) == (1,)


# --- Replay ---------------------------------------------------------------------------------

REPLAY = """
import hashlib, json
from precompiles.conformance import embedded
from precompiles.conformance.vectors import load, path_of
from precompiles.registry import PRECOMPILES
digest = hashlib.sha256()
for entry in PRECOMPILES:
    for vector in load(path_of(entry)):
        answer = embedded.answer(vector)
        digest.update(repr((vector.name, answer.output, answer.error, answer.logs)).encode())
print(json.dumps(digest.hexdigest()))
"""


def test_two_processes_agree() -> None:
    """All vectors again in a process with another hash seed, in which nothing ran before."""
    digest = hashlib.sha256()
    for entry in PRECOMPILES:
        for vector in load(path_of(entry)):
            answer = embedded.answer(vector)
            digest.update(repr((vector.name, answer.output, answer.error, answer.logs)).encode())
    environment = {**os.environ, "PYTHONHASHSEED": "1234", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", REPLAY],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env=environment,
        timeout=120,
    )
    assert json.loads(done.stdout) == digest.hexdigest()
