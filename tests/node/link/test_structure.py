"""Nothing can weaken a link: no parameter, no variable, no flag, no second suite."""

import ast
import inspect
from pathlib import Path

import pytest

from node import crypto, link
from node.link import handshake
from node.link.link import Link

FILES = sorted(Path(link.__file__).parent.glob("*.py"))


def test_what_one_may_choose_of_a_link() -> None:
    """Keys, peer, time, chance, what to resume, cover and patience. Nothing of the suite."""
    parameters = {
        function.__name__: list(inspect.signature(function).parameters)
        for function in (
            *(link.initiate, link.respond, link.Gate, link.TicketBook, link.Cover, link.Pace),
        )
    }
    assert parameters == {
        "initiate": ["node", "expected", "now", "random", "ticket", "cover", "pace"],
        "respond": ["node", "gate", "tickets", "source", "now", "random", "cover", "pace"],
        "Gate": ["random"],
        "TicketBook": [],
        "Cover": ["mean_ms", "message_size"],
        "Pace": ["handshake_ms", "keepalive_ms", "silence_ms"],
    }


def test_what_one_may_do_with_a_link() -> None:
    """There is no way to its keys, to send in the clear, or to hear what is not authentic."""
    public = {name for name in dir(Link) if not name.startswith("_")}

    assert public == {
        *("close", "closed", "end", "next_tick", "outgoing", "peer_id", "receive", "send"),
        "tick",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_link_asks_nobody(path: Path) -> None:
    """It imports no way to an environment, a file, a clock or a setting."""
    tree = ast.parse(path.read_text("utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 0
    }
    allowed = {"hashlib", "math", "dataclasses", "enum", "typing", "collections"}

    assert imported <= allowed
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not called & {"open", "eval", "exec", "getattr", "globals", "__import__", "input"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_link_remembers_no_setting(path: Path) -> None:
    """Module-level names are constants: none is bound again, none is a container that grows."""
    tree = ast.parse(path.read_text("utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            mutable = isinstance(node.value, ast.List | ast.Dict | ast.Set)
            assert not mutable or [target.id for target in targets] == ["__all__"]


def test_every_key_has_both_halves(world, monkeypatch) -> None:
    """F-020: take the ML-KEM half away from what one side computes, and nothing opens."""
    honest = crypto.HybridKey.shared
    for half in (slice(0, 32), slice(32, 64)):

        def without(key: crypto.HybridKey, ciphertext: bytes, half: slice = half) -> bytes:
            secrets = bytearray(honest(key, ciphertext))
            secrets[half] = bytes(32)
            return bytes(secrets)

        monkeypatch.setattr(crypto.HybridKey, "shared", without)
        alice, bob = world.call(), world.answer()
        heard, _ = world.shake(alice, bob)
        assert [event.reason for event in heard] == ["link: handshake not authentic"]
    monkeypatch.setattr(crypto.HybridKey, "shared", honest)
    world.linked()


def test_every_label_is_used_for_one_thing() -> None:
    """Two uses of one label could be played against each other."""
    labels = [
        node.value
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, bytes)
        and node.value.startswith(b"pars/")
    ]
    assert len(labels) == len(set(labels)) == 15
    assert handshake.INITIATOR_CONTEXT != handshake.RESPONDER_CONTEXT
