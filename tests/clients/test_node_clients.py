"""ethers and viem against a real node, where Node.js and its package registry are at hand."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent / "node"
RUN_SECONDS = 90


@pytest.fixture(scope="session")
def scripts(npm: Callable[[Path], Path]) -> Path:
    """A folder with the scripts and the packages that they import."""
    return npm(SCRIPTS)


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
