"""Makes groups.json: `python -m node.vectors.make_groups > node/vectors/groups.json`.

Encapsulation and signatures draw from the operating system, so each run gives other bytes for
them; what follows from the seeds and the bytes in the file is always the same.
"""

import json
from hashlib import shake_256

from ..crypto import Random, sha256
from ..groups.epochs import Epoch, SealedSeed
from ..groups.group import Group
from ..groups.invite import Candidate, Invite
from ..groups.post import open_post

HEADER = {
    "what": "A group of the Pars session layer as a newcomer sees it: the vertices, his sealed"
    " seed, the keys that follow, a message of the founder's; chains; an invite.",
    "made_by": "python -m node.vectors.make_groups, with OpenSSL's ML-KEM-1024 and ML-DSA-87",
    "check": "Ids are SHA3-256, signatures ML-DSA-87 by the cards in the first vertex. The sealed"
    " seed opens with the newcomer's key; commitment, keys and message follow from the seed."
    " docs/groups.md has the byte tables.",
    "encoding": "bytes are hex; a hybrid seed is X25519's 32 bytes, then d and z of ML-KEM",
}
NOW = 1_700_000_000_000
TEXT = b"a message to the group"


def stream(use: bytes) -> Random:
    """Return random bytes that are the same in each run."""
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return shake_256(b"vector: %s %d" % (use, count)).digest(size)

    return random


def vectors() -> dict[str, object]:
    """Return all vectors."""
    newcomer = Candidate.make(stream(b"newcomer"))
    name = newcomer.card.pseudonym
    founder, created = Group.create("vectors", NOW, stream(b"founder"), [newcomer.card])
    post = founder.encrypt(TEXT, stream(b"message"))
    founder.rotate(NOW, stream(b"rotation"))
    *items, sealed_item = dict(created.welcome)[name]
    sealed = SealedSeed.decode(sealed_item[1:])
    seed = sealed.open(newcomer.hybrid, founder.history.vertices[0].change.commitment)
    names = sorted(founder.history.recipients(founder.id))
    epoch = Epoch.from_seed(seed, founder.id, names, NOW)
    invite = Invite.make(sha256(b"invites"), founder.id, bytes(range(16)), NOW)
    return {
        "header": HEADER,
        "group": {
            "id": founder.id.hex(),
            "vertices": [item[1:].hex() for item in items],
            "members": [member.name.hex() for member in founder.members()],
            "rotation": founder.history.vertices[1].encoded.hex(),
            "rotation_id": founder.history.vertices[1].id.hex(),
        },
        "seed": {
            "signing_seed": newcomer.signing.seed.hex(),
            "hybrid_seed": newcomer.hybrid.seed.hex(),
            "name": name.hex(),
            "sealed": sealed.encode().hex(),
            "seed": seed.hex(),
        },
        "epoch": {
            "post_key": epoch.post_key.hex(),
            "mailbox": epoch.mailbox.hex(),
            "chains": {
                one.hex(): [epoch.next_key(one)[1].hex() for _ in range(3)] for one in names
            },
        },
        "message": {
            "sender": founder.me.hex(),
            "post": post.hex(),
            "item": open_post(epoch.post_key, post)[0].hex(),
            "plaintext": TEXT.hex(),
        },
        "invite": {
            "key": sha256(b"invites").hex(),
            "nonce": invite.nonce.hex(),
            "expires": invite.expires,
            "encoded": invite.encode().hex(),
        },
    }


def vectors_text() -> str:
    """Return the file."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    print(vectors_text(), end="")
