"""The compiled core against py-evm's loop: the same cases, and the same of everything.

Cases are drawn from their numbers; `make campaign` draws others. A number printed here replays with
`python -m chain.differential --engines py,core --seed N`.
"""

import inspect

import pytest

from chain.differential.compare import differences
from chain.differential.engines import run_core, run_py
from chain.engine.world import CoreWorld
from chain.state import World

ENGINES = {"py": run_py, "core": run_core}
CASES = {
    "Berlin": 150,
    "London": 150,
    "Paris": 150,
    "Shanghai": 150,
    "Cancun": 250,
    "Prague": 700,
    "Osaka": 700,
}
CHUNK = 50


@pytest.mark.parametrize(
    ("fork", "first"),
    [(fork, first) for fork, count in CASES.items() for first in range(0, count, CHUNK)],
)
def test_both_engines_agree(fork: str, first: int) -> None:
    found = [
        each for seed in range(first, first + CHUNK) for each in differences(seed, ENGINES, fork)
    ]
    assert found == []


def test_the_core_has_its_twins_state() -> None:
    """Whoever is given one or the other asks both in the same words."""
    missing = []
    for name, member in inspect.getmembers(World, inspect.isfunction):
        if name.startswith("_") or name in ONLY_IN_PYTHON:
            continue
        ours = getattr(CoreWorld, name, None)
        if ours is None or inspect.signature(ours) != inspect.signature(member):
            missing.append(name)
    assert missing == []


ONLY_IN_PYTHON = {"delete_code"}
"""What py-evm's opcodes ask for, and nobody else."""
