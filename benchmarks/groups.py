"""What changing a group costs its author, and a message its members, beside MLS, in one run.

Run as `python -m benchmarks.groups`, with `PEERS_PYTHON` naming a Python that has `rfc9420` 1.3.0;
without it those columns are empty. MLS's tree makes a commit small, of classical keys alone, and
each commit needs the one before: there has to be one order. Ours is post-quantum and needs none,
so a rekey is linear. Bytes are those of the items, and of the posts that carry them to a mailbox.
The exit status is 1 where a goal is missed: 100 members rekeyed in 200 KB and 50 ms, 500 messages
of 1 KiB written and 500 read in a second.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from node.groups.events import Outgoing
from node.groups.group import Group
from node.groups.invite import Candidate

SIZES = (10, 100, 200)
ROUNDS = 9
MESSAGES = 200
GOAL_SIZE = 100
GOAL_BYTES = 200_000
GOAL_MS = 50
GOAL_MESSAGES = 500
PEER = Path(__file__).parent / "groups_peer.py"

Figures = dict[str, tuple[float, float]]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return milliseconds of CPU, and what came of it."""
    start = time.process_time()
    result = work()
    return (time.process_time() - start) * 1e3, result


def bytes_of(out: Outgoing) -> tuple[int, int]:
    """Return the bytes of the items, and of the posts."""
    items = [*out.vertices, *(item for _, item in out.direct)]
    return sum(map(len, items)), sum(len(post) for _, post in out.posts)


def medians(results: list[tuple[float, Outgoing]]) -> tuple[float, float, float]:
    """Return the medians of time, items and posts."""
    sizes = [bytes_of(out) for _, out in results]
    return (
        statistics.median(milliseconds for milliseconds, _ in results),
        statistics.median(items for items, _ in sizes),
        statistics.median(posts for _, posts in sizes),
    )


def measure(size: int) -> tuple[dict[str, tuple[float, float, float]], Figures]:
    """Time one group: its changes, and its messages."""
    candidates = [Candidate.make(os.urandom) for _ in range(size - 1)]
    cards = [candidate.card for candidate in candidates]
    spent, (group, created) = timed(lambda: Group.create("", 0, os.urandom, cards))
    welcome = dict(created.welcome)[cards[0].pseudonym]
    entering, (reader, _) = timed(lambda: Group.join(candidates[0], group.id, welcome, 0))
    posts = [timed(lambda: group.encrypt(bytes(1024), os.urandom)) for _ in range(MESSAGES)]
    reads = [timed(lambda post=post: reader.receive_post(post, 0)) for _, post in posts]
    messages = {
        "write": (1e3 * MESSAGES / sum(one for one, _ in posts), len(posts[0][1])),
        "read": (1e3 * MESSAGES / sum(one for one, _ in reads), len(posts[0][1])),
    }
    removals, adds = [], []
    leaving = cards[-1]
    for _ in range(ROUNDS):  # by turns, so that the size stays
        removals.append(timed(lambda name=leaving.pseudonym: group.remove([name], 0, os.urandom)))
        leaving = Candidate.make(os.urandom).card
        adds.append(timed(lambda card=leaving: group.add([card], 0, os.urandom)))
    changes = {
        "create": (spent, *bytes_of(created)),
        "enter": (entering, float(sum(map(len, welcome))), 0.0),
        "add": medians(adds),
        "remove": medians(removals),
        "rotate": medians([timed(lambda: group.rotate(0, os.urandom)) for _ in range(ROUNDS)]),
        "ack": medians([timed(lambda: group.ack(0, os.urandom)) for _ in range(ROUNDS)]),
    }
    return changes, messages


def peer() -> dict[str, Figures]:
    """Time MLS, where it is."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {}
    command = [python, str(PEER), *map(str, SIZES)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, Figures] = json.loads(output)
    return result


def main() -> int:
    """Measure, print, compare."""
    mls = peer()
    table = Table(title="Groups: CPU of who does it and bytes, medians of 9", width=110)
    headings = ("members", "change", "ms", "items", "posts", "MLS ms", "MLS bytes")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "change" else "right")
    speeds = Table(title="Messages of 1 KiB a second", width=110)
    for heading in ("members", "written", "read", "bytes", "MLS written", "MLS bytes"):
        speeds.add_column(heading, justify="right")
    missed = False
    for size in SIZES:
        changes, messages = measure(size)
        other = mls.get(str(size), {})
        for name, (spent, items, posts) in changes.items():
            theirs = [f"{one:,.{n}f}" for n, one in zip((1, 0), other.get(name, ()), strict=False)]
            row = (f"{size}", name, f"{spent:.1f}", f"{items:,.0f}", f"{posts:,.0f}")
            table.add_row(*row, *(theirs or ["-", "-"]))
        theirs = [f"{one:,.0f}" for one in other.get("message", ())] or ["-", "-"]
        (written, post), (read, _) = messages["write"], messages["read"]
        speeds.add_row(f"{size}", f"{written:,.0f}", f"{read:,.0f}", f"{post:,}", *theirs)
        missed |= min(written, read) < GOAL_MESSAGES
        if size == GOAL_SIZE:
            spent, items, posts = changes["rotate"]
            missed |= spent > GOAL_MS or max(items, posts) > GOAL_BYTES
    console = Console(width=110)
    console.print(table)
    console.print(speeds)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
