"""What it costs to meet by a code, and to open a release's list.

Run as `python -m benchmarks.meeting`, half a minute. Medians of one core. A camera gives 30
pictures a second, and one has to be read before the next comes: the exit status is 1 where it is
not.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from node.bootstrap.contact import Contact
from node.bootstrap.signed_list import Release, SignedList, open_list, sign_list
from node.crypto import SigningKey, sha256
from node.identity import Multiaddr
from node.invite import codes
from node.invite.codes import Picture
from node.invite.fountain import DATA_MAX, Receiver, Sender
from node.invite.invite import Invite, Subject
from node.invite.pairing import Pairing

RUNS = 50
CAMERA = (1280, 720)
PICTURE_MS = 1000 / 30
NOW = 1_700_000_000_000
HOST, GUEST = sha256(b"host"), sha256(b"guest")
INVITE = Invite(
    network=1,
    subject=Subject.NODE,
    id=HOST,
    secret=bytes(range(16)),
    expires=NOW + 3_600_000,
    address=Multiaddr("ip4", "203.0.113.7", 9000),
)


@dataclass
class Memory:
    """A store that keeps nothing: what a disk costs is another benchmark."""

    def get(self, _: bytes) -> None:
        return None

    def scan(self, _: bytes) -> list[tuple[bytes, bytes]]:
        return []

    def commit(self, _: object) -> None:
        pass


def median_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def camera(seen: Picture) -> Picture:
    """Return a code in a camera's picture, greyer than printed, with noise all around it."""
    width, height = CAMERA
    draw = random.Random(1)
    grey = bytearray(draw.randrange(120, 200) for _ in range(width * height))
    for row in range(seen.height):
        at = (100 + row) * width + 300
        line = seen.grey[row * seen.width : (row + 1) * seen.width]
        grey[at : at + seen.width] = bytes(40 + value * 3 // 4 for value in line)
    return Picture(width, height, bytes(grey))


def pair() -> None:
    """Let two nodes pair, in memory."""
    host, guest = (Pairing(own, 1, Memory(), random.Random(2).randbytes) for own in (HOST, GUEST))
    host.open(INVITE, bytes(32), now=NOW)
    guest.visit(INVITE, HOST, NOW)
    for _ in range(2):
        for sender, own, receiver in ((guest, GUEST, host), (host, HOST, guest)):
            for send in sender.outgoing():
                receiver.receive(own, send.type, send.payload, NOW)
    assert guest.events()


def animated() -> tuple[int, int, float]:
    """Return blocks, pictures and seconds for 64 KiB by codes, one picture in three missed."""
    data = random.Random(3).randbytes(DATA_MAX)
    sender, receiver = Sender(data), Receiver()
    start, taken = time.perf_counter(), 0
    for number in range(10_000):
        if number % 3 == 2:
            continue
        shown = codes.picture(codes.frame_code(sender.frame(number)), scale=2)
        (frame,) = codes.read(shown)
        taken += 1
        if receiver.take(frame) == data:
            return len(sender), taken, time.perf_counter() - start
    raise AssertionError("too many frames")


def opened() -> Callable[[], object]:
    """Return what opens the largest list, of two signatures of three keys."""
    keys = [SigningKey.from_seed(bytes([number]) * 32) for number in range(3)]
    release = Release(frozenset(sha256(key.public) for key in keys), 2)
    ids = sorted(sha256(b"node", bytes([number])) for number in range(256))
    nodes = tuple(
        Contact(peer_id, (Multiaddr("ip4", f"203.0.113.{number}", 9000),))
        for number, peer_id in enumerate(ids)
    )
    file = sign_list(SignedList(1, 1, NOW - 1, NOW + 1, nodes), keys[:2])
    return lambda: open_list(file, release, 1, NOW)


def main() -> int:
    code = codes.invite_code(INVITE)
    clean = codes.picture(code)
    dark, text = camera(clean), INVITE.text()
    reading = median_ms(lambda: codes.read_invite(dark))
    blocks, pictures, seconds = animated()

    table = Table(title="Meeting by a code, one core")
    table.add_column("what")
    table.add_column("ms", justify="right")
    table.add_column("beside it")
    for what, cost, note in (
        ("an invite's text, read", median_ms(lambda: Invite.parse(text)), f"{len(text)} letters"),
        ("its code, written", median_ms(lambda: codes.invite_code(INVITE)), code.designator),
        ("its code, read, alone", median_ms(lambda: codes.read_invite(clean)), ""),
        ("its code, read, 1280 x 720", reading, f"a picture comes every {PICTURE_MS:.0f} ms"),
        ("64 KiB, codes written and read", seconds * 1000, f"{blocks} blocks, {pictures} pictures"),
        ("a pairing, both sides", median_ms(pair), "4 messages"),
        ("a list of 256 nodes, opened", median_ms(opened()), "2 signatures"),
    ):
        table.add_row(what, f"{cost:.2f}", note)
    Console().print(table)
    return int(reading > PICTURE_MS)


if __name__ == "__main__":
    sys.exit(main())
