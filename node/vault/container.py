"""The container: one file of random bytes, of which passwords open regions.

It has its full size from the first start, whether anything is in it or not. Two heads stand in
front, each with four slots and four region heads; four equal regions follow. What is not in use is
random, and what is in use is sealed, so all of it looks the same. A slot says which region its
password opens and, for a duress password, what is destroyed by opening it.

A password is tried at every slot of both heads, and both heads are written back whatever it
opened: the work and the writes do not tell which password it was, or whether it was one at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..codec import Reader, Refused, u8, u64
from ..crypto import KEY, LONG_NONCE, TAG, Random, argon2id, hkdf, seal, sha256, unseal
from .disk import Disk

BLOCK = 4096  # what a disk writes in one piece, or nearly
SLOTS = 4
REGIONS = 4
COPIES = 2
SIZE_DEFAULT = 64 << 20
SIZE_MIN = 512 << 10
SIZE_MAX = 16 << 30
FILL = 1 << 20  # bytes that are drawn at once

SALT = 32
SALT_FIELD = 2 * SALT  # a mask, and the salt under the mask's hash: the two heads share no bytes
ACCESS = 1 + 1 + 1 + 8 + 2 * KEY
REGION_HEAD = 1 + 8 + 1 + KEY
SEALED = LONG_NONCE + TAG
SLOT_SIZE = ACCESS + SEALED
REGION_HEAD_SIZE = REGION_HEAD + SEALED
VERSION = 1

SLOT_LABEL = b"pars/vault-slot/v1"
REGION_LABEL = b"pars/vault-region/v1"
SALT_LABEL = b"pars/vault-salt/v1"


class Cost(NamedTuple):
    """What one try of a password costs by Argon2id. It is a constant of a build, never stored."""

    memory_kib: int
    passes: int
    lanes: int


DESKTOP = Cost(memory_kib=256 << 10, passes=3, lanes=4)
SMALL = Cost(memory_kib=64 << 10, passes=3, lanes=4)  # telephones and single-board computers


@dataclass(frozen=True)
class Access:
    """What a slot holds."""

    region: int
    size: int  # of the whole container
    master: bytes = field(repr=False)  # opens the region's head
    alert_key: bytes = field(repr=False)  # opens the prepared alert, if there is one
    kills: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    """Slots, and region heads, that are overwritten when this slot is opened."""

    def encode(self) -> bytes:
        """Return the bytes that are sealed; they have one length."""
        slots, regions = (sum(1 << number for number in numbers) for numbers in self.kills)
        places = u8(VERSION) + u8(self.region) + u8(regions << SLOTS | slots)
        return places + u64(self.size) + self.master + self.alert_key

    @classmethod
    def decode(cls, data: bytes) -> "Access":
        """Read what `encode` made."""
        reader = Reader(data)
        version, region, kills = reader.u8(), reader.u8(), reader.u8()
        size, master, alert_key = reader.u64(), reader.take(KEY), reader.take(KEY)
        reader.end()
        if version != VERSION or region >= REGIONS or not SIZE_MIN <= size <= SIZE_MAX:
            raise Refused("vault: slot of another version")
        slots = frozenset(number for number in range(SLOTS) if kills >> number & 1)
        regions = frozenset(number for number in range(REGIONS) if kills >> SLOTS >> number & 1)
        return cls(region, size, master, alert_key, (slots, regions))


@dataclass(frozen=True)
class RegionHead:
    """Where a region's data is, and under which key. Overwriting it erases all of the data."""

    generation: int
    half: int
    key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the bytes that are sealed; they have one length."""
        return u8(VERSION) + u64(self.generation) + u8(self.half) + self.key

    @classmethod
    def decode(cls, data: bytes) -> "RegionHead":
        """Read what `encode` made."""
        reader = Reader(data)
        version, head = reader.u8(), cls(reader.u64(), reader.u8(), reader.take(KEY))
        reader.end()
        if version != VERSION or head.half > 1:
            raise Refused("vault: region of another version")
        return head


class Opened(NamedTuple):
    """What a password opened."""

    slot: int
    access: Access
    damage: tuple[str, ...]


def half_blocks(size: int) -> int:
    """Return how many blocks half a region has, in a container of this size."""
    return (size - COPIES * BLOCK) // (2 * REGIONS * BLOCK)


def half_offset(access: Access, half: int) -> int:
    """Return where half a region begins."""
    return (COPIES + (2 * access.region + half) * half_blocks(access.size)) * BLOCK


def create(disk: Disk, size: int, random: Random) -> None:
    """Fill a new file: a container that no password opens, as after a fresh start."""
    if not SIZE_MIN <= size <= SIZE_MAX:
        raise ValueError("vault: size of a container")
    for copy, head in enumerate(_fresh_heads(random)):
        disk.write(copy * BLOCK, bytes(head))
    overwrite(disk, COPIES * BLOCK, size - COPIES * BLOCK, random)


def overwrite(disk: Disk, offset: int, length: int, random: Random) -> None:
    """Put random bytes in place of others."""
    for start in range(0, length, FILL):
        disk.write(offset + start, random(min(FILL, length - start)))
    disk.sync()


def install(
    disk: Disk, slot: int, password: bytes, access: Access, cost: Cost, random: Random
) -> None:
    """Begin anew: forget all slots and regions there were, and put in one password.

    The region that it opens begins empty, under a key of its own.
    """
    heads = _fresh_heads(random)
    key = argon2id(password, _salt(heads[0]), *cost)
    first = RegionHead(1, 0, random(KEY))
    for copy, head in enumerate(heads):
        _put_slot(head, copy, slot, key, access, random)
        _put_region(head, copy, access, first, random)
    _write_heads(disk, heads)


def open_slot(disk: Disk, password: bytes, cost: Cost, random: Random) -> Opened:
    """Try a password at every slot, carry out what its slot says, and write both heads back.

    One run of Argon2id serves all slots, because they share a salt: so all of the time that a user
    is ready to wait goes into one run, and a guess costs whoever guesses the same.
    """
    heads = _read_heads(disk)
    found = _matching(heads, password, cost)
    damage: list[str] = []
    for (number, copy), (salt, key, access) in found.items():
        twin = heads[1 - copy]
        if (number, 1 - copy) not in found or _salt(twin) != salt:
            damage.append(f"head {1 - copy} of the container")
            twin[SALT:SALT_FIELD] = _xor(salt, bytes(twin[:SALT]))
            _put_slot(twin, 1 - copy, number, key, access, random)
        _repair_region(heads, access, random)
        _kill(heads, access, random)
    _write_heads(disk, heads)
    if not found:
        raise Refused("vault: wrong password")
    (slot, _), (_, _, access) = next(iter(found.items()))
    missing = access.size - disk.size()
    if missing > 0:
        damage.append(f"last {missing} bytes of the container")
        overwrite(disk, access.size - missing, missing, random)
    return Opened(slot, access, tuple(damage))


def opens_any(disk: Disk, password: bytes, cost: Cost) -> bool:
    """Return whether a password is taken, and do nothing that its slot says."""
    return bool(_matching(_read_heads(disk), password, cost))


def put_password(
    disk: Disk, number: int, password: bytes, access: Access, cost: Cost, random: Random
) -> None:
    """Let a slot open by this password, and by none that it had before."""
    key = argon2id(password, _salt(_read_heads(disk)[0]), *cost)
    for copy in range(COPIES):
        head = bytearray(_read_heads(disk)[copy])
        _put_slot(head, copy, number, key, access, random)
        _write_head(disk, copy, head)


def read_region_head(disk: Disk, access: Access) -> RegionHead:
    """Return the newest head of a region."""
    newest = _newest(_read_heads(disk), access)
    if newest is None:
        raise Refused("vault: head of the region is damaged")
    return newest


def write_region_head(disk: Disk, access: Access, head: RegionHead, random: Random) -> None:
    """Exchange a region's head, one copy after the other, so that one of them is always whole."""
    for copy in range(COPIES):
        block = _read_heads(disk)[copy]
        _put_region(block, copy, access, head, random)
        _write_head(disk, copy, block)


