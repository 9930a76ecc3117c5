"""The pool manager against a slow model of a pool that shares neither its code nor its tricks.

The model knows positions, not ticks: what a position earned is added up at every step of every
swap, for each position by itself; the liquidity at a price is a sum over positions; the next tick
is searched in a list. Its arithmetic is fractions, rounded where v4 says that something is rounded.
What the model foretells is settled before each call, so the lock itself holds it to every unit.
"""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import isqrt
from pathlib import Path
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from precompiles.conformance import embedded, forwarder

OURS = (0x0400).to_bytes(20, "big")
TOKENS = b"\xaa" * 20, b"\xbb" * 20
CALLERS = b"\x11" * 20, b"\x22" * 20
PLENTY = 10**40
ONE, Q128 = 1 << 96, 1 << 128
MIN_TICK, MAX_TICK = -887272, 887272
UNIT = 1_000_000
RESERVES_OF = int.from_bytes(keccak(text="ReservesOf"), "big") - 1
"""The balance that was noted last stays to the end of the transaction, as in v4."""

RECORDED = Path(__file__).parent / "vectors" / "pool_manager_v4.json"
TOKEN_CODE = bytes.fromhex(json.loads(RECORDED.read_text("utf-8"))["contracts"]["token"][2:])

KEY = "(address,address,uint24,int24,address)"
CHANGE = "(int24,int24,int256,bytes32)"
SWAP = "(bool,int256,uint160)"


def floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def ceil(value: Fraction) -> int:
    return -floor(-value)


# --- The model ------------------------------------------------------------------------------


@cache
def factors() -> list[int]:
    """2^128 / 1.0001^(2^i / 2), to the nearest integer."""
    scale = 1 << 600
    inverse, found = scale * 10000 // 10001, []
    for _ in range(20):
        found.append((isqrt(inverse * scale) + (1 << 471)) >> 472)
        inverse = inverse * inverse // scale
    return found


@cache
def price_at(tick: int) -> int:
    ratio = 1 << 128
    for bit, factor in enumerate(factors()):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor // (1 << 128)
    ratio = ((1 << 256) - 1) // ratio if tick > 0 else ratio
    return ceil(Fraction(ratio, 1 << 32))


def tick_at(price: int) -> int:
    low, high = MIN_TICK, MAX_TICK
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if price_at(middle) <= price else (low, middle - 1)
    return low


def amount0(low: int, high: int, liquidity: int, *, up: bool) -> int:
    rounded = ceil if up else floor
    inner = rounded(Fraction(liquidity * ONE * (high - low), high))
    return rounded(Fraction(inner, low))


def amount1(low: int, high: int, liquidity: int, *, up: bool) -> int:
    return (ceil if up else floor)(Fraction(liquidity * (high - low), ONE))


@dataclass
class Position:
    lower: int
    upper: int
    liquidity: int = 0
    growth: list[int] = field(default_factory=lambda: [0, 0])
    """What a unit of its liquidity has earned since it was last asked."""


