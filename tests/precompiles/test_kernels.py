"""The compiled field against plain integers, and how kernels are compiled and kept."""

import os
import random
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from precompiles import kernels
from precompiles.kernels import bn254, jit
from precompiles.zk.poseidon import parameters

ROOT = Path(__file__).parents[2]
R = bn254.R
RADIX = 1 << 256
EDGES = [0, 1, 2, 2**64 - 1, 2**64, 2**128 - 1, 2**192, 2**253, R // 2, R - 2**64, R - 2, R - 1]
WIDE = [R, R + 1, 2 * R - 1, 2**255, RADIX - 1]


def value(limbs: bn254.Limbs) -> int:
    return sum(int(limb) << 64 * i for i, limb in enumerate(limbs))


def test_kernel_and_parameters_use_one_modulus() -> None:
    assert parameters.R == R
    assert value((bn254.R0, bn254.R1, bn254.R2, bn254.R3)) == R
    assert int(bn254.NEGATIVE_INVERSE) * R % 2**64 == 2**64 - 1


def test_reduce_once_below_twice_the_modulus() -> None:
    for x in [*EDGES, R, R + 1, 2 * R - 1]:
        assert value(bn254.reduce_once(*bn254.limbs(x))) == x % R


def test_every_pair_of_edges() -> None:
    inverse = pow(RADIX, -1, R)
    for x, y in product(EDGES, EDGES):
        assert value(bn254.add(*bn254.limbs(x), *bn254.limbs(y))) == (x + y) % R
    for x, y in product(EDGES, EDGES + WIDE):
        assert value(bn254.multiply(*bn254.limbs(x), *bn254.limbs(y))) == x * y * inverse % R


def test_random_pairs() -> None:
    choose = random.Random(254).randrange
    inverse = pow(RADIX, -1, R)
    for _ in range(2_000):
        x, y = choose(R), choose(RADIX)
        assert value(bn254.multiply(*bn254.limbs(x), *bn254.limbs(y))) == x * y * inverse % R
        assert value(bn254.add(*bn254.limbs(x), *bn254.limbs(y % R))) == (x + y) % R


def test_montgomery_form_and_back() -> None:
    choose = random.Random(1).randrange
    values = [*EDGES, *WIDE, *(choose(RADIX) for _ in range(50))]
    elements = bn254.pack(values)
    bn254.to_montgomery(elements)
    assert bn254.unpack(elements) == [x * RADIX % R for x in values]
    bn254.from_montgomery(elements)
    assert bn254.unpack(elements) == [x % R for x in values]


def test_a_value_beyond_256_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        bn254.pack([RADIX])


def test_warm_up_reports_each_module() -> None:
    heard: list[tuple[int, int, str]] = []
    kernels.warm_up(lambda done, total, name: heard.append((done, total, name)))
    total = len(kernels.MODULES)
    assert heard == [(i + 1, total, name) for i, name in enumerate(kernels.MODULES)]
    assert set(kernels.MODULES) <= set(sys.modules)


def test_every_kernel_module_is_warmed() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "precompiles").rglob("kernel.py")
    }
    assert found == set(kernels.MODULES)


COMPUTE = """
from precompiles.kernels import jit
from precompiles.kernels.bn254 import R, limbs, multiply
print(jit.CACHE, int(multiply(*limbs(3), *limbs(pow(2, 256, R)))[0]))
"""


def compute(cache: str) -> list[str]:
    """What a fresh process that uses this cache folder prints."""
    done = subprocess.run(
        [sys.executable, "-c", COMPUTE],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
        text=True,
        timeout=120,
    )
    return done.stdout.split()


def test_without_a_folder_to_write_kernels_still_compile() -> None:
    assert compute("/dev/null/none") == ["None", "3"]


def test_a_given_folder_holds_the_cache(tmp_path: Path) -> None:
    folder, result = compute(str(tmp_path))
    assert result == "3"
    assert Path(folder).parent == tmp_path
    assert list(Path(folder).rglob("*.nbc"))


def test_a_module_is_compiled_anew_when_what_it_imports_changes(tmp_path: Path) -> None:
    package = jit.PACKAGE
    kernel = package / "zk" / "poseidon" / "kernel.py"
    inside = {path.relative_to(package).as_posix() for path in jit.sources(kernel, set())}
    assert {"kernels/bn254.py", "kernels/jit.py", "zk/poseidon/parameters.py"} <= inside
    assert "threshold/frost/contract.py" not in inside


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_damaged_cache_is_compiled_anew(tmp_path: Path, suffix: str) -> None:
    folder, _ = compute(str(tmp_path))
    for path in Path(folder).rglob(f"*.{suffix}"):
        path.write_bytes(path.read_bytes()[:10])
    assert compute(str(tmp_path))[1] == "3"


def test_a_kernel_that_computes_something_else_is_not_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from precompiles.zk.poseidon import kernel

    monkeypatch.setattr(kernel, "KNOWN_DIGEST", 1)
    with pytest.raises(RuntimeError, match="wrong answer"):
        kernels.warm_up()
