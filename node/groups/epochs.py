"""The keys that one seed brings: a chain for every member, and what hides posts and mailbox.

A message takes one key from the sender's chain in every epoch that no other epoch has seen, so it
opens only to those who were given all their seeds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..codec import Reader, Refused, u8, u16, u32, u64
from ..crypto import (
    HYBRID_CIPHERTEXT,
    KEY,
    TAG,
    HybridKey,
    Random,
    aead_open,
    aead_seal,
    decapsulate,
    encapsulate,
    equal,
    hkdf,
    hkdf_expand,
    mac,
    sha256,
)
from ..mesh.vertex import ID

SEED = 32
SKIP_MAX = 1000  # of one sender in one epoch, at once
SKIPPED_MAX = 2000  # kept in one epoch
SKIPPED_KEPT = 24 * 3600 * 1000  # milliseconds
KEY_NAME = 8
SEALED_SEED = ID + ID + KEY_NAME + HYBRID_CIPHERTEXT + SEED + TAG

_VERSION = 1
_COMMITMENT = b"pars/group-commitment/v1"
_SEED = b"pars/group-seed/v1"
_EPOCH = b"pars/group-epoch/v1"
_POST = b"pars/group-post/v1"
_MAILBOX = b"pars/group-mailbox/v1"
_CHAIN = b"pars/group-chain/v1"
_NONCE = bytes(12)  # each key here seals one thing


def commit(seed: bytes) -> bytes:
    """Return what binds an author to one seed for everyone."""
    return hkdf(seed, b"", _COMMITMENT)


def key_name(public: bytes) -> bytes:
    """Return a short name of a member's key, by which he finds the secret."""
    return sha256(public)[:KEY_NAME]


def seal_seed(seed: bytes, vertex: bytes, name: bytes, public: bytes, random: Random) -> bytes:
    """Seal a vertex's seed to one member."""
    head = vertex + name + key_name(public)
    key, ciphertext = encapsulate(public, _SEED, head, random)
    return head + ciphertext + aead_seal(key, _NONCE, seed, head)


@dataclass(frozen=True, slots=True)
class SealedSeed:
    """What `seal_seed` made, read."""

    vertex: bytes
    name: bytes
    key_name: bytes
    ciphertext: bytes
    sealed: bytes

    @classmethod
    def decode(cls, data: bytes) -> "SealedSeed":
        """Read a sealed seed."""
        reader = Reader(data)
        parts = [reader.take(size) for size in (ID, ID, KEY_NAME, HYBRID_CIPHERTEXT, SEED + TAG)]
        reader.end()
        return cls(*parts)

    def encode(self) -> bytes:
        """Return what was read."""
        return self.vertex + self.name + self.key_name + self.ciphertext + self.sealed

    def open(self, key: HybridKey, commitment: bytes) -> bytes:
        """Return the seed, if it is the one that the vertex commits to."""
        head = self.vertex + self.name + self.key_name
        secret = decapsulate(key, self.ciphertext, _SEED, head)
        seed = aead_open(secret, _NONCE, self.sealed, head)
        if not equal(commit(seed), commitment):
            raise Refused("groups: another seed than the vertex promises")
        return seed


