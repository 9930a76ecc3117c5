"""The quoter beside the swaps that it foretells. What v4's own quoter says is in its vectors."""

import sys
from pathlib import Path
from typing import Any

import pytest
from eth_abi import decode
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from precompiles.conformance.embedded import Outcome, World, call_precompile, transact
from precompiles.registry import find

V4 = Path(__file__).parent / "vectors" / "v4"
sys.path.insert(0, str(V4))

import scene  # noqa: E402 - found through the line above

MANAGER, QUOTER = find("pool_manager").address, find("quoter").address
CALLER = b"\x7c" * 20
E18 = 10**18
HOOK = b"\x77" * 18 + b"\x00\xc0"
DYNAMIC = 0x800000

CODES = {
    scene.ACTOR: scene.compiled(V4 / "actor.vy"),
    HOOK: scene.compiled(V4 / "hook.vy"),
    **dict.fromkeys(scene.TOKENS, scene.compiled(V4.parent / "token.vy")),
}
PLAIN_POOL = scene.AB
NEXT_POOL = scene.pool(scene.B, scene.C, 500, 10)
HOOKED_POOL = scene.pool(scene.A, scene.B, DYNAMIC, 60, HOOK)


@pytest.fixture(scope="module")
def filled() -> World:
    """Three pools with the same positions; tests copy it."""
    world = World(codes=dict(CODES))
    for at in scene.TOKENS:
        world.storage[at, scene.mapped(0, scene.ACTOR)] = scene.BALANCE
    for key in (PLAIN_POOL, NEXT_POOL, HOOKED_POOL):
        act(world, scene.initialize(MANAGER, key, scene.PRICE_1))
        positions = (
            scene.liquidity(key, -887_220, 887_220, 10 * E18),
            scene.liquidity(key, -600, 600, 1_000 * E18),
            scene.liquidity(key, -120, 1_200, 77 * E18, 7),
        )
        act(world, scene.session(MANAGER, *positions))
    return world


def copied(world: World) -> World:
    return World(codes=dict(world.codes), storage=dict(world.storage))


def act(world: World, step: scene.Step) -> None:
    outcome = transact(world, step.to, step.data, caller=CALLER, value=step.value)
    assert outcome.status == "success", outcome.data.hex()


def quote(world: World, name: str, params: Any, *, static: bool = False) -> Outcome:
    kind = scene.SINGLE if name.endswith("Single") else scene.ROUTE
    data = scene.encoded(f"{name}({kind})", params)
    return call_precompile(world, QUOTER, data, caller=CALLER, static=static)


def amount_of(outcome: Outcome) -> int:
    assert outcome.status == "success", outcome.data.hex()
    amount: int = decode(["uint256", "uint256"], outcome.data)[0]
    return amount


def held(world: World, token: bytes) -> int:
    return world.storage.get((token, scene.mapped(0, scene.ACTOR)), 0)


def swapped(world: World, key: scene.Key, zero_for_one: bool, amount: int) -> tuple[int, int]:
    """What a real swap takes and gives."""
    paid, got = key[:2] if zero_for_one else (key[1], key[0])
    before = held(world, paid), held(world, got)
    act(world, scene.session(MANAGER, scene.swap(key, zero_for_one, amount)))
    return before[0] - held(world, paid), held(world, got) - before[1]


amounts = st.one_of(st.integers(1, 10**6), st.integers(1, 20 * E18))


