"""Vaults of liquidity: what a share is never falls, whoever trades, joins, leaves or attacks."""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from eth_abi import decode
from eth_utils import keccak
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from precompiles.conformance.embedded import CONTEXT, Outcome, World, call_precompile, transact
from precompiles.dex.vaults import ranged
from precompiles.registry import find

V4 = Path(__file__).parent / "vectors" / "v4"
sys.path.insert(0, str(V4))

import scene  # noqa: E402 - found through the line above

MANAGER, VAULTS, QUOTER = (find(n).address for n in ("pool_manager", "vaults", "quoter"))
ERRORS = {error.signature.selector: error.signature.name for error in find("vaults").errors}
A, B = scene.A, scene.B
ALICE, BOB, MALLORY = (bytes(19) + bytes([number]) for number in (0xA1, 0xB0, 0x66))
PEOPLE = (ALICE, BOB, MALLORY)
E18 = 10**18
RICH = 10**30
HOOK = b"\x77" * 18 + b"\x00\xc0"
CODES = {
    scene.ACTOR: scene.compiled(V4 / "actor.vy"),
    HOOK: scene.compiled(V4 / "hook.vy"),
    **dict.fromkeys(scene.TOKENS, scene.compiled(V4.parent / "token.vy")),
}
POOL = scene.AB
HOOKED = scene.pool(A, B, 0x800000, 60, HOOK)
CREATE = f"createRangedVault(address,{scene.KEY},int24,int24)"
JOIN = "join(uint256,uint256,uint256,uint256,address)"
JOIN_WITH_ASSET = "joinWithAsset(uint256,uint256,uint256,uint256,address)"
LEAVE = "leave(uint256,uint256,uint256,uint256,address,address)"
LEAVE_WITH_ASSET = "leaveWithAsset(uint256,uint256,uint256,address,address)"
COMPOUND = "compound(uint256)"
ANY = 2**255


class Scene:
    """A world with a pool that others provide too, and one vault in it."""

    def __init__(self, key: scene.Key = POOL, asset: bytes = A) -> None:
        self.world = World(codes=dict(CODES))
        self.key = key
        self.time = CONTEXT.timestamp
        for token in scene.TOKENS:
            self.world.storage[token, scene.mapped(0, scene.ACTOR)] = scene.BALANCE
            for person in PEOPLE:
                self.world.storage[token, scene.mapped(0, person)] = RICH
                self.world.storage[token, scene.mapped(1, person, VAULTS)] = 2**256 - 1
        self.act(scene.initialize(MANAGER, key, scene.PRICE_1))
        others = (
            scene.liquidity(key, -887_220, 887_220, 10 * E18),
            scene.liquidity(key, -6_000, 6_000, 100 * E18),
        )
        self.act(scene.session(MANAGER, *others))
        assert self.does(CREATE, asset, key, -600, 600) == (1,)

    def act(self, step: scene.Step) -> None:
        outcome = transact(self.world, step.to, step.data, caller=MALLORY, value=step.value)
        assert outcome.status == "success", outcome.data.hex()

    def trade(self, zero_for_one: bool, amount: int) -> None:
        self.act(scene.session(MANAGER, scene.swap(self.key, zero_for_one, -amount)))

    def send(self, signature: str, *arguments: Any, sender: bytes = ALICE) -> Outcome:
        data = scene.encoded(signature, *arguments)
        context = {"timestamp": self.time}
        return call_precompile(self.world, VAULTS, data, caller=sender, context=context)

    def does(self, signature: str, *arguments: Any, sender: bytes = ALICE) -> tuple[int, ...]:
        outcome = self.send(signature, *arguments, sender=sender)
        assert outcome.status == "success", (signature, arguments, outcome.data.hex())
        words = len(outcome.data) // 32
        values: tuple[int, ...] = decode(["uint256"] * words, outcome.data)
        return values

    def refuses(self, signature: str, *arguments: Any, sender: bytes = ALICE) -> str:
        outcome = self.send(signature, *arguments, sender=sender)
        assert outcome.status == "reverted", outcome
        return ERRORS.get(outcome.data[:4], outcome.data.hex())

    def tokens(self, owner: bytes) -> tuple[int, int]:
        found = (self.world.storage.get((t, scene.mapped(0, owner)), 0) for t in (A, B))
        first, second = found
        return first, second

    def basket(self) -> tuple[int, int, int]:
        return self.does("positionOf(uint256)", 1)[7:]  # type: ignore[return-value]  # three

    def supply(self) -> int:
        return self.does("totalSupply(uint256)", 1)[0]

    def shares(self, owner: bytes) -> int:
        return self.does("balanceOf(address,uint256)", owner, 1)[0]

    def join(self, owner: bytes, amount: int) -> tuple[int, ...]:
        return self.does(JOIN, 1, amount, ANY, ANY, owner, sender=owner)

    def leave(self, owner: bytes, amount: int) -> tuple[int, ...]:
        return self.does(LEAVE, 1, amount, 0, 0, owner, owner, sender=owner)


