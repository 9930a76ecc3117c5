"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib and hmac, the precompiles' ML-KEM and ML-DSA, and X25519 and Ed25519 as
RFC 7748 and RFC 8032 write them down.
"""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from node.identity import (
    AccountBundle,
    AccountKeys,
    DeviceCertificate,
    DeviceKeys,
    Multiaddr,
    NodeKey,
    account_text,
)
from node.vectors import make_identity
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted
from precompiles.pq.ml_kem import kernel as ml_kem

FILE = Path(make_identity.__file__).with_name("identity.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
P = 2**255 - 19


def expand(key: bytes, info: str, length: int) -> bytes:
    """RFC 5869, 2.3."""
    output, block = b"", b""
    while len(output) < length:
        number = len(output) // 32 + 1
        block = hmac.digest(key, block + info.encode() + bytes([number]), "sha256")
        output += block
    return output[:length]


def x25519_public(secret: bytes) -> bytes:
    """RFC 7748, 5: the ladder from the base point."""
    k = int.from_bytes(secret, "little") & ~7 & ~(1 << 255) | 1 << 254
    x2, z2, x3, z3 = 1, 0, 9, 1
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) ** 2, (x2 - z2) ** 2
        da, cb = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        x3, z3 = (da + cb) ** 2 % P, 9 * (da - cb) ** 2 % P
        x2, z2 = a * b % P, (a - b) * (a + 121665 * (a - b)) % P
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


def ed25519_public(seed: bytes) -> bytes:
    """RFC 8032, 5.1.5, in affine coordinates."""
    d = -121665 * pow(121666, -1, P) % P
    base_y = 4 * pow(5, -1, P) % P
    square = (base_y**2 - 1) * pow(d * base_y**2 + 1, -1, P) % P
    base_x = pow(square, (P + 3) // 8, P)
    if base_x**2 % P != square:
        base_x = base_x * pow(2, (P - 1) // 4, P) % P
    if base_x % 2:
        base_x = P - base_x

    def add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        product = d * one[0] * other[0] * one[1] * other[1]
        x = (one[0] * other[1] + other[0] * one[1]) * pow(1 + product, -1, P)
        y = (one[1] * other[1] + one[0] * other[0]) * pow(1 - product, -1, P)
        return x % P, y % P

    digest = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    scalar = digest & ~7 & ~(1 << 255) | 1 << 254
    point, power = (0, 1), (base_x, base_y)
    for bit in range(255):
        if scalar >> bit & 1:
            point = add(point, power)
        power = add(power, power)
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def signing_public(seed: bytes, label: str) -> bytes:
    return ml_dsa.keygen(BY_NUMBER[5], expand(seed, label, 32))[0]


def hybrid_public(seed: bytes, label: str) -> bytes:
    secret = expand(seed, label, 96)
    return x25519_public(secret[:32]) + ml_kem.keygen(4, secret[32:64], secret[64:])[0]


def test_the_ladders_know_the_published_values() -> None:
    """RFC 7748, 6.1, Alice; RFC 8032, 7.1, test 1."""
    alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
    first = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

    assert x25519_public(bytes.fromhex(alice)).hex() == (
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    )
    assert ed25519_public(bytes.fromhex(first)).hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )


def test_the_bundle_by_other_code() -> None:
    vector = VECTORS["account"]
    seed, bundle = bytes.fromhex(vector["seed"]), bytes.fromhex(vector["bundle"])
    hybrid = hybrid_public(seed, "pars/account-hybrid/v1")
    signing = signing_public(seed, "pars/account-signing/v1")
    ed25519 = ed25519_public(expand(seed, "pars/account-ed25519/v1", 32))
    keys = hybrid[32:] + signing + hybrid[:32] + ed25519
    digest = hashlib.blake2b(hybrid[32:] + signing, digest_size=32).hexdigest()
    signed = formatted(keys, vector["bundle_context"].encode())

    assert bundle[:4224] == keys
    assert vector["account_id"] == "07" + digest
    assert ml_dsa.verify(signing, signed, bundle[4224:])


def test_the_certificate_by_other_code() -> None:
    vector, account = VECTORS["device"], VECTORS["account"]
    seed, certificate = bytes.fromhex(vector["seed"]), bytes.fromhex(vector["certificate"])
    days = (vector["first_day"], vector["first_day"] + vector["days"] - 1)
    body = (
        b"\1"
        + bytes.fromhex(account["account_id"][2:])
        + b"".join(number.to_bytes(4) for number in (vector["number"], *days))
        + signing_public(seed, "pars/device-signing/v1")
        + hybrid_public(seed, "pars/device-hybrid/v1")
    )
    signer = signing_public(bytes.fromhex(account["seed"]), "pars/account-signing/v1")
    signed = formatted(body, vector["certificate_context"].encode())

    assert certificate[:-4627] == body
    assert ml_dsa.verify(signer, signed, certificate[-4627:])


def test_the_node_by_other_code() -> None:
    vector = VECTORS["node"]
    seed = bytes.fromhex(vector["seed"])
    signing = signing_public(seed, "pars/node-signing/v1")
    onion = hybrid_public(seed, "pars/node-onion/v1")
    number, text = int.from_bytes(b"\x12\x20" + hashlib.sha256(signing).digest()), ""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    while number:
        text, number = alphabet[number % 58] + text, number // 58

    assert hashlib.sha256(signing).hexdigest() == vector["signing_sha256"]
    assert hashlib.sha256(onion).hexdigest() == vector["onion_sha256"]
    assert text == vector["text"]


def test_ours_replays_them() -> None:
    account, device, node = (VECTORS[name] for name in ("account", "device", "node"))
    bundle = AccountBundle.decode(bytes.fromhex(account["bundle"]))
    certificate = DeviceCertificate.decode(bytes.fromhex(device["certificate"]))
    certificate.check(bundle, device["first_day"])
    keys = AccountKeys.from_seed(bytes.fromhex(account["seed"]))

    assert account_text(bundle.account_id) == account["account_id"]
    assert keys.account_id == bundle.account_id
    assert DeviceKeys.from_seed(bytes.fromhex(device["seed"])).public == certificate.device
    assert NodeKey.from_seed(bytes.fromhex(node["seed"])).text == node["text"]


@pytest.mark.parametrize("vector", VECTORS["addresses"], ids=lambda vector: vector["text"][:24])
def test_addresses(vector: dict[str, str]) -> None:
    address = Multiaddr.parse(vector["text"])

    assert address.encode().hex() == vector["encoding"]
    assert Multiaddr.decode(bytes.fromhex(vector["encoding"])) == address


def test_the_file_is_what_the_maker_makes() -> None:
    """But for the signatures, which are another each time."""
    made = json.loads(json.dumps(make_identity.vectors()))
    for vectors in (made, published := json.loads(FILE.read_text("utf-8"))):
        vectors["account"]["bundle"] = vectors["account"]["bundle"][: 2 * 4224]
        vectors["device"]["certificate"] = vectors["device"]["certificate"][: -2 * 4627]

    assert made == published
