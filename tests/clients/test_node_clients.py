"""ethers and viem against a real node, where Node.js and its package registry are at hand."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent / "node"
INSTALL_SECONDS = 240
RUN_SECONDS = 90

NPM = (
    *("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"),
    *("--loglevel", "error"),
)


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts and the packages that they import."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    try:
        done = subprocess.run(
            NPM, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish")
    if done.returncode:
        pytest.skip(f"npm cannot install the clients: {done.stderr.strip()[-200:]}")
    return folder


@pytest.mark.parametrize("client", ["ethers", "viem"])
def test_client(
    client: str,
    scripts: Path,
    start: Callable[..., str],
    notebook: dict[str, Any],
    accounts: Any,
    tmp_path: Path,
) -> None:
    given = {
        "url": start(),
        **notebook,
        "keys": ["0x" + account.private_key.hex() for account in accounts],
    }
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(given), "utf-8")

    done = subprocess.run(
        ["node", f"{client}.mjs", str(settings)],
        cwd=scripts,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    script = (SCRIPTS / f"{client}.mjs").read_text("utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == script.count("await check(")
