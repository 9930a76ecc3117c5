"""Vectors of threshold ECDSA groups: BIP-32 by @scure/bip32, all else by py-ecc's arithmetic."""

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cases import Case, call, case, hexed, refused
from eth_utils import keccak
from py_ecc.secp256k1 import secp256k1 as curve

HERE = Path(__file__).parent
N, P, G = curve.N, curve.P, curve.G
BY_PY_ECC = "algebra by py-ecc 8"

REGISTER = "register(bytes[],uint16,bytes32)"
ROTATE = "rotate(bytes32,bytes[],uint16,bytes)"
DIGEST_OF = "rotationDigest(bytes32,bytes[],uint16)"
VERIFY = "verify(bytes32,bytes32,bytes)"
VERIFY_CHILD = "verifyChild(bytes32,uint32[],bytes32,bytes)"
CHILD = "childKey(bytes32,uint32[])"
CHILD_TYPES = ["bytes", "bytes32", "address"]
VERIFY_SHARE = "verifyShare(bytes32,uint16,bytes)"
SHARE_OF = "shareOf(bytes32,uint16)"
GROUP_OF = "groupOf(bytes32)"
GROUP_TYPES = ["bytes", "bytes32", "uint16", "uint16", "uint64", "address"]

LENGTH = "InvalidLength(uint256,uint256)"
THRESHOLD = "InvalidThreshold(uint256,uint256)"
CHAIN_ID = 6133
OWNER = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")  # of the private key 1
STRANGER = b"\x77" * 20
CHAIN_CODE = keccak(text="chain code")
DIGEST = sha256(b"a message of the group").digest()
NO_POINT = b"\2" + (5).to_bytes(32, "big")

SECRET, SLOPE = 1_000_003, 77
POLYNOMIAL = [SECRET, SLOPE, 12345]
NEXT = [SECRET, 999]


def point(pair: tuple[int, int]) -> bytes:
    return bytes([2 + pair[1] % 2]) + pair[0].to_bytes(32, "big")


def times(factor: int) -> bytes:
    return point(curve.multiply(G, factor % N))


def committed(polynomial: list[int]) -> list[bytes]:
    return [times(each) for each in polynomial]


def value_at(polynomial: list[int], member: int) -> int:
    return sum(each * member**power for power, each in enumerate(polynomial)) % N


def group_id(nonce: int, registrar: bytes = OWNER) -> bytes:
    return keccak(CHAIN_ID.to_bytes(32, "big") + registrar + nonce.to_bytes(32, "big"))


