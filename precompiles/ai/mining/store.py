"""How 0x0300 keeps work, rewards and teleports. Knows no methods and moves no money.

Layout. The slots of work are counted from the hash of its id (see `ids`).

    0             admin
    1             bridge
    2             reward of a unit at difficulty and trust 1
    3             units that an epoch is meant to have
    4             seconds of an epoch (64) at 128 | until a job expires (64) at 64 | until a reward
                  is due (64)
    5             epoch (64) at 128 | its units so far (128)
    6             difficulty
    7             what is promised for work (128) at 128 | what is held of teleports (128)

    work + 0      opener (160) at 96 | status (8) at 88 | opened (64)
    work + 1      hash of the context; of accepted work the claim that proves it, or 0
    work + 2      miner (160) at 96 | due (64)
    work + 3      reward

    teleport + 0  sender, as the bridge names it
    teleport + 1  recipient (160) at 96 | status (8) at 88 | place among the pending (8) at 80
                  | deadline (64)
    teleport + 2  amount
    teleport + 3  source chain

    hash("balance", miner)          what a miner has earned and not been paid
    hash("claim", claim)            1 once a claim has proven work
    hash("pending", recipient) + 0  how many teleports wait; from + 1 on, which

A work's id is its nullifier: BLAKE3(device | nonce | chain id, 8 bytes).
"""

from dataclasses import dataclass, replace

from ... import abi
from ...backends.blake3 import blake3
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host
from ...storage import Read
from .rewards import Epoch

ADDRESS = (0x0300).to_bytes(20, "big")

ADMIN, BRIDGE, BASE, TARGET, TIMES, EPOCH, DIFFICULTY, PROMISED = 0, 1, 2, 3, 4, 5, 6, 7
CONTEXT, MINER, REWARD = 1, 2, 3
RECIPIENT, AMOUNT, SOURCE = 1, 2, 3

NO_WORK, OPEN, ACCEPTED, PAID, REVOKED = 0, 1, 2, 3, 4
NO_TELEPORT, PENDING, CLAIMED, RETURNED = 0, 1, 2, 3

WORD_MASK = (1 << 256) - 1
MASK_128 = (1 << 128) - 1
MASK_64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A job of a miner, and what became of it."""

    work_id: bytes
    opener: bytes
    status: int
    opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Durations in seconds."""

    epoch: int
    job: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Teleport:
    """A transfer that arrived."""

    teleport_id: bytes
    recipient: bytes
    status: int
    place: int
    deadline: int


def hashed(tag: bytes, *words: bytes) -> bytes:
    """Return the hash of a tag and words."""
    return keccak256(b"".join(each.rjust(abi.WORD, b"\0") for each in (tag, *words)))


def word(number: int) -> bytes:
    """Return a number as a word."""
    return number.to_bytes(abi.WORD, "big")


def slot_of(identifier: bytes, part: int = 0) -> int:
    """Return a slot of what has this id."""
    return slot_of_id(identifier, part)


def work_id(device: bytes, nonce: bytes, chain_id: int) -> bytes:
    """Return the nullifier of work: one device's nonce counts once on a chain."""
    return blake3(device + nonce + chain_id.to_bytes(8, "big"))


def read_address(read: Read, slot: int) -> bytes:
    """Return an address that a slot holds alone."""
    return read(slot).to_bytes(abi.WORD, "big")[12:]


def read_times(read: Read) -> Times:
    """Return the durations."""
    packed = read(TIMES)
    # A chain that gives this entry no settings gives it no pool, and no epochs of no length.
    return Times(epoch=max(packed >> 128, 1), job=packed >> 64 & MASK_64, due=packed & MASK_64)


def read_epoch(read: Read) -> Epoch:
    """Return where the difficulty stands."""
    packed = read(EPOCH)
    return Epoch(number=packed >> 128, units=packed & MASK_128, difficulty=read(DIFFICULTY))


