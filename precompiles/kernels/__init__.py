"""Compiled integer kernels: which there are, and how to have them ready before the first call.

Importing this package loads no compiler. A kernel module compiles, or loads from the disk cache,
when it is imported, which an entry does at its first call: a chain that never calls Poseidon never
pays the time and memory of Numba.
"""

from collections.abc import Callable, Sequence
from importlib import import_module

MODULES = (
    "precompiles.ai.verification.kernel",
    "precompiles.zk.poseidon.kernel",
    "precompiles.zk.pedersen.kernel",
    "precompiles.zk.stark.kernel",
    "precompiles.pq.slh_dsa.kernel",
    "precompiles.pq.ml_kem.kernel",
    "precompiles.pq.ml_dsa.kernel",
    "precompiles.dex.hooks.kernel",
    "precompiles.kernels.edwards25519",
    "precompiles.kernels.nistp256",
    "precompiles.kernels.blake2",
    "precompiles.kernels.bn254_group",
    "precompiles.kernels.bn254_pairing",
    "precompiles.kernels.int8",
    "precompiles.kernels.int8_rounding",
    "precompiles.kernels.int8_trees",
    "precompiles.kernels.int8_linear",
    "precompiles.kernels.int8_decoder",
)
"""Every module that holds kernels an entry calls, in the order in which they are warmed."""


def warm_up(
    progress: Callable[[int, int, str], None] | None = None, modules: Sequence[str] = MODULES
) -> None:
    """Compile or load every kernel and test it on a known answer.

    `progress` hears how many modules are done, of how many, and which. A wrong answer is a
    RuntimeError: a node must not take part in consensus with code that computes something else.
    """
    for done, name in enumerate(modules, start=1):
        if not import_module(name).self_test():
            raise RuntimeError(f"{name} computes a wrong answer; delete the kernel cache")
        if progress is not None:
            progress(done, len(modules), name)
