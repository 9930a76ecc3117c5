"""The same work by py-libp2p 0.8.1's gossipsub, timed for `gossip.py`.

Run as `python benchmarks/gossip_peer.py NODES SIZE BURST PACED` by an interpreter that has it, with
the pairs to link on stdin; prints a JSON object. Noise (X25519) and Ed25519: a recorded link opens
once there is a quantum computer. Its own limits on messages a second are lifted, and its heartbeat
is the second of gossipsub's specification: with what it comes with, most would not arrive.
"""

import json
import os
import statistics
import sys
import time
from contextlib import AsyncExitStack

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

TOPIC = "mesh"
GAP_SECONDS = 0.1
PATIENCE_SECONDS = 30
SETTLE_SECONDS = 5


class Node:
    def __init__(self):
        key = create_new_key_pair()
        noise = NoiseTransport(
            libp2p_keypair=key, noise_privkey=create_noise_pair().private_key, early_data=None
        )
        self.host = new_host(key_pair=key, sec_opt={NOISE: noise})
        self.router = GossipSub(
            protocols=[TProtocol("/meshsub/1.1.0")],
            degree=6,
            degree_low=4,
            degree_high=12,
            heartbeat_interval=1,
            spam_protection_enabled=False,
            max_messages_per_topic_per_second=1e9,
            eclipse_protection_enabled=False,
        )
        self.pubsub = Pubsub(self.host, self.router)
        self.arrived = {}

    async def hear(self, subscription):
        while True:
            message = await subscription.get()
            self.arrived.setdefault(bytes(message.data[:16]), time.perf_counter())


async def until(nodes, names):
    with trio.move_on_after(PATIENCE_SECONDS):
        while any(name not in node.arrived for node in nodes for name in names):
            await trio.sleep(0.01)


async def say(node, size, names):
    name = os.urandom(16)
    names[name] = time.perf_counter()
    await node.pubsub.publish(TOPIC, name + bytes(size - len(name)))


async def measure(nodes, size, burst, paced):
    names = {}
    for number in range(paced):
        await say(nodes[number % len(nodes)], size, names)
        await trio.sleep(GAP_SECONDS)
    await until(nodes, names)
    times = [
        (node.arrived[name] - start) * 1e3
        for number, (name, start) in enumerate(names.items())
        for place, node in enumerate(nodes)
        if place != number % len(nodes) and name in node.arrived
    ]
    await trio.sleep(2)
    start, cpu, names = time.perf_counter(), time.process_time(), {}
    for number in range(burst):
        await say(nodes[number % len(nodes)], size, names)
    await until(nodes, names)
    ends = [node.arrived[name] for node in nodes for name in names if name in node.arrived]
    return {
        "p50_ms": statistics.median(times),
        "p95_ms": statistics.quantiles(times, n=20)[-1],
        "rate": burst / (max(ends) - start),
        "cpu_ms": (time.process_time() - cpu) * 1e3 / len(ends),
        "delivered": min(len(times) / (paced * (len(nodes) - 1)), len(ends) / (burst * len(nodes))),
    }


async def main():
    count, size, burst, paced = map(int, sys.argv[1:])
    pairs = json.load(sys.stdin)
    nodes = [Node() for _ in range(count)]
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        for node in nodes:
            listen = [Multiaddr("/ip4/127.0.0.1/tcp/0")]
            await stack.enter_async_context(node.host.run(listen_addrs=listen))
            await stack.enter_async_context(background_trio_service(node.pubsub))
            await stack.enter_async_context(background_trio_service(node.router))
            await node.pubsub.wait_until_ready()
        for one, other in pairs:
            address = nodes[other].host.get_addrs()[0]
            await nodes[one].host.connect(info_from_p2p_addr(address))
        for node in nodes:
            nursery.start_soon(node.hear, await node.pubsub.subscribe(TOPIC))
        await trio.sleep(SETTLE_SECONDS)
        result = await measure(nodes, size, burst, paced)
        print(json.dumps(result), flush=True)
        os._exit(0)  # to close the nodes one by one can take minutes


if __name__ == "__main__":
    trio.run(main)
