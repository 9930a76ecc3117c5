"""Turns for thin links: X25519 each time, and hybrid KEM steps in small parts.

The root is hybrid from the first message on. A step renews that: one side makes a hybrid key and
sends it in parts of an erasure code, behind the texts of ordinary messages; the other encapsulates
to it and sends the ciphertext alike; the first side mixes the secret into its next turn and says so
in the header. Then the other side begins the next step: there is always one under way. The parts
lie where padding would be, and never fewer than LEAST_PARTS, so that a step takes some 20 messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import HYBRID_CIPHERTEXT, HYBRID_SEED, KEY, X25519_PUBLIC, HybridKey, Random
from . import erasure
from .erasure import PART, PARTS, POINTS
from .turns import SPARSE

LEAST_PARTS = 9
LOAD_HEAD = 1 + 4 + 1 + 1
ROOM = LOAD_HEAD + LEAST_PARTS * PART
STEP_SIZE = X25519_PUBLIC + 4
STEP_LABEL = b"pars/ratchet-step/v1"

NOTHING, OF_KEY, OF_CIPHERTEXT = range(3)


@dataclass(frozen=True, slots=True)
class SparseTurns:
    """One side's X25519 secret, and how far the step has come that follows `mixed`."""

    own: bytes = field(repr=False)
    remote: bytes
    initiator: bool
    mixed: int = 0
    """How many steps are in the root. Odd ones begin at the initiator, even ones at the other."""
    key: HybridKey | None = field(default=None, repr=False)
    ciphertext: bytes = field(default=b"", repr=False)
    secret: bytes = field(default=b"", repr=False)
    parts: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    """Of what the other side sends."""
    point: int = 0
    """Of the next part that we send."""

    mode = SPARSE
    step_size = STEP_SIZE
    room = ROOM

    @property
    def _ours(self) -> bool:
        """Whether the step began here."""
        return self.initiator == (self.mixed % 2 == 0)

    def _mixed(self) -> "SparseTurns":
        return SparseTurns(self.own, self.remote, self.initiator, self.mixed + 1)

    def make(self, random: Random) -> tuple[bytes, bytes, "SparseTurns"]:
        """Show a fresh X25519 key, and mix in the secret of a step of ours that is complete."""
        own = random(KEY)
        secret, turns, number = crypto.x25519(own, self.remote), self, 0
        if self._ours and self.secret:
            secret, number, turns = secret + self.secret, self.mixed + 1, self._mixed()
        step = crypto.x25519_public(own) + codec.u32(number)
        return secret, step, replace(turns, own=own)

    def take(self, step: bytes, _: Random) -> tuple[bytes, "SparseTurns"]:
        """Follow the other side's turn."""
        if not self.own:
            raise Refused("ratchet: turn before our first")
        remote, number = step[:X25519_PUBLIC], int.from_bytes(step[X25519_PUBLIC:], "big")
        secret, turns = crypto.x25519(self.own, remote), self
        if number:
            if number != self.mixed + 1 or self._ours or not self.secret:
                raise Refused("sparse: unknown step")
            secret, turns = secret + self.secret, self._mixed()
        return secret, replace(turns, remote=remote)

    def load(self, room: int, random: Random) -> tuple[bytes, "SparseTurns"]:
        """Return parts of our key or of our ciphertext, while the other side needs them."""
        turns, kind, block = self, NOTHING, b""
        if self._ours and not self.parts:
            key = self.key or HybridKey.from_seed(random(HYBRID_SEED))
            turns, kind, block = replace(self, key=key), OF_KEY, key.public
        elif self.ciphertext:
            kind, block = OF_CIPHERTEXT, self.ciphertext
        if not kind:
            return bytes(room), self
        # Parts beyond the block itself have to be computed: no more of them than needed.
        count = min((room - LOAD_HEAD) // PART, max(PARTS - self.point, LEAST_PARTS))
        points = [(self.point + index) % POINTS for index in range(count)]
        head = codec.u8(kind) + codec.u32(self.mixed + 1) + codec.u8(self.point) + codec.u8(count)
        load = head + b"".join(erasure.part(block, point) for point in points)
        return load + bytes(room - len(load)), replace(turns, point=(self.point + count) % POINTS)

    def unload(self, data: bytes, random: Random) -> "SparseTurns":
        """Gather parts, and take the next action when there are enough."""
        reader = Reader(data)
        kind, number, first, count = reader.u8(), reader.u32(), reader.u8(), reader.u8()
        if kind > OF_CIPHERTEXT or (count > 0) != (kind > 0) or count > PARTS:
            raise Refused("sparse: unknown load")
        arrived = {(first + index) % POINTS: reader.take(PART) for index in range(count)}
        padding.check_zeros(reader.rest() if kind else data)
        wanted = OF_CIPHERTEXT if self._ours else OF_KEY
        if kind != wanted or number != self.mixed + 1 or self.secret:
            return self  # late: that part of the step is done
        parts = {**self.parts, **arrived}
        if len(parts) < PARTS:
            return replace(self, parts=parts)
        enough = dict(list(parts.items())[:PARTS])
        block = erasure.rebuild(enough)
        if not self._ours:
            secret, ciphertext = crypto.encapsulate(block, STEP_LABEL, b"", random)
            return replace(self, secret=secret, ciphertext=ciphertext, parts={})
        if self.key is None:
            raise Refused("sparse: ciphertext before a key")
        secret = crypto.decapsulate(self.key, block, STEP_LABEL, b"")
        return replace(self, secret=secret, key=None, parts=enough)

    def encode(self) -> bytes:
        """Return the state for the store."""
        parts = [
            codec.sized(self.own),
            codec.sized(self.remote),
            codec.u8(self.initiator),
            codec.u32(self.mixed),
            codec.sized(self.key.seed if self.key else b""),
            codec.sized(self.ciphertext),
            codec.sized(self.secret),
            codec.u8(self.point),
            codec.u8(len(self.parts)),
        ]
        for point, value in self.parts.items():
            parts += (codec.u8(point), value)
        return b"".join(parts)

    @classmethod
    def decode(cls, reader: Reader) -> "SparseTurns":
        """Take back what `encode` returned."""
        own, remote = reader.sized(KEY), reader.sized(X25519_PUBLIC)
        initiator, mixed = reader.u8() == 1, reader.u32()
        seed, ciphertext = reader.sized(HYBRID_SEED), reader.sized(HYBRID_CIPHERTEXT)
        secret, point = reader.sized(KEY), reader.u8()
        parts = {}
        for _ in range(reader.u8()):
            at = reader.u8()
            parts[at] = reader.take(PART)
        sizes = (len(own), len(remote), len(seed), len(ciphertext), len(secret))
        whole = (KEY, X25519_PUBLIC, HYBRID_SEED, HYBRID_CIPHERTEXT, KEY)
        if any(size not in (0, full) for size, full in zip(sizes, whole, strict=True)):
            raise Refused("ratchet: damaged state")
        key = HybridKey.from_seed(seed) if seed else None
        return cls(own, remote, initiator, mixed, key, ciphertext, secret, parts, point)
