"""`pars node` against two real daemons, as a user types it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from node.cli import parser

ROOT = Path(__file__).parents[3]


def pars(*words: str, fails: bool = False) -> str:
    """Run a command; return what it printed, or what it said when it failed."""
    ended = subprocess.run(
        [sys.executable, "-m", "pars", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert bool(ended.returncode) == fails, ended.stderr
    return ended.stderr if fails else ended.stdout.strip()


def test_two_people_share_notes_by_a_picture(daemons, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("p\n")
    one, other = (str(daemons(name).folder) for name in ("one", "other"))
    for folder in (one, other):
        pars("session", "--datadir", folder, "identity", "create", "--password-file", str(password))

    def node(folder: str, *words: str, fails: bool = False) -> str:
        return pars("node", "--datadir", folder, *words, fails=fails)

    space = node(one, "space", "create", "family")
    picture, tag = tmp_path / "invite.png", tmp_path / "tag"
    made = ["--png", str(picture), "--nfc", str(tag)]
    assert node(one, "invite", "--space", "family", *made).startswith("pars:")
    assert f"space: {space}" in node(other, "accept", str(picture))
    # The same guest may have missed the welcome, and comes again, by the tag this time.
    assert f"space: {space}" in node(other, "accept", str(tag))
    change = '{"at": 0, "insert": "salam"}'
    assert node(one, "space", "write", "family", "notes", "--type", "array", change) == '"salam"'
    assert node(one, "space", "read", "family", "notes") == '"salam"'
    assert "notes" in node(one, "space", "documents", "family")
    assert "family" in node(other, "space", "list")
    bundle = tmp_path / "bundle"
    assert node(one, "export", str(bundle)) == str(bundle)
    assert "there is such a file" in node(one, "export", str(bundle), fails=True)
    assert "in 1 bundles" in node(other, "import", str(bundle))
    assert "mesh spaces" in node(one, "status")
    assert '"peerId"' in node(one, "peers", "--json")
    wrong = ("space", "write", "family", "n", "--type", "lww", "[]")
    assert "a change is a JSON object" in node(one, *wrong, fails=True)
    node(other, "space", "leave", "family")
    assert node(other, "space", "list") == ""


def test_without_a_node_it_says_how_to_start_one(tmp_path: Path) -> None:
    assert "no daemon runs" in pars("node", "--datadir", str(tmp_path), "status", fails=True)


@pytest.mark.parametrize("words", [[], ["fly"], ["space", "write", "s", "d", "{}"]])
def test_a_wrong_line_is_told(words: list[str], capsys: pytest.CaptureFixture[Any]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(words)

    assert stopped.value.code == 2
    assert "usage: pars node" in capsys.readouterr().err


def test_simulate_says_the_same_for_the_same_seed() -> None:
    words = ("node", "simulate", "--scenario", "gossip", "--nodes", "8", "--seed", "3")
    assert pars(*words, "--work", "4", "--json") == pars(*words, "--work", "4", "--json")
