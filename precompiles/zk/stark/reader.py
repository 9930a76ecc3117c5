"""Reads a proof from its first byte to its last, refusing what no prover would write."""

from dataclasses import dataclass

from ... import abi
from .field import FROM_WIRE, SIZE, P

NODE_SIZE = 32

PROOF_TRUNCATED = abi.error("ProofTruncated(uint256 position)")
PROOF_TOO_LONG = abi.error("ProofTooLong(uint256 position)")
NOT_CANONICAL = abi.error("NotCanonical(uint256 position)")


@dataclass(slots=True)
class ProofReader:
    """A position in a proof."""

    data: bytes
    position: int = 0

    def take(self, size: int) -> bytes:
        """Read this many bytes."""
        start = self.position
        self.position = start + size
        if self.position > len(self.data):
            raise PROOF_TRUNCATED(len(self.data))
        return self.data[start : self.position]

    def raw_elements(self, count: int) -> list[int]:
        """Read elements and leave them multiplied by 2**256."""
        sent = self.take(count * SIZE)
        values = [
            int.from_bytes(sent[start : start + SIZE], "big") for start in range(0, len(sent), SIZE)
        ]
        if values and max(values) >= P:
            first = next(i for i, value in enumerate(values) if value >= P)
            raise NOT_CANONICAL(self.position - len(sent) + first * SIZE)
        return values

    def elements(self, count: int) -> list[int]:
        """Read several elements."""
        return [value * FROM_WIRE % P for value in self.raw_elements(count)]

    def finish(self) -> None:
        """Refuse bytes behind the proof."""
        if self.position != len(self.data):
            raise PROOF_TOO_LONG(self.position)
