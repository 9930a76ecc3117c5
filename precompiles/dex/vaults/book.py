"""What a vault is, where it is kept, and what a share is worth. Knows no tokens and no pools.

Layout. Slot 0 counts the vaults; their ids begin at 1. The slots of a vault are counted from
B = hash(1, id).

    B + 0       asset (160 bits) | kind (8) at 160
    B + 1       assets held for the vault: what was paid in, never what somebody sent

A price is assets + 1 over shares + 10^6, so that a vault begins at a million shares for each unit.
Who wants to move the price before a victim's deposit moves it for these virtual shares too, and
loses to them what the victim would lose. All amounts of assets are below 2**128 and a share is
never worth less than at the start, so supplies stay below 2**149.
"""

from dataclasses import dataclass

from ... import abi
from ...precompile import Host
from .shares import hashed, supply

HERE = (0x0430).to_bytes(20, "big")

PLAIN, RANGED = 1, 2
"""Kinds of vaults: one that holds its asset, and one that holds liquidity of a pool."""

VIRTUAL_SHARES = 10**6
VIRTUAL_ASSETS = 1
ASSETS_MAX = (1 << 128) - 1

COUNT = 0
VAULT_TAG = 1
ASSETS = 1
WORD_MASK = (1 << 256) - 1
KIND_SHIFT = 160
ADDRESS_MASK = (1 << 160) - 1

LOCK = 0
"""The transient slot that is 1 while a call runs: whoever it calls cannot come back."""

UNKNOWN_VAULT = abi.error("UnknownVault(uint256 id)")
LOCKED = abi.error("Locked()")
EXCEEDED_MAX = abi.error("ExceededMax(uint256 amount, uint256 maximum)")

ERRORS = (UNKNOWN_VAULT, LOCKED, EXCEEDED_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What the first slot of a vault says, and where the vault is."""

    identifier: int
    slot: int
    asset: bytes
    kind: int


def create(host: Host, asset: bytes, kind: int) -> Vault:
    """Write a new vault."""
    identifier = host.load(COUNT) + 1
    host.store(COUNT, identifier)
    slot = hashed(VAULT_TAG, identifier)
    host.store(slot, kind << KIND_SHIFT | int.from_bytes(asset, "big"))
    return Vault(identifier=identifier, slot=slot, asset=asset, kind=kind)


def load(host: Host, identifier: int) -> Vault:
    """Return a vault that exists."""
    slot = hashed(VAULT_TAG, identifier)
    header = host.load(slot)
    if not header:
        raise UNKNOWN_VAULT(identifier)
    return Vault(
        identifier=identifier,
        slot=slot,
        asset=(header & ADDRESS_MASK).to_bytes(20, "big"),
        kind=header >> KIND_SHIFT,
    )


def assets(host: Host, vault: Vault) -> int:
    """Return what is held for a vault."""
    return host.load((vault.slot + ASSETS) & WORD_MASK)


def set_assets(host: Host, vault: Vault, amount: int) -> None:
    """Write what is held for a vault."""
    host.store((vault.slot + ASSETS) & WORD_MASK, amount)


def enter(host: Host) -> None:
    """Begin a call that talks to others. A revert opens the lock as well."""
    if host.load_transient(LOCK):
        raise LOCKED()
    host.store_transient(LOCK, 1)


def leave(host: Host) -> None:
    """End it."""
    host.store_transient(LOCK, 0)


# --- Prices ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Assets and shares of a plain vault, each with its virtual part."""

    assets: int
    shares: int

    def shares_for(self, amount: int, *, up: bool = False) -> int:
        """Return the shares that an amount of assets is worth."""
        return divided(amount * self.shares, self.assets, up=up)

    def assets_for(self, amount: int, *, up: bool = False) -> int:
        """Return the assets that an amount of shares is worth."""
        return divided(amount * self.assets, self.shares, up=up)

    @property
    def room(self) -> int:
        """How much may still be paid in."""
        return ASSETS_MAX - (self.assets - VIRTUAL_ASSETS)


def price(host: Host, vault: Vault) -> Price:
    """Return the price of a share now."""
    return Price(
        assets=assets(host, vault) + VIRTUAL_ASSETS,
        shares=supply(host, vault.identifier) + VIRTUAL_SHARES,
    )


def divided(numerator: int, denominator: int, *, up: bool) -> int:
    """Divide, rounding down or up."""
    return -(-numerator // denominator) if up else numerator // denominator
