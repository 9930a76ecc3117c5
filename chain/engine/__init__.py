"""Execution speed: what replaces a slow path, each with the slow twin that it is held to.

Start with `core.py` and `records.py`. Compiled for the machine at hand at first use, and kept.
"""

from collections.abc import Callable
from importlib import import_module

STAGES = ("division", "words", "hashing", "analysis", "trie_kernel", "core", "actions")
"""Modules with kernels, each after those that it is made of."""

KERNELS = tuple(f"chain.engine.{name}" for name in ("words", "hashing", "tries", "driver"))
"""Modules that test, on known answers, all that is compiled here."""


def load(progress: Callable[[int, int], None]) -> None:
    """Have the compiled code ready; `progress` hears how many parts are, of how many."""
    for done, name in enumerate(STAGES, start=1):
        import_module(f"chain.engine.{name}")
        progress(done, len(STAGES))