def write_epoch(host: Host, epoch: Epoch) -> None:
    """Write where the difficulty stands."""
    host.store(EPOCH, epoch.number << 128 | epoch.units)
    host.store(DIFFICULTY, epoch.difficulty)


def read_promised(read: Read) -> tuple[int, int]:
    """Return what is promised for work, and what is held of teleports."""
    packed = read(PROMISED)
    return packed >> 128, packed & MASK_128


def promise(host: Host, *, work: int = 0, teleports: int = 0) -> None:
    """Change what is promised."""
    for_work, for_teleports = read_promised(host.load)
    host.store(PROMISED, for_work + work << 128 | for_teleports + teleports)


def read_work(read: Read, identifier: bytes) -> Work:
    """Return work, of status NO_WORK where there is none."""
    first = read(slot_of(identifier))
    return Work(
        work_id=identifier,
        opener=(first >> 96).to_bytes(20, "big"),
        status=first >> 88 & 0xFF,
        opened=first & MASK_64,
    )


def write_work(host: Host, work: Work) -> None:
    """Write who opened work, when, and what became of it."""
    opener = int.from_bytes(work.opener, "big") << 96
    host.store(slot_of(work.work_id), opener | work.status << 88 | work.opened)


def balance_slot(miner: bytes) -> int:
    """Return where it is kept what a miner has earned."""
    return int.from_bytes(hashed(b"balance", miner), "big")


def credit(host: Host, miner: bytes, amount: int) -> None:
    """Change what a miner has earned and not been paid."""
    slot = balance_slot(miner)
    host.store(slot, host.load(slot) + amount)


def claim_slot(claim_id: bytes) -> int:
    """Return where it is kept that a claim has proven work."""
    return int.from_bytes(hashed(b"claim", claim_id), "big")


# --- Teleports ------------------------------------------------------------------------------


def teleport_slot(identifier: bytes, part: int = 0) -> int:
    """Return a slot of a teleport."""
    return (int.from_bytes(hashed(b"teleport", identifier), "big") + part) & WORD_MASK


def pending_slot(recipient: bytes, part: int = 0) -> int:
    """Return a slot of a list of pending teleports."""
    return (int.from_bytes(hashed(b"pending", recipient), "big") + part) & WORD_MASK


def read_teleport(read: Read, identifier: bytes) -> Teleport:
    """Return a teleport, of status NO_TELEPORT where there is none."""
    packed = read(teleport_slot(identifier, RECIPIENT))
    return Teleport(
        teleport_id=identifier,
        recipient=(packed >> 96).to_bytes(20, "big"),
        status=packed >> 88 & 0xFF,
        place=packed >> 80 & 0xFF,
        deadline=packed & MASK_64,
    )


def write_teleport(host: Host, teleport: Teleport) -> None:
    """Write whom a teleport is for, and what became of it."""
    recipient = int.from_bytes(teleport.recipient, "big") << 96
    flags = teleport.status << 88 | teleport.place << 80
    slot = teleport_slot(teleport.teleport_id, RECIPIENT)
    host.store(slot, recipient | flags | teleport.deadline)


def read_pending(read: Read, recipient: bytes) -> list[bytes]:
    """Return the teleports that wait for somebody."""
    count = read(pending_slot(recipient))
    return [word(read(pending_slot(recipient, 1 + place))) for place in range(count)]


def drop_pending(host: Host, teleport: Teleport) -> None:
    """Take a teleport out of its list: the last takes its place."""
    recipient = teleport.recipient
    last = host.load(pending_slot(recipient)) - 1
    moved = host.load(pending_slot(recipient, 1 + last))
    if last != teleport.place:
        host.store(pending_slot(recipient, 1 + teleport.place), moved)
        other = read_teleport(host.load, word(moved))
        write_teleport(host, replace(other, place=teleport.place))
    host.store(pending_slot(recipient, 1 + last), 0)
    host.store(pending_slot(recipient), last)