@dataclass
class Pool:
    fee: int
    spacing: int
    price: int = ONE
    tick: int = 0
    protocol_fee: tuple[int, int] = (0, 0)
    protocol_owed: list[int] = field(default_factory=lambda: [0, 0])
    positions: dict[tuple[bytes, int, int], Position] = field(default_factory=dict)

    def liquidity(self) -> int:
        return sum(
            each.liquidity
            for each in self.positions.values()
            if each.lower <= self.tick < each.upper
        )

    def earn(self, side: int, amount: int) -> None:
        """Share an amount among the positions at the present tick."""
        liquidity = self.liquidity()
        if liquidity:
            for each in self.positions.values():
                if each.lower <= self.tick < each.upper:
                    each.growth[side] += amount * Q128 // liquidity

    def modify(self, owner: bytes, lower: int, upper: int, change: int) -> tuple[int, int]:
        """Return what the owner is owed, fees included."""
        position = self.positions.setdefault((owner, lower, upper), Position(lower, upper))
        fees = [floor(Fraction(each * position.liquidity, Q128)) for each in position.growth]
        position.growth = [0, 0]
        position.liquidity += change
        if position.liquidity == 0:
            del self.positions[owner, lower, upper]
        up, size = change > 0, abs(change)
        low = min(max(self.price, price_at(lower)), price_at(upper))
        if self.tick < lower:
            low = price_at(lower)
        elif self.tick >= upper:
            low = price_at(upper)
        parts = (
            amount0(low, price_at(upper), size, up=up),
            amount1(price_at(lower), low, size, up=up),
        )
        sign = -1 if up else 1
        return sign * parts[0] + fees[0], sign * parts[1] + fees[1]

    def boundary(self, down: bool) -> int:
        """The next tick that a position ends at, at most to the end of 256 spacings."""
        ends = {end for each in self.positions.values() for end in (each.lower, each.upper)}
        number = self.tick // self.spacing
        if down:
            first = number // 256 * 256
            found = [end for end in ends if first <= end // self.spacing <= number]
            return max(found) if found else max(first * self.spacing, MIN_TICK)
        number += 1
        last = number // 256 * 256 + 255
        found = [end for end in ends if number <= end // self.spacing <= last]
        return min(found) if found else min(last * self.spacing, MAX_TICK)

    def swap(self, down: bool, amount: int, limit: int) -> tuple[int, int]:
        """Return what the caller is owed."""
        protocol = self.protocol_fee[0 if down else 1]
        fee = protocol + ceil(Fraction(self.fee * (UNIT - protocol), UNIT))
        left, other = amount, 0
        while left and self.price != limit:
            ahead = self.boundary(down)
            start, goal = self.price, price_at(ahead)
            target = max(goal, limit) if down else min(goal, limit)
            paid_in, out, paid_fee = self.move(down, target, left, fee)
            if amount < 0:
                left, other = left + paid_in + paid_fee, other + out
            else:
                left, other = left - out, other - paid_in - paid_fee
            share = (paid_in + paid_fee) * protocol // UNIT
            share = paid_fee if fee == protocol else share
            self.protocol_owed[0 if down else 1] += share
            self.earn(0 if down else 1, paid_fee - share)
            if self.price == goal:
                self.tick = ahead - 1 if down else ahead
            elif self.price != start:
                self.tick = tick_at(self.price)
        specified = amount - left
        return (specified, other) if down == (amount < 0) else (other, specified)

    def move(self, down: bool, target: int, left: int, fee: int) -> tuple[int, int, int]:
        """Move the price to the target, or as far as what is left goes."""
        liquidity, start = self.liquidity(), self.price
        coming, going = (amount0, amount1) if down else (amount1, amount0)

        def between(way: Any, goal: int, *, up: bool) -> int:
            return int(way(min(start, goal), max(start, goal), liquidity, up=up))

        if left < 0:
            usable = floor(Fraction(-left * (UNIT - fee), UNIT))
            most = between(coming, target, up=True)
            if usable >= most:
                self.price, paid = target, most
                cost = ceil(Fraction(most * fee, UNIT - fee))
            else:
                if down:
                    exact = Fraction(liquidity * ONE * start, liquidity * ONE + usable * start)
                    self.price = ceil(exact)
                else:
                    self.price = start + floor(Fraction(usable * ONE, liquidity))
                paid, cost = usable, -left - usable
            return paid, between(going, self.price, up=False), cost
        most = between(going, target, up=False)
        if left >= most:
            self.price, out = target, most
        else:
            out = left
            if down:
                self.price = start - ceil(Fraction(out * ONE, liquidity))
            else:
                exact = Fraction(liquidity * ONE * start, liquidity * ONE - out * start)
                self.price = ceil(exact)
        paid = between(coming, self.price, up=True)
        return paid, out, ceil(Fraction(paid * fee, UNIT - fee))


# --- Both side by side ----------------------------------------------------------------------


def call(signature: str, *arguments: Any) -> bytes:
    inner, depth, types = signature[signature.index("(") + 1 : -1], 0, [""]
    for letter in inner:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            types.append("")
        else:
            types[-1] += letter
    return keccak(text=signature)[:4] + encode([each for each in types if each], arguments)


# Positions lie close together, and swaps go far beyond them, so that most swaps cross ticks.
spacings = st.integers(-5, 5)
sizes = st.sampled_from([10**18, 10**21, 10**12, 999, 10**6, 1])
amounts = st.sampled_from([10**24, 10**30, 10**15, 10**6, 999, 1])
limits = st.tuples(st.integers(-8, 8), st.integers(-1, 1))


class Machine(RuleBasedStateMachine):
    """Random calls by two callers on one pool."""

    @initialize(
        fee=st.sampled_from([0, 1, 500, 3_000, 10_000, 500_000]),
        spacing=st.sampled_from([1, 10, 60]),
        start=st.integers(-4, 4),
    )
    def begin(self, fee: int, spacing: int, start: int) -> None:
        self.world = embedded.World()
        for token in TOKENS:
            self.world.codes[token] = TOKEN_CODE
        for caller in CALLERS:
            self.world.codes[caller] = forwarder.CODE
            for token in TOKENS:
                self.do(token, call("mint(address,uint256)", caller, PLENTY))
        controller = int.from_bytes(CALLERS[0], "big")
        self.world.storage[OURS, 2] = controller
        price = price_at(start * spacing) + start % 3
        self.pool = Pool(fee=fee, spacing=spacing, price=price, tick=tick_at(price))
        self.key = (*TOKENS, fee, spacing, bytes(20))
        self.do(OURS, call(f"initialize({KEY},uint160)", self.key, price))
        self.growth = (0, 0)
        self.claims = [0, 0]
        self.add(CALLERS[0], (-4, 4), 10**18)
        self.add(CALLERS[1], (-1, 2), 10**21)

    # Calls.

    def do(self, to: bytes, data: bytes, caller: bytes = CALLERS[0]) -> bytes:
        done = embedded.transact(self.world, to, data, caller=caller)
        assert done.status == "success", done.data.hex()
        return done.data

    def even(self, caller: bytes, delta: tuple[int, int], *requests: bytes) -> bytes:
        """Settle what is foretold, make the calls, and return what the last one said."""
        steps: list[tuple[bytes, int, bytes]] = []
        for token, amount in zip(TOKENS, delta, strict=True):
            if amount < 0:
                steps += [
                    (OURS, 0, call("sync(address)", token)),
                    (token, 0, call("transfer(address,uint256)", OURS, -amount)),
                    (OURS, 0, call("settle()")),
                ]
            if amount > 0:
                take = call("take(address,address,uint256)", token, caller, amount)
                steps.append((OURS, 0, take))
        steps += [(OURS, 0, each) for each in requests]
        said = self.do(OURS, call("unlock(bytes)", forwarder.script(*steps)), caller)
        return bytes(decode(["bytes"], said)[0])

    def change(self, lower: int, upper: int, amount: int) -> bytes:
        params = (lower, upper, amount, bytes(32))
        return call(f"modifyLiquidity({KEY},{CHANGE},bytes)", self.key, params, b"")

    # Rules.

    @rule(
        caller=st.sampled_from(CALLERS),
        ends=st.tuples(spacings, spacings).filter(lambda pair: pair[0] < pair[1]),
        amount=sizes,
    )
    def add(self, caller: bytes, ends: tuple[int, int], amount: int) -> None:
        lower, upper = (each * self.pool.spacing for each in ends)
        delta = self.pool.modify(caller, lower, upper, amount)
        self.even(caller, delta, self.change(lower, upper, amount))

    @precondition(lambda self: self.pool.positions)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        names = sorted(self.pool.positions)
        caller, lower, upper = data.draw(st.sampled_from(names))
        held = self.pool.positions[caller, lower, upper].liquidity
        amount = data.draw(st.sampled_from([0, 1, (held + 1) // 2, held]))
        delta = self.pool.modify(caller, lower, upper, -amount)
        self.even(caller, delta, self.change(lower, upper, -amount))

    @rule(caller=st.sampled_from(CALLERS), amount=amounts, limit=limits)
    def swap_in(self, caller: bytes, amount: int, limit: tuple[int, int]) -> None:
        self.swap(caller, -amount, limit)

    @rule(caller=st.sampled_from(CALLERS), amount=amounts, limit=limits)
    def swap_out(self, caller: bytes, amount: int, limit: tuple[int, int]) -> None:
        self.swap(caller, amount, limit)

    @rule(caller=st.sampled_from(CALLERS), limits=st.tuples(limits, limits))
    def swap_through(self, caller: bytes, limits: tuple[tuple[int, int], ...]) -> None:
        """To one price and on to another, whatever it takes."""
        for limit in limits:
            self.swap(caller, -(10**35), limit)

    @rule(caller=st.sampled_from(CALLERS), amount=amounts, down=st.booleans())
    def swap_and_back(self, caller: bytes, amount: int, down: bool) -> None:
        """What a swap gave, swapped back at once: never a profit."""
        ends = price_at(-9 * self.pool.spacing), price_at(9 * self.pool.spacing)
        if not ends[0] < self.pool.price < ends[1]:
            return
        there = self.pool.swap(down, -amount, ends[0 if down else 1])
        requests = [self.swapping(down, -amount, ends[0 if down else 1])]
        got, back = there[1 if down else 0], (0, 0)
        if got:
            back = self.pool.swap(not down, -got, ends[1 if down else 0])
            requests.append(self.swapping(not down, -got, ends[1 if down else 0]))
        delta = there[0] + back[0], there[1] + back[1]
        assert delta[0 if down else 1] <= 0
        assert delta[1 if down else 0] == 0
        self.even(caller, delta, *requests)

    def swapping(self, down: bool, amount: int, limit: int) -> bytes:
        return call(f"swap({KEY},{SWAP},bytes)", self.key, (down, amount, limit), b"")

    def swap(self, caller: bytes, amount: int, limit: tuple[int, int]) -> None:
        end = price_at(limit[0] * self.pool.spacing) + limit[1]
        if end == self.pool.price:
            return
        down = end < self.pool.price
        delta = self.pool.swap(down, amount, end)
        data = self.swapping(down, amount, end)
        said = int.from_bytes(self.even(caller, delta, data), "big")
        assert said == ((delta[0] << 128) + (delta[1] % Q128)) % (1 << 256)

    @rule(caller=st.sampled_from(CALLERS), amount=sizes, beside=st.integers(0, 3))
    def donate(self, caller: bytes, amount: int, beside: int) -> None:
        if not self.pool.liquidity():
            return
        for side, each in enumerate((amount, beside)):
            self.pool.earn(side, each)
        data = call(f"donate({KEY},uint256,uint256,bytes)", self.key, amount, beside, b"")
        self.even(caller, (-amount, -beside), data)

    @rule(fees=st.tuples(*[st.sampled_from([0, 1, 500, 1_000])] * 2))
    def set_protocol_fee(self, fees: tuple[int, int]) -> None:
        self.do(OURS, call(f"setProtocolFee({KEY},uint24)", self.key, fees[1] << 12 | fees[0]))
        self.pool.protocol_fee = fees

    @rule(side=st.integers(0, 1))
    def collect(self, side: int) -> None:
        data = call("collectProtocolFees(address,address,uint256)", CALLERS[1], TOKENS[side], 0)
        assert int.from_bytes(self.do(OURS, data), "big") == self.pool.protocol_owed[side]
        self.pool.protocol_owed[side] = 0

    @rule(caller=st.sampled_from(CALLERS), side=st.integers(0, 1), amount=sizes)
    def mint(self, caller: bytes, side: int, amount: int) -> None:
        number = int.from_bytes(TOKENS[side], "big")
        delta = (-amount, 0) if side == 0 else (0, -amount)
        data = call("mint(address,uint256,uint256)", CALLERS[1], number, amount)
        self.even(caller, delta, data)
        self.claims[side] += amount

    @precondition(lambda self: any(self.claims))
    @rule(side=st.integers(0, 1))
    def burn(self, side: int) -> None:
        number, amount = int.from_bytes(TOKENS[side], "big"), self.claims[side]
        delta = (amount, 0) if side == 0 else (0, amount)
        # Claims come before what they pay for.
        data = call("burn(address,uint256,uint256)", CALLERS[1], number, amount)
        steps = [(OURS, 0, data)]
        take = call("take(address,address,uint256)", TOKENS[side], CALLERS[1], amount)
        steps += [(OURS, 0, take)] if amount else []
        self.do(OURS, call("unlock(bytes)", forwarder.script(*steps)), CALLERS[1])
        self.claims[side] = 0
        assert sum(delta) == amount

    @rule(
        caller=st.sampled_from(CALLERS),
        ends=st.tuples(spacings, spacings).filter(lambda pair: pair[0] < pair[1]),
        amount=sizes,
    )
    def add_and_remove(self, caller: bytes, ends: tuple[int, int], amount: int) -> None:
        """There and back at once: never a profit."""
        lower, upper = (each * self.pool.spacing for each in ends)
        held = self.pool.positions.get((caller, lower, upper))
        earned = [0, 0] if held is None else [each * held.liquidity >> 128 for each in held.growth]
        there = self.pool.modify(caller, lower, upper, amount)
        back = self.pool.modify(caller, lower, upper, -amount)
        delta = there[0] + back[0], there[1] + back[1]
        assert all(each - fee <= 0 for each, fee in zip(delta, earned, strict=True))
        self.even(
            caller, delta, self.change(lower, upper, amount), self.change(lower, upper, -amount)
        )

    # What must always hold.

    def word(self, slot: int) -> int:
        return self.world.storage.get((OURS, slot), 0)

    def slot(self, *path: int) -> int:
        """Where a chain of mappings in the pool leads; the first is an offset in it."""
        name = keccak(encode([KEY], [self.key]))
        base = int.from_bytes(keccak(name + (6).to_bytes(32, "big")), "big") + path[0]
        for key in path[1:]:
            words = (key % (1 << 256)).to_bytes(32, "big") + base.to_bytes(32, "big")
            base = int.from_bytes(keccak(words), "big")
        return base

    def held(self, side: int) -> int:
        said = self.do(TOKENS[side], call("balanceOf(address)", OURS))
        return int.from_bytes(said, "big")

    @invariant()
    def the_pool_is_as_the_model_says(self) -> None:
        slot0 = self.word(self.slot(0))
        assert slot0 % (1 << 160) == self.pool.price
        assert slot0 >> 160 & 0xFFFFFF == self.pool.tick % (1 << 24)
        assert self.word(self.slot(3)) == self.pool.liquidity()

    @invariant()
    def nothing_is_owed(self) -> None:
        left = {slot for (_, slot), word in self.world.transient.items() if word}
        assert left <= {RESERVES_OF}

    @invariant()
    def net_liquidity_sums_to_zero(self) -> None:
        nets = []
        ends = {e for each in self.pool.positions.values() for e in (each.lower, each.upper)}
        for end in ends:
            word = self.word(self.slot(4, end))
            net = word >> 128
            nets.append(net - (1 << 128) if net >> 127 else net)
            gross = sum(
                each.liquidity
                for each in self.pool.positions.values()
                if end in (each.lower, each.upper)
            )
            assert word % Q128 == gross
        assert sum(nets) == 0

    @invariant()
    def fee_growth_never_falls(self) -> None:
        growth = self.word(self.slot(1)), self.word(self.slot(2))
        assert all(now >= before for now, before in zip(growth, self.growth, strict=True))
        self.growth = growth

    @invariant()
    def reserves_cover_what_is_owed(self) -> None:
        """Claims, protocol fees, and all that positions would get if they left now."""
        owed = [
            claim + fee for claim, fee in zip(self.claims, self.pool.protocol_owed, strict=True)
        ]
        copy = Pool(**{**vars(self.pool), "positions": {}})
        for (owner, lower, upper), each in self.pool.positions.items():
            copy.positions[owner, lower, upper] = Position(
                lower, upper, each.liquidity, list(each.growth)
            )
        for (owner, lower, upper), each in self.pool.positions.items():
            got = copy.modify(owner, lower, upper, -each.liquidity)
            owed = [before + more for before, more in zip(owed, got, strict=True)]
        assert all(self.held(side) >= owed[side] for side in (0, 1))

    def teardown(self) -> None:
        """All leave, and are paid."""
        if not hasattr(self, "pool"):
            return
        for (owner, lower, upper), each in list(self.pool.positions.items()):
            amount = -each.liquidity
            delta = self.pool.modify(owner, lower, upper, amount)
            self.even(owner, delta, self.change(lower, upper, amount))
        assert self.word(self.slot(3)) == 0
        for side in (0, 1):
            self.collect(side)
            assert self.held(side) >= self.claims[side]


TestPool = Machine.TestCase
TestPool.settings = settings(max_examples=30, stateful_step_count=30)
