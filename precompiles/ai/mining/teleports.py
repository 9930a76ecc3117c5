"""Transfers from other chains, as IAIMining has them, with money behind each.

This chain cannot see another one, so it believes the bridge that the admin names, and the bridge
has to bring what it announces: nothing is minted. The recipient has a day; what is not claimed
goes back to the bridge that is named then.
"""

from dataclasses import replace

from ... import abi
from ...precompile import Call
from . import store
from .store import CLAIMED, NO_TELEPORT, PENDING, RETURNED, Teleport

CLAIM_SECONDS = 86_400
PENDING_MAX = 64
"""For one recipient: what a list and a batch have at most."""

SHOWN_PENDING, SHOWN_CLAIMED, SHOWN_EXPIRED = 0, 1, 2
"""The statuses of IAIMining."""

NOT_ADMIN = abi.error("NotAdmin(address admin)")
NOT_BRIDGE = abi.error("NotBridge(address bridge)")
TELEPORT_EXISTS = abi.error("TeleportExists(bytes32 teleportId)")
TELEPORT_NOT_FOUND = abi.error("TeleportNotFound()")
TELEPORT_ALREADY_CLAIMED = abi.error("TeleportAlreadyClaimed()")
TELEPORT_EXPIRED = abi.error("TeleportExpired()")
TELEPORT_PENDING = abi.error("TeleportPending(uint64 deadline)")
NOT_TELEPORT_RECIPIENT = abi.error("NotTeleportRecipient()")
INVALID_TELEPORT = abi.error("InvalidTeleport()")
TOO_MANY_PENDING = abi.error("TooManyPending(uint256 maximum)")

ERRORS = (
    NOT_ADMIN,
    NOT_BRIDGE,
    TELEPORT_EXISTS,
    TELEPORT_NOT_FOUND,
    TELEPORT_ALREADY_CLAIMED,
    TELEPORT_EXPIRED,
    TELEPORT_PENDING,
    NOT_TELEPORT_RECIPIENT,
    INVALID_TELEPORT,
    TOO_MANY_PENDING,
)

TELEPORT_CLAIMED = abi.event(
    "TeleportClaimed(bytes32 indexed teleportId, address indexed recipient, uint256 amount)"
)
TELEPORT_RECORDED = abi.event(
    "TeleportRecorded(bytes32 indexed teleportId, address indexed recipient, uint256 amount)"
)
TELEPORT_RETURNED = abi.event("TeleportReturned(bytes32 indexed teleportId, uint256 amount)")
BRIDGE_CHANGED = abi.event("BridgeChanged(address indexed bridge)")


def set_bridge(call: Call, bridge: bytes) -> None:
    """As admin, name who may record teleports."""
    admin = store.read_address(call.host.load, store.ADMIN)
    if call.caller != admin or not any(admin):
        raise NOT_ADMIN(admin)
    call.host.store(store.BRIDGE, int.from_bytes(bridge, "big"))
    call.host.emit(*BRIDGE_CHANGED.log(bridge))


def record(
    call: Call, teleport_id: bytes, sender: bytes, recipient: bytes, source_chain: int
) -> None:
    """As bridge, announce a transfer, with its amount as value."""
    host = call.host
    bridge = store.read_address(host.load, store.BRIDGE)
    if call.caller != bridge:
        raise NOT_BRIDGE(bridge)
    if not call.value or not any(recipient):
        raise INVALID_TELEPORT()
    if store.read_teleport(host.load, teleport_id).status != NO_TELEPORT:
        raise TELEPORT_EXISTS(teleport_id)
    place = host.load(store.pending_slot(recipient))
    if place == PENDING_MAX:
        raise TOO_MANY_PENDING(PENDING_MAX)
    teleport = Teleport(
        teleport_id=teleport_id,
        recipient=recipient,
        status=PENDING,
        place=place,
        deadline=call.context.timestamp + CLAIM_SECONDS,
    )
    store.write_teleport(host, teleport)
    host.store(store.teleport_slot(teleport_id), int.from_bytes(sender, "big"))
    host.store(store.teleport_slot(teleport_id, store.AMOUNT), call.value)
    host.store(store.teleport_slot(teleport_id, store.SOURCE), source_chain)
    host.store(store.pending_slot(recipient, 1 + place), int.from_bytes(teleport_id, "big"))
    host.store(store.pending_slot(recipient), place + 1)
    store.promise(host, teleports=call.value)
    host.emit(*TELEPORT_RECORDED.log(teleport_id, recipient, call.value))


