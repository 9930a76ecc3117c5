"""Who holds how many shares of which vault: ERC-6909 with a supply. Knows no assets.

Layout. Slots are hashes of a tag and what they are about:

    hash(2, id, owner)            shares of an owner
    hash(3, id, owner, spender)   how many of them another may still take
    hash(4, owner, spender)       whether another may take all
    hash(5, id)                   shares there are
"""

from ... import abi
from ...backends.keccak import keccak256
from ...precompile import Call, Host

UNLIMITED = (1 << 256) - 1
NOBODY = bytes(20)

BALANCE_TAG, ALLOWANCE_TAG, OPERATOR_TAG, SUPPLY_TAG = 2, 3, 4, 5

INSUFFICIENT_BALANCE = abi.error("InsufficientBalance(address owner, uint256 id)")
INSUFFICIENT_PERMISSION = abi.error("InsufficientPermission(address spender, uint256 id)")
INVALID_RECEIVER = abi.error("InvalidReceiver(address receiver)")

TRANSFER = abi.event(
    "Transfer(address caller, address indexed sender, address indexed receiver, uint256 indexed id,"
    " uint256 amount)"
)
APPROVAL = abi.event(
    "Approval(address indexed owner, address indexed spender, uint256 indexed id, uint256 amount)"
)
OPERATOR_SET = abi.event(
    "OperatorSet(address indexed owner, address indexed spender, bool approved)"
)

ERRORS = (INSUFFICIENT_BALANCE, INSUFFICIENT_PERMISSION, INVALID_RECEIVER)
EVENTS = (TRANSFER, APPROVAL, OPERATOR_SET)

INTERFACES = (bytes.fromhex("01ffc9a7"), bytes.fromhex("0f632fb3"))
"""ERC-165 and ERC-6909."""


def balance_slot(identifier: int, owner: bytes) -> int:
    """Return where the shares of an owner stand."""
    return hashed(BALANCE_TAG, identifier, owner)


def allowance_slot(identifier: int, owner: bytes, spender: bytes) -> int:
    """Return where it stands how many shares another may take."""
    return hashed(ALLOWANCE_TAG, identifier, owner, spender)


def operator_slot(owner: bytes, spender: bytes) -> int:
    """Return where it stands whether another may take all."""
    return hashed(OPERATOR_TAG, owner, spender)


def supply_slot(identifier: int) -> int:
    """Return where the supply stands."""
    return hashed(SUPPLY_TAG, identifier)


def hashed(tag: int, *parts: int | bytes) -> int:
    """Return a slot that nothing else shares."""
    words = (p if isinstance(p, bytes) else p.to_bytes(32, "big") for p in (tag, *parts))
    return int.from_bytes(keccak256(b"".join(word.rjust(32, b"\0") for word in words)), "big")


def supply(host: Host, identifier: int) -> int:
    """Return the number of shares of a vault."""
    return host.load(supply_slot(identifier))


def held(host: Host, identifier: int, owner: bytes) -> int:
    """Return the shares of an owner."""
    return host.load(balance_slot(identifier, owner))


def mint(call: Call, identifier: int, to: bytes, amount: int) -> None:
    """Make shares. The caller has seen to it that the supply stays far below 2**256."""
    check_receiver(to)
    host = call.host
    host.store(supply_slot(identifier), host.load(supply_slot(identifier)) + amount)
    add(host, identifier, to, amount)
    host.emit(*TRANSFER.log(call.caller, NOBODY, to, identifier, amount))


def burn(call: Call, identifier: int, owner: bytes, amount: int) -> None:
    """Destroy shares of an owner that the caller may take."""
    host = call.host
    spend(call, identifier, owner, amount)
    subtract(host, identifier, owner, amount)
    host.store(supply_slot(identifier), host.load(supply_slot(identifier)) - amount)
    host.emit(*TRANSFER.log(call.caller, owner, NOBODY, identifier, amount))


def spend(call: Call, identifier: int, owner: bytes, amount: int) -> None:
    """Use up an allowance of the caller; owners and operators need none."""
    host = call.host
    if call.caller == owner or host.load(operator_slot(owner, call.caller)):
        return
    slot = allowance_slot(identifier, owner, call.caller)
    allowed = host.load(slot)
    if allowed == UNLIMITED:
        return
    if allowed < amount:
        raise INSUFFICIENT_PERMISSION(call.caller, identifier)
    host.store(slot, allowed - amount)


def add(host: Host, identifier: int, owner: bytes, amount: int) -> None:
    """Add to a balance."""
    slot = balance_slot(identifier, owner)
    host.store(slot, host.load(slot) + amount)


def subtract(host: Host, identifier: int, owner: bytes, amount: int) -> None:
    """Take from a balance."""
    slot = balance_slot(identifier, owner)
    before = host.load(slot)
    if before < amount:
        raise INSUFFICIENT_BALANCE(owner, identifier)
    host.store(slot, before - amount)


def check_receiver(to: bytes) -> None:
    """Refuse to give anything to address zero: it would look like burning."""
    if to == NOBODY:
        raise INVALID_RECEIVER(to)


# --- The methods of ERC-6909 -----------------------------------------------------------------


def transfer(call: Call, to: bytes, identifier: int, amount: int) -> bool:
    """Move shares of the caller."""
    return transfer_from(call, call.caller, to, identifier, amount)


def transfer_from(call: Call, owner: bytes, to: bytes, identifier: int, amount: int) -> bool:
    """Move shares that the caller may take."""
    check_receiver(to)
    spend(call, identifier, owner, amount)
    subtract(call.host, identifier, owner, amount)
    add(call.host, identifier, to, amount)
    call.host.emit(*TRANSFER.log(call.caller, owner, to, identifier, amount))
    return True


def approve(call: Call, spender: bytes, identifier: int, amount: int) -> bool:
    """Let another take shares of the caller."""
    call.host.store(allowance_slot(identifier, call.caller, spender), amount)
    call.host.emit(*APPROVAL.log(call.caller, spender, identifier, amount))
    return True


def set_operator(call: Call, spender: bytes, approved: bool) -> bool:
    """Let another take all shares of the caller, of any vault; or no longer."""
    call.host.store(operator_slot(call.caller, spender), int(approved))
    call.host.emit(*OPERATOR_SET.log(call.caller, spender, approved))
    return True


def balance_of(call: Call, owner: bytes, identifier: int) -> int:
    """Return the shares of an owner."""
    return held(call.host, identifier, owner)


def allowance(call: Call, owner: bytes, spender: bytes, identifier: int) -> int:
    """Return how many shares another may take."""
    return call.host.load(allowance_slot(identifier, owner, spender))


def is_operator(call: Call, owner: bytes, spender: bytes) -> bool:
    """Return whether another may take all."""
    return call.host.load(operator_slot(owner, spender)) != 0


def total_supply(call: Call, identifier: int) -> int:
    """Return the number of shares of a vault."""
    return supply(call.host, identifier)


def supports_interface(_: Call, interface: bytes) -> bool:
    """ERC-165."""
    return interface in INTERFACES
