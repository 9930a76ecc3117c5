"""ERC-6909 claims on what the manager holds: the id of a currency is its address.

Knows no lock: minting and burning trust whoever calls them to have accounted for it.
"""

from ... import abi
from ...precompile import Host
from . import errors, layout

TRANSFER = abi.event(
    "Transfer(address caller, address indexed sender, address indexed receiver, uint256 indexed id,"
    " uint256 amount)"
)
APPROVAL = abi.event(
    "Approval(address indexed owner, address indexed spender, uint256 indexed id, uint256 amount)"
)
OPERATOR_SET = abi.event(
    "OperatorSet(address indexed owner, address indexed operator, bool approved)"
)

NOBODY = bytes(20)
UNLIMITED = layout.WORD_MASK
INTERFACES = (bytes.fromhex("01ffc9a7"), bytes.fromhex("0f632fb3"))
"""ERC-165 itself, and ERC-6909."""


def number(address: bytes) -> int:
    """Return an address as the key of a mapping."""
    return int.from_bytes(address, "big")


def operator_slot(owner: bytes, operator: bytes) -> int:
    """Return where it stands whether one may act for another."""
    return layout.mapped(number(operator), layout.mapped(number(owner), layout.OPERATORS))


def balance_slot(owner: bytes, identifier: int) -> int:
    """Return where a balance is."""
    return layout.mapped(identifier, layout.mapped(number(owner), layout.BALANCES))


def allowance_slot(owner: bytes, spender: bytes, identifier: int) -> int:
    """Return where an allowance is."""
    of_owner = layout.mapped(number(owner), layout.ALLOWANCES)
    return layout.mapped(identifier, layout.mapped(number(spender), of_owner))


def is_operator(host: Host, owner: bytes, operator: bytes) -> bool:
    """Return whether one may act for another."""
    return host.load(operator_slot(owner, operator)) & 0xFF != 0


def spend(host: Host, owner: bytes, spender: bytes, identifier: int, amount: int) -> None:
    """Take from the allowance of who is neither the owner nor its operator."""
    if spender == owner or is_operator(host, owner, spender):
        return
    slot = allowance_slot(owner, spender, identifier)
    allowed = host.load(slot)
    if allowed != UNLIMITED:
        if allowed < amount:
            raise errors.OVERFLOW
        host.store(slot, allowed - amount)


def take(host: Host, owner: bytes, identifier: int, amount: int) -> None:
    """Lower a balance."""
    slot = balance_slot(owner, identifier)
    balance = host.load(slot)
    if balance < amount:
        raise errors.OVERFLOW
    host.store(slot, balance - amount)


def give(host: Host, owner: bytes, identifier: int, amount: int) -> None:
    """Raise a balance."""
    slot = balance_slot(owner, identifier)
    balance = host.load(slot) + amount
    if balance > layout.WORD_MASK:
        raise errors.OVERFLOW
    host.store(slot, balance)


def mint(host: Host, caller: bytes, to: bytes, identifier: int, amount: int) -> None:
    """Make claims."""
    give(host, to, identifier, amount)
    host.emit(*TRANSFER.log(caller, NOBODY, to, identifier, amount))


def burn(host: Host, caller: bytes, owner: bytes, identifier: int, amount: int) -> None:
    """Destroy claims that the caller may spend."""
    spend(host, owner, caller, identifier, amount)
    take(host, owner, identifier, amount)
    host.emit(*TRANSFER.log(caller, owner, NOBODY, identifier, amount))


def move(host: Host, caller: bytes, owner: bytes, to: bytes, identifier: int, amount: int) -> None:
    """Move claims, whoever may spend them having been checked."""
    take(host, owner, identifier, amount)
    give(host, to, identifier, amount)
    host.emit(*TRANSFER.log(caller, owner, to, identifier, amount))
