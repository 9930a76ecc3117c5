"""ERC-4626 for vaults that hold their asset, each method with the id of the vault before.

Rounding is always in favour of the vault. What a token brings is measured: a deposit is credited
with what arrived, at most with what was named, and a withdrawal may not cost more than it pays.
"""

from ... import abi
from ...precompile import Call, Host
from .. import tokens
from . import book, shares
from .book import Price, Vault

NOT_PLAIN = abi.error("NotPlain(uint256 id)")
NOT_A_CONTRACT = abi.error("NotAContract(address account)")
TRANSFER_MISMATCH = abi.error("TransferMismatch(uint256 expected, uint256 moved)")

CREATED = abi.event("VaultCreated(uint256 indexed id, address indexed asset, uint8 kind)")
DEPOSIT = abi.event(
    "Deposit(uint256 indexed id, address indexed sender, address indexed owner, uint256 assets,"
    " uint256 shares)"
)
WITHDRAW = abi.event(
    "Withdraw(uint256 indexed id, address sender, address indexed receiver, address indexed owner,"
    " uint256 assets, uint256 shares)"
)
CONTRIBUTION = abi.event("Contribution(uint256 indexed id, address indexed sender, uint256 assets)")

ERRORS = (NOT_PLAIN, NOT_A_CONTRACT, TRANSFER_MISMATCH, tokens.TOKEN_FAILED)
EVENTS = (CREATED, DEPOSIT, WITHDRAW, CONTRIBUTION)


def create_vault(call: Call, asset: bytes) -> int:
    """Open a vault for a token. It belongs to nobody."""
    check_token(call.host, asset)
    vault = book.create(call.host, asset, book.PLAIN)
    call.host.emit(*CREATED.log(vault.identifier, asset, vault.kind))
    return vault.identifier


def check_token(host: Host, asset: bytes) -> None:
    """Refuse an asset where nothing stands: calls to it would seem to succeed."""
    if not host.code_size(asset):
        raise NOT_A_CONTRACT(asset)


# --- Paying in and out -----------------------------------------------------------------------


def deposit(call: Call, identifier: int, amount: int, receiver: bytes) -> int:
    """Pay in an amount of assets."""
    vault, now = opened(call.host, identifier)
    check_maximum(amount, now.room)
    arrived = collect(call, vault.asset, amount)
    made = now.shares_for(arrived)
    credit(call, vault, now, arrived, made, receiver)
    return made


def mint(call: Call, identifier: int, amount: int, receiver: bytes) -> int:
    """Pay in for an amount of shares; a token that keeps some on the way cannot."""
    vault, now = opened(call.host, identifier)
    check_maximum(amount, now.shares_for(now.room))
    needed = now.assets_for(amount, up=True)
    arrived = collect(call, vault.asset, needed)
    if arrived != needed:
        raise TRANSFER_MISMATCH(needed, arrived)
    credit(call, vault, now, needed, amount, receiver)
    return needed


def withdraw(call: Call, identifier: int, amount: int, receiver: bytes, owner: bytes) -> int:
    """Pay out an amount of assets."""
    vault, now = opened(call.host, identifier)
    check_maximum(amount, now.assets_for(shares.held(call.host, identifier, owner)))
    burnt = now.shares_for(amount, up=True)
    debit(call, vault, now, amount, burnt, receiver, owner)
    return burnt


def redeem(call: Call, identifier: int, amount: int, receiver: bytes, owner: bytes) -> int:
    """Pay out for an amount of shares."""
    vault, now = opened(call.host, identifier)
    check_maximum(amount, shares.held(call.host, identifier, owner))
    paid = now.assets_for(amount)
    debit(call, vault, now, paid, amount, receiver, owner)
    return paid


def contribute(call: Call, identifier: int, amount: int) -> int:
    """Pay in for nothing: all shares are worth more. Returns what arrived."""
    vault, now = opened(call.host, identifier)
    check_maximum(amount, now.room)
    arrived = collect(call, vault.asset, amount)
    book.set_assets(call.host, vault, now.assets - book.VIRTUAL_ASSETS + arrived)
    call.host.emit(*CONTRIBUTION.log(identifier, call.caller, arrived))
    book.leave(call.host)
    return arrived


def opened(host: Host, identifier: int) -> tuple[Vault, Price]:
    """Take the lock, and return the vault and its price."""
    book.enter(host)
    vault = plain_vault(host, identifier)
    return vault, book.price(host, vault)


def plain_vault(host: Host, identifier: int) -> Vault:
    """Return a vault that must hold its asset and nothing else."""
    vault = book.load(host, identifier)
    if vault.kind != book.PLAIN:
        raise NOT_PLAIN(identifier)
    return vault


