"""The session daemon's command line: `sessiond --network pars --datadir ~/.pars/session`.

No flag chooses a cipher, a key size or whether something is encrypted: there is one way.
"""

import argparse
import asyncio
import ipaddress
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from .codec import Refused
from .identity import Multiaddr
from .onion.cover import FULL, METERED, OFF

RATES = {rate.name: rate for rate in (FULL, METERED, OFF)}
NETWORKS = {"pars": "mainnet", "mainnet": "mainnet", "testnet": "testnet", "devnet": "devnet"}


def parser() -> argparse.ArgumentParser:
    """Return the flags."""
    flags = argparse.ArgumentParser(
        prog="sessiond",
        description="Run a node of the session layer; `pars session` talks to it.",
        allow_abbrev=False,
    )
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
        type=_address,
        default=_address("/ip4/0.0.0.0/tcp/9000"),
        metavar="MULTIADDR",
        help="default: /ip4/0.0.0.0/tcp/9000",
    )
    flags.add_argument(
        "--announce",
        type=_address,
        metavar="MULTIADDR",
        help="the address that others are told (default: the one listened on, if it is one)",
    )
    flags.add_argument(
        "--bootstrap",
        type=_peers,
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
        type=_count,
        default=100,
        metavar="N",
        help="service sessions at a time (default: 100)",
    )
    flags.add_argument(
        "--rpc",
        type=_loopback,
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
        "--version", action="version", version=f"sessiond {metadata.version('pars')}"
    )
    return flags


def _address(text: str) -> Multiaddr:
    try:
        return Multiaddr.parse(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(f"{text!r}: {refusal.reason}") from None


def _peers(text: str) -> list[Multiaddr]:
    peers = [_address(part) for part in text.split(",")]
    if any(peer.peer_id is None for peer in peers):
        raise argparse.ArgumentTypeError(f"{text!r}: an address of a node ends in /p2p/Qm...")
    return peers


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1 and 10,000")
    return int(text)


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        local = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local or not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a loopback address with a port")
    return host.strip("[]"), int(port)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; return the exit status."""
    settings = parser().parse_args(argv)
    from .daemon import Daemon, Unusable  # the flags are checked without loading the node

    try:
        asyncio.run(
            Daemon(
                network=NETWORKS[settings.network],
                folder=settings.datadir.expanduser(),
                listen=settings.listen,
                rate=RATES[settings.cover],
                announce=settings.announce,
                bootstrap=settings.bootstrap,
                sessions_max=settings.max_sessions,
                rpc=settings.rpc,
                committee=settings.committee,
            ).run()
        )
    except Unusable as error:
        print(f"sessiond: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
