"""Makes the file of a bootstrap list, one signature or all of them at a time.

    python -m node.bootstrap.make_list devnet > node/bootstrap/devnet.list
    python -m node.bootstrap.make_list body nodes.json > body
    python -m node.bootstrap.make_list sign seed.hex body > one.signature
    python -m node.bootstrap.make_list join body one.signature two.signature > pars.list

`nodes.json`: {"network": 6133, "sequence": 1, "days": 365, "first_day": 20780, "nodes":
["/ip4/.../tcp/9000/p2p/Qm..."]}; days are counted from 1970. `seed.hex` is 32 bytes in hex, and
never leaves the machine of its holder.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ..codec import read_json, u8
from ..crypto import SIGNING_PUBLIC, SigningKey, sha256
from ..identity import Multiaddr
from .contact import contacts_of
from .releases import DEVNET, devnet_keys
from .signed_list import CONTEXT, SignedList, sign_list

DAY_MS = 86_400_000
DEVNET_FIRST_DAY = 20_454  # 2026-01-01
DEVNET_DAYS = 730


def content_of(described: bytes) -> SignedList:
    """Return the list that a JSON file describes."""
    value = read_json(described)
    begin = value["first_day"] * DAY_MS
    nodes = contacts_of(map(Multiaddr.parse, value["nodes"]))
    return SignedList(
        network=value["network"],
        sequence=value["sequence"],
        not_before=begin,
        not_after=begin + value["days"] * DAY_MS,
        nodes=tuple(sorted(nodes)),
    )


def signature_of(seed: bytes, body: bytes) -> bytes:
    """Return a key and its signature."""
    key = SigningKey.from_seed(seed)
    return key.public + key.sign(body, CONTEXT)


def joined(body: bytes, signatures: Sequence[bytes]) -> bytes:
    """Return the file of a list that some keys have signed, each on its own machine."""
    ordered = sorted(signatures, key=lambda signature: sha256(signature[:SIGNING_PUBLIC]))
    return body + u8(len(ordered)) + b"".join(ordered)


def devnet_list() -> bytes:
    """Return the list of `devnet`: no nodes, signed by two of its three keys."""
    begin = DEVNET_FIRST_DAY * DAY_MS
    content = SignedList(DEVNET, 1, begin, begin + DEVNET_DAYS * DAY_MS, ())
    return sign_list(content, devnet_keys()[:2])


def main(words: Sequence[str]) -> bytes:
    """Return what one command writes."""
    match list(words):
        case ["devnet"]:
            return devnet_list()
        case ["body", described]:
            return content_of(Path(described).read_bytes()).encode()
        case ["sign", seed, body]:
            return signature_of(bytes.fromhex(Path(seed).read_text()), Path(body).read_bytes())
        case ["join", body, *signatures]:
            return joined(Path(body).read_bytes(), [Path(each).read_bytes() for each in signatures])
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.stdout.buffer.write(main(sys.argv[1:]))
