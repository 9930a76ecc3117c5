"""Integer linear and logistic models, through a kernel. The twin is `reference.linear`."""

from dataclasses import dataclass

import numpy as np

from ...kernels import int8_linear as kernel
from . import tables
from .header import ARG_MAX, LOGISTIC, Linear

PROBABILITIES = np.array(tables.LOGISTIC, np.uint16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scorer:
    """A linear model ready to answer."""

    header: Linear
    matrix: kernel.Matrix
    biases: kernel.Words

    @property
    def size(self) -> int:
        """Return how many bytes of memory it takes."""
        return self.matrix.nbytes + self.biases.nbytes

    def answer(self, data: bytes) -> bytes:
        """Return scores, the lowest output with the largest, or probabilities, row by row."""
        rows = np.frombuffer(data, ">i4").astype(np.int32).reshape(-1, self.header.features)
        scores = np.zeros((len(rows), self.header.outputs), np.int64)
        kernel.scores(self.matrix, self.biases, rows, scores)
        if self.header.answer == ARG_MAX:
            return bytes(scores.argmax(axis=1).astype(">u4").data)
        if self.header.answer == LOGISTIC:
            sixteenths = np.clip(scores >> self.header.shift, -128, 127)
            return bytes(PROBABILITIES[sixteenths + 128].astype(">u2").data)
        return bytes(scores.astype(">i8").data)


def load(header: Linear, weights: bytes) -> Scorer:
    """Return the model that these weights are; all weights are."""
    count = header.outputs * header.features
    matrix = np.frombuffer(weights, ">i4", count).astype(np.int32)
    return Scorer(
        header=header,
        matrix=matrix.reshape(header.outputs, header.features),
        biases=np.frombuffer(weights, ">i8", header.outputs, 4 * count).astype(np.int64),
    )
