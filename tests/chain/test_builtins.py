"""Ethereum's own precompiles: published vectors, py-evm's as twins, and hostile input."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth import precompiles as stock
from eth.exceptions import VMError
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.builtins import Builtin, BuiltinError, builtins_of
from chain.forks import BERLIN, BYZANTIUM, FORKS, FRONTIER, ISTANBUL, PRAGUE, Fork

VECTORS = Path(__file__).parent / "vectors" / "builtins"
NEWEST = list(FORKS.values())[-1]

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

Outcome = tuple[int, bytes | None]
"""The price, and the output, or None where the call fails."""


def outcome(builtin: Builtin, data: bytes) -> Outcome:
    price = builtin.price(data)
    try:
        return price, builtin.run(data)
    except BuiltinError:
        return price, None


def stock_outcome(precompile: Callable[[Any], Any], data: bytes) -> Outcome:
    """What py-evm's does; its price is 0 where it fails before it charges."""
    charged: list[int] = []
    computation = SimpleNamespace(
        msg=SimpleNamespace(data_as_bytes=data, data=data),
        consume_gas=lambda gas, **_: charged.append(gas),
        output=b"",
    )
    try:
        precompile(computation)
    except VMError:
        return sum(charged), None
    return sum(charged), computation.output


PUBLISHED = {
    "blake2F": (0x09, ISTANBUL),
    "fail-blake2f": (0x09, ISTANBUL),
    "ecRecover": (0x01, FRONTIER),
    "modexp": (0x05, BYZANTIUM),
    "modexp_eip2565": (0x05, BERLIN),
    "pointEvaluation": (0x0A, PRAGUE),
}


def published() -> list[Any]:
    return [
        pytest.param(address, fork, case, id=f"{name}-{case['Name']}")
        for name, (address, fork) in PUBLISHED.items()
        for case in json.loads((VECTORS / f"{name}.json").read_text())
    ]


@pytest.mark.parametrize(("address", "fork", "case"), published())
def test_published_vectors(address: int, fork: Fork, case: dict[str, Any]) -> None:
    builtin = builtins_of(fork)[address]
    data = bytes.fromhex(case["Input"])
    if "ExpectedError" in case:
        with pytest.raises(BuiltinError):
            builtin.run(data)
    else:
        assert outcome(builtin, data) == (case["Gas"], bytes.fromhex(case["Expected"]))


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_ecrecover_takes_what_yellow_paper_takes() -> None:
    recover = builtins_of(FRONTIER)[0x01].run
    case = json.loads((VECTORS / "ecRecover.json").read_text())[1]
    data = bytes.fromhex(case["Input"])
    signer = bytes.fromhex(case["Expected"])
    digest, v, r, s = (data[i : i + 32] for i in range(0, 128, 32))
    mirrored = number(SECP256K1_N - int.from_bytes(s, "big"))
    assert int.from_bytes(s, "big") > SECP256K1_N // 2  # A high s is no reason to refuse.
    assert recover(digest + number(27) + r + mirrored) == signer
    assert recover(data + b"more") == signer
    assert recover(data[:-1]) != signer
    other = recover(digest + number(55 - int.from_bytes(v, "big")) + r + s)
    assert len(other) == 32
    assert other != signer
    for bad in (0, 1, 26, 29, 255, 27 << 8, 28 + (1 << 255)):
        assert recover(digest + number(bad) + r + s) == b""
    for bad in (0, SECP256K1_N, SECP256K1_N + 1, 2**256 - 1):
        assert recover(digest + v + number(bad) + s) == b""
        assert recover(digest + v + r + number(bad)) == b""
    assert recover(b"") == b""


def header(base: int, exponent: int, modulus: int) -> bytes:
    return number(base) + number(exponent) + number(modulus)


@pytest.mark.parametrize(
    ("data", "output"),
    [
        (b"", b""),
        (header(0, 0, 0), b""),
        (header(1, 1, 1) + b"\3\2\5", b"\4"),
        (header(1, 1, 1) + b"\3\2\0", b"\0"),
        (header(1, 1, 1) + b"\3\2\1", b"\0"),
        (header(1, 1, 1) + b"\3\2", b"\0"),
        (header(0, 0, 1) + b"\5", b"\1"),
        (header(0, 0, 1) + b"\1", b"\0"),
        (header(0, 1, 1) + b"\0\5", b"\1"),
        (header(1, 1, 2) + b"\3\2\1", b"\0\x09"),
        (header(1, 0, 4) + b"\7\0\0\0\2", b"\0\0\0\1"),
        (header(1, 2**255, 0) + b"\1", b""),
        (header(2, 2, 3) + b"\xff" * 7, pow(0xFFFF, 0xFFFF, 0xFFFFFF).to_bytes(3, "big")),
    ],
)
def test_modexp_at_the_edges(data: bytes, output: bytes) -> None:
    assert builtins_of(PRAGUE)[0x05].run(data) == output


def random_modexp(rng: random.Random) -> bytes:
    sizes = [rng.choice((0, 1, 2, 8, 9, 31, 32, 33, 64, 65)) for _ in range(3)]
    body = rng.randbytes(sum(sizes))
    if sizes[2] and rng.random() < 0.5:  # An even modulus, with a power of two in it.
        body = body[:-1] + bytes((body[-1] & 0xF0,))
    if rng.random() < 0.3:
        body = body[: rng.randrange(len(body) + 1)]
    return header(*sizes) + body


TWINS = {
    0x01: (FRONTIER, stock.ecrecover),
    0x02: (FRONTIER, stock.sha256),
    0x03: (FRONTIER, stock.ripemd160),
    0x04: (FRONTIER, stock.identity),
    0x09: (ISTANBUL, stock.blake2b_fcompress),
}


@pytest.mark.parametrize("address", TWINS)
def test_the_cheap_ones_equal_their_twins(address: int) -> None:
    fork, twin = TWINS[address]
    builtin = builtins_of(fork)[address]
    rng = random.Random(address)
    for size in (0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 212, 213, 214, 1000):
        data = rng.randbytes(size)
        if address == 0x09:
            data = bytes(3) + data[3:-1] + b"\1"
        if address == 0x01:
            data = data[:32] + number(27) + data[64:]
        ours, theirs = outcome(builtin, data), stock_outcome(twin, data)
        assert ours[1] == theirs[1]
        assert ours == theirs or ours[1] is None


@pytest.mark.parametrize("fork", [BYZANTIUM, BERLIN], ids=lambda fork: fork.name)
def test_modexp_equals_its_twin(fork: Fork) -> None:
    twin = fork.vm_class.get_state_class().computation_class._precompiles[bytes(19) + b"\5"]
    builtin = builtins_of(fork)[0x05]
    rng = random.Random(5)
    for _ in range(300):
        data = random_modexp(rng)
        if not any(data[:64]):
            continue  # py-evm takes 0 ** 0 for 0; EIP-198 for 1, as `test_modexp_at_the_edges`.
        assert outcome(builtin, data) == stock_outcome(twin, data), data.hex()


@pytest.mark.parametrize("address", builtins_of(NEWEST))
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=700))
def test_no_other_error_comes_out(address: int, data: bytes) -> None:
    builtin = builtins_of(NEWEST)[address]
    price = builtin.price(data)
    assert price >= 0
    if price < 10**6:
        output = outcome(builtin, data)[1]
        assert output is None or isinstance(output, bytes)
