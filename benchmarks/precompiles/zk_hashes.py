"""Poseidon and Pedersen beside C, beside bindings and beside plain Python."""

import ctypes
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from precompiles.kernels import felt252
from precompiles.kernels.bn254 import from_montgomery, to_montgomery
from precompiles.kernels.limbs import pack, unpack
from precompiles.zk.pedersen import kernel as pedersen
from precompiles.zk.pedersen import reference as plain_pedersen
from precompiles.zk.pedersen.commitment import SCHEMES
from precompiles.zk.poseidon import circom, instances, kernel, reference

from .rows import Row, compare, peer

SOURCE = Path(__file__).parent / "c" / "poseidon.c"
ROWS = 4_096

Work = Callable[[], object]


def rows() -> list[Row]:
    return [*fields(), *permutations(), *commitments(), *starknet()]


def fields() -> Iterator[Row]:
    choose = random.Random(1).randrange
    values = [choose(felt252.P) for _ in range(ROWS)]
    a, b = felt252.encode(values), felt252.encode(values[::-1])
    result = np.empty_like(a)
    p = felt252.P
    x, y = values[0], values[1]
    yield compare(
        "felt252 multiplication",
        lambda: felt252.multiply_rows(a, b, result),
        {"plain Python": lambda: x * y % p},
        each=ROWS,
        goal="under 18 ns",
    )


def permutations() -> Iterator[Row]:
    choose = random.Random(2).randrange
    for number, width in ((1, 3), (2, 4), (3, 3), (4, 3), (5, 8), (5, 12)):
        order = instances.INSTANCES[number].order
        state = [choose(order) for _ in range(width)]
        ours = kernel.PERMUTE[number]
        peers: dict[str, Work] = {
            "plain Python": lambda state=state, number=number: reference.PERMUTE[number](state)
        }
        if number == 1 and (compiled := c_permutation(state)):
            peers["C, gcc -O3"] = compiled
        if number == 4 and (found := peer("poseidon_py.poseidon_hash")):
            peers["poseidon-py"] = lambda state=state, found=found: found.hades_permutation(state)
        goal = "at most 25 µs, and C's time" if number == 1 else ""
        name = f"Poseidon instance {number}, {width} lanes"
        yield compare(name, lambda ours=ours, state=state: ours(state), peers, goal=goal)


def c_permutation(state: list[int]) -> Work | None:
    """Compile the peer and return its permutation, or None where there is no compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    folder = tempfile.mkdtemp()
    library = Path(folder) / "poseidon.so"
    command = [
        compiler,
        "-O3",
        "-march=native",
        "-shared",
        "-fPIC",
        str(SOURCE),
        "-o",
        str(library),
    ]
    subprocess.run(command, check=True)
    permute = ctypes.CDLL(str(library)).permute
    shutil.rmtree(folder)
    width = len(state)
    tables = circom.tables(width)
    arrays = (
        *(tables.full_constants, tables.partial_constants, tables.matrix),
        *(tables.bridge, tables.rows, tables.columns),
    )
    pointers = [each.ctypes.data_as(ctypes.c_void_p) for each in arrays]
    counts = (width, len(tables.partial_constants))

    def run() -> list[int]:
        lanes = pack(state)
        to_montgomery(lanes)
        permute(lanes.ctypes.data_as(ctypes.c_void_p), *pointers, *counts)
        from_montgomery(lanes)
        return unpack(lanes)

    assert run() == circom.permute(state)
    return run


def commitments() -> Iterator[Row]:
    choose = random.Random(3).randrange
    for curve, name in ((1, "BN254"), (2, "secp256k1")):
        scheme = SCHEMES[curve]
        value, blinding = choose(scheme.order), choose(scheme.order)
        peers: dict[str, Work] = {}
        if curve == 1:
            peers["plain Python"] = lambda v=value, r=blinding: plain_pedersen.commit(v, r)
        yield compare(
            f"Pedersen commitment, {name}",
            lambda scheme=scheme, v=value, r=blinding: scheme.commit(v, r),
            peers,
        )


def starknet() -> Iterator[Row]:
    choose = random.Random(4).randrange
    a, b = choose(felt252.P), choose(felt252.P)
    peers: dict[str, Work] = {"plain Python": lambda: plain_pedersen.starknet_hash(a, b)}
    if bindings := peer("crypto_cpp_py.cpp_bindings"):
        peers["crypto-cpp-py"] = lambda: bindings.cpp_hash(a, b)
    yield compare(
        "Starknet Pedersen hash",
        lambda: pedersen.starknet_chain(a, [b]),
        peers,
        goal="a tenth of crypto-cpp-py",
    )
