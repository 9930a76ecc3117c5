"""The flags that `sessiond` and `pars node run` share, and how their values are read."""

import argparse
import ipaddress
from pathlib import Path

from .codec import Refused
from .identity import Multiaddr
from .onion.cover import FULL, METERED, OFF

RATES = {rate.name: rate for rate in (FULL, METERED, OFF)}
NETWORKS = {"pars": "mainnet", "mainnet": "mainnet", "testnet": "testnet", "devnet": "devnet"}
LISTEN = "/ip4/0.0.0.0/tcp/9000"


def add_common(flags: argparse.ArgumentParser) -> None:
    """Add what every node is told."""
    flags.add_argument(
        "--network", choices=tuple(NETWORKS), default="pars", help="pars is mainnet (default: pars)"
    )
    flags.add_argument(
        "--datadir",
        "--data-dir",
        type=Path,
        default=Path("~/.pars/session"),
        metavar="DIR",
        help="where keys and messages are kept (default: ~/.pars/session)",
    )
    flags.add_argument(
        "--listen",
        type=address,
        default=address(LISTEN),
        metavar="MULTIADDR",
        help=f"default: {LISTEN}",
    )
    flags.add_argument(
        "--announce",
        type=address,
        metavar="MULTIADDR",
        help="the address that others are told (default: the one listened on, if it is one)",
    )
    flags.add_argument(
        "--bootstrap",
        type=peers,
        action="extend",
        default=[],
        metavar="MULTIADDR[,...]",
        help="a node to begin with, /ip4/.../tcp/9000/p2p/Qm...; may be given again",
    )
    flags.add_argument(
        "--cover",
        choices=tuple(RATES),
        default="full",
        help="packets that leave whatever there is to say: full is one in 2 seconds,"
        " metered one in 20, off none (default: full)",
    )
    flags.add_argument(
        "--max-sessions",
        type=count,
        default=100,
        metavar="N",
        help="service sessions at a time (default: 100)",
    )
    flags.add_argument(
        "--rpc",
        type=loopback,
        metavar="HOST:PORT",
        help="offer the control interface on a loopback port too",
    )
    flags.add_argument(
        "--committee",
        type=Path,
        metavar="FILE",
        help="seats of the committee, and the contracts that its epochs are anchored in",
    )
    flags.add_argument(
        "--no-dns", action="store_true", help="do not ask DNS for nodes where none is known"
    )


def address(text: str) -> Multiaddr:
    """Read an address."""
    try:
        return Multiaddr.parse(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(f"{text!r}: {refusal.reason}") from None


def peers(text: str) -> list[Multiaddr]:
    """Read addresses that name their nodes."""
    named = [address(part) for part in text.split(",")]
    if any(peer.peer_id is None for peer in named):
        raise argparse.ArgumentTypeError(f"{text!r}: an address of a node ends in /p2p/Qm...")
    return named


def count(text: str) -> int:
    """Read a number of sessions."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1 and 10,000")
    return int(text)


def loopback(text: str) -> tuple[str, int]:
    """Read a place on this machine."""
    host, _, port = text.rpartition(":")
    try:
        local = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local or not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a loopback address with a port")
    return host.strip("[]"), int(port)
