"""The one place that names Numba. Knows no algorithm.

A kernel has an explicit signature, so no caller can make a second, differently typed variant, and
computes on integers only: no fastmath, no parallel, so that every node gets the same bytes.

Compiled code is kept on disk. Numba looks only at a function's own file to see whether its cached
code is still good, though code of other files is inlined into it. A cache that outlives an upgrade
could then compute with the old field arithmetic, so the folder of a module is named after the
content of all our modules that it imports, directly or not. Where no folder can be written, kernels
compile anew in each process.
"""

import ast
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # ships no types
from numba import types
from numba.core import sigutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., object])

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
PACKAGES = frozenset({PACKAGE, ROOT / "chain"})
"""What holds kernels, or parts of them."""


def imported(path: Path) -> Iterator[Path]:
    """Return where each module would be that a module imports, and each name that may be one.

    Our modules import at their top alone, so nothing deeper is looked at: this is part of every
    start.
    """
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Import):
            yield from (ROOT.joinpath(*alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = path.parents[node.level - 1] if node.level else ROOT
            base = start.joinpath(*(node.module or "").split("."))
            yield from (base, *(base / alias.name for alias in node.names))


@cache
def imported_files(path: Path) -> frozenset[Path]:
    """Return the files of our packages that a module imports."""
    places = {each for each in imported(path) if not PACKAGES.isdisjoint((each, *each.parents))}
    files = (file for each in places for file in (each.with_suffix(".py"), each / "__init__.py"))
    return frozenset(file for file in files if file.is_file())


def sources(path: Path, found: set[Path]) -> set[Path]:
    """Add a module, and all that it imports of our packages, directly or not, to `found`."""
    if path not in found:
        found.add(path)
        for file in imported_files(path):
            sources(file, found)
    return found


@cache
def fingerprint(path: Path) -> str:
    """Return a name for the content of a kernel module and of all that it is made of."""
    contents = (sha256(source.read_bytes()).digest() for source in sorted(sources(path, set())))
    return sha256(b"".join(contents)).hexdigest()[:16]


def cache_name(path: Path) -> str:
    """Return the name of the folder for a kernel module: no other module, or content, has it."""
    place = path.relative_to(ROOT) if ROOT in path.parents else path
    module = ".".join(part for part in place.with_suffix("").parts if part != place.root)
    return f"{module}-{fingerprint(path)}"


def cache_candidates() -> Iterator[Path]:
    """Return the folders to try, the wish of the user first."""
    if wish := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(wish)
        return
    yield PACKAGE / "kernels" / "__pycache__"
    user_cache = os.environ.get("XDG_CACHE_HOME", "")
    yield (Path(user_cache) if user_cache else Path.home() / ".cache") / "pars"


def writable_cache() -> Path | None:
    """Return the first candidate that can be written, or None."""
    for candidate in cache_candidates():
        folder = candidate / "kernels"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


CACHE = writable_cache()
COMPILING = threading.RLock()
"""Numba reads the folder to use from a global, which two threads must not set at once."""


def kernel(signature: str) -> Callable[[F], F]:
    """Compile the function for this signature now, or load it from the cache."""

    def compile_now(function: F) -> F:
        if CACHE is None:
            return cast(F, numba.njit(signature)(function))
        path = Path(function.__code__.co_filename).resolve()
        folder = CACHE / cache_name(path)
        with COMPILING:
            numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # set at run time
            try:
                return cast(F, numba.njit(signature, cache=True)(function))
            except Exception:
                # A file cut short by a crash makes Numba raise whatever pickle raises. Without the
                # files it compiles anew; if the fault is the kernel's, it raises again.
                for path in folder.rglob("*.nb?"):
                    path.unlink(missing_ok=True)
                return cast(F, numba.njit(signature, cache=True)(function))

    return compile_now


def part(function: F) -> F:
    """Make a function that kernels call, without code of its own: it becomes part of each of them.

    A kernel is compiled once by itself and once more for every kernel that calls it, however far
    above. That is too often for what contains large hash functions.
    """
    return cast(F, numba.njit(inline="always")(function))


def inner(function: F) -> F:
    """Make a function that kernels call, compiled with each of them, for the types it is given.

    LLVM decides whether it becomes part of its callers. Nothing of it is loaded by itself.
    """
    return cast(F, numba.njit(function))


def record(kind: "np.dtype[np.void]") -> Callable[[Any], Any]:
    """Return a function for kernels that makes of an address the record that stands there."""
    found: Any = numba.from_dtype(kind)
    word: Any = types.int64

    def typed(_context: Any, address: Any) -> Any:
        del address

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            del signature
            return builder.inttoptr(arguments[0], context.get_value_type(found))

        return found(word), generate

    return cast(Callable[[Any], Any], intrinsic(typed))


int64 = cast(Callable[[Any], int], np.int64)
"""A signed machine word: kernels convert with it."""


def emitted(signature: str, emit: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function for kernels, of machine words, that stands wherever it is called.

    `emit` gets the LLVM builder and a value for each argument, and returns the result: a value, or
    a list of them for a tuple.
    """
    read: Any = sigutils.normalize_signature
    arguments, result = read(signature)

    def typed(_context: Any, *given: Any) -> Any:
        if not all(isinstance(kind, types.Integer) for kind in given):
            return None  # a float would be cut silently; so Numba refuses the call

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            value = emit(builder, *values)
            if signature.return_type == types.void:
                return context.get_dummy_value()
            if isinstance(value, list):
                return context.make_tuple(builder, signature.return_type, value)
            return value

        return result(*arguments), generate

    names = ["context", *(f"argument_{i}" for i in range(len(arguments)))]
    typed.__signature__ = Signature(  # type: ignore[attr-defined]  # how Numba counts arguments
        [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
    )
    return cast(Callable[..., Any], intrinsic(typed))


@intrinsic
def widening_multiply_add(_context: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Emit a 128-bit multiplication and additions, which LLVM turns into MUL and ADC."""
    del a, b, c, d
    word: Any = types.uint64
    pair: Any = types.UniTuple
    signature = pair(word, 2)(word, word, word, word)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        a, b, c, d = (builder.zext(argument, wide) for argument in arguments)
        total = builder.add(builder.mul(a, b), builder.add(c, d))
        low = builder.trunc(total, ir.IntType(64))
        high = builder.trunc(builder.lshr(total, ir.Constant(wide, 64)), ir.IntType(64))
        return context.make_tuple(builder, signature.return_type, (low, high))

    return signature, generate


Word = np.uint64

multiply_add = cast(Callable[[Word, Word, Word, Word], tuple[Word, Word]], widening_multiply_add)
"""Return (low, high) of a * b + c + d, which cannot overflow 128 bits. For kernels only."""
