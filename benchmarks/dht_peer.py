"""Twenty py-libp2p nodes with its kad-dht in one process: the seconds that each put took, as JSON.

Run by `benchmarks.dht` under a Python that has libp2p 0.8: `dht_peer.py NODES PUTS LIMIT_SECONDS`.
"""

import json
import logging
import os
import random
import sys
import time
from contextlib import AsyncExitStack

import trio
from libp2p import new_host
from libp2p.crypto.secp256k1 import create_new_key_pair
from libp2p.kad_dht.kad_dht import DHTMode, KadDHT
from libp2p.peer.peerinfo import PeerInfo
from libp2p.records.validator import Validator
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr


class Anything(Validator):
    """Takes every value."""

    def validate(self, key: str, value: bytes) -> None:
        """Refuse nothing."""

    def select(self, key: str, values: list[bytes]) -> int:  # noqa: ARG002 - its interface
        """Take the first."""
        return 0


async def main(nodes: int, puts: int, limit: float) -> None:
    """Build the network, then put values one after another."""
    chance = random.Random(1)
    times, late = [], 0
    async with AsyncExitStack() as stack:
        hosts, tables = [], []
        for _ in range(nodes):
            host = new_host(key_pair=create_new_key_pair())
            await stack.enter_async_context(
                host.run(listen_addrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")])
            )
            table = KadDHT(host, DHTMode.SERVER)
            table.register_validator("bench", Anything())
            await stack.enter_async_context(background_trio_service(table))
            hosts.append(host)
            tables.append(table)
        for number, host in enumerate(hosts):
            for other in chance.sample([n for n in range(nodes) if n != number], 5):
                peer = PeerInfo(hosts[other].get_id(), hosts[other].get_addrs())
                await host.connect(peer)
                await tables[number].add_peer(peer.peer_id)
                await tables[other].add_peer(host.get_id())
        await trio.sleep(2)
        cpu = time.process_time()
        for number in range(puts):
            start = time.perf_counter()
            with trio.move_on_after(limit) as scope:
                await tables[chance.randrange(nodes)].put_value(
                    f"/bench/{number}", bytes([number]) * 600
                )
            if scope.cancelled_caught:
                late += 1
            else:
                times.append(time.perf_counter() - start)
        cpu = time.process_time() - cpu
        print(json.dumps({"times": times, "late": late, "cpu": cpu / puts}), flush=True)
        os._exit(0)  # its services take their time to end


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    trio.run(main, int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