@dataclass(slots=True)
class Chain:
    """A sender's hash ratchet: the next key, and those that were passed over."""

    key: bytes = field(repr=False)
    index: int = 0
    skipped: dict[int, tuple[int, bytes]] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Epoch:
    """What is left of a seed: it is forgotten itself."""

    vertex: bytes
    began: int  # when its seed came here, in milliseconds
    superseded: int  # when another seed had seen it, in milliseconds; 0 while none has
    post_key: bytes = field(repr=False)
    mailbox: bytes = field(repr=False)
    chains: dict[bytes, Chain] = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes, vertex: bytes, names: Iterable[bytes], now: int) -> "Epoch":
        """Derive the keys of a seed for those who received it."""
        root = hkdf(seed, vertex, _EPOCH)
        return cls(
            vertex,
            now,
            0,
            hkdf_expand(root, _POST),
            hkdf_expand(root, _MAILBOX),
            {name: Chain(hkdf_expand(root, _CHAIN + name)) for name in sorted(names)},
        )

    def next_key(self, name: bytes) -> tuple[int, bytes]:
        """Return the next index of one's own chain and its key; the chain moves on."""
        chain = self.chains[name]
        index, key = chain.index, _message_key(chain.key)
        chain.key, chain.index = _next_key(chain.key), index + 1
        return index, key

    def peek(self, name: bytes, index: int) -> tuple[bytes, "Step"]:
        """Return the key at an index, and what to do to the chain once the message is genuine."""
        chain = self.chains.get(name)
        if chain is None:
            raise Refused("groups: no chain of this sender")
        if index < chain.index:
            if index not in chain.skipped:
                raise Refused("groups: replayed message")
            return chain.skipped[index][1], Step(chain, index, chain.key, [])
        if index - chain.index > SKIP_MAX:
            raise Refused("groups: too many messages passed over")
        key, passed = chain.key, []
        for at in range(chain.index, index):
            passed.append((at, _message_key(key)))
            key = _next_key(key)
        return _message_key(key), Step(chain, index, _next_key(key), passed)

    def take(self, step: "Step", now: int) -> None:
        """Move a chain on past a genuine message, keeping what was passed over."""
        chain = step.chain
        if step.index < chain.index:
            del chain.skipped[step.index]
            return
        chain.key, chain.index = step.key, step.index + 1
        for index, key in step.passed:
            chain.skipped[index] = (now, key)
        excess = sum(len(one.skipped) for one in self.chains.values()) - SKIPPED_MAX
        for index in list(chain.skipped)[: max(excess, 0)]:
            del chain.skipped[index]

    def prune(self, now: int) -> bool:
        """Forget keys that were passed over too long ago; return whether there were any."""
        pruned = False
        for chain in self.chains.values():
            old = [n for n, (time, _) in chain.skipped.items() if now - time >= SKIPPED_KEPT]
            pruned |= bool(old)
            for index in old:
                del chain.skipped[index]
        return pruned

    def encode(self) -> bytes:
        """Return the keys, to be kept where secrets are."""
        parts = [u8(_VERSION), self.vertex, u64(self.began)]
        parts += [u64(self.superseded), self.post_key, self.mailbox]
        parts.append(u16(len(self.chains)))
        for name, chain in self.chains.items():
            parts += [name, chain.key, u32(chain.index), u32(len(chain.skipped))]
            for index, (time, key) in sorted(chain.skipped.items()):
                parts += [u32(index), u64(time), key]
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> "Epoch":
        """Read what `encode` wrote."""
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise Refused("groups: unknown version of an epoch")
        vertex, began, superseded = reader.take(ID), reader.u64(), reader.u64()
        post_key, mailbox = reader.take(KEY), reader.take(KEY)
        chains = {}
        for _ in range(reader.u16()):
            name, key, index = reader.take(ID), reader.take(KEY), reader.u32()
            skipped = {}
            for _ in range(reader.u32()):
                at, time = reader.u32(), reader.u64()
                skipped[at] = (time, reader.take(KEY))
            chains[name] = Chain(key, index, skipped)
        reader.end()
        epoch = cls(vertex, began, superseded, post_key, mailbox, chains)
        if epoch.encode() != data:
            raise Refused("groups: not as an epoch is written")
        return epoch


@dataclass(frozen=True, slots=True)
class Step:
    """How far a genuine message moves a chain."""

    chain: Chain
    index: int
    key: bytes = field(repr=False)
    passed: list[tuple[int, bytes]] = field(repr=False)


def _message_key(key: bytes) -> bytes:
    return mac(key, b"\x01")


def _next_key(key: bytes) -> bytes:
    return mac(key, b"\x02")
