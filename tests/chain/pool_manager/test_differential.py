"""Random operations on the genuine pool manager and on ours: nothing may differ.

Compared are the outcome of every call, return and revert data, logs in order, and at every step
the root of all storage. Gas is ours to set, but never above the genuine contract's.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak
from pool_scene import KEY, NATIVE, OURS, Heard, Key, Scene, Step, encoded, pool_id

OPERATIONS = 1_000
GAS_SHORT = 8_000_000
SEED = 20261121

MIN_PRICE, MAX_PRICE = 4295128739, 1461446703485210103287273052203988822378723970342
DYNAMIC = 0x800000
OVERRIDE = 0x400000
FEES = (0, 1, 100, 500, 3_000, 10_000, 999_999, 1_000_000, DYNAMIC)
SPACINGS = (1, 10, 60, 200, 2_000, 32_767)
AMOUNTS = (1, 2, 997, 10**6, 10**15, 10**18, 10**21, 10**27, 1 << 100, (1 << 127) - 1)
ONE = 1 << 96
MOVE = "transferFrom(address,address,uint256,uint256)"

SWAP_PARAMS, LIQUIDITY_PARAMS = "(bool,int256,uint160)", "(int24,int24,int256,bytes32)"
LIQUIDITY = f"address,{KEY},{LIQUIDITY_PARAMS}"
HOOK_CALLS = {
    f"beforeInitialize(address,{KEY},uint160)": 32,
    f"afterInitialize(address,{KEY},uint160,int24)": 32,
    f"beforeAddLiquidity({LIQUIDITY},bytes)": 32,
    f"afterAddLiquidity({LIQUIDITY},int256,int256,bytes)": 64,
    f"beforeRemoveLiquidity({LIQUIDITY},bytes)": 32,
    f"afterRemoveLiquidity({LIQUIDITY},int256,int256,bytes)": 64,
    f"beforeSwap(address,{KEY},{SWAP_PARAMS},bytes)": 96,
    f"afterSwap(address,{KEY},{SWAP_PARAMS},int256,bytes)": 64,
    f"beforeDonate(address,{KEY},uint256,uint256,bytes)": 32,
    f"afterDonate(address,{KEY},uint256,uint256,bytes)": 32,
}


class Campaign:
    """Draws requests, and remembers what makes later ones interesting."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.draw = random.Random(seed)
        self.sessions = [scene.contract("Session") for _ in range(2)]
        self.tokens = [scene.token(mode) for mode in (0, 0, 1, 2, 3, 4, 5, 6)]
        self.currencies = [NATIVE, *self.tokens, b"\xee" * 20]
        self.hooks = [self.hook(flags) for flags in self.flags()]
        self.keys: list[Key] = []
        self.positions: list[tuple[Key, int, int, bytes, int]] = []
        for session in self.sessions:
            for currency in self.currencies[:-1]:
                scene.give(currency, session)
        for manager in (OURS, scene.genuine):
            data = encoded("setProtocolFeeController(address)", self.sessions[0])
            assert scene.send(manager, data).status == 1
        for _ in range(8):
            self.keys.append(self.key())
        self.keys += [(*self.keys[0][:3], spacing, NATIVE) for spacing in (0, -1, 32_768)] + [
            (b"\2" * 20, b"\2" * 20, 0, 1, NATIVE),
            (*self.tokens[:2], 1_000_001, 1, NATIVE),
        ]

        self.fresh = list(self.keys)

    # Hooks.

    def flags(self) -> list[int]:
        some = [self.draw.randrange(1 << 14) for _ in range(3)]
        return [0x3FFF, 0x3FF0, 0x00CC, 0x0080, 0x0088, 0x0505, 0x0000, *some]

    def hook(self, flags: int) -> bytes:
        place = bytes([0x77]) + self.draw.randbytes(17)
        number = int.from_bytes(place + bytes(2), "big") | flags
        at = self.scene.contract("Puppet", number.to_bytes(20, "big"))
        for signature in HOOK_CALLS:
            self.teach(at, signature, plain=True)
        return at

    def teach(self, hook: bytes, signature: str, *, plain: bool = False) -> None:
        """Tell a hook what to answer: mostly what it should."""
        own = keccak(text=signature)[:4] + bytes(28)
        kind = 0 if plain else self.draw.randrange(12)
        delta = self.draw.choice((0, 0, 1, -1, 1000, -(10**9), 1 << 126, -(1 << 127)))
        other = self.draw.choice((0, 0, 5, -7, 10**6, (1 << 127) - 1))
        word = (delta << 128) | (other & (1 << 128) - 1) if "after" not in signature else delta
        if "Liquidity" in signature:
            word = (delta << 128) | (other & (1 << 128) - 1)
        word = 0 if plain or kind > 6 else word
        fee = 0 if plain else self.draw.choice((0, 0, OVERRIDE | 500, OVERRIDE | 1_000_001, 77))
        words = own + (word % (1 << 256)).to_bytes(32, "big") + fee.to_bytes(32, "big")
        data = words[: HOOK_CALLS[signature]]
        request, reverts = b"", False
        if kind == 1:
            data = self.draw.choice((b"", own[:31], own, words, words + bytes(32), b"\1" * 96))
        elif kind == 2:
            data, reverts = self.draw.choice((b"", b"no", b"n" * 32, b"x" * 70)), True
        elif kind == 3 and self.keys:
            request = self.step_data(self.draw.choice(self.keys))[0]
        self.scene.prepare(hook, signature, data, reverts=reverts, request=request)

    # Requests.

    def key(self) -> Key:
        pair = sorted(self.draw.sample(self.currencies, 2))
        if self.draw.randrange(3):
            pair = sorted(self.draw.sample(self.currencies[:4], 2))
        hook = self.draw.choice(self.hooks) if self.draw.randrange(2) else NATIVE
        fee = self.draw.choice(FEES)
        if self.draw.randrange(4):
            fee = DYNAMIC if hook != NATIVE and self.draw.randrange(2) else 3_000
        return (pair[0], pair[1], fee, self.draw.choice(SPACINGS), hook)

    def price(self) -> int:
        near = int(ONE * self.draw.uniform(0.5, 2))
        edges = (MIN_PRICE, MIN_PRICE + 1, MAX_PRICE - 1, MAX_PRICE, MIN_PRICE - 1, 0)
        kind = self.draw.randrange(10)
        if kind == 0:
            return self.draw.choice(edges)
        if kind == 1:
            return self.draw.randrange(MIN_PRICE, MAX_PRICE) >> self.draw.randrange(128)
        return self.draw.choice((ONE, near))

    def amount(self) -> int:
        return self.draw.choice((*AMOUNTS[:8], self.draw.choice(AMOUNTS)))

    def tick(self, spacing: int) -> int:
        reach = 887_272 // max(spacing, 1)
        kind = self.draw.randrange(20)
        if kind == 0:
            return self.draw.choice((-887_273, -887_272, 887_272, 887_273, 1, -(1 << 23)))
        if kind < 4:
            return self.draw.choice((-reach, reach)) * spacing
        return self.draw.randint(-min(reach, 40), min(reach, 40)) * spacing

    def step_data(self, key: Key) -> tuple[bytes, int]:
        """Return call data for the manager, and its value."""
        kind = self.draw.choice(
            ("modify", "modify", "swap", "swap", "swap", "swap", "donate", "odd")
        )
        return getattr(self, kind)(key), 0

    def initialize(self, key: Key) -> bytes:
        return encoded(f"initialize({KEY},uint160)", key, self.price())

    def modify(self, key: Key) -> bytes:
        spacing, salt = key[3], self.draw.choice((bytes(32), b"\1" * 32))
        lower, upper = sorted((self.tick(spacing), self.tick(spacing)))
        change = self.amount()
        if self.positions and self.draw.randrange(2):
            key, lower, upper, salt, known = self.draw.choice(self.positions)
            change = self.draw.choice((0, -known, -known // 2, -1, change))
        elif not self.draw.randrange(20):
            change = self.draw.choice((-change, 0, 1 << 127, -(1 << 127), 1 << 128))
        if change > 0:
            self.positions.append((key, lower, upper, salt, change))
        params = (lower, upper, change, salt)
        return encoded(f"modifyLiquidity({KEY},{LIQUIDITY_PARAMS},bytes)", key, params, b"hook")

    def swap(self, key: Key) -> bytes:
        zero_for_one = bool(self.draw.randrange(2))
        amount = self.amount() * self.draw.choice((1, -1))
        limit = MIN_PRICE + 1 if zero_for_one else MAX_PRICE - 1
        kind = self.draw.randrange(10)
        if kind == 0:
            limit, amount = self.price(), self.draw.choice((amount, 0, 1 << 255, (1 << 255) - 1))
        elif kind < 4:
            limit = int(
                ONE * (self.draw.uniform(0.2, 1) if zero_for_one else self.draw.uniform(1, 5))
            )
        amount = amount - (1 << 256) if amount >> 255 == 1 else amount
        params = (zero_for_one, amount, limit)
        return encoded(f"swap({KEY},{SWAP_PARAMS},bytes)", key, params, b"")

    def donate(self, key: Key) -> bytes:
        amounts = [self.draw.choice((0, self.amount(), 1 << 127)) for _ in range(2)]
        return encoded(f"donate({KEY},uint256,uint256,bytes)", key, *amounts, b"d" * 40)

    def odd(self, key: Key) -> bytes:
        """Whatever else the manager is asked."""
        session, other = self.draw.sample(self.sessions, 2)
        currency = self.draw.choice(self.currencies)
        number = int.from_bytes(currency, "big") | self.draw.choice((0, 0, 1 << 200))
        amount = self.draw.choice((0, 1, self.amount(), 1 << 127, (1 << 256) - 1))
        fee = self.draw.choice((0, 1000, 1001, 500 << 12 | 300, 1000 << 12 | 1000, 1001 << 12))
        slot = pool_id(key) if self.draw.randrange(2) else bytes(31) + b"\2"
        return self.draw.choice(
            (
                self.initialize(key),
                encoded("take(address,address,uint256)", currency, other, amount),
                encoded("clear(address,uint256)", currency, amount),
                encoded("mint(address,uint256,uint256)", other, number, amount),
                encoded("burn(address,uint256,uint256)", session, number, amount),
                encoded("sync(address)", currency),
                encoded("settle()"),
                encoded("settleFor(address)", other),
                encoded("transfer(address,uint256,uint256)", other, number, amount),
                encoded("approve(address,uint256,uint256)", other, number, amount),
                encoded(MOVE, session, other, number, amount),
                encoded("setOperator(address,bool)", other, bool(amount)),
                encoded(f"setProtocolFee({KEY},uint24)", key, fee),
                encoded("collectProtocolFees(address,address,uint256)", other, currency, amount),
                encoded(f"updateDynamicLPFee({KEY},uint24)", key, amount % (1 << 24)),
                encoded("unlock(bytes)", b""),
                encoded("transferOwnership(address)", session),
                encoded("setProtocolFeeController(address)", session),
                encoded("extsload(bytes32)", slot),
                encoded("extsload(bytes32,uint256)", slot, 5),
                encoded("extsload(bytes32[])", [slot, slot]),
                encoded("exttload(bytes32[])", [slot, slot]),
                encoded("exttload(bytes32)", keccak(text="Currency")[:31] + b"\0"),
                encoded("balanceOf(address,uint256)", session, number),
                encoded("allowance(address,address,uint256)", session, other, number),
                encoded("isOperator(address,address)", session, other),
                encoded("supportsInterface(bytes4)", b"\x01\xff\xc9\xa7"),
                encoded("protocolFeesAccrued(address)", currency),
                encoded("protocolFeeController()"),
                encoded("owner()"),
            )
        )  # fmt: skip

    def request(self) -> Callable[[bytes], Heard]:
        """Draw one request, to be made to either manager."""
        key = self.draw.choice(self.keys[: 8 if self.draw.randrange(12) else None])
        session = self.draw.choice(self.sessions)
        kind = self.draw.randrange(20)
        if kind == 0:
            self.keys[self.draw.randrange(8)] = key = self.key()
            self.fresh.append(key)
        if self.fresh:
            data = self.initialize(self.fresh.pop())
        elif kind < 2:
            data = self.initialize(key)
        elif kind < 4:
            data = self.odd(key)
        else:
            count = self.draw.randint(1, 5)
            steps: list[Step] = []
            touched: set[bytes] = set()
            for _ in range(count):
                chosen = key if self.draw.randrange(3) else self.draw.choice(self.keys[:8])
                data, value = self.step_data(chosen)
                value = self.draw.choice((0, 10**9)) if data[:4] == encoded("settle()") else value
                steps.append((NATIVE, value, data))
                touched |= set(chosen[:2])
            manner = self.draw.choice((0, 0, 1, 1, 2, 3))
            settled = sorted(touched)[:4] if self.draw.randrange(12) else []

            def session_of(manager: bytes) -> Heard:
                own = [(manager, value, data) for _, value, data in steps]
                return self.scene.unlocked(manager, session, own, settled, manner)

            return session_of
        value = self.draw.choice((0, 0, 0, 3))
        value = (
            value if data[:4] in (encoded("settle()"), keccak(text="settleFor(address)")[:4]) else 0
        )
        return lambda manager: self.scene.direct(manager, session, data, value)


def run(scene: Scene, seed: int, count: int) -> dict[str, Any]:
    campaign = Campaign(scene, seed)
    assert scene.same_storage()
    totals = {"steps": 0, "succeeded": 0, "ours": 0, "genuine": 0}
    for number in range(count):
        if campaign.draw.randrange(8) == 0:
            hook = campaign.draw.choice(campaign.hooks)
            campaign.teach(hook, campaign.draw.choice(list(HOOK_CALLS)))
        act = campaign.request()
        before = scene.chain.snapshot()
        ours, genuine = scene.both(act)
        if genuine.gas_used > GAS_SHORT:
            # The genuine contract may have run out of gas where ours did not.
            assert scene.chain.revert(before)
            continue
        assert ours == genuine, f"seed {seed}, operation {number}"
        assert scene.same_storage(), f"seed {seed}, operation {number}"
        totals["steps"] += len(ours.outcomes)
        totals["succeeded"] += sum(success for success, _ in ours.outcomes)
        totals["ours"] += ours.gas_used
        totals["genuine"] += genuine.gas_used
    return totals


@pytest.mark.parametrize(("engine", "count"), [("core", OPERATIONS), ("py", OPERATIONS // 20)])
def test_random_operations(new_scene: Callable[[str], Scene], engine: str, count: int) -> None:
    totals = run(new_scene(engine), SEED, count)
    print(totals)
    assert totals["succeeded"] > totals["steps"] // 4
    assert totals["ours"] < totals["genuine"]


@pytest.mark.campaign
@pytest.mark.parametrize("number", range(20))
def test_fresh_random_operations(new_scene: Callable[[str], Scene], number: int) -> None:
    """Of a seed that is drawn now; a failure names it."""
    run(new_scene("core"), random.SystemRandom().getrandbits(32) + number, 5_000)
