"""What weights that break the rules of their kind are refused with."""

from ... import abi

INVALID_WEIGHTS = abi.error("InvalidWeights(uint256 position)")
"""The position of a byte among the weights, at or in what is wrong."""
