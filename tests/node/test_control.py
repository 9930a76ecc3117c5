"""The control interface over real sockets: who may call, and what any line does."""

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from node import control
from node.control import Control, ControlError, Method
from node.plain_store import PlainStore

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def double(number: int, times: int = 2) -> int:
    if number < 0:
        raise ControlError(control.REFUSED, "no negative numbers")
    return number * times


async def fail() -> None:
    raise RuntimeError("a secret")


OPEN: list[asyncio.StreamWriter] = []
METHODS = {
    "Double": Method(double, {"number": int}, {"times": int}),
    "Fail": Method(fail),
}


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Control, Counter[str]]]:
    refused: Counter[str] = Counter()
    server = Control(METHODS, refused)
    await server.serve(folder, ("127.0.0.1", 0))
    try:
        yield server, refused
    finally:
        await server.close()
        while OPEN:
            writer = OPEN.pop()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        await asyncio.sleep(0)


async def connect(folder: Path) -> Streams:
    streams = await asyncio.open_unix_connection(folder / "control.sock")
    OPEN.append(streams[1])
    return streams


async def say(streams: Streams, line: bytes) -> Any:
    streams[1].write(line + b"\n")
    return json.loads(await asyncio.wait_for(streams[0].readline(), 10))


async def call(streams: Streams, method: str, **params: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return await say(streams, json.dumps(request).encode())


async def trusted(folder: Path) -> Streams:
    streams = await connect(folder)
    token = (folder / "control.token").read_text()
    assert (await call(streams, "Authenticate", token=token))["result"] is True
    return streams


def in_loop(test: Callable[[Path], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    def run(tmp_path: Path) -> None:
        asyncio.run(test(tmp_path))

    run.__name__ = test.__name__
    return run


@in_loop
async def test_a_call_is_answered(folder: Path) -> None:
    async with running(folder):
        streams = await trusted(folder)

        assert await call(streams, "Double", number=4) == {"jsonrpc": "2.0", "id": 7, "result": 8}
        assert (await call(streams, "Double", number=4, times=3))["result"] == 12


@in_loop
async def test_only_the_owner_reads_token_and_socket(folder: Path) -> None:
    async with running(folder):
        for name in ("control.token", "control.sock"):
            assert os.stat(folder / name).st_mode & 0o777 == 0o600
    assert list(folder.iterdir()) == []


@in_loop
async def test_nothing_is_done_without_the_token(folder: Path) -> None:
    async with running(folder):
        streams = await connect(folder)
        for method in ("Double", "Subscribe", "Nothing"):
            answer = await call(streams, method, number=1)
            assert answer["error"]["code"] == control.NOT_AUTHENTICATED

        answer = await call(streams, "Authenticate", token="0" * 64)
        assert answer["error"] == {
            "code": control.NOT_AUTHENTICATED,
            "message": "the token is wrong",
        }
        assert await asyncio.wait_for(streams[0].read(), 10) == b""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", control.PARSE_ERROR),
        (b"{", control.PARSE_ERROR),
        (b"\xff\xfe", control.PARSE_ERROR),
        (b"[" * 100_000, control.PARSE_ERROR),
        (b"1" * 10_000, control.PARSE_ERROR),
        (b"null", control.INVALID_REQUEST),
        (b"[]", control.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"Double"}', control.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"Double"}', control.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":{},"method":"Double"}', control.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', control.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"Double","more":1}', control.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"Triple"}', control.NO_METHOD),
        (b'{"jsonrpc":"2.0","id":1,"method":"Double"}', control.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"Double","params":[4]}', control.INVALID_PARAMS),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"Double","params":{"number":"4"}}',
            control.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"Double","params":{"number":true}}',
            control.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"Double","params":{"number":1,"plaintext":1}}',
            control.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"Double","params":{"number":-1}}',
            control.REFUSED,
        ),
        (b'{"jsonrpc":"2.0","id":1,"method":"Fail"}', control.INTERNAL),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_any_line_has_its_error_and_the_next_is_answered(
    tmp_path: Path, line: bytes, code: int
) -> None:
    async def converse() -> None:
        async with running(tmp_path) as (_, refused):
            streams = await trusted(tmp_path)
            answer = await say(streams, line)
            assert answer["error"]["code"] == code
            assert "secret" not in answer["error"]["message"]
            assert refused.total() == 1
            assert (await call(streams, "Double", number=1))["result"] == 2

    asyncio.run(converse())


@in_loop
async def test_brackets_in_a_text_are_text(folder: Path) -> None:
    async with running(folder):
        streams = await trusted(folder)
        answer = await call(streams, "[{" * 1000 + '\\"', number=1)

        assert answer["error"]["code"] == control.NO_METHOD


@in_loop
async def test_a_line_without_end_is_cut_off(folder: Path) -> None:
    async with running(folder) as (_, refused):
        reader, writer = await trusted(folder)
        writer.write(b" " * (control.LINE_MAX + 2))
        answer = json.loads(await asyncio.wait_for(reader.readline(), 10))

        assert answer["error"]["message"] == "the line is too long"
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert refused == {"control: line too long": 1}


@in_loop
async def test_events_reach_those_who_asked(folder: Path) -> None:
    async with running(folder) as (server, _):
        asked, silent = await trusted(folder), await trusted(folder)
        await call(asked, "Subscribe")
        server.publish({"kind": "message"})

        event = json.loads(await asyncio.wait_for(asked[0].readline(), 10))
        assert event == {"jsonrpc": "2.0", "method": "event", "params": {"kind": "message"}}
        assert (await call(silent, "Double", number=1))["result"] == 2


@in_loop
async def test_who_does_not_read_is_put_out(folder: Path) -> None:
    async with running(folder) as (server, refused):
        streams = await trusted(folder)
        await call(streams, "Subscribe")
        for _ in range(control.EVENTS_MAX + 1):
            server.publish({"kind": "message"})

        assert refused == {"control: a client does not read its events": 1}


@in_loop
async def test_clients_are_bounded(folder: Path) -> None:
    async with running(folder) as (_, refused):
        streams = [await trusted(folder) for _ in range(control.CLIENTS_MAX)]
        late, _ = await connect(folder)

        assert await asyncio.wait_for(late.read(), 10) == b""
        assert refused == {"control: too many clients": 1}
        assert (await call(streams[-1], "Double", number=1))["result"] == 2


def test_the_plain_store_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    store = PlainStore(tmp_path / "node.db")
    store.commit({b"a/2": b"two", b"a/1": b"one", b"b/1": b"other"})
    store.commit({b"a/2": None, b"a/3": b"three"})
    store.close()
    store = PlainStore(tmp_path / "node.db")

    assert store.scan(b"a/") == [(b"a/1", b"one"), (b"a/3", b"three")]
    assert (store.get(b"b/1"), store.get(b"a/2")) == (b"other", None)
    assert store.damaged is None
    store.close()


@pytest.mark.parametrize("content", [b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_named_and_put_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "node.db").write_bytes(content)
    store = PlainStore(tmp_path / "node.db")

    assert store.damaged == tmp_path / "node.damaged"
    assert store.damaged.read_bytes() == content
    store.commit({b"a": b"b"})
    assert store.get(b"a") == b"b"
    store.close()