def _matching(
    heads: list[bytearray], password: bytes, cost: Cost
) -> dict[tuple[int, int], tuple[bytes, bytes, Access]]:
    """Return salt, key and content of every slot, by number and head, that a password opens."""
    found = {}
    for salt in dict.fromkeys(map(_salt, heads)):  # two only where one is damaged
        key = argon2id(password, salt, *cost)
        for copy, head in enumerate(heads):
            for number in range(SLOTS):
                access = _read_slot(head, copy, number, key)
                if access is not None:
                    found[number, copy] = salt, key, access
    return found


def _fresh_heads(random: Random) -> list[bytearray]:
    salt = random(SALT)
    heads = []
    for _ in range(COPIES):
        mask = random(SALT)
        heads.append(bytearray(mask + _xor(salt, mask) + random(BLOCK - SALT_FIELD)))
    return heads


def _salt(head: bytearray) -> bytes:
    return _xor(head[SALT:SALT_FIELD], bytes(head[:SALT]))


def _xor(data: bytes | bytearray, mask: bytes) -> bytes:
    whole = int.from_bytes(data, "big") ^ int.from_bytes(sha256(SALT_LABEL, mask), "big")
    return whole.to_bytes(SALT, "big")


def _read_heads(disk: Disk) -> list[bytearray]:
    if disk.size() < SIZE_MIN // 2:
        raise Refused("vault: not a container")
    return [bytearray(disk.read(copy * BLOCK, BLOCK)) for copy in range(COPIES)]


