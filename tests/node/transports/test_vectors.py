"""The vectors of the transports, replayed by the standard library alone."""

import hmac
import json
import struct
import uuid
from pathlib import Path

from node.vectors import make_transports

VECTORS = json.loads((Path(make_transports.__file__).parent / "transports.json").read_text("utf-8"))


def test_circuits() -> None:
    said = VECTORS["circuits"]
    begin = b"\x01" + bytes.fromhex(said["circuit"])

    assert said["open"]["payload"] == begin.hex() + said["open"]["target"]
    for vector in said["data"]:
        payload = begin + struct.pack(">I", vector["credit"]) + bytes.fromhex(vector["data"])
        assert vector["payload"] == payload.hex()
    assert [vector["payload"] for vector in said["close"]] == [
        (begin + bytes([reason])).hex() for reason in range(5)
    ]


def test_tags() -> None:
    for vector in VECTORS["mdns"]["tags"]:
        message = b"pars/mdns-tag/v1" + vector["instance"].encode()
        tag = hmac.new(vector["network"].encode(), message, "sha256").digest()
        assert vector["tag"] == tag[:16].hex()
    assert len({vector["tag"] for vector in VECTORS["mdns"]["tags"]}) == 6
    assert VECTORS["mdns"]["services"] == ["_pars-mesh._tcp.local.", "_pars-mesh._udp.local."]


def test_the_advert() -> None:
    service = uuid.uuid5(uuid.NAMESPACE_DNS, "pars.network")
    advert = bytes.fromhex("0201061107") + service.bytes[::-1]

    assert VECTORS["bluetooth"] == {
        "service": str(service),
        "advert": advert.hex(),
        "psm": 0xD1,
    }


def test_the_file_is_what_the_maker_makes() -> None:
    assert json.loads(json.dumps(make_transports.vectors())) == VECTORS
