"""The official state tests that stand here, and what their runner says when one fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain import statetest
from chain.statetest import Case, InvalidFile, read_cases, run_case

FILES = Path(__file__).parent / "vectors" / "state_tests"
CASES = list(read_cases(FILES))
KNOWN = [case for case in CASES if case.fork in statetest.FORK_NAMES]


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_as_all_clients_have_it(case: Case) -> None:
    assert run_case(case, "core") is None
    assert run_case(case, "py") is None


@pytest.mark.parametrize("case", [case for case in KNOWN if "txbytes" in case.expected], ids=str)
def test_the_parts_make_the_same_transaction_as_the_bytes(case: Case) -> None:
    expected = {name: value for name, value in case.expected.items() if name != "txbytes"}
    assert run_case(Case(**{**fields(case), "expected": expected})) is None


@pytest.mark.parametrize("fork", ["BPO1", "BPO2"])
@pytest.mark.parametrize("case", [case for case in KNOWN if case.fork == "Osaka"], ids=str)
def test_blob_forks_run_as_osaka(case: Case, fork: str) -> None:
    """They change figures that no transaction alone depends on, where blobs cost the least."""
    assert run_case(Case(**{**fields(case), "fork": fork})) is None


def fields(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


def test_every_fork_is_covered_and_unknown_ones_are_told() -> None:
    covered = {statetest.FORK_NAMES[case.fork] for case in KNOWN}
    assert covered >= {"frontier", "homestead", "eip150", "eip158", "istanbul", "berlin", "london"}
    assert covered >= {"paris", "shanghai", "cancun", "prague", "osaka"}
    assert {case.fork for case in CASES} - set(statetest.FORK_NAMES) == {"Metropolis"}


def one(name: str, fork: str) -> Case:
    return next(case for case in KNOWN if case.name == name and case.fork == fork)


@pytest.mark.parametrize(
    ("name", "fork", "changes", "reason"),
    [
        ("add11", "Homestead", {"hash": "0x" + "00" * 32}, "state root is"),
        (
            "tipTooHigh",
            "London",
            {"expectException": None},
            "the transaction was refused: max prio",
        ),
        ("add11", "EIP158", {"expectException": "any"}, "should have been refused: any"),
        ("test_set_code_to_log[LOG1]", "Prague", {"logs": "0x" + "00" * 32}, "logs hash is"),
        ("tipTooHigh", "Cancun", {"txbytes": "0x02c0"}, None),  # No transaction is one to refuse.
    ],
)
def test_what_is_wrong_is_told(
    name: str, fork: str, changes: dict[str, Any], reason: str | None
) -> None:
    case = one(name, fork)
    expected = {**case.expected, **changes}
    result = run_case(Case(**{**fields(case), "expected": expected}))
    assert result is None if reason is None else reason in (result or "")


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert statetest.main([str(FILES), "--fork", "Berlin"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "ok selfBalanceEqualsBalance [Berlin 0 0 0]\n"
    assert shown.err.startswith("1 passed, 0 failed, ")

    broken = json.loads((FILES / "add11.json").read_text())
    broken["add11"]["post"]["Homestead"][0]["hash"] = "0x" + "11" * 32
    del broken["add11"]["pre"]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    assert statetest.main([str(path), "--fork", "Homestead", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["failed"], answer["skipped"]) == (1, 4)
    assert answer["results"] == [
        {"case": "add11 [Homestead 0 0 0]", "ok": False, "reason": "KeyError: 'pre'"}
    ]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"name": 1}', b'{"a": {"post": []}}', b"\xff"])
def test_what_is_no_test_is_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(InvalidFile):
        list(read_cases(path))
    assert statetest.main([str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"error: {path}: ")
    assert len(shown.err.splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read"):
        list(read_cases(tmp_path / "nothing.json"))
