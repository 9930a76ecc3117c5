"""Makes identity.json: `python -m node.vectors.make_identity > node/vectors/identity.json`.

Signatures are another one each time, so a new file differs from the last in those alone.
"""

import json

from .. import crypto
from ..identity import AccountKeys, DeviceKeys, Multiaddr, NodeKey, account_text, certify

HEADER = {
    "what": "Accounts, device certificates, node keys and addresses of the Pars session layer.",
    "made_by": "python -m node.vectors.make_identity, with OpenSSL's ML-KEM-1024 and ML-DSA-87",
    "check": "Every key follows from its seed by HKDF-Expand-SHA-256 with the label beside it;"
    " bundle and certificate carry ML-DSA-87 signatures with the context beside them."
    " docs/link.md has the byte tables.",
    "encoding": "bytes are hex",
}
ADDRESSES = (
    ("/ip4/127.0.0.1/tcp/9000", False),
    ("/ip4/203.0.113.7/tcp/9000", True),
    ("/ip6/2001:db8::7/tcp/443", True),
    ("/dns4/node.example/tcp/9000", True),
    ("/ip4/203.0.113.7/udp/9000/quic-v1", True),
)


def vectors() -> dict[str, object]:
    """Return all vectors; the seeds are SHA-256 of what they are for."""
    account_seed, device_seed, node_seed = (
        crypto.sha256(b"vector: ", use) for use in (b"account", b"device", b"node")
    )
    account, device = AccountKeys.from_seed(account_seed), DeviceKeys.from_seed(device_seed)
    node = NodeKey.from_seed(node_seed)
    return {
        "header": HEADER,
        "account": {
            "seed": account_seed.hex(),
            "labels": [
                *("pars/account-signing/v1", "pars/account-hybrid/v1 (96 bytes)"),
                "pars/account-ed25519/v1",
            ],
            "account_id": account_text(account.account_id),
            "bundle_context": "pars/account-bundle/v1",
            "bundle": account.bundle().hex(),
        },
        "device": {
            "seed": device_seed.hex(),
            "labels": ["pars/device-signing/v1", "pars/device-hybrid/v1 (96 bytes)"],
            "number": 3,
            "first_day": 20_000,
            "days": 90,
            "certificate_context": "pars/device-certificate/v1",
            "certificate": certify(account, device.public, 3, 20_000, 90).hex(),
        },
        "node": {
            "seed": node_seed.hex(),
            "labels": ["pars/node-signing/v1", "pars/node-onion/v1 (96 bytes)"],
            "signing_sha256": crypto.sha256(node.signing.public).hex(),
            "onion_sha256": crypto.sha256(node.onion.public).hex(),
            "text": node.text,
        },
        "addresses": [
            {"text": text, "encoding": Multiaddr.parse(text).encode().hex()}
            for place, named in ADDRESSES
            for text in [f"{place}/p2p/{node.text}" if named else place]
        ],
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
