"""Makes invite.json: `python -m node.vectors.make_invite > node/vectors/invite.json`."""

import json
from dataclasses import replace

from .. import crypto
from ..identity import Multiaddr
from ..invite import pairing
from ..invite.fountain import Sender
from ..invite.invite import Invite, Space, Subject
from ..invite.nfc import invite_message
from ..invite.pairing import Transcript, commitment, name_of

HEADER = {
    "what": "Invites as bytes, text and NDEF messages; frames of an animated transfer; pairing.",
    "made_by": "python -m node.vectors.make_invite",
    "check": "docs/invite.md has the byte tables. Everything follows from SHA-256, HMAC-SHA-256"
    " and HKDF-SHA-256.",
    "encoding": "bytes are hex",
}
FRAMES = (0, 1, 2, 3, 4, 100)


def drawn(use: bytes, size: int = 32) -> bytes:
    """Return bytes for a use: what chance would give."""
    return crypto.sha256(b"vector: ", use)[:size]


def invites() -> list[Invite]:
    """Return one invite of each shape."""
    node = Invite(
        network=6133,
        subject=Subject.NODE,
        id=drawn(b"node"),
        secret=drawn(b"secret", 16),
        expires=1_800_000_000_000,
    )
    account = replace(node, subject=Subject.ACCOUNT, id=drawn(b"account"))
    carrier, handle = drawn(b"carrier"), drawn(b"handle", 16)
    return [
        node,
        replace(node, address=Multiaddr("ip4", "203.0.113.7", 9000)),
        replace(node, address=Multiaddr("ip6", "2001:db8::7", 9000, protocol="quic")),
        replace(node, rendezvous=drawn(b"place"), space=Space.HANDLE, space_data=handle),
        replace(
            account,
            address=Multiaddr("dns4", "node.example", 443, drawn(b"node")),
            space=Space.CARRIER,
            space_data=carrier,
        ),
    ]


def described(invite: Invite) -> dict[str, object]:
    """Return the fields of an invite, and how it is written."""
    return {
        "network": invite.network,
        "subject": invite.subject.name.lower(),
        "id": invite.id.hex(),
        "secret": invite.secret.hex(),
        "expires_ms": invite.expires,
        "address": None if invite.address is None else str(invite.address),
        "rendezvous": None if invite.rendezvous is None else invite.rendezvous.hex(),
        "space": invite.space.name.lower(),
        "space_data": invite.space_data.hex(),
        "encoding": invite.encode().hex(),
        "text": invite.text(),
        "ndef": invite_message(invite).hex(),
    }


def frames() -> dict[str, object]:
    """Return some frames of some bytes."""
    data = b"".join(drawn(b"frames %d" % number) for number in range(7))
    sender = Sender(data, 64)
    shown = [{"number": number, "frame": sender.frame(number).hex()} for number in FRAMES]
    return {"data": data.hex(), "block": 64, "frames": shown}


def paired() -> dict[str, object]:
    """Return a whole pairing."""
    secret, gift = drawn(b"secret", 16), drawn(b"gift")
    transcript = Transcript(
        network=6133,
        guest_id=drawn(b"guest"),
        host_id=drawn(b"node"),
        name=name_of(secret),
        guest_nonce=drawn(b"guest nonce"),
        host_nonce=drawn(b"host nonce"),
    )
    return {
        "network": transcript.network,
        "guest_id": transcript.guest_id.hex(),
        "host_id": transcript.host_id.hex(),
        "secret": secret.hex(),
        "name": transcript.name.hex(),
        "guest_nonce": transcript.guest_nonce.hex(),
        "commitment": commitment(transcript.guest_nonce).hex(),
        "host_nonce": transcript.host_nonce.hex(),
        "gift": gift.hex(),
        "guest_code": transcript.code(secret, pairing.GUEST_LABEL).hex(),
        "host_code": transcript.code(secret, pairing.HOST_LABEL, gift).hex(),
        "number": transcript.number,
    }


def vectors() -> dict[str, object]:
    """Return all vectors."""
    return {
        "header": HEADER,
        "invites": [described(invite) for invite in invites()],
        "animated": frames(),
        "pairing": paired(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
