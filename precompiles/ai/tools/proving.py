"""A network's answer with its trace, and what to do with it in a dispute. Knows no node.

The same trace serves both sides: a committer shows the children of the node that is disputed, a
challenger compares them with its own, and proves the one output that is left.
"""

from dataclasses import dataclass, field
from struct import Struct

from ...backends.blake3 import blake3
from ..models.header import Dense, parse
from ..verification import recompute, trace
from .model_file import ModelFile
from .refusal import NotRepresentableError

SUM = Struct(">i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """What is in dispute, as 0x0304 tells it: leaves of the trace, or cells of one layer."""

    within_layer: bool
    layer: int
    first: int
    leaves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An answer, and every sum on the way to it."""

    model_id: bytes
    inputs: bytes
    rows: int
    sums: tuple[bytes, ...]
    """Of each layer, output by output, as 0x0304 takes them."""
    output: bytes
    layers: tuple[bytes, ...] = field(repr=False)
    """The root of each layer."""

    @property
    def input_hash(self) -> bytes:
        """Return what names the input."""
        return blake3(self.inputs)

    @property
    def output_hash(self) -> bytes:
        """Return what names the output."""
        return blake3(self.output)

    @property
    def root(self) -> bytes:
        """Return the root of the trace."""
        return trace.root(list(self.layers))

    def path(self, layer: int) -> list[bytes]:
        """Return what leads from a layer to the root."""
        return trace.prove(self.layers, layer)

    def before(self, layer: int) -> tuple[bytes, list[bytes]]:
        """Return what a layer is computed from, with the path that proves it."""
        return (self.sums[layer - 1], self.path(layer - 1)) if layer else (self.inputs, [])

    def agreed(self, layer: int) -> tuple[bytes, list[bytes]]:
        """Return what a disputed layer is computed from, with the path to what is agreed on.

        That is the last left neighbour on the way from the root to the layer.
        """
        if not layer:
            return self.inputs, []
        first, leaves, under = 0, len(self.layers), range(0)
        while leaves > 1:
            half = trace.split(leaves)
            if layer >= first + half:
                under = range(first, first + half)
                first, leaves = first + half, leaves - half
            else:
                leaves = half
        agreed = self.layers[under.start : under.stop]
        return self.sums[layer - 1], trace.prove(agreed, len(agreed) - 1)

    def children(self, disputed: Disputed) -> tuple[bytes, bytes]:
        """Return the two children of a node with more than one leaf under it."""
        level = (
            trace.cells(disputed.layer, self.sums[disputed.layer], self.rows)
            if disputed.within_layer
            else list(self.layers)
        )
        under = level[disputed.first : disputed.first + disputed.leaves]
        half = trace.split(len(under))
        return trace.root(under[:half]), trace.root(under[half:])


def prove(model: ModelFile, inputs: bytes) -> Proven:
    """Run a network on input rows, keeping every sum."""
    header = parse(model.header)
    if not isinstance(header, Dense):
        raise NotRepresentableError("only dense networks have a trace")
    rows, rest = divmod(len(inputs), header.inputs)
    if rest or not rows:
        raise NotRepresentableError(f"the input has no whole rows of {header.inputs} bytes")
    sums, output = recompute.trace_of(header, model.weights, inputs, rows)
    return Proven(
        model_id=model.model_id,
        inputs=inputs,
        rows=rows,
        sums=tuple(sums),
        output=output,
        layers=tuple(trace.layer_root(layer, each, rows) for layer, each in enumerate(sums)),
    )


def roots(proven: Proven) -> dict[str, bytes]:
    """Return what names an answer on a chain."""
    return {
        "modelId": proven.model_id,
        "inputHash": proven.input_hash,
        "outputHash": proven.output_hash,
        "traceRoot": proven.root,
        "output": proven.output,
    }


def document(proven: Proven) -> dict[str, object]:
    """Return the whole trace for a file: the sums of each layer, output by output."""
    named = {name: f"0x{value.hex()}" for name, value in roots(proven).items()}
    sums = [[each for (each,) in SUM.iter_unpack(layer)] for layer in proven.sums]
    return {**named, "rows": proven.rows, "sums": sums}
