"""What a command loads. A word that loads another part's libraries is slow and breaks with them."""

import subprocess
import sys
from pathlib import Path

import pytest

REPORT = """
import contextlib, io, sys
import pars
with contextlib.redirect_stdout(io.StringIO()):
    status = pars.main({arguments!r})
print(status, *sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def loaded(root: Path, *arguments: str) -> set[str]:
    """Return the top-level modules in a process that ran this command."""
    result = subprocess.run(
        [sys.executable, "-c", REPORT.format(arguments=list(arguments))],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    status, *modules = result.stdout.split()
    assert status == "0", result.stderr
    return set(modules)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_dispatcher_loads_no_part(root: Path, option: str) -> None:
    assert not loaded(root, option) & {"chain", "precompiles", "eth", "numba", "numpy", "rich"}


def test_a_list_of_precompiles_loads_no_compiler_and_no_chain(root: Path) -> None:
    modules = loaded(root, "precompile", "list")

    assert "precompiles" in modules
    assert not modules & {"chain", "eth", "llvmlite", "numba", "rlp", "web3"}


def test_the_help_of_the_chain_loads_no_evm(root: Path) -> None:
    modules = loaded(root, "chain", "--help")

    assert "chain" in modules
    assert not modules & {"ape", "eth", "llvmlite", "numba", "uvicorn", "web3"}
