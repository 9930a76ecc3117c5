"""invite.json, by its byte tables and the standard library alone, and by our own code."""

import base64
import hashlib
import hmac
import ipaddress
import json
from pathlib import Path

import pytest

from node.identity import parse_peer
from node.invite.fountain import Receiver
from node.invite.invite import Invite
from node.invite.nfc import read_invite
from node.vectors import make_invite

FILE = Path(make_invite.__file__).with_name("invite.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
KINDS = ["ip4/tcp", "ip6/tcp", "dns4/tcp", "ip4/quic", "ip6/quic", "dns4/quic"]


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_file_is_what_its_maker_makes() -> None:
    assert json.loads(json.dumps(make_invite.vectors())) == VECTORS


def place(address: str | None, rendezvous: str | None) -> bytes:
    if rendezvous:
        return b"\x80" + bytes.fromhex(rendezvous)
    if address is None:
        return b"\0"
    _, kind, host, layer, port, *rest = address.split("/")
    number = KINDS.index(f"{kind}/{'quic' if layer == 'udp' else 'tcp'}") + 1
    written = host.encode() if kind == "dns4" else ipaddress.ip_address(host).packed
    size = bytes([len(written)]) if kind == "dns4" else b""
    peer = parse_peer(rest[-1]) if "p2p" in rest else b""
    return bytes([number]) + size + written + int(port).to_bytes(2) + peer


@pytest.mark.parametrize("vector", VECTORS["invites"])
def test_an_invite(vector: dict) -> None:
    kinds = ["node", "account"].index(vector["subject"]) << 4
    kinds |= ["none", "carrier", "handle"].index(vector["space"])
    expected = (
        b"\1"
        + vector["network"].to_bytes(4)
        + bytes([kinds])
        + bytes.fromhex(vector["id"] + vector["secret"])
        + (vector["expires_ms"] // 1000).to_bytes(4)
        + bytes.fromhex(vector["space_data"])
        + place(vector["address"], vector["rendezvous"])
    )
    data = bytes.fromhex(vector["encoding"])
    assert data == expected
    checked = data + sha256(b"pars/invite-text/v1", data)[:5]
    text = base64.b32encode(checked).decode().rstrip("=").lower()
    assert vector["text"] == "pars:" + text
    ndef = bytes.fromhex(vector["ndef"])
    assert ndef == b"\xd4\x13" + bytes([len(data)]) + b"pars.network:invite" + data

    read = Invite.decode(data)
    assert read == Invite.parse(vector["text"]) == read_invite(ndef)
    assert make_invite.described(read) == vector


def test_frames() -> None:
    vector = VECTORS["animated"]
    data, receiver = bytes.fromhex(vector["data"]), Receiver()
    identity = sha256(b"pars/fountain-id/v1", data)[:8]
    blocks = [data[at : at + 64].ljust(64, b"\0") for at in range(0, len(data), 64)]
    wholes = []
    for shown in vector["frames"]:
        number, frame = shown["number"], bytes.fromhex(shown["frame"])
        picked = sha256(b"pars/fountain-choice/v1", identity, number.to_bytes(4))
        bits = 1 << number if number < 4 else int.from_bytes(picked) & 15 or 1 << number % 4
        total = bytes(64)
        for at, block in enumerate(blocks):
            if bits >> at & 1:
                total = bytes(a ^ b for a, b in zip(total, block, strict=True))
        head = b"\1" + identity + len(data).to_bytes(4) + number.to_bytes(4)
        assert frame == head + total
        wholes.append(receiver.take(frame))
    assert wholes[3] == data


def test_a_pairing() -> None:
    vector = VECTORS["pairing"]
    raw = {
        key: bytes.fromhex(value)
        for key, value in vector.items()
        if key not in ("network", "number")
    }

    def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
        extracted = hmac.digest(salt, secret, "sha256")
        return hmac.digest(extracted, info + b"\1", "sha256")

    assert raw["name"] == hkdf(raw["secret"], bytes(32), b"pars/pairing-name/v1")[:16]
    assert raw["commitment"] == sha256(b"pars/pairing-commit/v1", raw["guest_nonce"])
    said = raw["guest_id"] + raw["host_id"] + raw["name"] + raw["guest_nonce"] + raw["host_nonce"]
    digest = sha256(vector["network"].to_bytes(4), said)
    key = hkdf(raw["secret"], digest, b"pars/pairing-key/v1")
    assert raw["guest_code"] == hmac.digest(key, b"pars/pairing-guest/v1", "sha256")
    assert raw["host_code"] == hmac.digest(key, b"pars/pairing-host/v1" + raw["gift"], "sha256")
    number = int.from_bytes(sha256(b"pars/pairing-number/v1", digest)) % 10**8
    assert vector["number"].replace(" ", "") == f"{number:08}"
