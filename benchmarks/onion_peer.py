"""The classical Sphinx of `sphinxmix` 0.0.7, timed for `onion.py`.

Run as `python benchmarks/onion_peer.py BODY_SIZE` by an interpreter that has it; prints one JSON
object of microseconds. X25519 alone: a recorded packet opens once there is a quantum computer.
"""

import json
import statistics
import sys
import time

from sphinxmix.SphinxClient import Nenc, create_forward_message, create_surb, pack_message
from sphinxmix.SphinxNode import sphinx_process
from sphinxmix.SphinxParams import SphinxParams
from sphinxmix.SphinxParamsC25519 import Group_C25519

ROUNDS = 200
NODES = 4


def median_us(work):
    """Return microseconds of CPU."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times) * 1e6


def main():
    body_size = int(sys.argv[1])
    params = SphinxParams(Group_C25519(), header_len=192, body_len=body_size)
    names = [number.to_bytes(4, "big") for number in range(NODES)]
    secrets = [params.group.gensecret() for _ in names]
    keys = [params.group.expon_base([secret]) for secret in secrets]
    route = [Nenc(name) for name in names]

    def build(nodes):
        return create_forward_message(params, route[:nodes], keys[:nodes], b"end", b"payload")

    header, body = build(NODES)
    result = {
        "build 3": median_us(lambda: build(3)),
        "build 4": median_us(lambda: build(4)),
        "hop": median_us(lambda: sphinx_process(params, secrets[0], header, body)),
        "surb": median_us(lambda: create_surb(params, route, keys, b"me")),
        "packet size": len(pack_message(params, (header, body))),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
