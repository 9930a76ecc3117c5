"""Ethereum's own precompiles: published vectors, py-evm's as twins, and hostile input."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from eth import precompiles as stock
from eth.exceptions import VMError
from eth.precompiles.bls12_381 import constants
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.builtins import Builtin, BuiltinError, builtins_of
from chain.calls import CallRequest
from chain.forks import (
    BERLIN,
    BYZANTIUM,
    CANCUN,
    FORKS,
    FRONTIER,
    ISTANBUL,
    OSAKA,
    PARS,
    PRAGUE,
    Fork,
)
from chain.local_chain import LocalChain

VECTORS = Path(__file__).parent / "vectors" / "builtins"
NEWEST = OSAKA

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
        consume_gas=lambda gas, *_, **__: charged.append(gas),
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
    "modexp_eip7883": (0x05, OSAKA),
    "bn256Add": (0x06, ISTANBUL),
    "bn256Pairing": (0x08, ISTANBUL),
    "pointEvaluation": (0x0A, CANCUN),
    "blsG1Add": (0x0B, PRAGUE),
    "fail-blsG1MultiExp": (0x0C, PRAGUE),
    "fail-blsPairing": (0x0F, PRAGUE),
    "blsMapG1": (0x10, PRAGUE),
    "fail-blsMapG2": (0x11, PRAGUE),
    "p256Verify": (0x100, OSAKA),
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


@pytest.mark.parametrize(
    ("base", "exponent", "modulus", "head", "price"),
    [
        (32, 32, 32, 1, 500),
        (33, 32, 33, 3, 500),
        (40, 32, 1, 2**255, 12_750),
        (41, 33, 5, 0, 1_152),
        (1, 33, 1, 1, 500),
        (5, 64, 40, 2**256 - 1, 38_350),
        (8, 33, 48, 2, 1_224),
        (0, 40, 33, 2**9, 6_850),
        (0, 1024, 0, 1, 253_952),
        (1024, 1024, 1024, 2**200, 526_647_296),
    ],
)
def test_osakas_price_of_modexp(
    base: int, exponent: int, modulus: int, head: int, price: int
) -> None:
    """As the executable specification of Osaka, release 2.20.0, charges it."""
    data = header(base, exponent, modulus) + b"\7" * base + number(head)[-exponent:]
    assert builtins_of(OSAKA)[0x05].price(data) == price


@pytest.mark.parametrize("part", range(3))
def test_osaka_bounds_the_operands_of_modexp(part: int) -> None:
    run = builtins_of(OSAKA)[0x05].run
    for length, taken in ((1024, True), (1025, False), (2**64, False), (2**256 - 1, False)):
        lengths = [0, 0, 1]
        lengths[part] = length
        data = header(*lengths)
        if taken:
            assert run(data) == bytes(lengths[2])
        else:
            with pytest.raises(BuiltinError, match="longer than 1024"):
                run(data)


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


def test_blake2_equals_its_twin() -> None:
    builtin = builtins_of(ISTANBUL)[0x09]
    rng = random.Random(9)
    for rounds in (*range(24), 255, 256, 1000):
        for last in (0, 1):
            data = rounds.to_bytes(4, "big") + rng.randbytes(208) + bytes((last,))
            assert outcome(builtin, data) == stock_outcome(stock.blake2b_fcompress, data)
    wrapped = b"\0\0\0\1" + bytes(192) + b"\xff" * 16 + b"\1"
    assert outcome(builtin, wrapped) == stock_outcome(stock.blake2b_fcompress, wrapped)


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


@pytest.mark.parametrize("fork", FORKS.values(), ids=FORKS)
def test_the_same_addresses_answer_as_in_py_evm(fork: Fork) -> None:
    stock_fork = PRAGUE if fork.since(OSAKA) else fork
    theirs = set(stock_fork.vm_class.get_state_class().computation_class._precompiles)
    ours = {address.to_bytes(20, "big") for address in builtins_of(fork)}
    assert ours == theirs | ({(0x100).to_bytes(20, "big")} if fork.since(OSAKA) else set())


# --- In a frame -----------------------------------------------------------------------------

CALLER = b"\xca" * 20


def forwarding(address: int, gas: int) -> bytes:
    """Code that calls an address with its own input and so much gas, and returns success."""
    copy = "3660006000" + "37"
    call = f"60006000366000600061{address:04x}63{gas:08x}f1"
    return bytes.fromhex(copy + call + "60005260206000f3")


@pytest.mark.parametrize("address", builtins_of(PARS))
def test_the_price_is_charged_to_the_unit(chain: LocalChain, address: int) -> None:
    """One gas short fails the call; so does bad input, and then all gas is gone."""
    data = {
        0x01: bytes(128),
        0x05: header(1, 1, 1) + b"\3\2\5",
        0x08: INFINITY + TWIST_BASE,
        0x09: bytes((0, 0, 0, 12)) + bytes(209),
        0x0A: bytes.fromhex(json.loads((VECTORS / "pointEvaluation.json").read_text())[0]["Input"]),
        G1MSM: bytes(160),
        G2MSM: bytes(288),
        CHECK: bytes(384),
    }.get(address, bytes({G1ADD: 256, G2ADD: 512, TO_G1: 64, TO_G2: 128}.get(address, 96)))
    builtin = builtins_of(PARS)[address]
    price = builtin.price(data)

    def call(gas: int, given: bytes) -> tuple[int, int]:
        chain.set_code(CALLER, forwarding(address, gas))
        result = chain.call(CallRequest(to=CALLER, gas=1_000_000, data=given))
        return int.from_bytes(result.output, "big"), result.gas_used

    assert call(price, data)[0] == 1
    assert call(price - 1, data)[0] == 0
    if outcome(builtin, data[:-1])[1] is None:
        success, used = call(150_000, data[:-1])
        assert success == 0
        assert used > 150_000


# --- BN254 ----------------------------------------------------------------------------------

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
BASE = number(1) + number(2)
TWIST_BASE = b"".join(
    bytes.fromhex(part)
    for part in (
        "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2",
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed",
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b",
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa",
    )
)
INFINITY = bytes(64)
TWIST_INFINITY = bytes(128)
OFF_CURVE = number(1) + number(3)
OFF_TWIST = TWIST_BASE[:-1] + b"\xab"
FOREIGN_TWIST = b"".join(
    number(part)
    for part in (
        0,
        1,
        5912654199736721486680175016176231956195085055698687135131307249486702594212,
        18278151005453108793778860132295291098363647455926340152056652516292830556603,
    )
)
"""The point of the twist with x = 1. Like nearly all it is not in the subgroup."""
ADD, MULTIPLY, PAIRING = 0x06, 0x07, 0x08


def bn254_inputs() -> dict[str, tuple[int, bytes]]:
    add, multiply = builtins_of(ISTANBUL)[ADD].run, builtins_of(ISTANBUL)[MULTIPLY].run
    rng = random.Random(254)
    a, b = (multiply(BASE + rng.randbytes(32)) for _ in range(2))
    minus = number(1) + number(P - 2)
    return {
        "sum": (ADD, a + b),
        "double": (ADD, a + a),
        "opposite": (ADD, BASE + minus),
        "infinity first": (ADD, INFINITY + a),
        "infinity second": (ADD, a + INFINITY),
        "half a point": (ADD, a + b[:32]),
        "more than two points": (ADD, a + b + b"\xff" * 9),
        "off the curve first": (ADD, OFF_CURVE + a),
        "off the curve second": (ADD, a + OFF_CURVE),
        "x too large": (ADD, number(P + 1) + number(2) + a),
        "y too large": (ADD, a + number(1) + number(P + 2)),
        "zero as the modulus": (ADD, number(P) + number(0)),
        "x zero": (ADD, number(0) + number(1)),
        "times random": (MULTIPLY, a + rng.randbytes(32)),
        "times zero": (MULTIPLY, a + number(0)),
        "times the order": (MULTIPLY, a + number(R)),
        "times the order less one": (MULTIPLY, a + number(R - 1)),
        "times the order and one": (MULTIPLY, a + number(R + 1)),
        "times the most": (MULTIPLY, a + b"\xff" * 32),
        "a short factor": (MULTIPLY, a + b"\1"),
        "a long factor": (MULTIPLY, a + number(5) + b"\5"),
        "infinity times": (MULTIPLY, INFINITY + number(7)),
        "off the curve times zero": (MULTIPLY, OFF_CURVE + number(0)),
        "no pairs": (PAIRING, b""),
        "one pair": (PAIRING, a + TWIST_BASE),
        "a pair and its inverse": (PAIRING, BASE + TWIST_BASE + minus + TWIST_BASE),
        "the same twice": (PAIRING, BASE + TWIST_BASE + BASE + TWIST_BASE),
        "bilinear": (
            PAIRING,
            add(a + b) + TWIST_BASE + negated(a) + TWIST_BASE + negated(b) + TWIST_BASE,
        ),
        "point at infinity": (PAIRING, INFINITY + TWIST_BASE),
        "twist at infinity": (PAIRING, a + TWIST_INFINITY),
        "both at infinity": (PAIRING, INFINITY + TWIST_INFINITY),
        "off the curve, twist at infinity": (PAIRING, OFF_CURVE + TWIST_INFINITY),
        "off the twist, point at infinity": (PAIRING, INFINITY + OFF_TWIST),
        "off the twist after a pair": (PAIRING, BASE + TWIST_BASE + BASE + OFF_TWIST),
        "twist coordinate too large": (PAIRING, a + number(P) + TWIST_BASE[32:]),
        "parts swapped": (PAIRING, a + TWIST_BASE[32:64] + TWIST_BASE[:32] + TWIST_BASE[64:]),
        "a byte short": (PAIRING, (BASE + TWIST_BASE)[:-1]),
        "a byte long": (PAIRING, BASE + TWIST_BASE + b"\0"),
        "a point alone": (PAIRING, BASE),
    }


def negated(point: bytes) -> bytes:
    return point[:32] + number(P - int.from_bytes(point[32:], "big"))


@pytest.mark.parametrize("case", bn254_inputs())
def test_bn254_equals_its_twin(case: str) -> None:
    """Prices of both forks; a failing call of py-evm has charged nothing where it cannot parse."""
    address, data = bn254_inputs()[case]
    for fork in (BYZANTIUM, ISTANBUL):
        twins = fork.vm_class.get_state_class().computation_class._precompiles
        ours = outcome(builtins_of(fork)[address], data)
        theirs = stock_outcome(twins[number(address)[12:]], data)
        assert ours[1] == theirs[1]
        assert theirs[1] is None or ours[0] == theirs[0]


def test_bn254_refuses_what_its_twin_is_too_slow_to_be_asked() -> None:
    pairing = builtins_of(ISTANBUL)[PAIRING].run
    foreign = FOREIGN_TWIST
    for data in (BASE + foreign, INFINITY + foreign, BASE + TWIST_BASE + INFINITY + foreign):
        with pytest.raises(BuiltinError, match="subgroup"):
            pairing(data)
    many = (BASE + TWIST_BASE + negated(BASE) + TWIST_BASE) * 20
    assert pairing(many) == number(1)
    assert pairing(many + BASE + TWIST_BASE) == number(0)


# --- BLS12-381 ------------------------------------------------------------------------------

BLS_P = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf"
    "6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)
BLS_R = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
G1ADD, G1MSM, G2ADD, G2MSM, CHECK, TO_G1, TO_G2 = range(0x0B, 0x12)


def field(value: int) -> bytes:
    return value.to_bytes(64, "big")


G1_INFINITY, G2_INFINITY = bytes(128), bytes(256)
G1_FOREIGN = field(0) + field(2)
"""Of order 3."""


def bls(address: int, data: bytes) -> bytes:
    return builtins_of(PRAGUE)[address].run(data)


def minus(point: bytes) -> bytes:
    """The negative of a point of either curve."""
    middle = len(point) // 2
    ys = [point[i : i + 64] for i in range(middle, len(point), 64)]
    return point[:middle] + b"".join(field(-int.from_bytes(y, "big") % BLS_P) for y in ys)


def bls_inputs() -> dict[str, tuple[int, bytes]]:
    a, b = (bls(TO_G1, field(k)) for k in (3, 4))
    c, d = (bls(TO_G2, field(k) + field(k + 1)) for k in (5, 6))
    factors = [number(k) for k in (0, 1, 2, BLS_R - 1, BLS_R, BLS_R + 1, 2**256 - 1)]
    cases: dict[str, tuple[int, bytes]] = {}
    for name, add, msm, x, y in (("g1", G1ADD, G1MSM, a, b), ("g2", G2ADD, G2MSM, c, d)):
        zero = bytes(len(x))
        bad = x[:-1] + bytes((x[-1] ^ 1,))
        cases |= {
            f"{name} sum": (add, x + y),
            f"{name} double": (add, x + x),
            f"{name} opposite": (add, x + minus(x)),
            f"{name} infinity first": (add, zero + y),
            f"{name} infinity second": (add, x + zero),
            f"{name} both at infinity": (add, zero + zero),
            f"{name} off the curve": (add, x + bad),
            f"{name} padding": (add, b"\1" + x[1:] + y),
            f"{name} last padding": (add, x + y[:-49] + b"\1" + y[-48:]),
            f"{name} too large": (add, field(BLS_P) + x[64:] + y),
            f"{name} the modulus for zero": (add, field(BLS_P) + zero[64:] + y),
            f"{name} a byte short": (add, (x + y)[:-1]),
            f"{name} a byte long": (add, x + y + b"\0"),
            f"{name} no points": (add, b""),
            f"{name} two multiples": (msm, x + factors[6] + y + factors[2]),
            f"{name} multiples that cancel": (msm, x + factors[2] + minus(x) + factors[2]),
            f"{name} multiples with infinity": (msm, zero + factors[6] + y + factors[0]),
            f"{name} multiple off the curve": (msm, x + factors[1] + bad + factors[0]),
            f"{name} multiple a byte short": (msm, (x + factors[1])[:-1]),
            f"{name} multiple a byte long": (msm, x + factors[1] + b"\0"),
            f"{name} no multiples": (msm, b""),
        }
        for i, factor in enumerate(factors):
            cases[f"{name} times factor {i}"] = (msm, x + factor)
    return cases | {
        "foreign sum": (G1ADD, G1_FOREIGN + a),
        "foreign double": (G1ADD, G1_FOREIGN + G1_FOREIGN),
        "foreign opposite": (G1ADD, G1_FOREIGN + minus(G1_FOREIGN)),
        "foreign multiple": (G1MSM, G1_FOREIGN + number(0)),
        "foreign after a multiple": (G1MSM, a + number(1) + G1_FOREIGN + number(3)),
        "foreign pair": (CHECK, G1_FOREIGN + G2_INFINITY),
        "a pair": (CHECK, a + c),
        "a pair and its inverse": (CHECK, a + c + a + minus(c)),
        "points at infinity": (CHECK, G1_INFINITY + c + a + G2_INFINITY),
        "second point off the curve": (CHECK, G1_INFINITY + field(1) * 4),
        "a pair a byte short": (CHECK, (a + c)[:-1]),
        "no pair": (CHECK, b""),
        "to g1 zero": (TO_G1, field(0)),
        "to g1 one": (TO_G1, field(1)),
        "to g1 largest": (TO_G1, field(BLS_P - 1)),
        "to g1 too large": (TO_G1, field(BLS_P)),
        "to g1 padding": (TO_G1, b"\1" + field(0)[1:]),
        "to g1 a byte short": (TO_G1, field(0)[1:]),
        "to g2 zero": (TO_G2, field(0) * 2),
        "to g2 imaginary": (TO_G2, field(0) + field(7)),
        "to g2 largest": (TO_G2, field(BLS_P - 1) * 2),
        "to g2 real too large": (TO_G2, field(BLS_P) + field(0)),
        "to g2 imaginary too large": (TO_G2, field(0) + field(BLS_P)),
        "to g2 a byte long": (TO_G2, field(0) * 2 + b"\0"),
    }


@pytest.mark.parametrize("case", bls_inputs())
def test_bls12_381_equals_its_twin(case: str) -> None:
    address, data = bls_inputs()[case]
    twins = PRAGUE.vm_class.get_state_class().computation_class._precompiles
    ours = outcome(builtins_of(PRAGUE)[address], data)
    theirs = stock_outcome(twins[number(address)[12:]], data)
    assert ours[1] == theirs[1]
    assert theirs[1] is None or ours[0] == theirs[0]


@pytest.mark.parametrize(
    ("address", "size", "gas", "discounts"),
    [
        (G1MSM, 160, 12_000, constants.G1_MSM_DISCOUNTS),
        (G2MSM, 288, 22_500, constants.G2_MSM_DISCOUNTS),
    ],
)
def test_every_discount(address: int, size: int, gas: int, discounts: list[int]) -> None:
    price = builtins_of(PRAGUE)[address].price
    for count in range(1, 300):
        discount = discounts[count - 1] if count <= 128 else discounts[127]
        for spare in (0, size - 1):
            assert price(bytes(size * count + spare)) == count * gas * discount // 1000
    assert price(bytes(size - 1)) == 0


@pytest.mark.parametrize("address", [G1MSM, G2MSM])
def test_many_multiples(address: int) -> None:
    """Their sum is one multiple; and the discount goes on falling until 128 of them."""
    first = bls(TO_G1, field(9)) if address == G1MSM else bls(TO_G2, field(9) * 2)
    builtin = builtins_of(PRAGUE)[address]
    single = builtin.price(first + number(1))
    for count in (3, 128, 200):
        data = b"".join(first + number(BLS_R - k) for k in range(count))
        assert builtin.run(data) == builtin.run(first + number(-count * (count - 1) // 2 % BLS_R))
        least = {G1MSM: {3: 848, 128: 519, 200: 519}, G2MSM: {3: 923, 128: 524, 200: 524}}
        assert builtin.price(data) == count * single * least[address][count] // 1000


def test_pairings_are_bilinear() -> None:
    a, c = bls(TO_G1, field(10)), bls(TO_G2, field(11) * 2)
    left = bls(G1MSM, a + number(6)) + bls(G2MSM, c + number(7))
    right = minus(bls(G1MSM, a + number(42))) + c
    assert bls(CHECK, left + right) == number(1)
    assert bls(CHECK, left + minus(bls(G1MSM, a + number(43))) + c) == number(0)


# --- P256VERIFY -----------------------------------------------------------------------------

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
EULER = (P256_P - 1) // 2
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def p256_case(*, digest: bytes = bytes(range(32))) -> list[bytes]:
    """Digest, r, s, x and y, made with a random key by OpenSSL."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    public = key.public_key().public_numbers()
    return [digest, *map(number, (*utils.decode_dss_signature(made), public.x, public.y))]