def claim(call: Call, teleport_id: bytes) -> int:
    """As recipient, take a transfer within its day."""
    teleport = found(call, teleport_id)
    if teleport.status == CLAIMED:
        raise TELEPORT_ALREADY_CLAIMED()
    if teleport.status == RETURNED or call.context.timestamp > teleport.deadline:
        raise TELEPORT_EXPIRED()
    if call.caller != teleport.recipient:
        raise NOT_TELEPORT_RECIPIENT()
    amount = close(call, teleport, CLAIMED)
    call.host.transfer(teleport.recipient, amount)
    call.host.emit(*TELEPORT_CLAIMED.log(teleport_id, teleport.recipient, amount))
    return amount


def claim_all(call: Call, teleport_ids: list[bytes]) -> int:
    """As recipient, take several transfers, or none of them."""
    return sum(claim(call, each) for each in teleport_ids)


def give_back(call: Call, teleport_id: bytes) -> int:
    """Give an expired transfer back to the bridge."""
    teleport = found(call, teleport_id)
    if teleport.status == CLAIMED:
        raise TELEPORT_ALREADY_CLAIMED()
    if teleport.status == RETURNED:
        raise TELEPORT_EXPIRED()
    if call.context.timestamp <= teleport.deadline:
        raise TELEPORT_PENDING(teleport.deadline)
    bridge = store.read_address(call.host.load, store.BRIDGE)
    if not any(bridge):
        raise NOT_BRIDGE(bridge)
    amount = close(call, teleport, RETURNED)
    call.host.transfer(bridge, amount)
    call.host.emit(*TELEPORT_RETURNED.log(teleport_id, amount))
    return amount


def close(call: Call, teleport: Teleport, status: int) -> int:
    """Take a transfer off the list, and return its amount."""
    amount = call.host.load(store.teleport_slot(teleport.teleport_id, store.AMOUNT))
    store.drop_pending(call.host, teleport)
    store.write_teleport(call.host, replace(teleport, status=status, place=0))
    store.promise(call.host, teleports=-amount)
    return amount


def found(call: Call, teleport_id: bytes) -> Teleport:
    """Return a transfer that was recorded."""
    teleport = store.read_teleport(call.host.load, teleport_id)
    if teleport.status == NO_TELEPORT:
        raise TELEPORT_NOT_FOUND()
    return teleport


def pending(call: Call, recipient: bytes) -> list[bytes]:
    """Return what somebody may claim now."""
    listed = store.read_pending(call.host.load, recipient)
    now = call.context.timestamp
    return [each for each in listed if now <= store.read_teleport(call.host.load, each).deadline]


def details(call: Call, teleport_id: bytes) -> tuple[object, ...]:
    """Return a transfer as IAIMining shows it."""
    teleport, load = found(call, teleport_id), call.host.load
    expired = teleport.status == RETURNED or call.context.timestamp > teleport.deadline
    status = SHOWN_EXPIRED if expired else SHOWN_PENDING
    return (
        store.word(load(store.teleport_slot(teleport_id))),
        teleport.recipient,
        load(store.teleport_slot(teleport_id, store.AMOUNT)),
        load(store.teleport_slot(teleport_id, store.SOURCE)),
        SHOWN_CLAIMED if teleport.status == CLAIMED else status,
    )
