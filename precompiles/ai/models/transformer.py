"""The int8 decoder, through a kernel. The twin is `reference.generate`."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...kernels import int8
from ...kernels import int8_decoder as kernel
from . import tables
from .header import Transformer, shift_values, tensor_shapes
from .layout import tensor_places

EXPONENTIAL = np.array(tables.EXPONENTIAL, np.int64)
SILU = np.array(tables.SILU, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoder:
    """A transformer ready to go on from a prompt."""

    header: Transformer
    embed: kernel.Tensor
    attention: kernel.Tensor
    gates: kernel.Tensor
    down: kernel.Tensor
    head: kernel.Tensor
    norms: kernel.Tensor

    @property
    def size(self) -> int:
        """Return how many bytes of memory it takes."""
        tensors = (self.embed, self.attention, self.gates, self.down, self.head, self.norms)
        return sum(each.nbytes for each in tensors)

    def generate(self, prompt: Sequence[int], new: int) -> list[int]:
        """Return the prompt and so many new tokens, each the likeliest."""
        header = self.header
        length = len(prompt) + new - 1
        rows, columns = up_to(length, int8.ROWS), up_to(length, int8.STEP)
        keys = np.zeros((header.layers, rows, self.attention.shape[3]), np.int8)
        values = np.zeros((header.layers, self.attention.shape[2], columns), np.int8)
        dimensions = np.array(
            [header.vocabulary, header.width, header.hidden, header.rms_multiplier, header.rms_eps],
            np.int64,
        )
        shifts = np.array(shift_values(header.shifts), np.int64)
        tokens = list(prompt)
        for position in range(length):
            following = kernel.step(
                tokens[position],
                position,
                dimensions,
                shifts,
                self.embed,
                self.attention,
                self.gates,
                self.down,
                self.head,
                self.norms,
                keys,
                values,
                EXPONENTIAL,
                SILU,
            )
            if position >= len(prompt) - 1:
                tokens.append(following)
        return tokens


def up_to(count: int, step: int) -> int:
    """Return the next multiple of a step."""
    return -(-count // step) * step


def load(header: Transformer, weights: bytes) -> Decoder:
    """Return the decoder that these weights are; all weights are."""
    places = tensor_places(header)
    raw = {
        name: np.frombuffer(weights, np.int8, prod(shape), places[name]).reshape(shape)
        for name, shape in tensor_shapes(header).items()
    }
    norms = np.zeros((header.layers + 1, 2, up_to(header.width, int8.STEP)), np.int8)
    norms[:-1, 0, : header.width], norms[:-1, 1, : header.width] = raw["rms1"], raw["rms2"]
    norms[-1, 0, : header.width] = raw["rmsf"]
    return Decoder(
        header=header,
        embed=int8.padded(raw["embed"]),
        attention=stacked(raw["wq"], raw["wk"], raw["wv"], raw["wo"]),
        gates=stacked(raw["wgate"], raw["wup"]),
        down=stacked(raw["wdown"])[:, 0],
        head=int8.padded(raw["wlm"]),
        norms=norms,
    )


def stacked(*tensors: kernel.Tensor) -> kernel.Tensor:
    """Return the matrices of all layers, padded: those of one layer beside each other."""
    layers, rows, columns = tensors[0].shape
    shape = layers, len(tensors), up_to(rows, int8.ROWS), up_to(columns, int8.STEP)
    result = np.zeros(shape, np.int8)
    for place, each in enumerate(tensors):
        result[:, place, :rows, :columns] = each
    return result