@pytest.fixture
def vault() -> Scene:
    return Scene()


people = st.sampled_from(PEOPLE)
amounts = st.one_of(st.integers(1, 1_000), st.integers(1, 10**20))


class RangedMachine(RuleBasedStateMachine):
    """Everybody joins, leaves, trades and compounds in any order."""

    @initialize(asset=st.sampled_from((A, B)), hooked=st.booleans())
    def open_vault(self, asset: bytes, hooked: bool) -> None:
        self.scene = Scene(HOOKED if hooked else POOL, asset)
        self.asset = asset
        self.least = Fraction(0)

    @rule(owner=people, amount=amounts)
    def join(self, owner: bytes, amount: int) -> None:
        before = self.scene.tokens(owner)
        paid = self.scene.join(owner, amount)
        after = self.scene.tokens(owner)
        assert paid == (before[0] - after[0], before[1] - after[1])

    @precondition(lambda self: self.scene.supply())
    @rule(owner=people, amount=st.integers(10**6, 10**20), part=st.integers(0, 100))
    def join_with_asset(self, owner: bytes, amount: int, part: int) -> None:
        before, held = self.scene.tokens(owner), self.scene.shares(owner)
        arguments = (1, amount, amount * part // 100, 0, owner)
        outcome = self.scene.send(JOIN_WITH_ASSET, *arguments, sender=owner)
        if outcome.status != "success":
            assert ERRORS[outcome.data[:4]] == "NotEnoughLiquidity"
            return
        own = 0 if self.asset == A else 1
        after = self.scene.tokens(owner)
        assert before[own] - after[own] <= amount
        assert after[1 - own] >= before[1 - own], "the other token can only come back"
        assert self.scene.shares(owner) - held == int.from_bytes(outcome.data, "big")

    @rule(owner=people, part=st.integers(0, 100))
    def leave(self, owner: bytes, part: int) -> None:
        amount = self.scene.shares(owner) * part // 100
        if not amount:
            return
        preview = self.scene.does("previewLeave(uint256,uint256)", 1, amount)
        before = self.scene.tokens(owner)
        got = self.scene.leave(owner, amount)
        after = self.scene.tokens(owner)
        assert got == preview == (after[0] - before[0], after[1] - before[1])

    @rule(owner=people, part=st.integers(0, 100))
    def leave_with_asset(self, owner: bytes, part: int) -> None:
        amount = self.scene.shares(owner) * part // 100
        if not amount:
            return
        preview = self.scene.send("previewLeaveWithAsset(uint256,uint256)", 1, amount)
        before = self.scene.tokens(owner)
        arguments = (1, amount, 0, owner, owner)
        outcome = self.scene.send(LEAVE_WITH_ASSET, *arguments, sender=owner)
        if outcome.status != "success":
            assert ERRORS[outcome.data[:4]] == "NotEnoughLiquidity"
            return
        own = 0 if self.asset == A else 1
        after = self.scene.tokens(owner)
        assert after[own] - before[own] == int.from_bytes(outcome.data, "big")
        assert after[1 - own] == before[1 - own]
        if self.scene.key == POOL:
            assert preview.data == outcome.data

    @rule(owner=people, amount=amounts)
    def there_and_back(self, owner: bytes, amount: int) -> None:
        before = self.scene.tokens(owner)
        self.scene.join(owner, amount)
        self.scene.leave(owner, amount)
        after = self.scene.tokens(owner)
        if self.scene.supply():
            assert after[0] <= before[0]
            assert after[1] <= before[1]

    @rule(zero_for_one=st.booleans(), amount=st.integers(1, 60 * E18))
    def trade(self, zero_for_one: bool, amount: int) -> None:
        self.scene.trade(zero_for_one, amount)

    @precondition(lambda self: self.scene.supply())
    @rule(seconds=st.integers(0, 100))
    def compound(self, seconds: int) -> None:
        self.scene.time += seconds
        outcome = self.scene.send(COMPOUND, 1, sender=MALLORY)
        if outcome.status != "success":
            assert ERRORS[outcome.data[:4]] == "TooEarly"

    @invariant()
    def a_share_is_never_less_liquidity(self) -> None:
        supply = self.scene.supply()
        if not supply:
            self.least = Fraction(0)
            return
        ratio = Fraction(self.scene.basket()[0], supply)
        assert ratio >= max(self.least, 1)
        self.least = ratio

    @invariant()
    def the_books_are_those_of_the_pool(self) -> None:
        liquidity, *beside = self.scene.basket()
        ends = b"".join(tick.to_bytes(3, "big", signed=True) for tick in (-600, 600))
        position = keccak(VAULTS + ends + (1).to_bytes(32, "big"))
        pools = int.from_bytes(
            keccak(scene.pool_id(self.scene.key) + (6).to_bytes(32, "big")), "big"
        )
        where = int.from_bytes(keccak(position + (pools + 6).to_bytes(32, "big")), "big")
        assert self.scene.world.storage.get((MANAGER, where), 0) == liquidity
        assert self.scene.tokens(VAULTS) == tuple(beside)


# A failure is not shrunk: each step takes many calls, and it would go on for minutes.
RangedMachine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, phases=[Phase.generate]
)
TestRanged = RangedMachine.TestCase


