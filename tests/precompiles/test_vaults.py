"""Vaults against a model of fractions, and everybody who would like to take more than his share."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import pytest
from eth_abi import decode, encode
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from vyper.compiler import compile_code

from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.dex.vaults import book
from precompiles.registry import find

VAULTS = find("vaults").address
ERRORS = {error.signature.selector: error.signature.name for error in find("vaults").errors}
ALICE, BOB, MALLORY = (bytes(19) + bytes([number]) for number in (0xA1, 0xB0, 0x66))
PEOPLE = (ALICE, BOB, MALLORY)
ASSET, OTHER_ASSET = b"\xa5" * 20, b"\xb5" * 20
UNLIMITED = 2**256 - 1
MODES = (
    "good",
    "nothing",
    "false",
    "fee",
    "surcharge",
    "calls",
    "short",
    "reverts",
    "more",
    "hides",
    "strict",
    "silent",
)


def compiled(name: str) -> bytes:
    source = (Path(__file__).parent / "vectors" / name).read_text()
    code: str = compile_code(source, output_formats=["bytecode_runtime"])["bytecode_runtime"]
    return bytes.fromhex(code.removeprefix("0x"))


TOKEN = compiled("token.vy")


def mapped(slot: int, *keys: bytes) -> int:
    """Where Vyper keeps an entry of a mapping."""
    for key in keys:
        slot = int.from_bytes(keccak(slot.to_bytes(32, "big") + key.rjust(32, b"\0")), "big")
    return slot


class Vaults:
    """A world with two tokens, and calls into it by signature."""

    def __init__(self) -> None:
        self.world = World()
        for token in (ASSET, OTHER_ASSET):
            self.world.codes[token] = TOKEN
            for person in PEOPLE:
                self.world.storage[token, mapped(1, person, VAULTS)] = UNLIMITED

    def send(self, signature: str, *arguments: object, sender: bytes = ALICE) -> Outcome:
        types = signature[signature.index("(") + 1 : -1].split(",")
        data = keccak(text=signature)[:4] + encode(types if types != [""] else [], arguments)
        return call_precompile(self.world, VAULTS, data, caller=sender)

    def does(self, signature: str, *arguments: object, sender: bytes = ALICE) -> int:
        outcome = self.send(signature, *arguments, sender=sender)
        assert outcome.status == "success", (signature, arguments, outcome.data.hex())
        (result,) = decode(["uint256"], outcome.data)
        assert isinstance(result, int)
        return result

    def refuses(self, signature: str, *arguments: object, sender: bytes = ALICE) -> str:
        outcome = self.send(signature, *arguments, sender=sender)
        assert outcome.status == "reverted", outcome
        return ERRORS[outcome.data[:4]]

    def give(self, owner: bytes, amount: int, token: bytes = ASSET) -> None:
        slot = token, mapped(0, owner)
        self.world.storage[slot] = self.world.storage.get(slot, 0) + amount

    def tokens(self, owner: bytes, token: bytes = ASSET) -> int:
        return self.world.storage.get((token, mapped(0, owner)), 0)

    def behave(self, mode: str, target: bytes = bytes(20), note: bytes = b"") -> None:
        """Set how the asset behaves, and whom it calls with what."""
        words = [MODES.index(mode), int.from_bytes(target, "big"), len(note)]
        words += [
            int.from_bytes(note[i : i + 32].ljust(32, b"\0"), "big")
            for i in range(0, len(note), 32)
        ]
        for slot, word in enumerate(words, start=2):
            self.world.storage[ASSET, slot] = word

    def deposit(self, identifier: int, amount: int, sender: bytes) -> int:
        return self.does(
            "deposit(uint256,uint256,address)", identifier, amount, sender, sender=sender
        )

    def redeem(self, identifier: int, amount: int, sender: bytes) -> int:
        signature = "redeem(uint256,uint256,address,address)"
        return self.does(signature, identifier, amount, sender, sender, sender=sender)

    def shares(self, owner: bytes, identifier: int = 1) -> int:
        return self.does("balanceOf(address,uint256)", owner, identifier)


@pytest.fixture
def vaults() -> Vaults:
    made = Vaults()
    assert made.does("createVault(address)", ASSET) == 1
    for person in PEOPLE:
        made.give(person, 10**24)
    return made


# --- The model ------------------------------------------------------------------------------


@dataclass
class Model:
    """A vault in exact fractions."""

    assets: int = 0
    shares: dict[bytes, int] = field(default_factory=dict)

    @property
    def supply(self) -> int:
        return sum(self.shares.values())

    @property
    def price(self) -> Fraction:
        """Assets for a share."""
        return Fraction(self.assets + 1, self.supply + 10**6)

    def change(self, owner: bytes, shares: int, assets: int) -> None:
        self.shares[owner] = self.shares.get(owner, 0) + shares
        self.assets += assets


people = st.sampled_from(PEOPLE)
vault_ids = st.sampled_from((1, 2, 3))
amounts = st.one_of(
    st.integers(0, 20),
    st.integers(0, 10**24),
    st.sampled_from([10**6 - 1, 10**6, 10**18, 10**18 + 1]),
)


class VaultMachine(RuleBasedStateMachine):
    """Three vaults, of which two hold the same token, under everything that anybody may do."""

    @initialize()
    def open_vaults(self) -> None:
        self.vaults = Vaults()
        for token in (ASSET, ASSET, OTHER_ASSET):
            self.vaults.does("createVault(address)", token)
        for person in PEOPLE:
            for token in (ASSET, OTHER_ASSET):
                self.vaults.give(person, 10**26, token)
        self.models = {1: Model(), 2: Model(), 3: Model()}
        self.donated = {ASSET: 0, OTHER_ASSET: 0}
        self.prices = dict.fromkeys(self.models, Fraction(0))

    def token(self, identifier: int) -> bytes:
        return OTHER_ASSET if identifier == 3 else ASSET

    @rule(identifier=vault_ids, sender=people, to=people, amount=amounts)
    def deposit(self, identifier: int, sender: bytes, to: bytes, amount: int) -> None:
        model = self.models[identifier]
        expected = floor(amount / model.price)
        preview = self.vaults.does("previewDeposit(uint256,uint256)", identifier, amount)
        signature = "deposit(uint256,uint256,address)"
        made = self.vaults.does(signature, identifier, amount, to, sender=sender)
        assert made == preview == expected
        model.change(to, made, amount)

    @rule(identifier=vault_ids, sender=people, amount=amounts)
    def mint(self, identifier: int, sender: bytes, amount: int) -> None:
        model = self.models[identifier]
        expected = ceil(amount * model.price)
        if expected > self.vaults.tokens(sender, self.token(identifier)):
            return
        preview = self.vaults.does("previewMint(uint256,uint256)", identifier, amount)
        signature = "mint(uint256,uint256,address)"
        paid = self.vaults.does(signature, identifier, amount, sender, sender=sender)
        assert paid == preview == expected
        model.change(sender, amount, paid)

    @rule(identifier=vault_ids, owner=people, part=st.integers(0, 100), to=people)
    def redeem(self, identifier: int, owner: bytes, part: int, to: bytes) -> None:
        model = self.models[identifier]
        amount = model.shares.get(owner, 0) * part // 100
        expected = floor(amount * model.price)
        preview = self.vaults.does("previewRedeem(uint256,uint256)", identifier, amount)
        signature = "redeem(uint256,uint256,address,address)"
        paid = self.vaults.does(signature, identifier, amount, to, owner, sender=owner)
        assert paid == preview == expected
        model.change(owner, -amount, -paid)

    @rule(identifier=vault_ids, owner=people, part=st.integers(0, 100))
    def withdraw(self, identifier: int, owner: bytes, part: int) -> None:
        model = self.models[identifier]
        largest = self.vaults.does("maxWithdraw(uint256,address)", identifier, owner)
        assert largest == floor(model.shares.get(owner, 0) * model.price)
        amount = largest * part // 100
        expected = ceil(amount / model.price)
        preview = self.vaults.does("previewWithdraw(uint256,uint256)", identifier, amount)
        signature = "withdraw(uint256,uint256,address,address)"
        burnt = self.vaults.does(signature, identifier, amount, owner, owner, sender=owner)
        assert burnt == preview == expected
        model.change(owner, -burnt, -amount)

    @rule(identifier=vault_ids, sender=people, amount=amounts)
    def contribute(self, identifier: int, sender: bytes, amount: int) -> None:
        arrived = self.vaults.does("contribute(uint256,uint256)", identifier, amount, sender=sender)
        assert arrived == amount
        self.models[identifier].assets += amount

    @rule(token=st.sampled_from((ASSET, OTHER_ASSET)), amount=amounts)
    def donate(self, token: bytes, amount: int) -> None:
        """Tokens sent past the vaults are nobody's."""
        self.vaults.give(VAULTS, amount, token)
        self.donated[token] += amount

    @rule(identifier=vault_ids, sender=people, to=people, part=st.integers(0, 100))
    def give_shares(self, identifier: int, sender: bytes, to: bytes, part: int) -> None:
        model = self.models[identifier]
        amount = model.shares.get(sender, 0) * part // 100
        self.vaults.does("transfer(address,uint256,uint256)", to, identifier, amount, sender=sender)
        model.change(sender, -amount, 0)
        model.change(to, amount, 0)

    @rule(identifier=vault_ids, sender=people, amount=amounts, back=st.booleans())
    def there_and_back(self, identifier: int, sender: bytes, amount: int, back: bool) -> None:
        """Paying in and out at once never profits, whichever way it is said."""
        model, token = self.models[identifier], self.token(identifier)
        before = self.vaults.tokens(sender, token)
        made = self.vaults.deposit(identifier, amount, sender)
        if back:
            out = self.vaults.redeem(identifier, made, sender)
            burnt = made
        else:
            out = floor(made * Fraction(model.assets + amount + 1, model.supply + made + 10**6))
            signature = "withdraw(uint256,uint256,address,address)"
            burnt = self.vaults.does(signature, identifier, out, sender, sender, sender=sender)
        assert self.vaults.tokens(sender, token) == before - amount + out <= before
        assert burnt <= made
        model.change(sender, made - burnt, amount - out)

    @invariant()
    def books_agree(self) -> None:
        for identifier, model in self.models.items():
            assert self.vaults.does("totalAssets(uint256)", identifier) == model.assets
            assert self.vaults.does("totalSupply(uint256)", identifier) == model.supply
            for person in PEOPLE:
                assert self.vaults.shares(person, identifier) == model.shares.get(person, 0)

    @invariant()
    def all_shares_are_covered(self) -> None:
        for identifier, model in self.models.items():
            supply = model.supply
            worth = self.vaults.does("convertToAssets(uint256,uint256)", identifier, supply)
            assert worth <= model.assets

    @invariant()
    def no_price_ever_falls(self) -> None:
        for identifier, model in self.models.items():
            assert model.price >= self.prices[identifier]
            self.prices[identifier] = model.price

    @invariant()
    def tokens_held_cover_everything(self) -> None:
        for token, vaults in ((ASSET, (1, 2)), (OTHER_ASSET, (3,))):
            owed = sum(self.models[identifier].assets for identifier in vaults)
            assert self.vaults.tokens(VAULTS, token) == owed + self.donated[token]


VaultMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestVaults = VaultMachine.TestCase


# --- Attacks --------------------------------------------------------------------------------


def test_a_donation_moves_no_price(vaults: Vaults) -> None:
    vaults.deposit(1, 10**18, ALICE)
    before = vaults.does("convertToAssets(uint256,uint256)", 1, 10**24)
    vaults.give(VAULTS, 10**20)
    assert vaults.does("convertToAssets(uint256,uint256)", 1, 10**24) == before
    assert vaults.redeem(1, vaults.shares(ALICE), ALICE) == 10**18


@pytest.mark.parametrize("stake", [1, 2, 1_000])
@pytest.mark.parametrize("bait", [10**12, 10**18, 10**23])
def test_inflating_the_price_before_a_deposit_costs_more_than_it_takes(
    vaults: Vaults, stake: int, bait: int
) -> None:
    """The first depositor raises the price of a share so that the next one's rounds down."""
    start = vaults.tokens(MALLORY)
    vaults.deposit(1, stake, MALLORY)
    vaults.does("contribute(uint256,uint256)", 1, bait, sender=MALLORY)
    for victim_amount in (bait // 10**6, bait // 1_000, bait):
        given = vaults.deposit(1, victim_amount, BOB)
        lost = victim_amount - vaults.does("previewRedeem(uint256,uint256)", 1, given)
        taken = bait + stake - vaults.does("previewRedeem(uint256,uint256)", 1, stake * 10**6)
        assert taken >= 0, "the attacker is never ahead"
        assert lost <= taken // 100 + 2, "and loses a hundred times what the victim does"
    vaults.redeem(1, vaults.shares(MALLORY), MALLORY)
    assert vaults.tokens(MALLORY) < start


def test_one_vault_does_not_pay_for_another_of_the_same_token(vaults: Vaults) -> None:
    vaults.does("createVault(address)", ASSET)
    vaults.deposit(1, 10**18, ALICE)
    vaults.deposit(2, 10**18, MALLORY)
    vaults.does("contribute(uint256,uint256)", 1, 10**18, sender=ALICE)
    assert vaults.redeem(2, vaults.shares(MALLORY, 2), MALLORY) == 10**18
    assert vaults.refuses("redeem(uint256,uint256,address,address)", 2, 1, MALLORY, MALLORY,
                          sender=MALLORY) == "ExceededMax"  # fmt: skip


REENTRIES = (
    ("deposit(uint256,uint256,address)", (1, 5, MALLORY)),
    ("mint(uint256,uint256,address)", (1, 5, MALLORY)),
    ("withdraw(uint256,uint256,address,address)", (1, 5, MALLORY, MALLORY)),
    ("redeem(uint256,uint256,address,address)", (1, 5, MALLORY, MALLORY)),
    ("contribute(uint256,uint256)", (1, 5)),
)


@pytest.mark.parametrize(("signature", "arguments"), REENTRIES)
def test_a_token_cannot_come_back_in(
    vaults: Vaults, signature: str, arguments: tuple[object, ...]
) -> None:
    types = signature[signature.index("(") + 1 : -1].split(",")
    note = keccak(text=signature)[:4] + encode(types, arguments)
    vaults.deposit(1, 10**18, MALLORY)
    vaults.behave("calls", VAULTS, note)
    before = vaults.does("totalSupply(uint256)", 1)
    vaults.deposit(1, 100, ALICE)
    made = vaults.does("totalSupply(uint256)", 1) - before
    assert made == 100 * 10**6
    assert vaults.world.storage[ASSET, 37] == 4
    assert vaults.world.storage[ASSET, 38] >> 224 == int.from_bytes(
        keccak(text="Locked()")[:4], "big"
    )
    vaults.redeem(1, made, ALICE)
    assert vaults.does("totalAssets(uint256)", 1) == 10**18


def test_after_any_call_the_lock_is_open_again(vaults: Vaults) -> None:
    """Also after one that failed: what it wrote is undone, the lock with it."""
    vaults.behave("silent")
    assert vaults.refuses("deposit(uint256,uint256,address)", 1, 5, ALICE) == "TokenFailed"
    vaults.behave("good")
    assert not any(vaults.world.transient.values())
    vaults.deposit(1, 5, ALICE)
    assert not any(vaults.world.transient.values())


# --- Tokens that misbehave ------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["good", "nothing"])
def test_a_token_may_return_nothing(vaults: Vaults, mode: str) -> None:
    vaults.behave(mode)
    made = vaults.deposit(1, 1_000, ALICE)
    assert vaults.redeem(1, made, ALICE) == 1_000
    assert vaults.tokens(ALICE) == 10**24


@pytest.mark.parametrize("mode", ["false", "short", "silent", "hides"])
def test_a_token_that_fails_stops_the_call(vaults: Vaults, mode: str) -> None:
    vaults.deposit(1, 1_000, ALICE)
    vaults.behave(mode)
    for signature, arguments in (
        ("deposit(uint256,uint256,address)", (1, 10, ALICE)),
        ("mint(uint256,uint256,address)", (1, 10, ALICE)),
        ("withdraw(uint256,uint256,address,address)", (1, 10, ALICE, ALICE)),
        ("redeem(uint256,uint256,address,address)", (1, 10, ALICE, ALICE)),
        ("contribute(uint256,uint256)", (1, 10)),
    ):
        assert vaults.refuses(signature, *arguments) == "TokenFailed"
    assert vaults.does("totalAssets(uint256)", 1) == 1_000


def test_the_reason_of_a_token_is_the_reason(vaults: Vaults) -> None:
    vaults.behave("reverts")
    outcome = vaults.send("deposit(uint256,uint256,address)", 1, 10, ALICE)
    assert outcome.status == "reverted"
    assert outcome.data == keccak(text="Error(string)")[:4] + encode(
        ["string"], ["this token says no"]
    )


def test_a_fee_on_the_way_is_paid_by_who_sends(vaults: Vaults) -> None:
    vaults.deposit(1, 10**18, BOB)
    vaults.behave("fee")
    made = vaults.deposit(1, 10_000, ALICE)
    assert made == 9_900 * 10**6
    assert vaults.refuses("mint(uint256,uint256,address)", 1, 10**10, ALICE) == "TransferMismatch"
    assert vaults.does("contribute(uint256,uint256)", 1, 100) == 99
    assert vaults.does("totalAssets(uint256)", 1) == 10**18 + 9_900 + 99
    assert vaults.tokens(VAULTS) == 10**18 + 9_900 + 99
    before = vaults.tokens(ALICE)
    vaults.redeem(1, made, ALICE)
    assert vaults.tokens(ALICE) - before == 9_900 - 99
    assert vaults.tokens(VAULTS) == vaults.does("totalAssets(uint256)", 1)


def test_what_a_token_gives_beyond_the_amount_is_nobodys(vaults: Vaults) -> None:
    vaults.behave("more")
    assert vaults.deposit(1, 10_000, ALICE) == 10_000 * 10**6
    assert vaults.does("totalAssets(uint256)", 1) == 10_000 < vaults.tokens(VAULTS)


def test_a_token_that_takes_more_than_named_cannot_be_paid_out(vaults: Vaults) -> None:
    """It would be paid by the other vaults of the token."""
    vaults.deposit(1, 10**18, BOB)
    made = vaults.deposit(1, 10_000, ALICE)
    vaults.behave("surcharge")
    signature = "redeem(uint256,uint256,address,address)"
    assert vaults.refuses(signature, 1, made, ALICE, ALICE) == "TransferMismatch"


def test_a_token_whose_code_is_gone_is_refused(vaults: Vaults) -> None:
    made = vaults.deposit(1, 10_000, ALICE)
    del vaults.world.codes[ASSET]
    signature = "redeem(uint256,uint256,address,address)"
    assert vaults.refuses(signature, 1, made, ALICE, ALICE) == "TokenFailed"


# --- Limits and permissions -----------------------------------------------------------------


def test_max_is_exact(vaults: Vaults) -> None:
    """What max... tells is accepted, one more is not, at an uneven price."""
    vaults.deposit(1, 777, ALICE)
    vaults.does("contribute(uint256,uint256)", 1, 10**17 + 1)
    for name, action, tail in (
        ("maxWithdraw", "withdraw(uint256,uint256,address,address)", (ALICE, ALICE)),
        ("maxRedeem", "redeem(uint256,uint256,address,address)", (ALICE, ALICE)),
        ("maxMint", "mint(uint256,uint256,address)", (ALICE,)),
        ("maxDeposit", "deposit(uint256,uint256,address)", (ALICE,)),
    ):
        fresh = dict(vaults.world.storage)
        vaults.give(ALICE, 2**129)
        largest = vaults.does(f"{name}(uint256,address)", 1, ALICE)
        assert vaults.refuses(action, 1, largest + 1, *tail) == "ExceededMax"
        assert vaults.refuses(action, 1, UNLIMITED, *tail) == "ExceededMax"
        vaults.does(action, 1, largest, *tail)
        vaults.world.storage = fresh


def test_a_full_vault_still_adds_up(vaults: Vaults) -> None:
    vaults.give(ALICE, book.ASSETS_MAX)
    made = vaults.deposit(1, book.ASSETS_MAX, ALICE)
    assert made == book.ASSETS_MAX * 10**6
    assert vaults.does("maxDeposit(uint256,address)", 1, ALICE) == 0
    assert vaults.does("maxMint(uint256,address)", 1, ALICE) == 0
    assert vaults.refuses("deposit(uint256,uint256,address)", 1, 1, ALICE) == "ExceededMax"
    assert vaults.redeem(1, made, ALICE) == book.ASSETS_MAX
    assert vaults.refuses("convertToShares(uint256,uint256)", 1, UNLIMITED) == "ExceededMax"


def test_allowance_and_operator(vaults: Vaults) -> None:
    made = vaults.deposit(1, 1_000, ALICE)
    take = "redeem(uint256,uint256,address,address)"
    half = made // 2
    assert vaults.refuses(take, 1, half, BOB, ALICE, sender=BOB) == "InsufficientPermission"
    assert vaults.does("approve(address,uint256,uint256)", BOB, 1, half + 1) == 1
    assert vaults.does(take, 1, half, BOB, ALICE, sender=BOB) == 500
    assert vaults.does("allowance(address,address,uint256)", ALICE, BOB, 1) == 1
    assert vaults.refuses(take, 1, 2, BOB, ALICE, sender=BOB) == "InsufficientPermission"
    vaults.does("approve(address,uint256,uint256)", BOB, 1, UNLIMITED)
    vaults.does(take, 1, 2, BOB, ALICE, sender=BOB)
    assert vaults.does("allowance(address,address,uint256)", ALICE, BOB, 1) == UNLIMITED
    vaults.does("setOperator(address,bool)", MALLORY, True)
    move = "transferFrom(address,address,uint256,uint256)"
    assert vaults.does(move, ALICE, MALLORY, 1, 7, sender=MALLORY) == 1
    vaults.does("setOperator(address,bool)", MALLORY, False)
    assert vaults.refuses(move, ALICE, MALLORY, 1, 1, sender=MALLORY) == "InsufficientPermission"
    assert (
        vaults.refuses("transfer(address,uint256,uint256)", BOB, 1, made) == "InsufficientBalance"
    )


def test_nothing_goes_to_address_zero(vaults: Vaults) -> None:
    made = vaults.deposit(1, 1_000, ALICE)
    nobody = bytes(20)
    for signature, arguments in (
        ("deposit(uint256,uint256,address)", (1, 10, nobody)),
        ("mint(uint256,uint256,address)", (1, 10, nobody)),
        ("withdraw(uint256,uint256,address,address)", (1, 10, nobody, ALICE)),
        ("redeem(uint256,uint256,address,address)", (1, 10, nobody, ALICE)),
        ("transfer(address,uint256,uint256)", (nobody, 1, 10)),
    ):
        assert vaults.refuses(signature, *arguments) == "InvalidReceiver"
    assert vaults.shares(ALICE) == made


def test_where_there_is_no_token_there_is_no_vault(vaults: Vaults) -> None:
    assert vaults.refuses("createVault(address)", ALICE) == "NotAContract"
    for signature in ("totalAssets(uint256)", "asset(uint256)"):
        for identifier in (0, 2, UNLIMITED):
            assert vaults.refuses(signature, identifier) == "UnknownVault"
