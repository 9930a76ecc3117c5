"""The same by py-libp2p 0.8.1, timed for `transports.py`: connect, then one stream full of bytes.

Run as `python benchmarks/transports_peer.py tcp|quic DIALS BYTES` by an interpreter that has it;
prints a JSON object. TCP with Noise (X25519) and Yamux; QUIC as it comes: Ed25519 and X25519.
"""

import json
import os
import statistics
import sys
import time

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from multiaddr import Multiaddr

SINK = TProtocol("/sink/1")
CHUNK = 60_000
PATIENCE_SECONDS = 60


def host(way):
    key = create_new_key_pair()
    if way == "quic":
        return new_host(key_pair=key, enable_quic=True)
    noise = NoiseTransport(
        libp2p_keypair=key, noise_privkey=create_noise_pair().private_key, early_data=None
    )
    return new_host(key_pair=key, sec_opt={NOISE: noise})


async def main():
    way, dials, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    listen = "/ip4/127.0.0.1/udp/0/quic-v1" if way == "quic" else "/ip4/127.0.0.1/tcp/0"
    server, client = host(way), host(way)
    done = trio.Event()

    async def sink(stream):
        got = 0
        while got < size:
            data = await stream.read(CHUNK)
            if not data:
                break
            got += len(data)
        done.set()

    async with server.run([Multiaddr(listen)]), client.run([]):
        server.set_stream_handler(SINK, sink)
        info = info_from_p2p_addr(server.get_addrs()[0])
        times, cpu = [], time.process_time()
        for _ in range(dials):
            begun = time.perf_counter()
            await client.connect(info)
            times.append((time.perf_counter() - begun) * 1e3)
            await client.disconnect(info.peer_id)
            await trio.sleep(0.1)
        cpu = (time.process_time() - cpu) * 1e3 / dials
        result = {
            "p50": statistics.median(times),
            "p95": statistics.quantiles(times, n=20)[-1],
            "cpu": cpu,
        }
        print(json.dumps(result), flush=True)
        await client.connect(info)
        stream = await client.new_stream(info.peer_id, [SINK])
        begun = time.perf_counter()
        with trio.move_on_after(PATIENCE_SECONDS):
            for _ in range(0, size, CHUNK):
                await stream.write(bytes(CHUNK))
            await done.wait()
            result["rate"] = size / 1e6 / (time.perf_counter() - begun)
        print(json.dumps(result), flush=True)
        os._exit(0)


if __name__ == "__main__":
    trio.run(main)
