"""Reads a proof from its first byte to its last, refusing what no prover would write."""

from dataclasses import dataclass

from ... import abi
from .field import FROM_WIRE, SIZE, P
from .merkle import NODE_SIZE

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

    def node(self) -> bytes:
        """Read a hash."""
        return self.take(NODE_SIZE)

    def raw_element(self) -> int:
        """Read an element and leave it multiplied by 2**256."""
        value = int.from_bytes(self.take(SIZE), "big")
        if value >= P:
            raise NOT_CANONICAL(self.position - SIZE)
        return value

    def raw_elements(self, count: int) -> list[int]:
        """Read several elements, as `raw_element` does."""
        return [self.raw_element() for _ in range(count)]

    def elements(self, count: int) -> list[int]:
        """Read several elements."""
        return [value * FROM_WIRE % P for value in self.raw_elements(count)]

    def finish(self) -> None:
        """Refuse bytes behind the proof."""
        if self.position != len(self.data):
            raise PROOF_TOO_LONG(self.position)
