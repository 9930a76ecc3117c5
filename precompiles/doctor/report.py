"""What serves each precompile on this machine: read from the sources, so that it cannot go stale.

Knows no terminal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from time import perf_counter

from ..backends import liboqs
from ..kernels import MODULES
from ..registry import PRECOMPILES

PACKAGE = Path(__file__).parents[1]

OWN = "own kernel"
PLAIN = "Python"
SHARED = ("__init__", "keccak")
"""What is in the folder of backends and tells nothing: every entry names its methods by Keccak."""

DISTRIBUTIONS = {
    "coincurve": "secp256k1",
    "cryptography": "curves and ciphers (OpenSSL)",
    "llvmlite": "the compiler of our kernels",
    "numba": "the compiler of our kernels",
    "numpy": "arrays of our kernels",
    "py-arkworks-bls12381": "BLS12-381",
    "py-ecc": "BN254",
    "safe-pysha3": "Keccak-256 of single messages",
    "liboqs-python": "post-quantum cross-check",
    "pqcrypto": "post-quantum, for benchmarks",
}
"""Native libraries and what they are for, by the name they are installed under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A kernel module, whether it computes what it should, and how long it took to find out."""

    name: str
    passed: bool
    seconds: float


def servers(folder: Path) -> tuple[str, ...]:
    """Return what the modules of an entry compute with."""
    from ..kernels.jit import sources

    found: set[Path] = set()
    for path in folder.glob("*.py"):
        sources(path, found)
    kernels = any(path.parent.name == "kernels" or path.name == "kernel.py" for path in found)
    backends = sorted(path.stem for path in found if path.parent.name == "backends")
    names = ([OWN] if kernels else []) + [name for name in backends if name not in SHARED]
    return tuple(names) or (PLAIN,)


def served() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield address, name and servers of each entry that computes."""
    for entry in PRECOMPILES:
        folder = PACKAGE / entry.family / entry.name
        if folder.is_dir():
            yield f"0x{int.from_bytes(entry.address, 'big'):04x}", entry.name, servers(folder)


def kernels() -> Iterator[Kernel]:
    """Load and test each kernel, the first time with compiling it."""
    for name in MODULES:
        start = perf_counter()
        passed = bool(import_module(name).self_test())
        yield Kernel(name=name, passed=passed, seconds=perf_counter() - start)


def versions() -> Iterator[tuple[str, str, str]]:
    """Yield distribution, version or an empty string, and purpose of each native library."""
    for name, purpose in DISTRIBUTIONS.items():
        try:
            yield name, metadata.version(name), purpose
        except metadata.PackageNotFoundError:
            yield name, "", purpose


def passed_over() -> tuple[str, str]:
    """Return the optional backend and why it is not used: no precompile ever computes with it."""
    reason = liboqs.obstacle()
    return "liboqs", reason or f"found at {liboqs.library()}: used to cross-check, not to serve"


def cache_folder() -> str:
    """Return where compiled kernels are kept, or an empty string."""
    from ..kernels import jit

    return "" if jit.CACHE is None else str(jit.CACHE)
