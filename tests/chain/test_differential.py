"""What makes random cases and compares engines on them: it must be exact, and reach everything."""

from pathlib import Path

import pytest

from chain.differential import cases
from chain.differential.engines import run_py
from chain.differential.generate import generate
from chain.encoding import keccak
from chain.statetest import read_cases, run_case

FORKS = ("Berlin", "London", "Merge", "Shanghai", "Cancun", "Prague", "Osaka")
PINNED = {"Berlin": "6b0ace03a34e3266", "Prague": "2256726116fa9d8a", "Osaka": "868c1bbb94201634"}
"""So that a seed of a report still means its case: changed with the generator, on purpose."""


def digest(fork: str) -> str:
    made = [str(cases.to_json(generate(seed, fork))) for seed in range(20)]
    return keccak("".join(made).encode()).hex()[:16]


@pytest.mark.parametrize("fork", FORKS)
def test_a_seed_always_makes_the_same_case(fork: str) -> None:
    assert digest(fork) == digest(fork)
    assert generate(1, fork) != generate(2, fork)


@pytest.mark.parametrize("fork", PINNED)
def test_a_seed_makes_the_case_that_it_made_elsewhere(fork: str) -> None:
    assert digest(fork) == PINNED[fork]


@pytest.mark.parametrize("seed", range(40))
def test_a_file_holds_the_whole_case(seed: int, tmp_path: Path) -> None:
    case = generate(seed, "Prague")
    result = run_py(case)
    last = result.ran[-1]
    path = tmp_path / "case.json"
    cases.write(path, case, result.root, last.logs, last.refused)
    again = cases.read(path)
    assert [tx.raw for tx in again.transactions] == [tx.raw for tx in case.transactions]
    assert (again.accounts, again.block, again.fork) == (case.accounts, case.block, case.fork)
    assert run_py(again) == result
    (replayed,) = read_cases(path)
    assert run_case(replayed) is None
