"""Links between nodes, beside TLS 1.3 and Noise XX: `python -m benchmarks.link`.

Both ends run in this process, so that a time is that of both. The peers are classical: TLS 1.3 of
the standard library with X25519 and Ed25519 certificates on both sides, and Noise XX of
`noiseprotocol` with X25519, where that is installed. Medians, and p95 where it says so.
"""

import asyncio
import datetime
import importlib
import os
import ssl
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from node import crypto
from node.identity import Multiaddr, NodeKey
from node.link import Gate, Link, NewTicket, Ticket, TicketBook, initiate, respond
from node.transports.links import Connection, Links
from node.transports.tcp import Tcp

HANDSHAKES = 200
DIALS = 100
DIAL_PAUSE_SECONDS = 0.02  # 64 answers a second are free; more of them would pay with puzzles.
SIZES = (1_024, 16_384, 60_000)
BYTES = 8_000_000
ALICE, BOB = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2))

Pair = tuple[
    Callable[[bytes], bytes], Callable[[bytes], bytes]
]  # seal at one end, open at the other


def cpu_ms(work: Callable[[], Any], times: int = HANDSHAKES) -> float:
    """Return the median time of a core that some work takes."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time_ns()
        work()
        taken.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(taken)


# --- Ours -----------------------------------------------------------------------------------


class Ours:
    """Two nodes, and the clock that their gate lives by."""

    def __init__(self) -> None:
        self.now = 0
        self.gate, self.book = Gate(os.urandom), TicketBook()

    def linked(self, ticket: Ticket | None = None) -> tuple[Link, Link, int, Ticket]:
        """Shake hands; return both ends, how many bytes it took, and the next ticket."""
        self.now += 1_000
        caller = initiate(ALICE, BOB.peer_id, self.now, os.urandom, ticket)
        answerer = respond(BOB, self.gate, self.book, b"", self.now, os.urandom)
        first = caller.outgoing()
        answerer.receive(first, self.now)
        response = answerer.outgoing()
        events = caller.receive(response, self.now)
        finish = caller.outgoing()
        answerer.receive(finish, self.now)
        assert answerer.peer_id == ALICE.peer_id
        new = next(event.ticket for event in events if isinstance(event, NewTicket))
        return caller, answerer, len(first + response + finish), new

    def resumed_ms(self) -> float:
        """Return the time of a handshake with a ticket, each with that of the one before."""
        ticket = self.linked()[3]

        def resume() -> None:
            nonlocal ticket
            ticket = self.linked(ticket)[3]

        return cpu_ms(resume)

    def pair(self) -> Pair:
        """Return how one end seals and the other opens."""
        caller, answerer, _, _ = self.linked()

        def seal(message: bytes) -> bytes:
            caller.send(message, self.now)
            return caller.outgoing()

        def unseal(data: bytes) -> bytes:
            return answerer.receive(data, self.now)[0].message  # type: ignore[union-attr]

        return seal, unseal


def primitives_ms() -> float:
    """Return what the primitives of a handshake take, without any protocol."""
    ephemeral = crypto.HybridKey.from_seed(os.urandom(96))
    _, ciphertext = crypto.encapsulate(ephemeral.public, b"", b"", os.urandom)
    signature = ALICE.signing.sign(b"")

    def all_of_them() -> None:
        crypto.HybridKey.from_seed(os.urandom(96))
        crypto.encapsulate(ephemeral.public, b"", b"", os.urandom)
        crypto.decapsulate(ephemeral, ciphertext, b"", b"")
        for _ in range(2):
            ALICE.signing.sign(b"")
            crypto.verify(ALICE.signing.public, b"", signature)

    return cpu_ms(all_of_them)


def garbage_ms() -> float:
    """Return what a stranger's first bytes cost."""
    ours, garbage = Ours(), os.urandom(1_704)

    def refuse() -> None:
        bob = respond(BOB, ours.gate, ours.book, b"", 0, os.urandom)
        bob.receive(garbage, 0)
        assert bob.closed

    return cpu_ms(refuse)


