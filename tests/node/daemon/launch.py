"""A real daemon in a process of its own, with a small container and cheap passwords and work.

Used as a program: launch.py FOLDER LISTEN [announce=ADDRESS] [BOOTSTRAP ...]. A folder with a file
named committee.json has a seat of that committee. Everything else is as `sessiond` has it.
"""

import asyncio
import sys
from pathlib import Path

from node.daemon import Daemon, Settings
from node.identity import Multiaddr
from node.onion.cover import OFF
from node.swarm import work
from node.vault.container import Cost

ANNOUNCE = "announce="
work.BITS = 2
work.BITS_OPEN = 1


def main() -> None:
    folder, listen, *more = sys.argv[1:]
    announce = [each.removeprefix(ANNOUNCE) for each in more if each.startswith(ANNOUNCE)]
    bootstrap = [each for each in more if not each.startswith(ANNOUNCE)]
    seats = Path(folder, "committee.json")
    settings = Settings(
        # A folder with a file named other is of another network, for the test of that.
        network="testnet" if Path(folder, "other").exists() else "devnet",
        folder=Path(folder),
        listen=[Multiaddr.parse(listen)],
        rate=OFF,
        announce=Multiaddr.parse(announce[0]) if announce else None,
        bootstrap=[Multiaddr.parse(peer) for peer in bootstrap],
        committee=seats if seats.exists() else None,
        size=4 << 20,
        cost=Cost(memory_kib=64, passes=1, lanes=1),
    )
    asyncio.run(Daemon(settings).run(lambda line: print(line, flush=True)))


if __name__ == "__main__":
    main()
