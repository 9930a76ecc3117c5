"""The mutation check itself: what it plants, and that it tells caught from unnoticed."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest

from precompiles.conformance import mutate
from precompiles.conformance.cli import main
from precompiles.conformance.faults import faults
from precompiles.conformance.mutate import EQUIVALENT, PACKAGE, is_caught, planted, sources, trials
from precompiles.conformance.suite import chapters
from precompiles.registry import PRECOMPILES, find

SOURCE = '''"""Talk 1."""

LIMIT = 5
DOMAIN = b"tag"
Pair = tuple[int, int]


def check(key: bytes, message: bytes, count: int = 3) -> bool:
    """Talk 2."""
    if not 0 < len(key) <= LIMIT:
        raise ValueError(f"{key!r} is wrong: 7")
    if count >= LIMIT or key == message:
        return False
    total = hashed(DOMAIN + key, message) % 97
    total += 1
    note(total)
    return total != 0
'''

PLANTED = {
    ("constant changed", "LIMIT = 6"),
    ("constant changed", "DOMAIN = b'uag'"),
    ("check left out", "if False:"),
    ("condition turned", "if (0 < len(key) <= LIMIT):"),
    ("constant changed", "if not 1 < len(key) <= LIMIT:"),
    ("argument emptied", "if not 0 < len(type(key)()) <= LIMIT:"),
    ("condition dropped", "if ((key == message)):"),
    ("condition dropped", "if ((count >= LIMIT)):"),
    ("comparison turned", "if (count < LIMIT) or key == message:"),
    ("comparison moved by one", "if (count > LIMIT) or key == message:"),
    ("comparison turned", "if count >= LIMIT or (key != message):"),
    ("constant changed", "return True"),
    ("reduction dropped", "total = (hashed(DOMAIN + key, message))"),
    ("arguments swapped", "total = hashed(message, DOMAIN + key) % 97"),
    ("argument emptied", "total = hashed(DOMAIN + key, type(message)()) % 97"),
    ("part dropped", "total = hashed((DOMAIN), message) % 97"),
    ("part dropped", "total = hashed((key), message) % 97"),
    ("constant changed", "total = hashed(DOMAIN + key, message) % 98"),
    ("step left out", "pass"),
    ("constant changed", "total += 2"),
    ("argument emptied", "note(type(total)())"),
    ("comparison turned", "return (total == 0)"),
    ("constant changed", "return total != 1"),
    ("constant changed", "def check(key: bytes, message: bytes, count: int = 4) -> bool:"),
}


def test_what_is_planted() -> None:
    made = list(faults(SOURCE))
    assert {(each.kind, each.becomes) for each in made} == PLANTED
    assert len({each.source for each in made}) == len(made)
    for each in made:
        ast.parse(each.source)
        old, new = SOURCE.splitlines(), each.source.splitlines()
        assert len(old) == len(new)
        assert old[each.line - 1].strip() == each.was != each.becomes == new[each.line - 1].strip()


@pytest.mark.parametrize("name", [each.name for each in PRECOMPILES if each.name != each.family])
def test_every_entry_can_be_spoilt(name: str) -> None:
    found = planted(find(name))
    assert found == planted(find(name))
    assert len(found) > 10
    for path, fault in found:
        compile(fault.source, str(path), "exec")


def test_kernels_and_their_tables_are_left_out() -> None:
    files = {path.name for path in sources(find("poseidon"))}
    assert {"contract.py"} < files
    assert not files & {"parameters.py", "circom.py", "reference.py"}


def test_a_process_that_hangs_or_breaks_counts_as_caught() -> None:
    def hang() -> bool:
        while True:
            pass

    def hoard() -> bool:
        return bool(bytearray(2**40))

    def raises() -> bool:
        raise KeyError

    assert is_caught(hang, 1)
    assert is_caught(hoard, 5)
    assert is_caught(raises, 5)
    assert is_caught(lambda: True, 5)
    assert not is_caught(lambda: False, 5)


def test_the_vectors_of_an_entry_notice_faults() -> None:
    """That they notice every one, of every entry, takes the minutes of a campaign."""
    (chapter,) = chapters(entries=["ecies"])
    found = list(trials(chapter, 10))
    assert sum(each.verdict == "caught" for each in found) > 0.9 * len(found) > 40


def test_vectors_that_look_away_notice_nothing() -> None:
    (chapter,) = chapters(entries=["ecies"], pattern="*/value")
    found = list(trials(chapter, 10))
    assert sum(each.verdict == "survived" for each in found) > 20
    assert ".py:" in found[-1].shown()


def test_the_command_says_what_survived(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = planted(find("frost"))[:5]
    monkeypatch.setattr(mutate, "planted", lambda _: few)
    assert main(["mutate", "--entry", "frost", "--name", "*/value"]) == 1
    assert "\n  + " in capsys.readouterr().out


def test_every_equivalent_change_is_still_there() -> None:
    """One whose line has changed says nothing any more."""
    listed = json.loads(EQUIVALENT.read_text("utf-8"))
    made = {
        (str(path.relative_to(PACKAGE)), fault.was, fault.becomes)
        for entry in PRECOMPILES
        for path, fault in planted(entry)
    }
    for each in listed:
        assert each.keys() == {"file", "was", "becomes", "reason"}
        assert len(each["reason"]) > 20
        assert (each["file"], each["was"], each["becomes"]) in made, each


@pytest.mark.campaign
@pytest.mark.parametrize("name", [each.name for each in PRECOMPILES if each.name != each.family])
def test_no_fault_survives(name: str) -> None:
    (chapter,) = chapters(entries=[name])
    found = trials(chapter, 60)
    assert [each.shown() for each in found if each.verdict == "survived"] == []


def test_an_entry_that_fails_anyway_is_a_mistake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (chapter,) = chapters(entries=["frost"], with_derived=False)
    wrong = replace(chapter, vectors=(replace(chapter.vectors[0], gas=1),))
    monkeypatch.setattr("precompiles.conformance.cli.chosen", lambda _: [wrong])
    assert main(["mutate"]) == 2
    assert Path(EQUIVALENT).exists()
