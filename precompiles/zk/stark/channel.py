"""The Fiat-Shamir channel of the Stone prover, with Keccak-256.

Both sides absorb what the prover sends and draw what the verifier would have chosen. Knows no
protocol: what is absorbed when is up to `verifier.py`, and, in the same order, to the prover.
"""

from dataclasses import dataclass

from ...backends.keccak import keccak256
from .field import P

WORK_PREFIX = bytes.fromhex("0123456789abcded")
NONCE_SIZE = 8
INDEX_SIZE = 8

# The largest multiple of P below 2**256: what is drawn below it is uniform mod P.
DRAW_LIMIT = (1 << 256) // P * P
FROM_DRAW = pow(1 << 256, -1, P)


@dataclass(slots=True)
class Channel:
    """The state after what was absorbed so far; `spare` is drawn but not used."""

    state: bytes
    counter: int = 0
    spare: bytes = b""

    def absorb(self, data: bytes) -> None:
        """Bind everything drawn from here on to this message."""
        seed = (int.from_bytes(self.state, "big") + 1) % (1 << 256)
        self.state = keccak256(seed.to_bytes(32, "big") + data)
        self.counter = 0
        self.spare = b""

    def block(self) -> bytes:
        """Draw 32 bytes."""
        drawn = keccak256(self.state + self.counter.to_bytes(32, "big"))
        self.counter += 1
        return drawn

    def draw_element(self) -> int:
        """Draw a field element."""
        while (drawn := int.from_bytes(self.block(), "big")) >= DRAW_LIMIT:
            continue
        return drawn * FROM_DRAW % P

    def draw_index(self, size: int) -> int:
        """Draw a number below a power of two."""
        if len(self.spare) < INDEX_SIZE:
            self.spare += self.block()
        drawn, self.spare = self.spare[:INDEX_SIZE], self.spare[INDEX_SIZE:]
        return int.from_bytes(drawn, "big") % size

    def work_seed(self, bits: int) -> bytes:
        """Return what a nonce is hashed with."""
        return keccak256(WORK_PREFIX + self.state + bytes([bits]))


def open_channel(seed: bytes) -> Channel:
    """Return a channel that is bound to a statement."""
    return Channel(state=keccak256(seed))


def work_is_done(seed: bytes, nonce: bytes, bits: int) -> bool:
    """Return whether the hash of the nonce begins with this many zero bits."""
    return int.from_bytes(keccak256(seed + nonce), "big") >> (256 - bits) == 0
