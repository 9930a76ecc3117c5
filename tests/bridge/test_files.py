"""What the bridge knows of the contracts is what they are."""

import json
from pathlib import Path

import pytest

from chain.dao import bridge_files
from session_bridge import chain_client
from session_bridge.contracts import load_contracts
from session_bridge.errors import WrongChainError


def test_the_files_are_those_of_the_contracts(root: Path) -> None:
    held = {path.name: path.read_text("utf-8") for path in (root / "session_bridge/abi").iterdir()}

    assert held == bridge_files.files(), "run `python -m chain.dao.bridge_files`"


def test_every_function_in_the_files_is_called(root: Path) -> None:
    sources = "".join(
        path.read_text("utf-8") for path in sorted((root / "session_bridge").glob("*.py"))
    )
    unused = [
        f"{name}.{function}"
        for name, functions in bridge_files.FUNCTIONS.items()
        for function in functions
        if f'"{function}"' not in sources
    ]

    assert unused == []


def manifest(**changes: object) -> dict[str, object]:
    known = json.loads(
        (Path(chain_client.__file__).parent / "abi" / "devnets.json").read_text("utf-8")
    )["6134"]
    contracts = {name: {"address": address} for name, address in known.items()}
    return {"chainId": 6134, "contracts": contracts} | changes


def test_a_manifest_of_a_deployment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest()))

    made, known = load_contracts(path, 6134), load_contracts(None, 6134)

    assert made.anchor.address == known.anchor.address
    assert made.guard is not None


def test_guards_may_be_missing(tmp_path: Path) -> None:
    held = manifest()
    for name in ("Pause", "BridgeGuard", "WPARS"):
        del held["contracts"][name]  # type: ignore[attr-defined]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(held))

    made = load_contracts(path, 6134)

    assert (made.pause, made.guard, made.token) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no manifest"),
        ("5", "no manifest"),
        ('{"chainId": 6134}', "no manifest"),
        ('{"chainId": 6134, "contracts": {"EventRelay": 5}}', "no manifest"),
        ('{"chainId": 6134, "contracts": {}}', "has no SessionAnchor"),
        (json.dumps(manifest(chainId=6133)), "is of chain 6133"),
        (json.dumps(manifest()).replace("0x", "0xg"), "is no address"),
    ],
)
def test_what_is_no_manifest_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)

    with pytest.raises(WrongChainError, match=reason):
        load_contracts(path, 6134)


def test_a_chain_that_nobody_knows_needs_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(WrongChainError, match="name a manifest"):
        load_contracts(None, 1)
    with pytest.raises(WrongChainError, match="No such file"):
        load_contracts(tmp_path / "none", 6134)
