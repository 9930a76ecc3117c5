"""The compiled field against plain integers, and how kernels are compiled and kept."""

import os
import random
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from precompiles import kernels
from precompiles.kernels import bn254, felt252, goldilocks, jit
from precompiles.kernels.limbs import RADIX, Limbs, get, limbs, pack, unpack
from precompiles.zk.poseidon import parameters

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=[bn254, felt252], ids=["bn254", "felt252"])
def field(request: pytest.FixtureRequest) -> Any:
    return request.param


def modulus(field: Any) -> int:
    return int(bn254.R if field is bn254 else felt252.P)


def value(parts: Limbs) -> int:
    return sum(int(limb) << 64 * i for i, limb in enumerate(parts))


def edges(p: int) -> list[int]:
    powers = [1 << 64, 1 << 128, 1 << 192, 1 << 251]
    near = [number + step for number in (*powers, p // 2, p) for step in (-1, 0, 1)]
    return [0, 1, 2, p - 2, *(number for number in near if number < p)]


def wide(p: int) -> list[int]:
    return [p, p + 1, 2 * p - 1, 1 << 255, RADIX - p, RADIX - 1]


def test_kernel_and_parameters_use_one_modulus() -> None:
    assert parameters.R == bn254.R
    assert value(felt252.MODULUS) == felt252.P == 2**251 + 17 * 2**192 + 1


def test_every_pair_of_edges(field: Any) -> None:
    p = modulus(field)
    inverse = pow(RADIX, -1, p)
    for x, y in product(edges(p), edges(p)):
        assert value(field.add(limbs(x), limbs(y))) == (x + y) % p
        if field is felt252:
            assert value(field.subtract(limbs(x), limbs(y))) == (x - y) % p
    for x, y in product(edges(p), edges(p) + wide(p)):
        assert value(field.multiply(limbs(x), limbs(y))) == x * y * inverse % p


def test_random_pairs(field: Any) -> None:
    choose = random.Random(254).randrange
    p = modulus(field)
    inverse = pow(RADIX, -1, p)
    for _ in range(2_000):
        x, y = choose(p), choose(RADIX)
        assert value(field.multiply(limbs(x), limbs(y))) == x * y * inverse % p
        assert value(field.add(limbs(x), limbs(y % p))) == (x + y) % p


def test_montgomery_form_and_back(field: Any) -> None:
    choose = random.Random(1).randrange
    p = modulus(field)
    values = [*edges(p), *wide(p), *(choose(RADIX) for _ in range(50))]
    elements = pack(values)
    field.to_montgomery(elements)
    assert unpack(elements) == [x * RADIX % p for x in values]
    field.from_montgomery(elements)
    assert unpack(elements) == [x % p for x in values]


def test_powers_and_inverses() -> None:
    choose = random.Random(2).randrange
    p = felt252.P
    values = [*edges(p), *(choose(p) for _ in range(20))]
    rows = felt252.encode(values)
    for i, x in enumerate(values):
        a = get(rows, i)
        assert value(felt252.leave(a)) == x
        assert value(felt252.enter(limbs(x))) == value(a)
        assert value(felt252.leave(felt252.square(a))) == x * x % p
        for exponent in (0, 1, 2, p - 1, choose(RADIX)):
            raised = felt252.power(a, limbs(exponent))
            assert value(felt252.leave(raised)) == pow(x, exponent, p)
    product_rows = np.empty_like(rows)
    felt252.multiply_rows(rows, rows[::-1].copy(), product_rows)
    assert felt252.decode(product_rows) == [
        x * y % p for x, y in zip(values, reversed(values), strict=True)
    ]
    felt252.invert_rows(rows)
    assert felt252.decode(rows) == [pow(x, p - 2, p) for x in values]
    nothing = felt252.encode([])
    felt252.invert_rows(nothing)
    assert felt252.decode(nothing) == []


def test_canonical_felts() -> None:
    p = felt252.P
    for x in edges(p):
        assert felt252.are_canonical(pack([0, x]))
    for x in wide(p):
        assert not felt252.are_canonical(pack([x]))
        assert not felt252.are_canonical(pack([1, x]))


def test_goldilocks_at_every_pair_of_edges() -> None:
    p = goldilocks.P
    choose = random.Random(64).randrange
    halves = [2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 2**63, p - 2**32, p - 2, p - 1]
    numbers = [0, 1, 2, *halves, *(choose(p) for _ in range(30))]
    for x, y in product([*numbers, p, 2**64 - 1], numbers):
        assert int(goldilocks.add(np.uint64(x), np.uint64(y))) == (x + y) % p
        assert int(goldilocks.multiply(np.uint64(x), np.uint64(y))) == x * y % p


def test_a_value_beyond_256_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        pack([RADIX])


def test_warm_up_reports_each_module() -> None:
    heard: list[tuple[int, int, str]] = []
    kernels.warm_up(lambda done, total, name: heard.append((done, total, name)))
    total = len(kernels.MODULES)
    assert heard == [(i + 1, total, name) for i, name in enumerate(kernels.MODULES)]
    assert set(kernels.MODULES) <= set(sys.modules)


def test_every_kernel_module_is_warmed() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "precompiles").rglob("*.py")
        if "\ndef self_test() -> bool:" in path.read_text("utf-8")
    }
    assert found == set(kernels.MODULES)
    assert {f"precompiles.{name}" for name in kernel_files()} <= found


