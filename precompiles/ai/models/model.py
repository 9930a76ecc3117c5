"""Weights -> a model ready to answer, whatever its kind; and what an answer costs.

Importing this loads the compiler, so entries do it at their first call.
"""

from . import dense, linear, transformer, trees
from .header import Dense, Header, Linear, Transformer, Trees

Answering = dense.Network | trees.Ensemble | linear.Scorer
Model = Answering | transformer.Decoder


def load(header: Header, weights: bytes) -> Model:
    """Return the model of these weights, or raise Revert; they have the size that it says."""
    match header:
        case Dense():
            return dense.load(header, weights)
        case Trees():
            return trees.load(header, weights)
        case Transformer():
            return transformer.load(header, weights)
        case Linear():
            return linear.load(header, weights)
