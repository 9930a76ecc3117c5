"""Pools, liquidity and swaps that v4's own contracts and ours are asked about, and the questions.

Everything is call data. The one address that differs between the two is the pool manager's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from eth_abi import encode
from eth_utils import keccak
from vyper.compiler import compile_code

HERE = Path(__file__).parent
ACTOR, NATIVE, A, B, C = (bytes([number]) * 20 for number in (0xAC, 0x00, 0xA1, 0xB2, 0xC3))
TOKENS = (A, B, C)
BALANCE = 2**150
NATIVE_BALANCE = 10**30
POOR = 2**80

KEY = "(address,address,uint24,int24,address)"
SINGLE = f"({KEY},bool,uint128,bytes)"
ROUTE = "(address,(address,uint24,int24,address,bytes)[],uint128)"
PRICE_1 = 2**96
MIN_LIMIT = 4295128739 + 1
MAX_LIMIT = 1461446703485210103287273052203988822378723970342 - 1

Key = tuple[bytes, bytes, int, int, bytes]


def compiled(path: Path) -> bytes:
    """Return the code of a Vyper contract that has no constructor."""
    made = compile_code(path.read_text("utf-8"), output_formats=["bytecode_runtime"])
    return bytes.fromhex(made["bytecode_runtime"].removeprefix("0x"))


def mapped(slot: int, *keys: bytes) -> int:
    """Return where Vyper keeps an entry of a mapping."""
    for key in keys:
        slot = int.from_bytes(keccak(slot.to_bytes(32, "big") + key.rjust(32, b"\0")), "big")
    return slot


def pool(first: bytes, second: bytes, fee: int, spacing: int, hook: bytes = bytes(20)) -> Key:
    return first, second, fee, spacing, hook


def pool_id(key: Key) -> bytes:
    return keccak(encode([KEY], [key]))


def encoded(signature: str, *arguments: Any) -> bytes:
    types = split(signature[signature.index("(") + 1 : -1])
    return keccak(text=signature)[:4] + encode(types, arguments)


def split(inner: str) -> list[str]:
    """Split a list of types at the commas outside of tuples."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(inner[start:place])
            start = place + 1
    return [*parts, inner[start:]] if inner else []


# --- What is done ---------------------------------------------------------------------------


class Step(NamedTuple):
    """One call from outside."""

    to: bytes
    data: bytes
    value: int = 0


def initialize(manager: bytes, key: Key, price: int) -> Step:
    return Step(manager, encoded(f"initialize({KEY},uint160)", key, price))


def liquidity(key: Key, lower: int, upper: int, amount: int, salt: int = 0) -> bytes:
    signature = f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)"
    return encoded(signature, key, (lower, upper, amount, salt.to_bytes(32, "big")), b"")


def swap(key: Key, zero_for_one: bool, amount: int) -> bytes:
    limit = MIN_LIMIT if zero_for_one else MAX_LIMIT
    signature = f"swap({KEY},(bool,int256,uint160),bytes)"
    return encoded(signature, key, (zero_for_one, amount, limit), b"")


def session(manager: bytes, *calls: bytes) -> Step:
    """Make calls in one unlock."""
    currencies = [NATIVE, *TOKENS]
    return Step(ACTOR, encoded("act(address,bytes[],address[])", manager, calls, currencies))


AB = pool(A, B, 3_000, 60)
GAPS = pool(A, B, 10_000, 200)
NA = pool(NATIVE, A, 500, 10)
BC = pool(B, C, 100, 1)
EMPTY = pool(A, C, 3_000, 60)
NONE = pool(A, C, 500, 10)
E18 = 10**18
CALLER = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")
"""Who asks."""
HOOK = b"\x77" * 18 + b"\x00\xc0"
HOOKED = pool(A, B, 0x800000, 60, HOOK)
HOOK_STORAGE = {1: int.from_bytes(CALLER, "big")}
"""Whom the hook expects to be told of."""


