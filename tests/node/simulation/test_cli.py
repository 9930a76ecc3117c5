"""`pars node simulate`: the same bytes for the same seed, in any process, and a way back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from node.simulation import chaos, cli, runs
from node.simulation.outcome import Settings
from node.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).parents[3]
SHORT = ["--scenario", "chaos", "--nodes", "6", "--hours", "0.5", "--work", "30"]


def test_the_same_seed_prints_the_same_in_another_process() -> None:
    """Whose hashes of bytes, and so the orders of its sets, are others."""
    program = "import sys; from node.simulation.cli import main; sys.exit(main(sys.argv[1:]))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, *SHORT, "--seed", "7", "--json"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "77")
    }

    assert len(printed) == 1
    read = json.loads(printed.pop())
    assert read["settings"]["seed"] == 7
    assert read["violations"] == []
    assert len(read["trace"]) == len(read["state"]) == 64


def test_it_says_what_a_person_wants_to_know(capsys) -> None:
    assert cli.main([*SHORT, "--seed", "2"]) == 0

    said = capsys.readouterr()
    assert "chaos, seed 2: 6 nodes" in said.out
    assert "every invariant held" in said.out
    assert "events in" in said.err


def test_on_a_terminal_it_shows_itself_and_prints_the_same(capsys, monkeypatch) -> None:
    cli.main([*SHORT, "--seed", "2"])
    plain = capsys.readouterr()

    monkeypatch.setenv("FORCE_COLOR", "1")
    cli.main([*SHORT, "--seed", "2"])
    shown = capsys.readouterr()

    assert shown.out == plain.out
    assert "have all" in shown.err
    assert "have all" not in plain.err


def test_a_broken_invariant_says_how_to_see_it_again(capsys, monkeypatch) -> None:
    monkeypatch.setattr("node.simulation.scenarios.chaos.check", lambda community: ["it broke"])

    assert cli.main([*SHORT, "--seed", "9"]) == 1

    said = capsys.readouterr()
    assert "violated: it broke" in said.out
    again = "pars node simulate --scenario chaos --seed 9 --nodes 6 --hours 0.5 --work 30"
    assert again in said.err


def test_a_crash_of_the_program_says_so_too(capsys, monkeypatch) -> None:
    def fails(community) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr("node.simulation.scenarios.chaos.check", fails)

    with pytest.raises(ZeroDivisionError):
        cli.main([*SHORT, "--seed", "9"])

    assert "--seed 9" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [["--nodes", "-1"], ["--nodes", "10001"], ["--hours", "-1"], ["--scenario", "none"], ["x"]],
)
def test_flags_that_make_no_sense_are_refused(wrong: list[str], capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(wrong)

    assert "usage" in capsys.readouterr().err


def test_a_report_holds_pictures_and_needs_nothing_else(tmp_path: Path, capsys) -> None:
    assert cli.main([*SHORT, "--seed", "2", "--report", str(tmp_path / "r")]) == 0

    files = sorted(path.name for path in (tmp_path / "r").iterdir())
    pictures = [f"chaos-2-{name}.png" for name in ("bytes", "convergence", "topology")]
    assert files == [*pictures, "chaos-2.html"]
    for name in pictures:
        assert (tmp_path / "r" / name).read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "r" / "chaos-2.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "http" not in page
    assert "pars node simulate --scenario chaos --seed 2" in page


def test_seeds_that_are_done_are_not_run_again(tmp_path: Path, capsys) -> None:
    state = tmp_path / "state"
    flags = ["--nodes", "4", "--hours", "0.1", "--state", str(state), "--processes", "1"]

    assert chaos.main([*flags, "--seeds", "2"]) == 0
    first = state.read_text()
    with state.open("a") as file:
        file.write('\n{"seed": 3, "cut sho')
    assert chaos.main([*flags, "--seeds", "3"]) == 0

    kept = state.read_text()
    assert kept.startswith(first)
    assert [one.seed for one in runs.finished(state, "chaos", 4, 0.1)] == [1, 2, 3]
    assert runs.finished(state, "chaos", 5, 0.1) == []
    assert "3 seeds" in capsys.readouterr().out


def test_a_seed_that_failed_fails_the_campaign(tmp_path: Path, capsys) -> None:
    state = tmp_path / "state"
    settings = Settings(scenario="chaos", seed=1, nodes=4, hours=0.1)
    (done,) = runs.campaign([settings], state, 1)
    line = json.loads(state.read_text())
    state.write_text(json.dumps({**line, "ok": False, "violations": ["it broke"]}) + "\n")

    flags = ["--nodes", "4", "--hours", "0.1", "--state", str(state), "--seeds", "1"]
    assert done.ok
    assert chaos.main(flags) == 1

    said = capsys.readouterr().out
    assert "seed 1: it broke" in said
    assert "pars node simulate --scenario chaos --seed 1 --nodes 4 --hours 0.1" in said


def test_every_scenario_is_in_the_help(capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    said = capsys.readouterr().out
    assert all(name in said and one.about in said for name, one in SCENARIOS.items())
