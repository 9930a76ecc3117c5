"""What a node does, and whom it knows, for the eye or as JSON."""

import argparse
import json
from typing import Any

from ..client.api import Client
from ..client.cli import show
from ..client.text import clock, plain, short, size_text

REFUSED_SHOWN = 12
TIMES = ("lastOnlineSync", "offlineSince")


async def show_status(client: Client, options: argparse.Namespace) -> None:
    """Print what the node does."""
    status = await client.call("GetNode")
    if options.json:
        print(json.dumps(status, indent=2, sort_keys=True))
        return
    refused = status.pop("refused")
    status["bootstrap"].pop("warned")  # what is tried again by itself is no news
    rows = [(f"{part} {name}".strip(), _told(name, value)) for part, name, value in _flat(status)]
    show("", "", rows=rows, empty="")
    counted = sorted(refused.items(), key=lambda item: (-item[1], item[0]))[:REFUSED_SHOWN]
    if counted:
        show("refused", "times", rows=counted, empty="")


async def show_peers(client: Client, options: argparse.Namespace) -> None:
    """Print the nodes that there are links to."""
    peers = await client.call("GetPeers")
    if options.json:
        print(json.dumps(peers, indent=2, sort_keys=True))
        return
    rows = [
        (
            short(each["peerId"]),
            ", ".join(each["links"]),
            ", ".join(each["addresses"]) or "-",
        )
        for each in peers
    ]
    show("node", "by", "reached at", rows=rows, empty="no links")


def _flat(status: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return every figure with the part it belongs to."""
    rows: list[tuple[str, str, Any]] = []
    for part, value in status.items():
        if isinstance(value, dict):
            rows += [(part, name, each) for name, each in value.items()]
        else:
            rows.append(("", part, value))
    return rows


def _told(name: str, value: Any) -> str:
    if isinstance(value, int) and name.lower().endswith("bytes"):
        return size_text(value)
    if isinstance(value, int) and name in TIMES:
        return clock(value / 1_000) if value else "-"
    return plain(value)