def steps(manager: bytes) -> list[Step]:
    """Return what makes the pools as they are when the questions come."""
    return [
        initialize(manager, AB, PRICE_1),
        initialize(manager, GAPS, 2**96 * 5 // 4),
        initialize(manager, NA, 2**96 * 3),
        initialize(manager, BC, 2**96 * 99 // 100),
        initialize(manager, EMPTY, PRICE_1),
        initialize(manager, HOOKED, PRICE_1),
        session(
            manager,
            liquidity(AB, -887_220, 887_220, 10 * E18),
            liquidity(AB, -600, 600, 1_000 * E18),
            liquidity(AB, -120, 1_200, 77 * E18, 7),
            liquidity(GAPS, -20_000, 2_000, 5 * E18),
            liquidity(GAPS, 6_000, 20_000, 9 * E18),
            liquidity(NA, 10_000, 30_000, 400 * E18),
        ),
        session(
            manager,
            liquidity(NA, 21_000, 22_500, 3_000 * E18),
            liquidity(BC, -300, -100, 10_000 * E18),
            liquidity(BC, -887_272, 887_272, 123_456_789),
            swap(AB, True, -3 * E18),
            swap(AB, False, 2 * E18),
            swap(NA, True, -E18 // 7),
            swap(BC, False, -5 * E18),
        ),
        # Over ticks and back, so that there is growth on either side of them.
        session(
            manager,
            swap(AB, True, -60 * E18),
            swap(AB, False, -75 * E18),
            swap(GAPS, True, -3 * E18),
            swap(NA, False, -400 * E18),
            swap(NA, True, -90 * E18),
            swap(BC, False, -20 * E18),
            swap(BC, True, -30 * E18),
            liquidity(HOOKED, -6_000, 6_000, 50 * E18),
        ),
        session(
            manager,
            liquidity(AB, -600, 600, E18),
            liquidity(AB, -120, 1_200, E18, 7),
            liquidity(NA, 21_000, 22_500, E18),
            liquidity(BC, -300, -100, E18),
            swap(AB, True, -E18),
            swap(NA, False, -E18),
        ),
    ]


# --- What is asked --------------------------------------------------------------------------


def questions() -> Iterator[tuple[str, str, bytes]]:
    """Return the name, the output types and the data of each call to a quoter or a state view."""
    amounts = (1, 1_000, 10**15 + 1, E18, 60 * E18)
    pools = (("ab", AB), ("gaps", GAPS), ("na", NA), ("bc", BC))
    for label, key in pools:
        for zero_for_one in (True, False):
            for side in ("Input", "Output"):
                for amount in amounts:
                    way = "zero" if zero_for_one else "one"
                    name = f"{label}-{way}-{side.lower()}-{amount}"
                    signature = f"quoteExact{side}Single({SINGLE})"
                    params = (key, zero_for_one, amount, b"")
                    yield name, "quote", encoded(signature, params)
    yield from wrong_questions()
    yield from routes()
    yield from hooked_questions()
    for label, key in (*pools, ("empty", EMPTY), ("none", NONE), ("hooked", HOOKED)):
        for name, types, data in views(pool_id(key)):
            yield f"{label}-{name}", types, data


def wrong_questions() -> Iterator[tuple[str, str, bytes]]:
    for label, key, amount in (
        ("nothing", AB, 0),
        ("too-much", BC, 2**126),
        ("empty-pool", EMPTY, E18),
        ("no-pool", NONE, E18),
        ("2-127", AB, 2**127),
        ("2-128-minus-5", AB, 2**128 - 5),
    ):
        for side in ("Input", "Output"):
            data = encoded(f"quoteExact{side}Single({SINGLE})", (key, True, amount, b""))
            yield f"{label}-{side.lower()}", "quote", data


def routes() -> Iterator[tuple[str, str, bytes]]:
    hop = {
        "n": (NATIVE, 500, 10, bytes(20), b""),
        "a-by-n": (A, 500, 10, bytes(20), b""),
        "a": (A, 3_000, 60, bytes(20), b""),
        "b": (B, 3_000, 60, bytes(20), b""),
        "b-gaps": (B, 10_000, 200, bytes(20), b"ignored"),
        "c": (C, 100, 1, bytes(20), b""),
        "a-by-c": (A, 3_000, 60, bytes(20), b""),
    }
    for name, currency, path in (
        ("none", A, []),
        ("one", A, ["b"]),
        ("n-to-c", NATIVE, ["a-by-n", "b", "c"]),
        ("gaps", NATIVE, ["a-by-n", "b-gaps", "c"]),
        ("round", A, ["b", "a", "b", "a"]),
        ("dead-end", B, ["c", "a-by-c"]),
        ("to-itself", A, ["a"]),
    ):
        hops = [hop[each] for each in path]
        back = [hop[each] for each in reversed(path)]
        for amount in (1_000, E18 // 3):
            forward = encoded(f"quoteExactInput({ROUTE})", (currency, hops, amount))
            yield f"route-{name}-input-{amount}", "quote", forward
            backward = encoded(f"quoteExactOutput({ROUTE})", (currency, back, amount))
            yield f"route-{name}-output-{amount}", "quote", backward


def hooked_questions() -> Iterator[tuple[str, str, bytes]]:
    """Of a pool whose hook counts its calls and sets the fee by them."""
    around = [(B, 0x800000, 60, HOOK, b"who"), (A, 3_000, 60, bytes(20), b"")]
    for side in ("Input", "Output"):
        for data in (b"", b"who", b"x" * 65):
            for zero_for_one in (True, False):
                params = (HOOKED, zero_for_one, E18 // 3, data)
                name = f"hooked-{side.lower()}-{len(data)}-{int(zero_for_one)}"
                yield name, "quote", encoded(f"quoteExact{side}Single({SINGLE})", params)
        for amount in (0, E18 // 5, 10**30):
            name = f"hooked-{side.lower()}-amount-{amount}"
            params = (HOOKED, True, amount, b"")
            yield name, "quote", encoded(f"quoteExact{side}Single({SINGLE})", params)
        path = around if side == "Input" else [(A, *around[0][1:]), (B, *around[1][1:])]
        for name, hops in (("there", path), ("thrice", [*path, path[0]])):
            route = (A if side == "Input" or len(hops) == 2 else B, hops, E18 // 7)
            data = encoded(f"quoteExact{side}({ROUTE})", route)
            yield f"hooked-route-{side.lower()}-{name}", "quote", data


def views(identifier: bytes) -> Iterator[tuple[str, str, bytes]]:
    words = {1: "uint256", 2: "uint256,uint256", 3: "uint256,uint256,uint256"}
    yield "slot0", "uint160,int24,uint24,uint24", encoded("getSlot0(bytes32)", identifier)
    yield "liquidity", "uint128", encoded("getLiquidity(bytes32)", identifier)
    yield "growth", words[2], encoded("getFeeGrowthGlobals(bytes32)", identifier)
    for tick in (-600, 600, 22_500, -300, 6_000):
        name, asked = f"tick-{tick}", (identifier, tick)
        types = "uint128,int128,uint256,uint256"
        yield name, types, encoded("getTickInfo(bytes32,int24)", *asked)
        data = encoded("getTickLiquidity(bytes32,int24)", *asked)
        yield f"{name}-liquidity", "uint128,int128", data
        yield f"{name}-growth", words[2], encoded("getTickFeeGrowthOutside(bytes32,int24)", *asked)
    for place in (-1, 0, 8):
        data = encoded("getTickBitmap(bytes32,int16)", identifier, place)
        yield f"bitmap-{place}", words[1], data
    for lower, upper, salt in ((-600, 600, 0), (-120, 1_200, 7), (21_000, 22_500, 0)):
        name, salted = f"position-{lower}", salt.to_bytes(32, "big")
        signature = "getPositionInfo(bytes32,address,int24,int24,bytes32)"
        data = encoded(signature, identifier, ACTOR, lower, upper, salted)
        yield name, words[3], data
        ends = b"".join(tick.to_bytes(3, "big", signed=True) for tick in (lower, upper))
        position = keccak(ACTOR + ends + salted)
        data = encoded("getPositionInfo(bytes32,bytes32)", identifier, position)
        yield f"{name}-by-id", words[3], data
        data = encoded("getPositionLiquidity(bytes32,bytes32)", identifier, position)
        yield f"{name}-liquidity", words[1], data
        data = encoded("getFeeGrowthInside(bytes32,int24,int24)", identifier, lower, upper)
        yield f"{name}-inside", words[2], data
