"""The client's connection: calls that overlap, events, and daemons that misbehave."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from node.client import api
from node.client.api import Failed, Unavailable, connect


def test_calls_overlap_and_find_their_answers(daemon):
    async def scene():
        client = await connect(daemon.folder)
        found = await asyncio.gather(
            *(client.call(name) for name in ("GetIdentity", "GetGroups", "GetIdentity"))
        )
        await client.close()
        return found

    first, groups, third = asyncio.run(scene())
    assert first == third
    assert groups[0]["name"] == "Nowruz"


def test_events_come_after_subscribing(daemon):
    async def scene():
        client = await connect(daemon.folder)
        await client.call("Subscribe")
        daemon.say("hello")
        event = await asyncio.wait_for(client.events.get(), 10)
        await client.close()
        return event

    assert asyncio.run(scene())["kind"] == "message"


def test_refusals_carry_code_and_reason(daemon):
    async def scene():
        client = await connect(daemon.folder)
        try:
            for method, code in (("Nothing", -32601), ("Lock", None), ("GetGroups", api.LOCKED)):
                if code is None:
                    await client.call(method)
                    continue
                with pytest.raises(Failed) as refusal:
                    await client.call(method)
                assert refusal.value.code == code
        finally:
            await client.close()

    asyncio.run(scene())


def serve(answer, scene):
    """Run a scene against a server that authenticates, and answers the next call like this."""

    async def run():
        folder = Path(tempfile.mkdtemp(prefix="pars"))
        (folder / "control.token").write_text("00")

        async def talk(reader, writer):
            await reader.readline()
            writer.write(b'{"jsonrpc":"2.0","id":1,"result":true}\n')
            await reader.readline()
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_unix_server(talk, folder / "control.sock")
        try:
            client = await connect(folder)
            await scene(client)
            await client.close()
        finally:
            server.close()
            await server.wait_closed()
            shutil.rmtree(folder)

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'{"id":[],"result":1}\n',
        b'{"id":2}\n',
        b'{"id":2,"error":7}\n',
        b'{"method":"event"}\n',
        b'{"id":9,"result":1}\n',
    ],
)
def test_what_is_no_answer_ends_the_connection(answer):
    async def scene(client):
        with pytest.raises(Unavailable, match="has gone"):
            await client.call("GetStatus")
        with pytest.raises(Unavailable, match="has gone"):
            await client.call("GetStatus")
        assert await client.events.get() is None

    serve(answer, scene)


def test_a_line_too_long_ends_the_connection(monkeypatch):
    monkeypatch.setattr(api, "LINE_MAX", 1 << 10)

    async def scene(client):
        with pytest.raises(Unavailable, match="has gone"):
            await client.call("GetStatus")

    serve(b'{"id":2,"result":"' + b"x" * (1 << 12) + b'"}\n', scene)


def test_the_oldest_events_give_way(monkeypatch):
    monkeypatch.setattr(api, "EVENTS_MAX", 3)
    lines = b"".join(b'{"method":"event","params":{"n":%d}}\n' % n for n in range(9))

    async def scene(client):
        assert await client.call("GetStatus") == 1
        found = [event["n"] for _ in range(3) if (event := client.events.get_nowait())]
        assert found in ([6, 7, 8], [7, 8])

    serve(lines + b'{"id":2,"result":1}\n', scene)


def test_a_daemon_that_is_silent(monkeypatch):
    monkeypatch.setattr(api, "CALL_SECONDS", 0.05)

    async def run():
        folder = Path(tempfile.mkdtemp(prefix="pars"))
        (folder / "control.token").write_text("00")

        async def talk(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_unix_server(talk, folder / "control.sock")
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await connect(folder)
        finally:
            server.close()
            await server.wait_closed()
            shutil.rmtree(folder)

    asyncio.run(run())
