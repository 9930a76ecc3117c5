"""What tests of the Ape plugin share: a way to run Ape, as a user does, in a process of its own.

Ape's pytest plugin is off in this one: it would isolate each of the other tests too.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SECONDS_MAX = 300

collect_ignore = ["project"]

Run = Callable[..., str]


@pytest.fixture(scope="session")
def ape(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command of Ape in a folder, `ape(folder, "test", ...)`, and return what it said."""
    if not (BIN / "ape").exists():
        pytest.skip("Ape is not offered for this Python")

    bytecode = tmp_path_factory.mktemp("bytecode")

    def run(folder: Path, *arguments: str, status: int = 0) -> str:
        environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(bytecode),
            "COLUMNS": "200",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [str(BIN / "ape"), *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that what Ape compiles there is compiled anew."""
    folder = tmp_path_factory.mktemp("ape") / "project"
    shutil.copytree(
        Path(__file__).parent / "project",
        folder,
        ignore=shutil.ignore_patterns(".build", "__pycache__", ".pytest_cache"),
    )
    return folder
