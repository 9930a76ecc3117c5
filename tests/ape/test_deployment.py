"""`pars contracts`, as a user calls it: through Ape's networks and accounts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEVNET = ROOT / "chain" / "dao" / "devnet.toml"
SECONDS_MAX = 300


def contracts(*arguments: object) -> "subprocess.CompletedProcess[str]":
    if not (Path(sys.executable).parent / "ape").exists():
        pytest.skip("Ape is not offered for this Python")
    return subprocess.run(
        [sys.executable, ROOT / "pars.py", "contracts", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_deploy_writes_a_manifest(tmp_path: Path) -> None:
    file = tmp_path / "dao.json"
    done = contracts("deploy", DEVNET, "--network", "pars:local", "--manifest", file)
    assert done.returncode == 0, done.stderr

    manifest = json.loads(file.read_text("utf-8"))
    assert manifest["chainId"] == 6133
    told = dict(reversed(line.split()) for line in done.stdout.splitlines())
    assert told == {name: each["address"] for name, each in manifest["contracts"].items()}
    assert "69 transactions" in done.stderr
    assert all(each["transaction"] for each in manifest["contracts"].values())


def test_verify_says_what_is_missing() -> None:
    done = contracts("verify", DEVNET, "--network", "pars:local")
    assert done.returncode == 1
    assert "missing: Safe (Safe)" in done.stdout
    assert "0 of 69 steps stand" in done.stderr


def test_parameters_are_the_example(tmp_path: Path) -> None:
    assert contracts("parameters").stdout == DEVNET.read_text("utf-8")
    wrong = tmp_path / "dao.toml"
    wrong.write_text(DEVNET.read_text("utf-8").replace("threshold = 3", "threshold = 9", 1))
    done = contracts("deploy", wrong, "--network", "pars:local")
    assert done.returncode == 1
    assert "safe.threshold: more than there are owners" in done.stderr
    assert not done.stdout


def test_unknown_network() -> None:
    done = contracts("deploy", DEVNET, "--network", "pars:nowhere")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
