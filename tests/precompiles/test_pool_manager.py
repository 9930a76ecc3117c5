"""What the vectors of the pool manager do not show: settings, odd answers, and paying for work."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from precompiles.abi import Revert
from precompiles.conformance import embedded, forwarder
from precompiles.conformance.embedded import Log, World
from precompiles.conformance.vectors import DEFAULT_CALLER, Vector, load, path_of
from precompiles.dex.pool_manager import contract, layout, pool
from precompiles.dex.pool_manager.hooks import DATA_MAX, key_of
from precompiles.registry import find

OURS = (0x0400).to_bytes(20, "big")
ENTRY = find("pool_manager")
ONE = 1 << 96
MIN_PRICE, MAX_PRICE = 4295128739, 1461446703485210103287273052203988822378723970342
KEY, SWAP = "(address,address,uint24,int24,address)", "(bool,int256,uint160)"
FIRST, SECOND = b"\xaa" * 20, b"\xbb" * 20


def vector_named(name: str) -> Vector:
    return next(each for each in load(path_of(ENTRY)) if each.name == name)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def named(error: str, *arguments: int) -> bytes:
    return keccak(text=error)[:4] + b"".join(map(word, arguments))


# --- Settings -------------------------------------------------------------------------------


def test_settings_name_the_owner_and_the_controller() -> None:
    start = ENTRY.genesis
    assert start is not None
    assert start({}).storage == {}
    both = start({"admin": "0x" + "11" * 20, "protocolFeeController": "0x" + "aB" * 20})
    assert both.storage == {0: int("11" * 20, 16), 2: int("ab" * 20, 16)}
    assert both.balance == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"admin": "0x11"}, "admin: '0x11' is not an address"),
        ({"admin": "11" * 20}, "admin: '1111"),
        ({"admin": "0x" + "11" * 21}, "admin: "),
        ({"admin": "0x" + "zz" * 20}, "admin: "),
        ({"admin": 17}, "admin: 17 is not an address"),
        ({"admin": None}, "admin: None is not an address"),
        ({"protocolFeeController": []}, "protocolFeeController: "),
        ({"owner": "0x" + "11" * 20}, "unknown settings: owner"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, Any], complaint: str) -> None:
    assert ENTRY.genesis is not None
    with pytest.raises(ValueError, match="^" + complaint):
        ENTRY.genesis(settings)


# --- What a callback returns ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "result"),
    [
        (word(32) + word(0), b""),
        (word(32) + word(3) + b"abc" + bytes(29), b"abc"),
        (word(32) + word(3) + b"abc", b"abc"),  # Without padding, which Solidity does not miss.
        (word(64) + b"\xff" * 32 + word(1) + b"x", b"x"),
        (word(0) + b"", b""),  # The offset serves as the length too.
        (word(32) + word(2) + b"xyz" + bytes(200), b"xy"),
    ],
)
def test_a_callback_may_encode_as_solidity_reads(output: bytes, result: bytes) -> None:
    assert contract.returned_bytes(output) == result


@pytest.mark.parametrize(
    ("output", "payload"),
    [
        (b"", b""),
        (bytes(31), b""),
        (word(1), b""),
        (word(33) + word(0), b""),
        (word(1 << 255) + word(0), b""),
        (word(32), b""),
        (word(32) + word(1), b""),
        (word(32) + word((1 << 64) - 1), b""),
        (word(32) + word(1 << 64), named("Panic(uint256)", 0x41)),
        (word(32) + word((1 << 256) - 1), named("Panic(uint256)", 0x41)),
        (
            word(32) + word(DATA_MAX + 1) + bytes(DATA_MAX + 1),
            named("InvalidLength(uint256,uint256)", DATA_MAX, DATA_MAX + 1),
        ),
    ],
)
def test_what_a_callback_may_not_return(output: bytes, payload: bytes) -> None:
    with pytest.raises(Revert) as caught:
        contract.returned_bytes(output)
    assert caught.value.data == payload


def test_a_caller_without_code_cannot_unlock() -> None:
    data = keccak(text="unlock(bytes)")[:4] + encode(["bytes"], [b""])
    done = embedded.call_precompile(World(), OURS, data, caller=b"\x99" * 20)
    assert (done.status, done.data) == ("reverted", b"")


# --- Paying for work ------------------------------------------------------------------------


def world_with_pool(spacing: int) -> World:
    world = World()
    world.codes[DEFAULT_CALLER] = forwarder.CODE
    key = (FIRST, SECOND, 3_000, spacing, bytes(20))
    data = keccak(text=f"initialize({KEY},uint160)")[:4] + encode([KEY, "uint160"], [key, ONE])
    assert embedded.call_precompile(world, OURS, data).status == "success"
    return world


def swap_to_the_end(world: World, spacing: int, *, down: bool, gas: int) -> embedded.Outcome:
    """Swap through a pool without any liquidity: every word of its bitmap is empty."""
    key = (FIRST, SECOND, 3_000, spacing, bytes(20))
    limit = MIN_PRICE + 1 if down else MAX_PRICE - 1
    arguments = encode([KEY, SWAP, "bytes"], [key, (down, -1, limit), b""])
    data = keccak(text=f"swap({KEY},{SWAP},bytes)")[:4] + arguments
    script = forwarder.script((OURS, 0, data))
    unlock = keccak(text="unlock(bytes)")[:4] + encode(["bytes"], [script])
    return embedded.call_precompile(world, OURS, unlock, gas=gas)


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("spacing", [60, 200, 1_000])
def test_every_empty_word_is_paid_for(spacing: int, down: bool) -> None:
    words = 887_272 // spacing // 256
    done = swap_to_the_end(world_with_pool(spacing), spacing, down=down, gas=10**8)
    assert done.status == "success"
    assert done.gas_used >= words * (pool.STEP_GAS + 2_100)
    assert done.gas_used <= (words + 3) * (pool.STEP_GAS + 2_100) + 60_000


def test_a_swap_ends_where_its_gas_does() -> None:
    """3,466 empty words cost more than any block has; nothing is left of the attempt."""
    world = world_with_pool(1)
    before = dict(world.storage)
    done = swap_to_the_end(world, 1, down=True, gas=5_000_000)
    assert done.status != "success"
    assert done.gas_used > 4_500_000
    assert {slot: each for slot, each in world.storage.items() if each} == before


# --- Readers for other entries --------------------------------------------------------------


def reader(world: World) -> Callable[[int], int]:
    return lambda slot: world.storage.get((OURS, slot), 0)


def after(name: str) -> tuple[World, Sequence[Log]]:
    vector = vector_named(name)
    world = embedded.prepared(vector)
    done = embedded.call_precompile(world, OURS, vector.input, caller=vector.caller)
    assert done.status == "success"
    return world, done.logs


def test_readers_see_what_a_swap_left() -> None:
    world, logs = after("swap-exact-in-0")
    read = reader(world)
    slot = layout.pool_slot(key_of((FIRST, SECOND, 3_000, 60, bytes(20))).pool_id)
    (log,) = (each for each in logs if each.address == OURS)
    words = [int.from_bytes(log.data[at : at + 32], "big") for at in range(0, 192, 32)]
    slot0 = pool.read_slot0(read, slot)
    assert slot0.sqrt_price == words[2]
    assert slot0.tick == -1
    assert words[4] == (1 << 256) - 1
    assert slot0.lp_fee == 3_000
    assert slot0.protocol_fee == 0
    assert pool.read_liquidity(read, slot) == words[3] == 10**18
    # Three of the thousand stay as the fee.
    growth = pool.read_growth(read, slot)
    assert growth == (3 * (1 << 128) // 10**18, 0)
    lower, upper = pool.read_tick(read, slot, -600), pool.read_tick(read, slot, 600)
    assert (lower.liquidity_gross, lower.liquidity_net) == (10**18, 10**18)
    assert (upper.liquidity_gross, upper.liquidity_net) == (10**18, -(10**18))
    assert pool.read_growth_inside(read, slot, slot0.tick, -600, 600) == growth
    assert pool.read_growth_inside(read, slot, -601, -600, 600) == (0, 0)
    position = pool.read_position(read, slot, DEFAULT_CALLER, -600, 600, bytes(32))
    assert position.liquidity == 10**18
    assert position.growth_inside == (0, 0)
    assert pool.next_tick(read, slot, 0, 60, down=True) == (0, False)
    assert pool.next_tick(read, slot, -1, 60, down=True) == (-600, True)
    assert pool.next_tick(read, slot, 0, 60, down=False) == (600, True)
    assert pool.next_tick(read, slot, -601, 60, down=True) == (-256 * 60, False)
    assert pool.next_tick(read, slot, 600, 60, down=False) == (255 * 60, False)


def test_readers_of_no_pool_see_nothing() -> None:
    slot = layout.pool_slot(bytes(32))
    slot0 = pool.read_slot0(reader(World()), slot)
    assert slot0 == layout.Slot0(sqrt_price=0, tick=0, protocol_fee=0, lp_fee=0)
    with pytest.raises(Revert):
        pool.require_initialized(slot0)