# --- Attacks --------------------------------------------------------------------------------


def test_who_joins_at_a_moved_price_takes_nothing_from_the_others(vault: Scene) -> None:
    vault.join(BOB, 10**20)
    start, mine = vault.tokens(MALLORY), vault.tokens(scene.ACTOR)
    fair = vault.does("previewLeave(uint256,uint256)", 1, 10**20)
    vault.trade(True, 200 * E18)
    vault.join(MALLORY, 10**21)
    got = vault.tokens(scene.ACTOR)[1] - mine[1]
    vault.trade(False, got)
    vault.leave(MALLORY, 10**21)
    after = vault.does("previewLeave(uint256,uint256)", 1, 10**20)
    assert vault.supply() == 10**20
    gained = (after[0] - fair[0]) + (after[1] - fair[1])
    assert gained >= 0, "at a price of nearly one, the others have more in all"
    ends, actor = vault.tokens(MALLORY), vault.tokens(scene.ACTOR)
    assert sum(ends) - sum(start) + sum(actor) - sum(mine) < 0, "and the attacker less"


def test_a_sandwich_stops_at_the_minimum(vault: Scene) -> None:
    vault.join(BOB, 10**20)
    vault.join(ALICE, 10**20)
    (fair,) = vault.does("previewLeaveWithAsset(uint256,uint256)", 1, 10**20)
    first, second = vault.does("previewLeave(uint256,uint256)", 1, 10**20)
    least = fair * 99 // 100
    vault.trade(False, 100 * E18)
    arguments = (1, 10**20, least, ALICE, ALICE)
    assert vault.refuses(LEAVE_WITH_ASSET, *arguments) == "BeyondLimit"
    arguments = (1, 10**20, first, second, ALICE, ALICE)
    assert vault.refuses(LEAVE, *arguments) == "BeyondLimit"
    assert vault.shares(ALICE) == 10**20
    assert vault.refuses(JOIN, 1, 10**20, ANY, second, ALICE) == "BeyondLimit"
    assert vault.refuses(JOIN_WITH_ASSET, 1, E18, E18 // 2, 10**21, ALICE) == "BeyondLimit"


def test_the_first_share_can_be_made_dear_but_not_at_anothers_cost(vault: Scene) -> None:
    """One unit of liquidity, then fees a billion times as large: nobody's deposit rounds away."""
    vault.join(MALLORY, 1)
    for _ in range(3):
        vault.trade(True, 5 * E18)
        vault.trade(False, 5 * E18)
    before = vault.tokens(BOB)
    paid = vault.join(BOB, 7)
    got = vault.leave(BOB, 7)
    assert all(0 <= p - g <= 2 for p, g in zip(paid, got, strict=True))
    assert all(0 <= b - a <= 2 for b, a in zip(before, vault.tokens(BOB), strict=True))


def test_fees_belong_to_who_was_there(vault: Scene) -> None:
    vault.join(BOB, 10**20)
    fair = vault.does("previewLeave(uint256,uint256)", 1, 10**20)
    for _ in range(5):
        vault.trade(True, E18)
        vault.trade(False, E18)
    vault.join(MALLORY, 10**22)
    vault.leave(MALLORY, 10**22)
    earned = vault.leave(BOB, 10**20)
    assert sum(earned) > sum(fair)
    assert vault.basket()[0] == 0


def test_fees_are_added_a_little_at_a_time(vault: Scene) -> None:
    vault.join(BOB, 10**15)
    vault.join(ALICE, 10**18)
    vault.leave(ALICE, 10**18)
    for _ in range(40):
        vault.trade(True, 40 * E18)
        vault.trade(False, 40 * E18)
    before = vault.basket()
    (added,) = vault.does(COMPOUND, 1, sender=MALLORY)
    after = vault.basket()
    assert added == -(-before[0] // ranged.COMPOUND_PART) == after[0] - before[0]
    assert vault.refuses(COMPOUND, 1) == "TooEarly"
    vault.time += ranged.COMPOUND_SECONDS - 1
    assert vault.refuses(COMPOUND, 1) == "TooEarly"
    vault.time += 1
    assert vault.does(COMPOUND, 1)[0] >= added


@pytest.mark.parametrize("pushed", [True, False])
def test_pushing_the_price_around_a_compounding_loses(vault: Scene, pushed: bool) -> None:
    vault.join(BOB, 10**19)
    for _ in range(20):
        vault.trade(True, 40 * E18)
        vault.trade(False, 40 * E18)
    start = vault.tokens(scene.ACTOR)
    vault.trade(pushed, 200 * E18)
    vault.does(COMPOUND, 1, sender=MALLORY)
    own = 1 if pushed else 0
    vault.trade(not pushed, vault.tokens(scene.ACTOR)[own] - start[own])
    end = vault.tokens(scene.ACTOR)
    assert end[own] == start[own]
    assert end[1 - own] < start[1 - own]


# --- Who may call what ----------------------------------------------------------------------


def test_only_the_manager_in_a_session_is_answered(vault: Scene) -> None:
    data = b"".join(word.to_bytes(32, "big") for word in (0, 5, 1, 10, 10**30, 10**30))
    for sender in (MALLORY, MANAGER):
        assert vault.refuses("unlockCallback(bytes)", data, sender=sender) == "NotPoolManager"


@pytest.mark.parametrize("signature", [JOIN, LEAVE, COMPOUND])
def test_a_token_cannot_come_back_in(vault: Scene, signature: str) -> None:
    """Not while the manager is unlocked either; whatever it tries, the books hold."""
    vault.join(BOB, 10**20)
    arguments: dict[str, tuple[Any, ...]] = {
        JOIN: (1, 5, ANY, ANY, MALLORY),
        LEAVE: (1, 5, 0, 0, MALLORY, MALLORY),
        COMPOUND: (1,),
    }
    note = scene.encoded(signature, *arguments[signature])
    words = [10, int.from_bytes(VAULTS, "big"), len(note)]
    words += [
        int.from_bytes(note[i : i + 32].ljust(32, b"\0"), "big") for i in range(0, len(note), 32)
    ]
    for slot, word in enumerate(words, start=2):
        vault.world.storage[B, slot] = word
    assert vault.refuses(JOIN, 1, 10**10, ANY, ANY, ALICE) == "Locked"
    vault.world.storage[B, 2] = 0
    vault.join(ALICE, 10**10)


def test_a_token_that_keeps_a_fee_pays_for_nothing(vault: Scene) -> None:
    vault.join(BOB, 10**20)
    vault.world.storage[B, 2] = 3
    # What the pool manager gets is too little, and it says so itself.
    assert vault.refuses(JOIN, 1, 10**18, ANY, ANY, ALICE) == "5212cba1"
    vault.leave(BOB, 10**20)


def test_one_cannot_leave_with_the_shares_of_another(vault: Scene) -> None:
    vault.join(BOB, 10**20)
    for signature, limits in ((LEAVE, (0, 0)), (LEAVE_WITH_ASSET, (0,))):
        arguments = (1, 10, *limits, MALLORY, BOB)
        refusal = vault.refuses(signature, *arguments, sender=MALLORY)
        assert refusal == "InsufficientPermission"
        arguments = (1, 10**20 + 1, *limits, BOB, BOB)
        assert vault.refuses(signature, *arguments, sender=BOB) == "InsufficientBalance"