def check_maximum(amount: int, maximum: int) -> None:
    """Refuse more than what the methods named max... tell."""
    if amount > maximum:
        raise book.EXCEEDED_MAX(amount, maximum)


def collect(call: Call, token: bytes, amount: int) -> int:
    """Take tokens of the caller; return how many arrived, at most that many."""
    host, here = call.host, book.HERE
    before = tokens.balance(host, token, here)
    tokens.transfer_from(host, token, call.caller, here, amount)
    after = tokens.balance(host, token, here)
    if after < before:
        raise TRANSFER_MISMATCH(amount, 0)
    return min(after - before, amount)


def pay(host: Host, token: bytes, receiver: bytes, amount: int) -> None:
    """Send tokens. What goes beyond the amount would be taken from other vaults."""
    here = book.HERE
    before = tokens.balance(host, token, here)
    tokens.transfer(host, token, receiver, amount)
    after = tokens.balance(host, token, here)
    if before - after > amount:
        raise TRANSFER_MISMATCH(amount, before - after)


def credit(call: Call, vault: Vault, now: Price, arrived: int, made: int, receiver: bytes) -> None:
    """Write a payment in, and unlock."""
    host = call.host
    book.set_assets(host, vault, now.assets - book.VIRTUAL_ASSETS + arrived)
    shares.mint(call, vault.identifier, receiver, made)
    host.emit(*DEPOSIT.log(vault.identifier, call.caller, receiver, arrived, made))
    book.leave(host)


def debit(
    call: Call,
    vault: Vault,
    now: Price,
    paid: int,
    burnt: int,
    receiver: bytes,
    owner: bytes,
) -> None:
    """Write a payment out, then make it, and unlock."""
    host = call.host
    shares.check_receiver(receiver)
    shares.burn(call, vault.identifier, owner, burnt)
    book.set_assets(host, vault, now.assets - book.VIRTUAL_ASSETS - paid)
    pay(host, vault.asset, receiver, paid)
    host.emit(*WITHDRAW.log(vault.identifier, call.caller, receiver, owner, paid, burnt))
    book.leave(host)


# --- What would be --------------------------------------------------------------------------


def vault_count(call: Call) -> int:
    """Return the number of vaults."""
    return call.host.load(book.COUNT)


def asset(call: Call, identifier: int) -> bytes:
    """Return the token of a vault."""
    return book.load(call.host, identifier).asset


def price_of(call: Call, identifier: int) -> Price:
    """Return the price of a vault that exists."""
    return book.price(call.host, plain_vault(call.host, identifier))


def total_assets(call: Call, identifier: int) -> int:
    """Return what a vault holds."""
    return price_of(call, identifier).assets - book.VIRTUAL_ASSETS


def shares_rounded_down(call: Call, identifier: int, amount: int) -> int:
    """Return the shares that a deposit makes."""
    return as_word(amount, price_of(call, identifier).shares_for(amount))


def shares_rounded_up(call: Call, identifier: int, amount: int) -> int:
    """Return the shares that a withdrawal takes."""
    return as_word(amount, price_of(call, identifier).shares_for(amount, up=True))


def assets_rounded_down(call: Call, identifier: int, amount: int) -> int:
    """Return the assets that shares redeem for."""
    return as_word(amount, price_of(call, identifier).assets_for(amount))


def assets_rounded_up(call: Call, identifier: int, amount: int) -> int:
    """Return the assets that shares are minted for."""
    return as_word(amount, price_of(call, identifier).assets_for(amount, up=True))


def as_word(amount: int, result: int) -> int:
    """Refuse an amount far beyond all maxima, for which the answer is no word."""
    if result > book.WORD_MASK:
        raise book.EXCEEDED_MAX(amount, book.ASSETS_MAX)
    return result


def max_deposit(call: Call, identifier: int, _receiver: bytes) -> int:
    """Return how much may be paid in."""
    return price_of(call, identifier).room


def max_mint(call: Call, identifier: int, _receiver: bytes) -> int:
    """Return for how many shares may be paid in."""
    now = price_of(call, identifier)
    return now.shares_for(now.room)


def max_withdraw(call: Call, identifier: int, owner: bytes) -> int:
    """Return how much an owner can be paid."""
    now = price_of(call, identifier)
    return now.assets_for(shares.held(call.host, identifier, owner))


def max_redeem(call: Call, identifier: int, owner: bytes) -> int:
    """Return for how many shares an owner can be paid."""
    plain_vault(call.host, identifier)
    return shares.held(call.host, identifier, owner)