async def dials_ms() -> tuple[list[float], list[float]]:
    """Return how long full and resumed dials over loopback take."""

    async def hold(connection: Connection) -> None:
        async for _ in connection:
            pass

    server = Links(BOB, Counter(), [Tcp()])
    address = await server.serve(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"), hold)
    full, resumed = [], []
    for _ in range(DIALS):
        client = Links(ALICE, Counter(), [Tcp()])
        for times in (full, resumed):
            await asyncio.sleep(DIAL_PAUSE_SECONDS)
            start = time.perf_counter_ns()
            connection = await client.dial(address)
            await connection.send(b"")  # What the finish goes out with; nothing is awaited.
            times.append((time.perf_counter_ns() - start) / 1e6)
            await connection.close()
    await server.close()
    return full, resumed


async def loopback_rate(size: int) -> float:
    """Return messages per second, through sockets, sealed, opened and heard."""
    count, done = BYTES // (size + 500), asyncio.Event()

    async def listen(connection: Connection) -> None:
        heard = 0
        async for _ in connection:
            heard += 1
            if heard == count:
                done.set()

    server, client = Links(BOB, Counter(), [Tcp()]), Links(ALICE, Counter(), [Tcp()])
    address = await server.serve(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"), listen)
    connection, message = await client.dial(address), bytes(size)
    start = time.perf_counter()
    for _ in range(count):
        await connection.send(message)
    await done.wait()
    rate = count / (time.perf_counter() - start)
    await client.close()
    await server.close()
    return rate


# --- Peers ----------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed Ed25519 certificate and its key."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None)
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


class Tls:
    """TLS 1.3 with certificates on both sides."""

    def __init__(self, folder: Path) -> None:
        self.contexts = []
        pairs = {name: certificate(folder, name) for name in ("alice", "bob")}
        for protocol, own, other in (
            (ssl.PROTOCOL_TLS_CLIENT, "alice", "bob"),
            (ssl.PROTOCOL_TLS_SERVER, "bob", "alice"),
        ):
            context = ssl.SSLContext(protocol)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(*pairs[own])
            context.load_verify_locations(pairs[other][0])
            context.verify_mode = ssl.CERT_REQUIRED
            self.contexts.append(context)

    def linked(self) -> tuple[ssl.SSLObject, ssl.SSLObject, list[ssl.MemoryBIO], int]:
        """Shake hands; return both ends, their pipes, and how many bytes it took."""
        pipes = [ssl.MemoryBIO(), ssl.MemoryBIO()]
        there, back = pipes
        client = self.contexts[0].wrap_bio(back, there, server_hostname="bob")
        waiting = [client, self.contexts[1].wrap_bio(there, back, server_side=True)]
        server, size = waiting[1], 0
        while waiting:
            for end in tuple(waiting):
                before = there.pending + back.pending
                try:
                    end.do_handshake()
                    waiting.remove(end)
                except ssl.SSLWantReadError:
                    pass
                size += max(0, there.pending + back.pending - before)
        return client, server, pipes, size

    def pair(self) -> Pair:
        """Return how one end seals and the other opens."""
        client, server, (there, _), _ = self.linked()

        def seal(message: bytes) -> bytes:
            client.write(message)
            return b""

        def unseal(_: bytes) -> bytes:
            data = b""
            while there.pending:
                data += server.read(1 << 16)
            return data

        return seal, unseal

    async def dials_ms(self) -> list[float]:
        """Return how long dials over loopback take."""

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0, ssl=self.contexts[1])
        port, times = server.sockets[0].getsockname()[1], []
        for _ in range(DIALS):
            await asyncio.sleep(DIAL_PAUSE_SECONDS)
            start = time.perf_counter_ns()
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=self.contexts[0], server_hostname="bob"
            )
            times.append((time.perf_counter_ns() - start) / 1e6)
            writer.close()
            await writer.wait_closed()
        server.close()
        return times