@given(
    key=st.sampled_from((PLAIN_POOL, NEXT_POOL, HOOKED_POOL)),
    moves=st.lists(st.tuples(st.booleans(), st.booleans(), amounts), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_a_quote_is_what_the_swap_then_does(
    filled: World, key: scene.Key, moves: list[tuple[bool, bool, int]]
) -> None:
    """One after the other, so that later ones begin at odd prices."""
    world = copied(filled)
    for zero_for_one, exact_in, amount in moves:
        name = "quoteExactInputSingle" if exact_in else "quoteExactOutputSingle"
        before = dict(world.storage)
        quoted = quote(world, name, (key, zero_for_one, amount, b""))
        assert {k: v for k, v in world.storage.items() if v} == {
            k: v for k, v in before.items() if v
        }
        assert quoted.logs == ()
        if quoted.status != "success":
            continue
        paid, got = swapped(world, key, zero_for_one, -amount if exact_in else amount)
        assert (paid, got) == (
            (amount, amount_of(quoted)) if exact_in else (amount_of(quoted), amount)
        )


@given(exact_in=st.booleans(), forward=st.booleans(), amount=amounts)
@settings(max_examples=20, deadline=None)
def test_a_route_is_quoted_as_its_swaps_happen(
    filled: World, exact_in: bool, forward: bool, amount: int
) -> None:
    world = copied(filled)
    hops = [(PLAIN_POOL, scene.B, True), (NEXT_POOL, scene.C, True)]
    if not forward:
        hops = [(NEXT_POOL, scene.B, False), (PLAIN_POOL, scene.A, False)]
    start = scene.A if forward else scene.C
    ends = [start, *(currency for _, currency, _ in hops)]
    keys = [(key[2], key[3], key[4], b"") for key, _, _ in hops]
    if exact_in:
        path = [(currency, *key) for currency, key in zip(ends[1:], keys, strict=True)]
        outcome = quote(world, "quoteExactInput", (start, path, amount))
        assume(outcome.status == "success")
        for key, _, zero_for_one in hops:
            _, amount = swapped(world, key, zero_for_one, -amount)
    else:
        path = [(currency, *key) for currency, key in zip(ends[:-1], keys, strict=True)]
        outcome = quote(world, "quoteExactOutput", (ends[-1], path, amount))
        assume(outcome.status == "success")
        for key, _, zero_for_one in reversed(hops):
            amount, _ = swapped(world, key, zero_for_one, amount)
    assert amount_of(outcome) == amount


def test_a_static_call_gets_the_same(filled: World) -> None:
    params = (PLAIN_POOL, True, 5 * E18, b"")
    world = copied(filled)
    for name in ("quoteExactInputSingle", "quoteExactOutputSingle"):
        assert quote(world, name, params, static=True) == quote(world, name, params)


def test_a_hook_is_asked_only_where_it_may_write(filled: World) -> None:
    """The hook counts its calls and sets the fee by it: a static answer would be wrong."""
    world = copied(filled)
    single = (HOOKED_POOL, True, E18, b"")
    route = (scene.A, [(scene.B, DYNAMIC, 60, HOOK, b"")], E18)
    for name, params in (("quoteExactInputSingle", single), ("quoteExactInput", route)):
        refused = quote(world, name, params, static=True)
        assert refused.status == "reverted"
        assert refused.data == scene.encoded("HookNeedsWrites(address)", HOOK)
        quoted = quote(world, name, params)
        assert amount_of(quoted) == swapped(copied(world), HOOKED_POOL, True, -E18)[1]
    swapped(world, HOOKED_POOL, True, -E18)
    assert world.storage[HOOK, 0] == 2, "before and after, once: no quote has left a trace"


def test_the_hook_can_ask_who_wants_to_know(filled: World) -> None:
    world = copied(filled)
    world.storage[HOOK, 1] = int.from_bytes(CALLER, "big")
    quoted = quote(world, "quoteExactInputSingle", (HOOKED_POOL, True, E18, b"who"))
    assert quoted.status == "success", quoted.data.hex()
    world.storage[HOOK, 1] = 5
    refused = quote(world, "quoteExactInputSingle", (HOOKED_POOL, True, E18, b"who"))
    assert refused.data[:4] == scene.encoded("UnexpectedRevertBytes(bytes)", b"")[:4]


def test_a_callback_with_a_question_always_reverts(filled: World) -> None:
    """Whoever calls it, no swap outlives it."""
    world = copied(filled)
    data = scene.encoded(f"quoteExactInputSingle({scene.SINGLE})", (PLAIN_POOL, True, E18, b""))
    call = scene.encoded("unlockCallback(bytes)", data)
    for caller in (CALLER, MANAGER):
        outcome = call_precompile(world, QUOTER, call, caller=caller)
        assert outcome.status == "reverted"


def test_gas_grows_with_the_ticks_that_are_crossed(filled: World) -> None:
    figures = []
    for amount in (E18, 40 * E18, 60 * E18):
        outcome = quote(filled, "quoteExactInputSingle", (PLAIN_POOL, True, amount, b""))
        figures.append(decode(["uint256", "uint256"], outcome.data)[1])
    assert sorted(set(figures)) == figures
    # Two steps, as the price leaves a word of the bitmap at once. Read: slot 0, the liquidity, the
    # growth, two words. Written: slot 0, and the growth for the first time.
    assert figures[0] == 2 * 1_200 + 5 * 2_100 + 2_900 + 20_000
