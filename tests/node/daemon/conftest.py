"""Real daemons in processes of their own, on loopback ports that the system chooses."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.client.api import Client, connect

LAUNCH = Path(__file__).with_name("launch.py")
ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


class Running:
    """A daemon; `call` is its control interface."""

    def __init__(self, folder: Path, bootstrap: list[str], listen: str, *flags: str) -> None:
        self.folder = folder
        self._command = [sys.executable, str(LAUNCH), str(folder), listen, *bootstrap, *flags]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("sessiond: "), line
        self.address = line.split()[-1]
        self._command[3] = self.address.partition("/p2p/")[0]  # the same port when it comes back

    async def client(self) -> Client:
        return await connect(self.folder)

    async def call(self, method: str, **params: Any) -> Any:
        client = await self.client()
        try:
            return await client.call(method, **params)
        finally:
            await client.close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self._close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self._close()
        return status

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start daemons that know the first of them; they end with the test."""
    running: list[Running] = []

    def start(
        name: str,
        *flags: str,
        alone: bool = False,
        listen: str = "/ip4/127.0.0.1/tcp/0",
        bootstrap: str = "",
    ) -> Running:
        first = bootstrap or (running[0].address if running and not alone else "")
        running.append(Running(tmp_path / name, [first] if first else [], listen, *flags))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                each.kill()


async def eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the first answer that says something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(Exception):
                if answer := await ask():
                    return answer
            await asyncio.sleep(0.1)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[Any]]:
    """Wait for something that takes a while."""
    return eventually


async def converse(one: Running, other: Running, text: str) -> tuple[str, str]:
    """Make both know each other, and one write; return both names of the conversation."""
    account = (await other.call("GetIdentity"))["account"]

    async def begin() -> Any:
        return (await one.call("CreateSession", recipient=account))["sessionId"]

    async def heard() -> Any:
        for session in await other.call("GetSessions"):
            messages = await other.call("GetMessages", sessionId=session["sessionId"])
            if any(message["content"] == text for message in messages):
                return session["sessionId"]
        return None

    here = await eventually(begin)
    await one.call("SendMessage", sessionId=here, content=text)
    return here, await eventually(heard)


@pytest.fixture(name="converse")
def converse_fixture() -> Callable[..., Awaitable[tuple[str, str]]]:
    """Begin a conversation of two daemons."""
    return converse