class Noise:
    """Noise_XX_25519_ChaChaPoly_SHA256 of `noiseprotocol`."""

    def __init__(self) -> None:
        self.library = importlib.import_module("noise.connection")
        self.secrets = [os.urandom(32), os.urandom(32)]

    def linked(self) -> tuple[Any, Any, int]:
        """Shake hands; return both ends, and how many bytes it took."""
        ends = []
        for secret in self.secrets:
            end = self.library.NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256")
            end.set_keypair_from_private_bytes(self.library.Keypair.STATIC, secret)
            ends.append(end)
        caller, answerer = ends
        caller.set_as_initiator()
        answerer.set_as_responder()
        caller.start_handshake()
        answerer.start_handshake()
        size = 0
        for sender, receiver in ((caller, answerer), (answerer, caller), (caller, answerer)):
            said = sender.write_message()
            receiver.read_message(said)
            size += len(said)
        return caller, answerer, size

    def pair(self) -> Pair:
        """Return how one end seals and the other opens."""
        caller, answerer, _ = self.linked()
        return caller.encrypt, answerer.decrypt


def noise() -> Noise | None:
    """Return the peer, where it is installed."""
    try:
        return Noise()
    except ImportError:
        return None


# --- Tables ---------------------------------------------------------------------------------


def p95(times: list[float]) -> str:
    """Return the median and the time that 19 of 20 do not exceed."""
    return f"{statistics.median(times):.1f}, {statistics.quantiles(times, n=20)[-1]:.1f}"


def handshakes(tls: Tls, xx: Noise | None) -> Table:
    """Return what it takes to begin."""
    ours = Ours()
    full, resumed = asyncio.run(dials_ms())
    _, _, full_size, ticket = ours.linked()
    _, _, resumed_size, _ = ours.linked(ticket)
    table = Table(
        "handshake", "CPU ms, both", "goal", "loopback ms, p50, p95", "goal", "bytes", "goal"
    )
    table.add_row(
        *("X25519+ML-KEM-1024, ML-DSA-87", f"{cpu_ms(ours.linked):.2f}", "4", p95(full), "10"),
        *(f"{full_size:,}", "18,000"),
    )
    table.add_row("  of which primitives", f"{primitives_ms():.2f}", *[""] * 5)
    table.add_row(
        *("the same, resumed", f"{ours.resumed_ms():.2f}", "", p95(resumed), ""),
        *(f"{resumed_size:,}", "4,000"),
    )
    table.add_row("garbage instead of a hello", f"{garbage_ms():.3f}", "1", *[""] * 4)
    tls_times = asyncio.run(tls.dials_ms())
    table.add_row(
        *("TLS 1.3, X25519, Ed25519 (classical)", f"{cpu_ms(tls.linked):.2f}", "", p95(tls_times)),
        *("", f"{tls.linked()[3]:,}", ""),
    )
    if xx is not None:
        table.add_row(
            *("Noise XX, X25519 (classical)", f"{cpu_ms(xx.linked):.2f}", "", "", ""),
            *(f"{xx.linked()[2]:,}", ""),
        )
    return table


def rates(tls: Tls, xx: Noise | None) -> Table:
    """Return messages per second of one core that seals and opens."""
    table = Table("messages/s and MB/s", *(f"{size:,} bytes" for size in SIZES))
    for name, end in (("link", Ours()), ("TLS 1.3", tls), ("Noise XX", xx)):
        if end is None:
            continue
        row = []
        for size in SIZES:
            seal, unseal = end.pair()
            message, count = bytes(size), BYTES // (size + 500)
            start = time.process_time()
            for _ in range(count):
                data = seal(message)
                assert len(unseal(data)) == size
            row.append((count / (time.process_time() - start), size))
        table.add_row(name, *(f"{rate:,.0f}  {rate * size / 1e6:,.0f}" for rate, size in row))
    through = [(asyncio.run(loopback_rate(size)), size) for size in SIZES]
    cells = (f"{rate:,.0f}  {rate * size / 1e6:,.0f}" for rate, size in through)
    table.add_row("link, over loopback TCP", *cells)
    return table


def main() -> None:
    console = Console(width=120)
    xx = noise()
    with tempfile.TemporaryDirectory() as folder:
        tls = Tls(Path(folder))
        console.print(handshakes(tls, xx), rates(tls, xx))
    if xx is None:
        console.print("noiseprotocol is not installed: no row for Noise XX")


if __name__ == "__main__":
    main()
