"""Ape on Pars, as its users meet it: its commands, and what they print.

What a contract's test may expect of the chain is tried by the tests of `project/`, which run here
twice: on the chain in Ape's process, and on a node outside of it.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ape_pars import cli

from .conftest import ROOT, Run

START_SECONDS = 60
LINES = {
    # Statements, and those that no test comes to.
    "contracts/Caller.vy": (5, 0),
    "contracts/Counter.vy": (19, 1),
    "contracts/Printer.vy": (1, 0),
    "contracts/limits.vy": (3, 0),
}
"""Counted by hand. The one of the counter is the second of `set_as_owner`: no owner ever calls."""


@pytest.fixture(scope="module")
def told(ape: Run, project: Path) -> str:
    """Run all tests of the project on the chain in Ape's process."""
    return ape(project, "test", "--gas", "--coverage", "-v")


def test_project(told: str) -> None:
    assert re.search(r"=+ 81 passed in", told), told[-3000:]


def test_gas_of_inner_calls(told: str) -> None:
    """Counter.set ran for callers too: more often than it was sent."""
    tables = told[told.index("Gas Profile") :]
    for table, row in [("Counter Gas", "set"), ("Caller Gas", "hash"), ("Poseidon Gas", "hash")]:
        rows = tables[tables.index(table) :].splitlines()
        found = next(line.split() for line in rows if line.split()[:1] == [row])
        times, least, most = (int(number) for number in found[1:4])
        assert times > 0
        assert 0 < least <= most


def test_coverage(told: str) -> None:
    table = told[told.index("Coverage Profile") :]
    found = {
        words[0]: (int(words[1]), int(words[2]))
        for words in map(str.split, table.splitlines())
        if words and words[0].startswith("contracts/")
    }
    assert found == LINES


def test_networks(ape: Run, project: Path) -> None:
    tree = ape(project, "networks", "list", "--ecosystem", "pars")
    names = [line.strip("│├└─ ").removesuffix("  (default)") for line in tree.splitlines()]
    assert "-".join(names).endswith("pars-local-node-pars-mainnet-node-testnet-node")


def test_plugin_is_listed(ape: Run, project: Path) -> None:
    assert "pars" in ape(project, "plugins", "list")


def test_script(ape: Run, project: Path) -> None:
    told = ape(project, "run", "count", "--network", "pars:local")
    assert "the counter is at 7" in told


def test_console(ape: Run, project: Path) -> None:
    code = "from ape_pars import precompiles; print(precompiles.poseidon.hash(1, [1, 2]))"
    told = ape(project, "console", "--network", "pars:local", "--code", code)
    # circomlib's published value of poseidon([1, 2]).
    assert str(0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A) in told


def test_lines_in_a_report(ape: Run, project: Path) -> None:
    """A test that fails shows where the contract stood."""
    test = project / "tests" / "test_that_fails.py"
    test.write_text("def test_it(counter, owner):\n    counter.set(13, sender=owner)\n", "utf-8")
    try:
        told = ape(project, "test", str(test), status=1)
    finally:
        test.unlink()
    assert "limits: unlucky" in told
    assert re.search(r"Counter\.vy, in set\s+E\s+-->\s+\d+\s+limits\._check\(number\)", told)
    assert re.search(r"limits\.vy, in _check\s+E\s+-->\s+\d+\s+raise", told)


# A node outside.


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    """A devnet in a process of its own; return where it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "pars", "chain", "run", "--auto", "--quiet", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the node did not start"
            time.sleep(0.1)
        else:
            return


def test_project_on_a_node(ape: Run, project: Path, node: str) -> None:
    told = ape(project, "test", "--network", f"pars:local:{node}", "-m", "not in_process")
    assert re.search(r"=+ 74 passed, 7 deselected in", told), told[-3000:]


# The template.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "my-dapp"
    assert cli.main([str(folder)]) == 0
    return folder


def test_new_project(ape: Run, made: Path) -> None:
    assert re.search(r"=+ 7 passed", ape(made, "test"))
    assert "Notary: 0x" in ape(made, "run", "deploy", "--network", "pars:local")


def test_new_project_has_a_console(ape: Run, made: Path) -> None:
    code = "print(pars.precompiles.mldsa.contract_type.name)"
    assert "MLDSA" in ape(made, "console", "--network", "pars:local", "--code", code)


def test_new_project_bears_its_name(made: Path) -> None:
    assert (made / "README.md").read_text("utf-8").startswith("# my-dapp\n")
    assert (made / ".gitignore").exists()
    assert not list(made.rglob("*.template"))


def test_new_project_leaves_others_alone(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(made.rglob("*"))
    assert cli.main([str(made)]) == 1
    assert "is there already; nothing was written" in capsys.readouterr().err
    assert sorted(made.rglob("*")) == before


def test_new_project_where_none_can_be(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(made / "README.md" / "inner")]) == 1
    assert "cannot make" in capsys.readouterr().err