def test_p256_verify() -> None:
    builtin = builtins_of(OSAKA)[0x100]
    parts = p256_case()
    assert outcome(builtin, b"".join(parts)) == (6_900, number(1))
    s = int.from_bytes(parts[2], "big")
    mirrored = [*parts[:2], number(P256_N - s), *parts[3:]]
    assert builtin.run(b"".join(mirrored)) == number(1)  # Either s is taken.
    whole = b"".join(parts)
    for length in (0, 1, 159):
        assert outcome(builtin, whole[:length]) == (6_900, b"")
    assert builtin.run(whole + b"\0") == b""
    for i in range(0, 160, 7):
        assert builtin.run(whole[:i] + bytes((whole[i] ^ 1,)) + whole[i + 1 :]) == b""


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *((part, value) for part in (1, 2) for value in (0, P256_N, P256_N + 1, 2**256 - 1)),
        *((part, value) for part in (3, 4) for value in (0, P256_P, P256_P + 1, 2**256 - 1)),
    ],
)
def test_p256_verify_refuses_numbers_out_of_range(part: int, value: int) -> None:
    parts = p256_case()
    parts[part] = number(value)
    assert builtins_of(OSAKA)[0x100].run(b"".join(parts)) == b""


def test_p256_verify_refuses_infinity_and_points_off_the_curve() -> None:
    run = builtins_of(OSAKA)[0x100].run
    digest, r, s, x, y = p256_case()
    assert run(digest + r + s + number(0) * 2) == b""
    assert run(digest + r + s + y + x) == b""
    assert run(number(0) * 5) == b""


def test_p256_verify_compares_r_modulo_the_order() -> None:
    """With x of the nonce's point at or above the order, r is x less the order, and not x."""
    x = 2
    while pow((rhs := (x + P256_N) ** 3 - 3 * (x + P256_N) + P256_B) % P256_P, EULER, P256_P) != 1:
        x += 1
    y = pow(rhs % P256_P, (P256_P + 1) // 4, P256_P)
    nonce = (x + P256_N, y)
    # With digest e = 0 and s = r, the key is the nonce's point itself: r / s * key.
    parts = [bytes(32), number(x), number(x), *map(number, nonce)]
    run = builtins_of(OSAKA)[0x100].run
    assert nonce[0] < P256_P
    assert run(b"".join(parts)) == number(1)
    assert run(b"".join([bytes(32), number(nonce[0]), number(x), *map(number, nonce)])) == b""


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