def _write_heads(disk: Disk, heads: Iterable[bytearray]) -> None:
    for copy, head in enumerate(heads):
        _write_head(disk, copy, head)


def _write_head(disk: Disk, copy: int, head: bytearray) -> None:
    disk.write(copy * BLOCK, bytes(head))
    disk.sync()


def _slot_place(number: int) -> slice:
    start = SALT_FIELD + number * SLOT_SIZE
    return slice(start, start + SLOT_SIZE)


def _region_place(number: int) -> slice:
    start = SALT_FIELD + SLOTS * SLOT_SIZE + number * REGION_HEAD_SIZE
    return slice(start, start + REGION_HEAD_SIZE)


def _sealed(key: bytes, label: bytes, payload: bytes, random: Random) -> bytes:
    nonce = random(LONG_NONCE)
    return nonce + seal(hkdf(key, b"", label), nonce, payload, label)


def _unsealed(key: bytes, label: bytes, data: bytes) -> bytes | None:
    try:
        return unseal(hkdf(key, b"", label), data[:LONG_NONCE], data[LONG_NONCE:], label)
    except Refused:
        return None


def _put_slot(
    head: bytearray, copy: int, number: int, key: bytes, access: Access, random: Random
) -> None:
    label = SLOT_LABEL + u8(number) + u8(copy)
    head[_slot_place(number)] = _sealed(key, label, access.encode(), random)


def _read_slot(head: bytearray, copy: int, number: int, key: bytes) -> Access | None:
    label = SLOT_LABEL + u8(number) + u8(copy)
    payload = _unsealed(key, label, bytes(head[_slot_place(number)]))
    return None if payload is None else Access.decode(payload)


def _put_region(
    head: bytearray, copy: int, access: Access, value: RegionHead, random: Random
) -> None:
    label = REGION_LABEL + u8(access.region) + u8(copy)
    head[_region_place(access.region)] = _sealed(access.master, label, value.encode(), random)


def _read_region(head: bytearray, copy: int, access: Access) -> RegionHead | None:
    label = REGION_LABEL + u8(access.region) + u8(copy)
    payload = _unsealed(access.master, label, bytes(head[_region_place(access.region)]))
    return None if payload is None else RegionHead.decode(payload)


def _newest(heads: list[bytearray], access: Access) -> RegionHead | None:
    read = [_read_region(head, copy, access) for copy, head in enumerate(heads)]
    return max(filter(None, read), key=lambda head: head.generation, default=None)


def _repair_region(heads: list[bytearray], access: Access, random: Random) -> None:
    """Finish an exchange of heads that a crash left between the two copies."""
    newest = _newest(heads, access)
    for copy, head in enumerate(heads):
        if newest is not None and _read_region(head, copy, access) != newest:
            _put_region(head, copy, access, newest, random)


def _kill(heads: list[bytearray], access: Access, random: Random) -> None:
    slots, regions = access.kills
    for head in heads:
        for number in slots:
            head[_slot_place(number)] = random(SLOT_SIZE)
        for number in regions:
            head[_region_place(number)] = random(REGION_HEAD_SIZE)
