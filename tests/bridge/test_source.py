"""Sources: a daemon's control socket that may say anything, and the development file."""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.control import Control, Method
from node.crypto import SigningKey
from node.session.anchoring import anchor_statement, event_statement
from session_bridge.committee import FileSource
from session_bridge.epochs import BuiltEpoch
from session_bridge.errors import SourceError
from session_bridge.source import Asked, DaemonSource, read_epoch, read_signatures

STATEMENT = anchor_statement(6134, bytes(20), 3, bytes(32), 0, bytes(32))
ASKED = Asked("anchor", 6134, bytes(20), STATEMENT)
TOKEN = "secret"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("epoch", "closed", "leaves", "events", "state", "subject", "signatures", "number")
            ),
            inner,
        )
    ),
    max_leaves=10,
)


@contextmanager
def daemon(folder: Path, answer: Callable[[dict[str, Any]], bytes]) -> Iterator[DaemonSource]:
    """A daemon that answers each line, of one connection, as it is told to."""
    path = folder / "control.sock"
    (folder / "control.token").write_text(TOKEN + "\n")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen()
    listening.settimeout(20)

    def run() -> None:
        with suppress(OSError), listening.accept()[0] as connection:
            connection.settimeout(20)
            with connection.makefile("rb") as lines:
                for line in lines:
                    connection.sendall(answer(json.loads(line)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with closing(DaemonSource(folder)) as source:
            yield source
    finally:
        listening.close()
        thread.join()


def result(request: dict[str, Any], value: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": value}).encode() + b"\n"


def certificate() -> dict[str, Any]:
    key = SigningKey.from_seed(bytes(32))
    signature = key.sign(STATEMENT.payload())
    return {
        "subject": STATEMENT.subject.hex(),
        "commitment": STATEMENT.commitment.hex(),
        "epoch": 3,
        "signatures": [
            {"publicKeyHash": "00", "publicKey": key.public.hex(), "signature": signature.hex()}
        ],
    }


def test_a_daemon_is_asked_behind_its_token(tmp_path, sources) -> None:
    asked = []

    def answer(request: dict[str, Any]) -> bytes:
        asked.append((request["method"], request["params"]))
        if request["method"] == "GetCertificate":
            return result(request, certificate())
        told = b'{"jsonrpc": "2.0", "method": "event", "params": {}}\n'
        return told + result(request, sources.epoch(3, range(4)))

    with daemon(tmp_path, answer) as source:
        epoch = source.epoch(3)
        signatures = source.signatures(ASKED)

    assert epoch is not None
    assert len(epoch.leaves) == 4
    assert list(signatures) == [SigningKey.from_seed(bytes(32)).public]
    named = {"kind": "anchor", "chainId": 6134, "contract": "00" * 20, "epoch": 3}
    assert asked == [
        ("Authenticate", {"token": TOKEN}),
        ("GetEpoch", {"epoch": 3}),
        ("GetCertificate", named),
    ]


def test_an_epoch_that_is_open_is_not_over(tmp_path) -> None:
    with daemon(tmp_path, lambda request: result(request, {"closed": False})) as source:
        assert source.epoch(9) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: b"not json\n", "not JSON"),
        (lambda _: b"[" * 10_000 + b"\n", "not JSON"),
        (lambda _: b"[]\n", "no object"),
        (lambda request: result(request, 5), "is no object"),
        (lambda request: result(request, {"epoch": 4, "closed": True}), "not epoch 3"),
        (
            lambda request: (
                json.dumps(
                    {"id": request["id"], "error": {"code": 1, "message": "no\nsuch epoch"}}
                ).encode()
                + b"\n"
            ),
            "no such epoch",
        ),
    ],
)
def test_what_a_daemon_says_wrong_is_named(tmp_path, answer, reason) -> None:
    with daemon(tmp_path, answer) as source, pytest.raises(SourceError, match=reason):
        source.epoch(3)


def test_a_daemon_that_goes_away_is_named_and_asked_again(tmp_path) -> None:
    with daemon(tmp_path, lambda _: b"half a line") as source:
        source._seconds = 0.3
        with pytest.raises(SourceError, match=r"ended the connection|takes too long|timed out"):
            source.epoch(3)
    with pytest.raises(SourceError, match=r"control\.sock"):
        source.epoch(3)


