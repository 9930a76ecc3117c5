"""What every test shares: how Hypothesis runs, a path to the checkout, packages for Node.js."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a slow machine is not a fault. Derandomized: a change is judged by its own merits,
# not by the luck of the draw; `make campaign` draws afresh.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("campaign", settings.get_profile("suite"), derandomize=False)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("campaign" if config.option.markexpr == "campaign" else "suite")


INSTALL_SECONDS = 240

NPM = (
    *("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"),
    *("--loglevel", "error"),
)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Copy a folder of scripts and install what its package.json asks for; return the copy.

    Skips the test where Node.js or its package registry is not at hand.
    """

    def run(scripts: Path) -> Path:
        if shutil.which("node") is None or shutil.which("npm") is None:
            pytest.skip("Node.js is not installed")
        folder = tmp_path_factory.mktemp("node")
        shutil.copytree(scripts, folder, dirs_exist_ok=True)
        try:
            done = subprocess.run(
                NPM,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not finish")
        if done.returncode:
            pytest.skip(f"npm cannot install the packages: {done.stderr.strip()[-200:]}")
        return folder

    return run


@pytest.fixture(scope="session")
def uniswap(root: Path, npm: Callable[[Path], Path]) -> Path:
    """Where `v4-core` and `v4-periphery` are, with the code that their authors compiled.

    Nothing of it is in this repository. Another place that has both can be named by `UNISWAP`.
    """
    named = os.environ.get("UNISWAP")
    if named is not None:
        return Path(named)
    return npm(root / "tests" / "chain" / "uniswap") / "node_modules" / "@uniswap"
