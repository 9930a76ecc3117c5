"""What a change of direction brings into a channel's root: here a fresh hybrid KEM secret.

This is the mode for ordinary links; `sparse.py` is the one for thin links. A state of either is a
value: an operation returns the next one, so that a message that is refused has changed nothing.
"""

from dataclasses import dataclass, field
from typing import Protocol

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import HYBRID_CIPHERTEXT, HYBRID_PUBLIC, HYBRID_SEED, HybridKey, Random

FULL, SPARSE = 1, 2
"""The modes, as first messages name them. Both are hybrid from the root on."""

TURN_LABEL = b"pars/ratchet-turn/v1"


class Turns(Protocol):
    """One side's keys for the turns of a channel."""

    @property
    def mode(self) -> int:
        """FULL or SPARSE."""

    @property
    def step_size(self) -> int:
        """The size of what one side tells the other in the headers of a turn."""

    @property
    def room(self) -> int:
        """What each message keeps free behind its text."""

    def make(self, random: Random, /) -> tuple[bytes, bytes, "Turns"]:
        """Begin a turn of ours: return its secret, the step that tells it, and what follows."""

    def take(self, step: bytes, random: Random, /) -> tuple[bytes, "Turns"]:
        """Take a turn of the other side: return its secret, and what follows."""

    def load(self, room: int, random: Random, /) -> tuple[bytes, "Turns"]:
        """Return what is put behind a message's text, filling the room, and what follows."""

    def unload(self, data: bytes, random: Random, /) -> "Turns":
        """Take what the other side has put behind its text."""

    def encode(self) -> bytes:
        """Return the state for the store."""


@dataclass(frozen=True, slots=True)
class FullTurns:
    """A fresh hybrid key and a fresh encapsulation with each turn."""

    own: HybridKey | None = field(repr=False)
    remote: bytes = field(repr=False)

    mode = FULL
    step_size = HYBRID_CIPHERTEXT + HYBRID_PUBLIC
    room = 0

    def make(self, random: Random) -> tuple[bytes, bytes, "FullTurns"]:
        """Encapsulate to the other side's newest key, and show a newer one."""
        secret, ciphertext = crypto.encapsulate(self.remote, TURN_LABEL, b"", random)
        fresh = HybridKey.from_seed(random(HYBRID_SEED))
        return secret, ciphertext + fresh.public, FullTurns(fresh, self.remote)

    def take(self, step: bytes, random: Random) -> tuple[bytes, "FullTurns"]:
        """Decapsulate, and keep the key for our next turn."""
        if self.own is None:
            raise Refused("ratchet: turn before our first")
        remote = step[HYBRID_CIPHERTEXT:]
        secret = crypto.decapsulate(self.own, step[:HYBRID_CIPHERTEXT], TURN_LABEL, b"")
        # A key that nobody can encapsulate to is refused here, not when we want to write.
        crypto.encapsulate(remote, TURN_LABEL, b"", random)
        return secret, FullTurns(self.own, remote)

    def load(self, room: int, _: Random) -> tuple[bytes, "FullTurns"]:
        """Return zeros: nothing travels there in this mode."""
        return bytes(room), self

    def unload(self, data: bytes, _: Random) -> "FullTurns":
        """Refuse anything but zeros."""
        padding.check_zeros(data)
        return self

    def encode(self) -> bytes:
        """Return the state for the store."""
        return codec.sized(self.own.seed if self.own else b"") + codec.sized(self.remote)

    @classmethod
    def decode(cls, reader: Reader) -> "FullTurns":
        """Take back what `encode` returned."""
        seed, remote = reader.sized(HYBRID_SEED), reader.sized(HYBRID_PUBLIC)
        if len(seed) not in (0, HYBRID_SEED) or len(remote) not in (0, HYBRID_PUBLIC):
            raise Refused("ratchet: damaged state")
        return cls(HybridKey.from_seed(seed) if seed else None, remote)
