"""What an upload sends: chunks of weights with their proofs. Knows no chain."""

from collections.abc import Sequence

from ..models import weights_tree


def chunks_of(weights: bytes) -> list[bytes]:
    """Return the chunks of a model."""
    size = weights_tree.CHUNK_SIZE
    return [weights[at : at + size] for at in range(0, len(weights), size)]


def proofs_of(chunks: Sequence[bytes]) -> list[list[bytes]]:
    """Return what proves each chunk."""
    nodes = [weights_tree.chunk_node(index, chunk) for index, chunk in enumerate(chunks)]
    return [weights_tree.prove(nodes, index) for index in range(len(chunks))]
