"""The daemon's command lines: `sessiond --network pars --datadir ~/.pars/session`, `pars node run`.

No flag chooses a cipher, a key size or whether something is encrypted: there is one way.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING

from .flags import NETWORKS, RATES, add_common

if TYPE_CHECKING:
    from .daemon import Settings


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
    return flags


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
    return serve("pars node", settings_of(run_parser().parse_args(argv)))


if __name__ == "__main__":
    sys.exit(main())