def account(key: bytes) -> str:
    x = int.from_bytes(key[1:], "big")
    y = pow(x**3 + 7, (P + 1) // 4, P)
    y = y if y % 2 == key[0] % 2 else P - y
    return hexed(keccak(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:])


def signed(secret: int, digest: bytes) -> bytes:
    v, r, s = curve.ecdsa_raw_sign(digest, (secret % N).to_bytes(32, "big"))
    if s > N // 2:
        v, s = 55 - v, N - s
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def rotation_digest(epoch: int, commitments: list[bytes], members: int) -> bytes:
    return keccak(
        keccak(b"PARS-THRESHOLD-ECDSA-ROTATE-V1")
        + CHAIN_ID.to_bytes(32, "big")
        + GROUP
        + epoch.to_bytes(32, "big")
        + members.to_bytes(32, "big")
        + keccak(b"".join(commitments))
    )


GROUP = group_id(0)
COMMITMENTS = committed(POLYNOMIAL)
NEXT_COMMITMENTS = committed(NEXT)
REGISTRATION = call(REGISTER, COMMITMENTS, 5, CHAIN_CODE)
REGISTERED = [{"input": hexed(REGISTRATION)}]
ROTATION = call(ROTATE, GROUP, NEXT_COMMITMENTS, 4, b"")
ROTATED = [*REGISTERED, {"input": hexed(ROTATION)}]


SOURCE = "py_ecc points, worked out by the description in precompiles/threshold/ecdsa"


def cases() -> Iterator[Case]:
    yield from registering()
    yield from rotating()
    yield from signatures()
    yield from shares()
    yield from child_keys()


def register_log(nonce: int, commitments: list[bytes], members: int) -> Case:
    title = "GroupRegistered(bytes32,address,bytes,uint16,uint16)"
    data = call("x(bytes,uint16,uint16)", commitments[0], len(commitments), members)[4:]
    return {
        "topics": [hexed(keccak(text=title)), hexed(group_id(nonce)), hexed(bytes(12) + OWNER)],
        "data": hexed(data),
    }


def rotate_log(epoch: int, commitments: list[bytes], members: int) -> Case:
    title = "GroupRotated(bytes32,uint64,uint16,uint16,bytes32)"
    data = call("x(uint16,uint16,bytes32)", len(commitments), members,
                keccak(b"".join(commitments)))[4:]  # fmt: skip
    topics = [keccak(text=title), GROUP, epoch.to_bytes(32, "big")]
    return {"topics": [hexed(each) for each in topics], "data": hexed(data)}


def registering() -> Iterator[Case]:
    log = register_log(0, COMMITMENTS, 5)
    yield case("register", REGISTRATION, ["bytes32"], GROUP, logs=[log])
    log = register_log(1, COMMITMENTS, 5)
    yield case(
        "register-again", REGISTRATION, ["bytes32"], group_id(1), before=REGISTERED, logs=[log]
    )
    single = committed([5])
    yield case(
        "register-1-of-1", call(REGISTER, single, 1, bytes(32)), ["bytes32"], GROUP,
        logs=[register_log(0, single, 1)],
    )  # fmt: skip
    next_id = "nextGroupId(address)"
    yield case("next-id", call(next_id, hexed(OWNER)), ["bytes32"], GROUP)
    data = call(next_id, hexed(OWNER))
    yield case("next-id-after-one", data, ["bytes32"], group_id(1), before=REGISTERED)
    data = call(next_id, hexed(STRANGER))
    yield case("next-id-of-another", data, ["bytes32"], group_id(0, STRANGER), before=REGISTERED)
    known = (COMMITMENTS[0], CHAIN_CODE, 3, 5, 0, hexed(OWNER))
    yield case("group", call(GROUP_OF, GROUP), GROUP_TYPES, *known, before=REGISTERED)
    of = "commitmentsOf(bytes32)"
    yield case("commitments", call(of, GROUP), ["bytes[]"], COMMITMENTS, before=REGISTERED)
    for name, commitments, members in (
        ("none", [], 3), ("more-than-members", COMMITMENTS, 2), ("no-members", COMMITMENTS, 0),
        ("151-members", COMMITMENTS, 151), ("65535-members", COMMITMENTS, 65535),
    ):  # fmt: skip
        data = call(REGISTER, commitments, members, CHAIN_CODE)
        yield refused(f"register-{name}", data, THRESHOLD, len(commitments), members)
        if name == "no-members":
            continue
        data = call(ROTATE, GROUP, commitments, members, b"")
        yield refused(
            f"rotate-{name}", data, THRESHOLD, len(commitments), members, before=REGISTERED
        )
    data = call(REGISTER, [COMMITMENTS[0]] * 151, 150, CHAIN_CODE)
    yield refused("register-151-commitments", data, LENGTH, 150, 151)
    for name, bad in (
        ("off-curve", NO_POINT), ("infinity", bytes(33)), ("empty", b""),
        ("uncompressed", b"\4" + bytes(64)), ("beyond-field", b"\2" + (P + 1).to_bytes(32, "big")),
    ):  # fmt: skip
        for position in (0, 2):
            commitments = list(COMMITMENTS)
            commitments[position] = bad
            data = call(REGISTER, commitments, 5, CHAIN_CODE)
            yield refused(
                f"register-{name}-at-{position}", data, "InvalidCommitment(uint256)", position
            )
    yield refused("register-static", REGISTRATION, "WriteProtection()", static=True)
    yield refused("register-value", REGISTRATION, "ValueRefused(uint256)", 1, value=1)
    for method, arguments in (
        (GROUP_OF, ()), (of, ()), ("addressOf(bytes32)", ()), (VERIFY, (DIGEST, b"")),
        (CHILD, ([],)), (VERIFY_CHILD, ([], DIGEST, b"")), (SHARE_OF, (1,)),
        (VERIFY_SHARE, (1, b"")), (ROTATE, (COMMITMENTS, 5, b"")), (DIGEST_OF, (COMMITMENTS, 5)),
    ):  # fmt: skip
        data = call(method, group_id(1), *arguments)
        title = method[: method.index("(")]
        error = "UnknownGroup(bytes32)"
        yield refused(f"{title}-of-no-group", data, error, group_id(1), before=REGISTERED)


def rotating() -> Iterator[Case]:
    logs = [rotate_log(1, NEXT_COMMITMENTS, 4)]
    yield case("rotate", ROTATION, ["uint64"], 1, before=REGISTERED, logs=logs)
    known = (COMMITMENTS[0], CHAIN_CODE, 2, 4, 1, hexed(OWNER))
    yield case("rotated-group", call(GROUP_OF, GROUP), GROUP_TYPES, *known, before=ROTATED)
    of = call("commitmentsOf(bytes32)", GROUP)
    yield case("rotated-commitments", of, ["bytes[]"], NEXT_COMMITMENTS, before=ROTATED)
    back = call(ROTATE, GROUP, COMMITMENTS, 5, b"")
    yield case(
        "rotate-twice", back, ["uint64"], 2, before=ROTATED, logs=[rotate_log(2, COMMITMENTS, 5)]
    )
    digest = rotation_digest(1, NEXT_COMMITMENTS, 4)
    asked = call(DIGEST_OF, GROUP, NEXT_COMMITMENTS, 4)
    yield case("rotation-digest", asked, ["bytes32"], digest, before=REGISTERED)
    later = rotation_digest(2, COMMITMENTS, 5)
    asked = call(DIGEST_OF, GROUP, COMMITMENTS, 5)
    yield case("rotation-digest-of-epoch-2", asked, ["bytes32"], later, before=ROTATED)
    by_group = call(ROTATE, GROUP, NEXT_COMMITMENTS, 4, signed(SECRET, digest))
    as_stranger = {
        "caller": hexed(STRANGER),
        "before": [{**step, "caller": hexed(OWNER)} for step in REGISTERED],
    }
    yield case(
        "rotate-by-group", by_group, ["uint64"], 1, logs=logs, source=BY_PY_ECC, **as_stranger
    )
    refusal = "InvalidGroupSignature()"
    for name, signature in (
        ("of-another-key", signed(SECRET + 1, digest)),
        ("of-another-epoch", signed(SECRET, rotation_digest(2, NEXT_COMMITMENTS, 4))),
        ("of-another-size", signed(SECRET, rotation_digest(1, NEXT_COMMITMENTS, 3))),
        ("of-other-commitments", signed(SECRET, rotation_digest(1, COMMITMENTS, 4))),
        ("malformed", b"\1"),
    ):
        data = call(ROTATE, GROUP, NEXT_COMMITMENTS, 4, signature)
        yield refused(f"rotate-signature-{name}", data, refusal, **as_stranger)
        yield refused(f"rotate-owner-signature-{name}", data, refusal, before=REGISTERED)
    replay = [*REGISTERED, {"input": hexed(by_group)}]
    yield refused("rotate-replayed", by_group, refusal, before=replay)
    yield refused(
        "rotate-by-stranger", ROTATION, "NotRegistrar(address)", hexed(OWNER), **as_stranger
    )
    changed = committed([SECRET + 1, SLOPE])
    data = call(ROTATE, GROUP, changed, 4, b"")
    yield refused("rotate-to-another-key", data, "KeyChanged()", before=REGISTERED)
    negated = [bytes([5 - COMMITMENTS[0][0]]) + COMMITMENTS[0][1:], *COMMITMENTS[1:]]
    data = call(ROTATE, GROUP, negated, 4, b"")
    yield refused("rotate-to-the-negated-key", data, "KeyChanged()", before=REGISTERED)
    data = call(ROTATE, GROUP, [COMMITMENTS[0], NO_POINT], 4, b"")
    error = "InvalidCommitment(uint256)"
    yield refused("rotate-off-curve", data, error, 1, before=REGISTERED)
    data = call(DIGEST_OF, GROUP, [NO_POINT], 4)
    yield refused("rotation-digest-off-curve", data, error, 0, before=REGISTERED)
    yield refused("rotate-static", ROTATION, "WriteProtection()", before=REGISTERED, static=True)


def signatures() -> Iterator[Case]:
    good = signed(SECRET, DIGEST)
    address = call("addressOf(bytes32)", GROUP)
    yield case("address", address, ["address"], account(COMMITMENTS[0]), before=REGISTERED)
    yield case("address-rotated", address, ["address"], account(COMMITMENTS[0]), before=ROTATED)
    high = N - int.from_bytes(good[32:64], "big")
    for name, signature, valid in (
        ("65", good, True), ("64", good[:64], True), ("63", good[:63], False),
        ("empty", b"", False), ("other-v", good[:64] + bytes([55 - good[64]]), False),
        ("of-another", signed(SECRET + 1, DIGEST), False),
        ("high-s", good[:32] + high.to_bytes(32, "big"), False),
        ("bit", bytes([good[0] ^ 1]) + good[1:], False),
    ):  # fmt: skip
        data = call(VERIFY, GROUP, DIGEST, signature)
        source = "signed by py-ecc's ecdsa_raw_sign"
        yield case(f"verify-{name}", data, ["bool"], valid, before=REGISTERED, source=source)
        data = call(VERIFY_CHILD, GROUP, [], DIGEST, signature)
        yield case(f"child-none-{name}", data, ["bool"], valid, before=REGISTERED, source=source)
    data = call(VERIFY, GROUP, DIGEST, good)
    yield case("verify-rotated", data, ["bool"], True, before=ROTATED, static=True)
    data = call(VERIFY, GROUP, sha256(b"another").digest(), good)
    yield case("verify-another-digest", data, ["bool"], False, before=REGISTERED)
    data = call(VERIFY, GROUP, DIGEST, bytes(129))
    yield refused("signature-of-129", data, LENGTH, 128, 129, before=REGISTERED)


def shares() -> Iterator[Case]:
    for member in (1, 2, 5):
        share = times(value_at(POLYNOMIAL, member))
        data = call(SHARE_OF, GROUP, member)
        yield case(
            f"share-of-{member}", data, ["bytes"], share, before=REGISTERED, source=BY_PY_ECC
        )
        for name, candidate, valid in (
            ("right", share, True), ("of-next", times(value_at(POLYNOMIAL, member + 1)), False),
            ("negated", bytes([5 - share[0]]) + share[1:], False), ("empty", b"", False),
            ("off-curve", NO_POINT, False), ("uncompressed", b"\4" + bytes(64), False),
        ):  # fmt: skip
            data = call(VERIFY_SHARE, GROUP, member, candidate)
            name = f"share-{member}-{name}"
            yield case(name, data, ["bool"], valid, before=REGISTERED, source=BY_PY_ECC)
    share = times(value_at(NEXT, 2))
    data = call(VERIFY_SHARE, GROUP, 2, share)
    yield case("share-of-next-epoch", data, ["bool"], True, before=ROTATED, source=BY_PY_ECC)
    yield case("share-too-early", data, ["bool"], False, before=REGISTERED, source=BY_PY_ECC)
    largest = [10 + each for each in range(20)]
    before = [{"input": hexed(call(REGISTER, committed(largest), 150, CHAIN_CODE))}]
    data = call(SHARE_OF, GROUP, 150)
    share = times(value_at(largest, 150))
    yield case("share-of-150", data, ["bytes"], share, before=before, source=BY_PY_ECC)
    # F(2) = 0: the member has no share, and no encoding is one.
    vanishing = [{"input": hexed(call(REGISTER, committed([10, N - 5]), 3, CHAIN_CODE))}]
    data = call(SHARE_OF, GROUP, 2)
    yield case("share-at-infinity", data, ["bytes"], b"", before=vanishing, source=BY_PY_ECC)
    for member in (0, 6, 65535):
        for method, arguments in ((SHARE_OF, ()), (VERIFY_SHARE, (share,))):
            data = call(method, GROUP, member, *arguments)
            title = f"{method[: method.index('(')]}-of-{member}"
            error = "InvalidMember(uint256)"
            yield refused(f"{title}-of-5", data, error, member, before=REGISTERED)
    data = call(SHARE_OF, GROUP, 5)
    yield refused("share-of-gone-member", data, "InvalidMember(uint256)", 5, before=ROTATED)


def child_keys() -> Iterator[Case]:
    for position, made in enumerate(json.loads((HERE / "bip32_scure.json").read_text())):
        key, code, child, child_code = (
            bytes.fromhex(made[part])
            for part in ("parent", "parent_chain_code", "child", "child_chain_code")
        )
        before = [{"input": hexed(call(REGISTER, [key], 1, code))}]
        data = call(CHILD, GROUP, made["indices"])
        yield case(
            f"child-{position}-{made['source']}",
            data,
            CHILD_TYPES,
            child,
            child_code,
            account(child),
            before=before,
            source=f"@scure/bip32 1.7: {made['path']}, {made['xpub']}",
        )
    for path, bad in (([1 << 31], 1 << 31), ([0, 2**32 - 1], 2**32 - 1), ([1 << 31, 0], 1 << 31)):
        for method, arguments in ((CHILD, ()), (VERIFY_CHILD, (DIGEST, bytes(64)))):
            data = call(method, GROUP, path, *arguments)
            name = f"{method[: method.index('(')]}-hardened-{len(path)}-{bad}-{path[0]}"
            yield refused(name, data, "NoChildKey(uint32)", bad, before=REGISTERED)
    data = call(CHILD, GROUP, [0] * 17)
    yield refused("path-of-17", data, LENGTH, 16, 17, before=REGISTERED)
    # A child's key pair by BIP-32's private derivation, as py-ecc adds.
    digest = hmac.digest(CHAIN_CODE, COMMITMENTS[0] + (7).to_bytes(4, "big"), "sha512")
    secret = SECRET + int.from_bytes(digest[:32], "big")
    for name, path, signature, valid in (
        ("right", [7], signed(secret, DIGEST), True),
        ("of-root", [7], signed(SECRET, DIGEST), False),
        ("of-sibling", [8], signed(secret, DIGEST), False),
        ("deeper", [7, 0], signed(secret, DIGEST), False),
    ):
        data = call(VERIFY_CHILD, GROUP, path, DIGEST, signature)
        yield case(
            f"verify-child-{name}", data, ["bool"], valid, before=REGISTERED, source=BY_PY_ECC
        )
