"""What must hold of every Vyper contract: what its compiler gets wrong is not written."""

import re
from functools import cache
from pathlib import Path

import pytest
from vyper import ast as vy_ast
from vyper.ast.parse import parse_to_ast

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
DAO = ("modules", "escrow", "governance", "safe", "treasury", "ballots", "bridge", "validators")
"""Folders of the contracts that we deploy: each of their refusals names its rule."""

PLACES = sorted(path.relative_to(ROOT).as_posix() for path in CONTRACTS.rglob("*.vy"))
OURS = [place for place in PLACES if place.split("/")[1] in DAO]

# Each of these moves the compiler's line numbers, so that a literal of another line is taken.
SHIFTING = re.compile("[\f\v\x85\u2028\u2029\ufeff\x1c-\x1e]")
VERSION = re.compile(r"^# ?pragma version (\^?0\.4\.3)$", re.M)


@cache
def tree(place: str) -> vy_ast.Module:
    return parse_to_ast((ROOT / place).read_text("utf-8"))


def found(place: str, kind: type[vy_ast.VyperNode]) -> list[str]:
    return [f"{place}:{node.lineno}" for node in tree(place).get_descendants(kind)]


@pytest.mark.parametrize("place", PLACES)
def test_no_ternary(place: str) -> None:
    """Both releases of the compiler that can be had take the wrong bytes in some."""
    assert found(place, vy_ast.IfExp) == []


@pytest.mark.parametrize("place", PLACES)
def test_ascii_outside_comments(place: str) -> None:
    text = (ROOT / place).read_text("utf-8")
    code = [line.split("#")[0] for line in text.splitlines()]
    assert [number for number, line in enumerate(code, 1) if not line.isascii()] == []
    assert SHIFTING.search(text) is None


@pytest.mark.parametrize("place", PLACES)
def test_version(place: str) -> None:
    assert VERSION.search((ROOT / place).read_text("utf-8")) is not None


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_trusted_unseen(place: str) -> None:
    """An address without code is a typing error, and output is for nobody."""
    text = (ROOT / place).read_text("utf-8")
    assert "skip_contract_check" not in text
    assert "snekmate" not in text, "its licence is not ours"
    assert re.search(r"\bprint\(", text) is None


@pytest.mark.parametrize("place", OURS)
def test_licence(place: str) -> None:
    assert "# SPDX-License-Identifier: MIT" in (ROOT / place).read_text("utf-8")


def reasons(place: str) -> list[tuple[int, str]]:
    """Return line and text of each refusal; the text is empty where none is given."""
    module = tree(place)
    said = [(node.lineno, node.msg) for node in module.get_descendants(vy_ast.Assert)]
    said += [(node.lineno, node.exc) for node in module.get_descendants(vy_ast.Raise)]
    return [(line, said.value if isinstance(said, vy_ast.Str) else "") for line, said in said]


@pytest.mark.parametrize("place", OURS)
def test_every_refusal_names_its_rule(place: str) -> None:
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    silent = [f"{place}:{line}" for line, reason in reasons(place) if not reason]
    unknown = [
        f"{place}:{line} {reason!r}"
        for line, reason in reasons(place)
        if reason and f"`{reason}`" not in pages
    ]

    assert silent == []
    assert unknown == [], "list it in the table of reasons of the page in docs/"
