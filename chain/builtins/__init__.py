"""Ethereum's own precompiles as prices and pure functions, over native libraries.

Start with `table.py`. They know no EVM: each engine charges the price, runs the function, and fails
the frame, with all its gas, at a BuiltinError. What py-evm brings for the same is slow enough at
its price to hold up a chain, and is their twin in the tests.
"""

from .builtin import Builtin, BuiltinError
from .table import builtins_of

__all__ = ["Builtin", "BuiltinError", "builtins_of"]
