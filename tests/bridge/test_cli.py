"""The command line: what it prints, what it refuses, and with which status."""

import json
from pathlib import Path
from typing import Any

import pytest

from session_bridge import cli, transport
from session_bridge.errors import NodeError


@pytest.fixture
def line(world, tell, sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Any:
    """Run a command against the chain of this process."""
    monkeypatch.setattr(transport, "HttpTransport", lambda _: world.transport)
    path = tell(sources.epoch(1, range(4)), sources.epoch(2, range(4, 9)))
    key = tmp_path / "key"
    key.write_text(world.accounts[5].private_key.hex() + "\n")
    key.chmod(0o600)
    paths = {"run": ["--key-file", str(key)], "status": [], "prove": []}

    def run(command: str, *options: str) -> tuple[int, str, str]:
        places = ["--source", str(path), *paths[command]]
        if command != "prove":
            places += ["--journal", str(tmp_path / "journal")]
        status = cli.main([command, *places, *options])
        out, err = capsys.readouterr()
        return status, out, err

    run.key = key  # type: ignore[attr-defined]
    return run


def test_one_pass_anchors_and_says_so(world, line) -> None:
    status, out, err = line("run", "--once")

    assert (status, out) == (0, "")
    assert "anchor/1: sent" in err
    assert world.ask("anchor", "lastEpoch") == 2


def test_a_run_of_some_time_ends_by_itself(world, line) -> None:
    status, _, err = line("run", "--for", "0.3", "--poll", "0.05", "--stagger", "0")

    assert status == 0
    assert "transactions did what they were for" in err


def test_a_silent_node_is_asked_again(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    asked = []

    def once() -> None:
        asked.append(1)
        raise NodeError("node: gone")

    cli.work(once, 0.02, 0.3)

    assert len(asked) > 1
    assert "node: gone; asks again in 0.0 s" in capsys.readouterr().err


def test_status_tells_a_script_everything(world, line) -> None:
    line("run", "--once")
    world.mine(3)
    status, out, _ = line("status", "--json")
    found = json.loads(out)

    assert status == 0
    assert found["chainId"] == 6134
    assert found["committee"]["lastEpoch"] == 2
    assert found["committee"]["seats"] == 21
    assert found["committee"]["quorum"] == 15
    assert found["committee"]["equivocated"] == []
    assert found["guards"]["guardians"]["mustAttest"] == 4
    assert found["guards"]["guardians"]["changeDelaySeconds"] == 86_400
    assert found["guards"]["caps"]["day"] == str(10**24)
    assert found["guards"]["pausedUntil"] is None
    assert found["parts"]["anchor"]["waitsFor"] == "the end of epoch 3"
    assert [each["purpose"] for each in found["inFlight"]] == ["anchor/1", "anchor/2"]


def test_status_tells_a_person_on_one_screen(world, line) -> None:
    line("run", "--once")
    status, out, _ = line("status")

    assert status == 0
    assert "15 of 21" in out
    assert "epoch 2" in out
    assert "last epoch 2; waits for the end of epoch 3" in out
    assert len(out.splitlines()) <= 40


def test_status_works_before_anything_has_run_and_without_a_source(
    world, line, tmp_path: Path
) -> None:
    status, out, _ = line("status", "--json", "--source", str(tmp_path / "none"))
    found = json.loads(out)

    assert status == 0
    assert found["account"] is None
    assert "No such file" in found["source"]


def test_proofs_are_printed_for_both(world, line, sources) -> None:
    line("run", "--once")
    name = sources.leaf(6)["sessionId"]

    status, out, _ = line("prove", name, "--json")
    found = json.loads(out)
    assert (status, found["included"], found["epoch"]) == (0, True, 2)
    status, out, _ = line("prove", "0x" + name)
    assert (status, "stands in epoch 2" in out) == (0, True)
    status, out, _ = line("prove", name, "--epoch", "1")
    assert (status, "does not stand in epoch 1" in out) == (0, True)
    status, _, err = line("prove", name, "--epoch", "7")
    assert (status, "epoch 7 is not anchored" in err) == (1, True)


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("11" * 32, 0o640, "others can read it"),
        ("11" * 31, 0o600, "not a private key"),
        ("00" * 32, 0o600, "not a private key"),
        ("ff" * 32, 0o600, "not a private key"),
        ("\N{EURO SIGN}", 0o600, "not a private key"),
    ],
)
def test_a_key_file_that_is_none_is_refused(line, text: str, mode: int, reason: str) -> None:
    line.key.write_text(text)
    line.key.chmod(mode)

    status, _, err = line("run", "--once")

    assert status == 1
    assert reason in err
    assert "11" * 31 not in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run"],
        ["run", "--key-file", "key", "--for", "nan"],
        ["run", "--key-file", "key", "--max-fee", "0"],
        ["run", "--key-file", "key", "--stagger", "-1"],
        ["prove"],
        ["prove", "00"],
        ["prove", "zz" * 32],
        ["prove", "00" * 32, "--epoch", "0"],
    ],
)
def test_a_wrong_line_has_status_2(arguments: list[str], capsys) -> None:
    assert cli.main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_no_secret_is_an_argument() -> None:
    running = cli.parser()._subparsers._group_actions[0].choices["run"]  # type: ignore[union-attr]
    options = [option for action in running._actions for option in action.option_strings]
    assert "--key-file" in options
    assert not {"--key", "--private-key", "--token"} & set(options)