def kernel_files() -> set[str]:
    package = ROOT / "precompiles"
    return {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("kernel.py")
    }


COMPUTE = """
from precompiles.kernels import jit
from precompiles.kernels.bn254 import R, limbs, multiply
print(jit.CACHE, int(multiply(limbs(3), limbs(pow(2, 256, R)))[0]))
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


def test_a_module_is_compiled_anew_when_what_it_imports_changes() -> None:
    package = jit.PACKAGE
    kernel = package / "zk" / "poseidon" / "circom.py"
    inside = {path.relative_to(package).as_posix() for path in jit.sources(kernel, set())}
    assert {"kernels/bn254.py", "kernels/jit.py", "zk/poseidon/parameters.py"} <= inside
    assert "threshold/frost/contract.py" not in inside


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose chain has kernels made of the precompiles', by each way to import."""
    root = tmp_path.resolve()
    contents = {
        "precompiles/kernels/limbs.py": "import numpy",
        "precompiles/kernels/field.py": "from .limbs import add",
        "precompiles/kernels/alone.py": "",
        "chain/engine/words.py": "from precompiles.kernels import field",
        "chain/engine/core.py": "import precompiles.kernels.field\nfrom . import words",
        "chain/engine/jump.py": "from precompiles.kernels.field import add",
        "chain/state.py": "from .engine.core import run",
        "node/daemon.py": "",
        "chain/words.py": "from node import daemon",
    }
    for place, content in contents.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(content, "utf-8")
    monkeypatch.setattr(jit, "ROOT", root)
    monkeypatch.setattr(jit, "PACKAGES", {root / "precompiles", root / "chain"})
    jit.fingerprint.cache_clear()
    return root


FIELD = {"precompiles/kernels/field.py", "precompiles/kernels/limbs.py"}


@pytest.mark.parametrize(
    ("module", "beside"),
    [
        ("chain/engine/words.py", FIELD),
        ("chain/engine/jump.py", FIELD),
        ("chain/engine/core.py", {"chain/engine/words.py"} | FIELD),
        ("chain/state.py", {"chain/engine/core.py", "chain/engine/words.py"} | FIELD),
        ("chain/words.py", set()),
        ("precompiles/kernels/alone.py", set()),
    ],
)
def test_imports_are_followed_through_our_packages(
    project: Path, module: str, beside: set[str]
) -> None:
    found = jit.sources(project / module, set())
    assert {path.relative_to(project).as_posix() for path in found} == {module} | beside


def test_a_changed_import_of_another_package_changes_the_folder(project: Path) -> None:
    module = project / "chain" / "engine" / "words.py"
    before = jit.cache_name(module)
    (project / "precompiles" / "kernels" / "alone.py").write_text("1", "utf-8")
    jit.fingerprint.cache_clear()
    assert jit.cache_name(module) == before
    (project / "precompiles" / "kernels" / "limbs.py").write_text("1", "utf-8")
    jit.fingerprint.cache_clear()
    assert jit.cache_name(module) != before


def test_modules_of_one_name_and_content_have_folders_of_their_own(project: Path) -> None:
    inside = project / "precompiles" / "engine" / "words.py"
    outside = project.parent / "engine" / "words.py"
    for path in (inside, outside):
        path.parent.mkdir(parents=True)
        path.write_bytes((project / "chain" / "engine" / "words.py").read_bytes())
    modules = (project / "chain" / "engine" / "words.py", inside, outside)
    assert len({jit.cache_name(path) for path in modules}) == 3
    assert jit.cache_name(inside).startswith("precompiles.engine.words-")


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

    monkeypatch.setattr(kernel, "KNOWN_FIRST_LANES", ((1, 3, 1),))
    with pytest.raises(RuntimeError, match="wrong answer"):
        kernels.warm_up()
