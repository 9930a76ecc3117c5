"""The daemon's command lines: `sessiond --network pars --datadir ~/.pars/session`, `pars node run`.

No flag chooses a cipher, a key size or whether something is encrypted: there is one way.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from .codec import Refused
from .flags import NETWORKS, RATES, add_common
from .identity import QUIC, SEED

if TYPE_CHECKING:
    from .daemon import Settings

ADDRESS = 20


def parser() -> argparse.ArgumentParser:
    """Return the flags of `sessiond`."""
    flags = argparse.ArgumentParser(
        prog="sessiond",
        description="Run a node of the session layer; `pars session` talks to it.",
        allow_abbrev=False,
    )
    add_common(flags)
    flags.add_argument(
        "--version", action="version", version=f"sessiond {metadata.version('pars')}"
    )
    return flags


def run_parser() -> argparse.ArgumentParser:
    """Return the flags of `pars node run`."""
    flags = argparse.ArgumentParser(
        prog="pars node run",
        description="Run a node of the mesh until it is interrupted.",
        allow_abbrev=False,
    )
    add_common(flags)
    flags.set_defaults(cover=None)  # the profile's
    flags.add_argument(
        "--profile",
        choices=("session", "mobile", "desktop", "validator"),
        default="session",
        help="which parts run, and what they may take of the machine (default: session)",
    )
    flags.add_argument("--no-quic", action="store_true", help="answer by TCP alone")
    flags.add_argument(
        "--no-local", action="store_true", help="do not look for neighbours on this network"
    )
    flags.add_argument(
        "--bridge",
        action="store_true",
        help="carry links for everybody; for neighbours every node does",
    )
    flags.add_argument(
        "--bluetooth", default="", metavar="RADIO", help="usb:0, hci-socket:0: link by radio too"
    )
    flags.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="run the chain's light node from here"
    )
    flags.add_argument("--registry", type=_contract, metavar="0x...", help="the ValidatorRegistry")
    flags.add_argument(
        "--http", type=int, default=0, metavar="PORT", help="of the light node's JSON-RPC"
    )
    flags.add_argument("--chain", default="", metavar="URL", help="answer light nodes from here")
    flags.add_argument(
        "--validators", type=Path, metavar="FILE", help="the set that certificates begin with"
    )
    flags.add_argument(
        "--validator-key", type=Path, metavar="FILE", help="vote, with the key of this seed"
    )
    return flags


def _contract(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != ADDRESS:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address of a contract")
    return address


def run_settings(told: argparse.Namespace) -> "Settings":
    """Return what the flags of `pars node run` come to; OSError where a file cannot be read."""
    from .crypto import SigningKey
    from .profiles import PROFILES, Chain

    profile = PROFILES[told.profile]
    told.cover = told.cover or profile.cover
    if bool(told.chain) != bool(told.validators) or (told.validator_key and not told.chain):
        raise Refused("--chain and --validators go together; --validator-key needs both")
    if profile.chain is Chain.FULL and not told.chain:
        raise Refused(f"the profile {profile.name} needs --chain URL --validators FILE")
    if profile.chain is Chain.LIGHT and not told.checkpoint:
        raise Refused(f"the profile {profile.name} needs --checkpoint FILE")
    if profile.validates and not told.validator_key:
        raise Refused(f"the profile {profile.name} needs --validator-key FILE")
    udp = replace(told.listen, protocol=QUIC)
    seed = told.validator_key.read_bytes() if told.validator_key else b""
    if seed and len(seed) != SEED:
        raise Refused(f"{told.validator_key}: a seed has {SEED} bytes")
    return replace(
        settings_of(told),
        listen=[told.listen] if told.no_quic else [told.listen, udp],
        profile=profile,
        local=not told.no_local,
        bridge=told.bridge,
        bluetooth=told.bluetooth,
        checkpoint=told.checkpoint.read_bytes() if told.checkpoint else b"",
        registry=told.registry,
        http=told.http,
        chain=told.chain,
        validators=told.validators.read_bytes() if told.validators else b"",
        validator=SigningKey.from_seed(seed) if seed else None,
    )


def settings_of(told: argparse.Namespace) -> "Settings":
    """Return what the flags come to."""
    from .daemon import Settings  # the flags are checked without loading the node

    return Settings(
        network=NETWORKS[told.network],
        folder=told.datadir.expanduser(),
        listen=[told.listen],
        rate=RATES[told.cover],
        announce=told.announce,
        bootstrap=told.bootstrap,
        sessions_max=told.max_sessions,
        rpc=told.rpc,
        committee=told.committee,
        dns=not told.no_dns,
    )


def serve(name: str, settings: "Settings") -> int:
    """Run a daemon until SIGINT or SIGTERM; return the exit status."""
    from .daemon import Daemon, Unusable

    try:
        asyncio.run(Daemon(settings).run())
    except Unusable as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run `sessiond`."""
    return serve("sessiond", settings_of(parser().parse_args(argv)))


def run_node(argv: Sequence[str]) -> int:
    """Run `pars node run`."""
    told = run_parser().parse_args(argv)
    try:
        settings = run_settings(told)
    except Refused as refusal:
        print(f"pars node: {refusal.reason}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"pars node: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return serve("pars node", settings)


if __name__ == "__main__":
    sys.exit(main())
