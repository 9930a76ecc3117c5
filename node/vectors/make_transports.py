"""Makes transports.json.

`python -m node.vectors.make_transports > node/vectors/transports.json`
"""

import json

from ..crypto import sha256
from ..transports.bluetooth import ADVERT, CHANNEL, SERVICE
from ..transports.circuits import Reason, encode_close, encode_data, encode_open
from ..transports.mdns import TYPES, tag_of

HEADER = {
    "what": "What the transports of Pars nodes say beside links: circuits, mDNS, Bluetooth LE.",
    "made_by": "python -m node.vectors.make_transports",
    "check": "docs/transports.md has the byte tables.",
    "encoding": "bytes are hex, but for names and tags of mDNS, which are text",
}
NETWORKS = ("pars", "testnet", "devnet")
NAMES = ("0000000000000000", "0123456789abcdef")


def vectors() -> dict[str, object]:
    """Return all vectors; ids are SHA-256 of what they are for."""
    circuit, target = sha256(b"vector: circuit")[:8], sha256(b"vector: target")
    data = b"part of a link"
    return {
        "header": HEADER,
        "circuits": {
            "circuit": circuit.hex(),
            "open": {"target": target.hex(), "payload": encode_open(circuit, target).hex()},
            "data": [
                {
                    "credit": credit,
                    "data": some.hex(),
                    "payload": encode_data(circuit, credit, some).hex(),
                }
                for credit, some in ((0, data), (32_768, b""), (65_536, data))
            ],
            "close": [
                {"reason": int(reason), "payload": encode_close(circuit, reason).hex()}
                for reason in Reason
            ],
        },
        "mdns": {
            "services": list(TYPES.values()),
            "tags": [
                {
                    "network": network,
                    "instance": name,
                    "tag": tag_of(network.encode(), name).decode(),
                }
                for network in NETWORKS
                for name in NAMES
            ],
        },
        "bluetooth": {"service": str(SERVICE), "advert": ADVERT.hex(), "psm": CHANNEL},
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
