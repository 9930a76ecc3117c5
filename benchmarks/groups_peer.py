"""The same work by MLS as `rfc9420` 1.3.0 does it, timed for `groups.py`.

Run as `python benchmarks/groups_peer.py SIZE...` by an interpreter that has it; prints one JSON
object. X25519 and Ed25519 alone, and every commit needs the one before: a server, or a vote.
"""

import json
import statistics
import sys
import time
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rfc9420 import DefaultCryptoProvider, GroupConfig, MemoryStorageProvider
from rfc9420.api.session import MLSGroupSession
from rfc9420.extensions.extensions import build_capabilities_data
from rfc9420.messages.data_structures import Credential, Signature
from rfc9420.messages.key_packages import KeyPackage, LeafNode

ROUNDS = 5
MESSAGES = 200


def make_member(name):
    """Return a key package and the signing secret."""
    crypto = DefaultCryptoProvider()
    kem, init, signing = (
        *(X25519PrivateKey.generate() for _ in range(2)),
        Ed25519PrivateKey.generate(),
    )
    public, secret = signing.public_key().public_bytes_raw(), signing.private_bytes_raw()
    leaf = LeafNode(
        encryption_key=kem.public_key().public_bytes_raw(),
        signature_key=public,
        credential=Credential(identity=name, public_key=public),
        capabilities=build_capabilities_data([1], [], include_grease=False),
        lifetime_not_after=2**63,
    )
    signature = crypto.sign_with_label(secret, b"LeafNodeTBS", leaf.tbs_serialize())
    package = KeyPackage(
        init_key=init.public_key().public_bytes_raw(),
        leaf_node=replace(leaf, signature=Signature(signature)),
    )
    signature = crypto.sign_with_label(secret, b"KeyPackageTBS", package.tbs_serialize())
    return replace(package, signature=Signature(signature)), secret


def timed(work):
    """Return milliseconds of CPU, and what came of it."""
    start = time.process_time()
    result = work()
    return (time.process_time() - start) * 1e3, result


def median(work):
    """Return the medians of time and bytes over some rounds."""
    results = [timed(work) for _ in range(ROUNDS)]
    return statistics.median(t for t, _ in results), statistics.median(n for _, n in results)


def measure(size):
    """Time one group."""
    config = GroupConfig(
        crypto_provider=DefaultCryptoProvider(), storage_provider=MemoryStorageProvider()
    )
    members = [make_member(b"%d" % number) for number in range(size + ROUNDS)]
    package, signing = members[0]
    group = MLSGroupSession.create_with_config(config, b"group", package)

    def propose(proposal):
        group.process_proposal(proposal, 0)
        return len(proposal)

    def commit():
        message, welcomes = group.commit(signing)
        return len(message) + sum(len(welcome.serialize()) for welcome in welcomes)

    def fill():
        proposed = sum(propose(group.add_member(member, signing)) for member, _ in members[1:size])
        return proposed + commit()

    extra = iter(members[size:])
    last = iter(range(size - 1, 0, -1))

    def add():
        return propose(group.add_member(next(extra)[0], signing)) + commit()

    def remove():
        return propose(group.remove_member(next(last), signing)) + commit()

    result = {"create": timed(fill), "add": median(add), "rotate": median(commit)}
    result["remove"] = median(remove)
    text = bytes(1024)
    seconds = timed(lambda: [group.protect_application(text) for _ in range(MESSAGES)])[0] / 1e3
    result["message"] = (MESSAGES / seconds, len(group.protect_application(text)))
    return result


def main():
    json.dump({size: measure(int(size)) for size in sys.argv[1:]}, sys.stdout)


if __name__ == "__main__":
    main()
