"""A bundle: part of a history as one file that looks like chance, for a stick and its courier.

Header, chunks, trailer. The header hides a key in four slots, of which any may be random bytes. The
chunks are sealed under it, counted, and padded to a size class. The trailer is the exporter's
signature over the root of their tree. Nothing of a bundle is given out before all of it is found
whole and signed; then it is read again piece by piece, and each piece held to its leaf.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..codec import Refused, u8, u64
from ..crypto import (
    HYBRID_CIPHERTEXT,
    HYBRID_PUBLIC,
    KEY,
    LONG_NONCE,
    SIGNATURE,
    SIGNING_PUBLIC,
    TAG,
    HybridKey,
    Random,
    SigningKey,
    decapsulate,
    encapsulate,
    hkdf,
    keystream,
    seal,
    sha256,
    unseal,
    verify,
)

UNIT = 65_536
UNITS_MAX = 1 << 16  # 4 GiB
SALT = 32
SLOTS = 4
SLOT = HYBRID_CIPHERTEXT + KEY + TAG
HEADER = SALT + SLOTS * SLOT
TRAILER = SIGNING_PUBLIC + SIGNATURE + TAG
# With header and trailer the first chunk makes a unit, so that no chunk depends on how many follow.
FIRST_CHUNK = UNIT - HEADER - TRAILER

SLOT_LABEL = b"pars/bundle-slot/v1"
MASK_LABEL = b"pars/bundle-mask/v1"
STREAM_LABEL = b"pars/bundle-stream/v1"
CONTEXT = b"pars/bundle/v1"


class Source(Protocol):
    """Where a bundle lies."""

    def size(self) -> int:
        """Return how many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset; fewer where they end, or cannot be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who opens a bundle: holders of a space's key, and of the secret keys to public ones."""

    space_keys: Sequence[bytes] = field(default=(), repr=False)
    publics: Sequence[bytes] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.space_keys) + len(self.publics) <= SLOTS:
            raise ValueError(f"a bundle has 1 to {SLOTS} recipients")
        if any(len(key) != KEY for key in self.space_keys):
            raise ValueError(f"a space's key has {KEY} bytes")
        if any(len(public) != HYBRID_PUBLIC for public in self.publics):
            raise ValueError(f"a public key has {HYBRID_PUBLIC} bytes")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was found whole. `exporter` is the key that signed it, whosever that is.

    `space_key` is the one that opened it; None where a secret key did.
    """

    source: Source
    space_key: bytes | None = field(repr=False)
    exporter: bytes
    root: bytes
    leaves: Sequence[bytes] = field(repr=False)
    stream_key: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """How many bytes of content there are, padding with them."""
        return capacity(self.source.size())

    def read(self, position: int) -> Iterator[bytes]:
        """Give the content from a position on, each chunk once it is found to be the same still."""
        first, skip = 0, position
        if position >= _plain(0):
            first, skip = divmod(position - _plain(0), _plain(1))
            first += 1
        for number in range(first, len(self.leaves)):
            sealed = _read_chunk(self.source, number)
            if _leaf(sealed) != self.leaves[number]:
                raise Refused("bundle: changed meanwhile")
            yield _open(self.stream_key, number, sealed)[skip:]
            skip = 0


# --- Writing --------------------------------------------------------------------------------


def capacity(size: int) -> int:
    """Return how many bytes of content a bundle of this size has."""
    return _plain(0) + (size // UNIT - 1) * _plain(1)


def size_class(length: int) -> int:
    """Return the size of a bundle with so much content: 64 KiB, or twice that, or twice that."""
    size = UNIT
    while capacity(size) < length:
        size *= 2
    if size > UNITS_MAX * UNIT:
        raise ValueError("more than a bundle holds")
    return size


def write_bundle(
    content: Iterable[bytes], recipients: Recipients, signer: SigningKey, random: Random
) -> Iterator[bytes]:
    """Give the pieces of a bundle in a row, while its content comes in any pieces.

    Who carries and is no member signs by a key of the moment: nobody then says who made it.
    """
    header, file_key = _make_header(recipients, random)
    yield header
    key = _stream_key(file_key, header)
    leaves: list[bytes] = []
    waiting = bytearray()
    for piece in content:
        waiting += piece
        while len(waiting) > _plain(len(leaves)):
            yield _seal_chunk(key, waiting, leaves)
    while waiting or not leaves or len(leaves) & (len(leaves) - 1):
        yield _seal_chunk(key, waiting, leaves)
    signed = _signed(header, leaves)
    trailer = signer.public + signer.sign(signed, CONTEXT)
    yield seal(key, _nonce(len(leaves), is_last=True), trailer)


def _make_header(recipients: Recipients, random: Random) -> tuple[bytes, bytes]:
    salt, file_key = random(SALT), random(KEY)
    slots = [_space_slot(key, salt, file_key, random) for key in recipients.space_keys]
    slots += [_public_slot(public, salt, file_key, random) for public in recipients.publics]
    slots += [random(SLOT) for _ in range(SLOTS - len(slots))]
    order = sorted(range(SLOTS), key=lambda _: random(8))
    return salt + b"".join(slots[place] for place in order), file_key


def _space_slot(key: bytes, salt: bytes, file_key: bytes, random: Random) -> bytes:
    sealed = seal(hkdf(key, salt, SLOT_LABEL), bytes(LONG_NONCE), file_key)
    return random(HYBRID_CIPHERTEXT) + sealed


def _public_slot(public: bytes, salt: bytes, file_key: bytes, random: Random) -> bytes:
    key, ciphertext = encapsulate(public, SLOT_LABEL, salt, random)
    return _masked(public, salt, ciphertext) + seal(key, bytes(LONG_NONCE), file_key)


def _masked(public: bytes, salt: bytes, ciphertext: bytes) -> bytes:
    """Hide that bytes are a ciphertext, which is not uniform, from who does not know the key."""
    mask = keystream(hkdf(public, salt, MASK_LABEL), len(ciphertext))
    masked = int.from_bytes(mask, "big") ^ int.from_bytes(ciphertext, "big")
    return masked.to_bytes(len(ciphertext), "big")


def _seal_chunk(key: bytes, waiting: bytearray, leaves: list[bytes]) -> bytes:
    number = len(leaves)
    if number == UNITS_MAX:
        raise ValueError("more than a bundle holds")
    size = _plain(number)
    plain = bytes(waiting[:size]).ljust(size, b"\0")
    del waiting[:size]
    sealed = seal(key, _nonce(number, is_last=False), plain)
    leaves.append(_leaf(sealed))
    return sealed


# --- Reading --------------------------------------------------------------------------------


def open_bundle(
    source: Source, space_keys: Iterable[bytes] = (), hybrids: Iterable[HybridKey] = ()
) -> Bundle:
    """Read all of a bundle, and return it where all of it is as its exporter signed it."""
    size = source.size()
    units = size // UNIT
    if size % UNIT or not 0 < units <= UNITS_MAX or units & (units - 1):
        raise Refused("bundle: no size of a bundle")
    header = source.read(0, HEADER)
    if len(header) < HEADER:
        raise Refused("bundle: cannot be read")
    file_key, space_key = _file_key(header, space_keys, hybrids)
    key = _stream_key(file_key, header)
    leaves = []
    for number in range(units):
        sealed = _read_chunk(source, number)
        _open(key, number, sealed)
        leaves.append(_leaf(sealed))
    trailer = _open_trailer(key, units, source.read(size - TRAILER, TRAILER))
    exporter, signature = trailer[:SIGNING_PUBLIC], trailer[SIGNING_PUBLIC:]
    if not verify(exporter, _signed(header, leaves), signature, CONTEXT):
        raise Refused("bundle: not signed by its exporter")
    return Bundle(source, space_key, exporter, merkle_root(leaves), leaves, key)


def _file_key(
    header: bytes, space_keys: Iterable[bytes], hybrids: Iterable[HybridKey]
) -> tuple[bytes, bytes | None]:
    salt = header[:SALT]
    slots = [header[at : at + SLOT] for at in range(SALT, HEADER, SLOT)]
    for space_key in space_keys:
        key = hkdf(space_key, salt, SLOT_LABEL)
        for slot in slots:
            if (found := _opened(key, slot)) is not None:
                return found, space_key
    for hybrid in hybrids:
        for slot in slots:
            ciphertext = _masked(hybrid.public, salt, slot[:HYBRID_CIPHERTEXT])
            try:
                key = decapsulate(hybrid, ciphertext, SLOT_LABEL, salt)
            except Refused:  # random bytes that are no point
                continue
            if (found := _opened(key, slot)) is not None:
                return found, None
    raise Refused("bundle: for somebody else")


def _opened(key: bytes, slot: bytes) -> bytes | None:
    try:
        return unseal(key, bytes(LONG_NONCE), slot[HYBRID_CIPHERTEXT:])
    except Refused:
        return None


def _read_chunk(source: Source, number: int) -> bytes:
    size = _plain(number) + TAG
    offset = HEADER + FIRST_CHUNK + (number - 1) * UNIT if number else HEADER
    sealed = source.read(offset, size)
    if len(sealed) < size:
        raise Refused("bundle: cannot be read")
    return sealed


def _open(key: bytes, number: int, sealed: bytes) -> bytes:
    try:
        return unseal(key, _nonce(number, is_last=False), sealed)
    except Refused:
        raise Refused("bundle: chunk not authentic") from None


def _open_trailer(key: bytes, number: int, sealed: bytes) -> bytes:
    try:
        return unseal(key, _nonce(number, is_last=True), sealed)
    except Refused:
        raise Refused("bundle: end not authentic") from None


# --- Both -----------------------------------------------------------------------------------


def _plain(number: int) -> int:
    """Return how many bytes a chunk holds."""
    return (UNIT if number else FIRST_CHUNK) - TAG


def _stream_key(file_key: bytes, header: bytes) -> bytes:
    """Return the key of the chunks, which no change of the header leaves as it was."""
    return hkdf(file_key, sha256(header), STREAM_LABEL)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return (u8(is_last) + u64(number)).rjust(LONG_NONCE, b"\0")


def _signed(header: bytes, leaves: Sequence[bytes]) -> bytes:
    return sha256(header) + merkle_root(leaves) + u64(len(leaves))


def _leaf(sealed: bytes) -> bytes:
    return sha256(b"\0", sealed)


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree over leaves; the last of an odd level rises as it is."""
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\1", left, right) for left, right in pairs]
        level = above + level[len(level) & ~1 :]
    return level[0]