def test_without_a_daemon_its_token_is_missed(tmp_path) -> None:
    with pytest.raises(SourceError, match=r"control\.token: No such file"):
        DaemonSource(tmp_path)


def test_a_certificate_of_something_else_is_refused() -> None:
    for field, reason in (
        ("subject", "of another contract, chain or epoch"),
        ("commitment", "does not follow from the leaves"),
    ):
        with pytest.raises(SourceError, match=reason):
            read_signatures(certificate() | {field: "11" * 32}, STATEMENT)


@given(answer=JSON)
def test_any_answer_is_an_epoch_or_a_named_error(answer: Any) -> None:
    with suppress(SourceError):
        read_epoch(answer, 1)
    with pytest.raises(SourceError):
        read_signatures(answer, STATEMENT)


def test_the_file_is_read_again_when_it_changes(tell, sources) -> None:
    source = FileSource(tell(sources.epoch(1)), 6134)
    assert source.epoch(2) is None

    tell(sources.epoch(1), sources.epoch(2))

    assert source.epoch(2) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "committee is missing"),
        ('{"committee": []}', "epochs is missing"),
        ('{"committee": ["00"], "epochs": []}', "a seed has 32 bytes"),
        ('{"committee": [5], "epochs": []}', "not hex"),
        ('{"committee": [], "epochs": [{}]}', "epoch is missing"),
        ('{"committee": [], "epochs": [{"epoch": []}]}', "no number"),
    ],
)
def test_a_file_that_is_damaged_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)

    with pytest.raises(SourceError, match=reason):
        FileSource(path, 6134).epoch(1)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        FileSource(tmp_path / "none.json", 6134).epoch(1)


@contextmanager
def control(folder: Path, file: FileSource, epochs: dict[int, dict[str, Any]]) -> Iterator[None]:
    """Serve epochs and certificates by the daemon's own control server."""

    async def epoch_of(epoch: int) -> dict[str, Any]:
        return epochs.get(epoch, {"epoch": epoch, "closed": False})

    async def certificate_of(kind: str, chain_id: int, contract: str, epoch: int) -> dict[str, Any]:
        built = BuiltEpoch(read_epoch(epochs[epoch], epoch), chain_id)
        before = epochs.get(epoch - 1)
        root = BuiltEpoch(read_epoch(before, epoch - 1), chain_id).root if before else bytes(32)
        place = (chain_id, bytes.fromhex(contract), epoch)
        statement = (
            anchor_statement(*place, built.root, len(built.leaves), root)
            if kind == "anchor"
            else event_statement(*place, built.events_root)
        )
        signed = file.signatures(Asked(kind, chain_id, bytes.fromhex(contract), statement))
        return {
            "subject": statement.subject.hex(),
            "commitment": statement.commitment.hex(),
            "epoch": epoch,
            "signatures": [
                {"publicKeyHash": "", "publicKey": public.hex(), "signature": signature.hex()}
                for public, signature in signed.items()
            ],
        }

    named = {"kind": str, "chainId": int, "contract": str, "epoch": int}
    methods = {
        "GetEpoch": Method(epoch_of, {"epoch": int}),
        "GetCertificate": Method(certificate_of, named),
    }
    loop = asyncio.new_event_loop()
    server = Control(methods, Counter())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.serve(folder, None), loop).result(20)
        yield
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()


def test_a_daemon_s_control_server_feeds_a_bridge_also_when_started_again(
    world, bridges, tell, sources, tmp_path
) -> None:
    file = FileSource(tell(), 6134)
    told = [sources.event(each, world.listener) for each in range(2)]
    epochs = {1: sources.epoch(1, range(5), told)}
    with control(tmp_path, file, epochs):
        source = DaemonSource(tmp_path)
        made = bridges(source)
        for _ in range(3):
            made.once()
        assert world.heard() == 2
    epochs[2] = sources.epoch(2, [7])
    made.once()
    assert "daemon" in made.standing.parts["anchor"]["waitsFor"]

    with control(tmp_path, file, epochs), closing(source):
        made.once()
        made.once()

    assert world.ask("anchor", "lastEpoch") == 2
