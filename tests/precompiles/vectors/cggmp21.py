"""Vectors of CGGMP21: ECDSA by Wycheproof and NIST, the equations by py-ecc's arithmetic."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from cases import Case, call, case, padded_to, refused
from py_ecc.secp256k1 import secp256k1 as curve

HERE = Path(__file__).parent
N, P, G = curve.N, curve.P, curve.G
BY_PY_ECC = "algebra by py-ecc 8"

VERIFY = "verify(bytes,bytes32,bytes)"
PRESIGNATURE = "verifyPresignature(bytes,bytes,bytes[],bytes[])"
PARTIAL = "verifyPartial(bytes32,bytes,bytes,bytes,uint256)"
COMBINE = "combine(bytes,bytes32,bytes,bytes[],bytes[],uint256[])"
BLAME = "blame(bytes32,bytes,bytes[],bytes[],uint256[])"

LENGTH = "InvalidLength(uint256,uint256)"
NO_POINT = b"\2" + (5).to_bytes(32, "big")
BEYOND_FIELD = b"\2" + (P + 1).to_bytes(32, "big")


def cases() -> Iterator[Case]:
    yield from wycheproof()
    yield from nist()
    yield from keys_and_forms()
    yield from equations()
    yield from halves()
    yield from refusals()


def point(pair: tuple[int, int]) -> bytes:
    return bytes([2 + pair[1] % 2]) + pair[0].to_bytes(32, "big")


def times(factor: int, pair: tuple[int, int] = G) -> bytes:
    return point(curve.multiply(pair, factor))


def compressed(key: bytes) -> bytes:
    return bytes([2 + key[64] % 2]) + key[1:33]


def wycheproof() -> Iterator[Case]:
    for identifier, comment, key_hex, message, signature, valid in json.loads(
        (HERE / "ecdsa_wycheproof.json").read_text()
    ):
        key, digest = bytes.fromhex(key_hex), sha256(bytes.fromhex(message)).digest()
        name = f"wycheproof-{identifier}"
        form = compressed(key) if identifier % 2 else key
        data = call(VERIFY, form, digest, bytes.fromhex(signature))
        source = f"Wycheproof ecdsa_secp256k1_sha256_bitcoin {identifier}: {comment}"
        yield case(name, data, ["bool"], valid, source=source)


def nist() -> Iterator[Case]:
    for position, (_, message, *rest) in enumerate(
        json.loads((HERE / "ecdsa_siggen.json").read_text())
    ):
        x, y, r, s = (int(each, 16) for each in rest)
        key = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
        digest = sha256(bytes.fromhex(message)).digest()
        low = min(s, N - s)
        for name, number, valid in (("given", s, s == low), ("low", low, True)):
            signature = r.to_bytes(32, "big") + number.to_bytes(32, "big")
            yield case(
                f"siggen-{position}-{name}",
                call(VERIFY, key, digest, signature),
                ["bool"],
                valid,
                source="NIST CAVP style SigGen for K-256 with SHA-256, cryptography_vectors",
            )
        # The v that recovers the key, and the other one.
        good = next(v for v in (27, 28) if curve.ecdsa_raw_recover(digest, (v, r, low)) == (x, y))
        for v in (0, 1, 26, 27, 28, 29, 30, 255) if position == 0 else (27, 28):
            signature = r.to_bytes(32, "big") + low.to_bytes(32, "big") + bytes([v])
            data = call(VERIFY, compressed(key), digest, signature)
            source = "SigGen, v by py-ecc's recovery"
            yield case(f"siggen-{position}-v-{v}", data, ["bool"], v == good, source=source)
        if position == 0:
            high = r.to_bytes(32, "big") + (N - low).to_bytes(32, "big") + bytes([55 - good])
            data = call(VERIFY, key, digest, high)
            yield case("high-s-with-v", data, ["bool"], False, source="SigGen, s replaced by n - s")


DIGEST = sha256(b"a message of the group").digest()


def signed(secret: int, digest: bytes) -> bytes:
    v, r, s = curve.ecdsa_raw_sign(digest, secret.to_bytes(32, "big"))
    if s > N // 2:
        v, s = 55 - v, N - s
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def keys_and_forms() -> Iterator[Case]:
    key = times(77)
    good = signed(77, DIGEST)
    source = "signed by py-ecc's ecdsa_raw_sign"

    def verdict(name: str, valid: bool, signature: bytes, digest: bytes = DIGEST) -> Case:
        data = call(VERIFY, key, digest, signature)
        return case(name, data, ["bool"], valid, source=source)

    yield verdict("form-64", True, good[:64])
    yield verdict("form-65", True, good)
    for size in (0, 1, 32, 63, 66, 72, 128):
        yield verdict(f"signature-of-{size}", False, (good + bytes(63))[:size])
    for bit in (0, 1, 255, 256, 300, 511):
        flipped = int.from_bytes(good[:64], "big") ^ 1 << 511 - bit
        yield verdict(f"signature-bit-{bit}", False, flipped.to_bytes(64, "big"))
    for bit in (0, 128, 255):
        digest = (int.from_bytes(DIGEST, "big") ^ 1 << bit).to_bytes(32, "big")
        yield verdict(f"digest-bit-{bit}", False, good, digest)
    for name, r, s in (
        ("r-zero", 0, 1), ("s-zero", 1, 0), ("r-order", N, 1), ("s-order", 1, N),
        ("all-ones", 2**256 - 1, 2**256 - 1),
    ):  # fmt: skip
        bad = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        yield verdict(name, False, bad)
        yield verdict(f"{name}-with-v", False, bad + b"\x1b")
    other = call(VERIFY, times(78), DIGEST, good)
    yield case("another-key", other, ["bool"], False, source=source)
    largest = 4 + 3 * 32 + (32 + 96) + (32 + 128)
    data = call(VERIFY, key, DIGEST, good)
    yield case("vyper-tail", padded_to(largest, data), ["bool"], True, source=source)
    pair = curve.multiply(G, 77)
    x, y = (each.to_bytes(32, "big") for each in pair)
    for name, bad, error, *values in (
        ("infinity", bytes(33), "InvalidPublicKey()"),
        ("off-curve", NO_POINT, "InvalidPublicKey()"),
        ("beyond-field", BEYOND_FIELD, "InvalidPublicKey()"),
        ("prefix-4-of-33", b"\4" + key[1:], "InvalidPublicKey()"),
        ("uncompressed-off-curve", b"\4" + x + x, "InvalidPublicKey()"),
        ("hybrid-6", b"\6" + x + y, "InvalidPublicKey()"),
        ("hybrid-7", b"\7" + x + y, "InvalidPublicKey()"),
        ("prefix-2-of-65", b"\2" + x + y, "InvalidPublicKey()"),
        ("of-0", b"", LENGTH, 33, 0),
        ("of-32", key[1:], LENGTH, 33, 32),
        ("of-34", key + b"\0", LENGTH, 33, 34),
        ("of-64", x + y, LENGTH, 33, 64),
        ("of-66", b"\4" + x + y + b"\0", LENGTH, 33, 66),
        ("of-97", bytes(97), LENGTH, 96, 97),
    ):  # fmt: skip
        yield refused(f"key-{name}", call(VERIFY, bad, DIGEST, good), error, *values)
    yield refused("no-data", b"", "UnknownSelector(bytes4)", bytes(4))
    yield refused("value", data, "ValueRefused(uint256)", 1, value=1)
    yield refused("trailing-byte", data + b"\0", "TrailingBytes(uint256)", len(data))


class Signing:
    """Presignature and signature of a group whose secrets are known, by the definitions."""

    def __init__(self, signers: int, seed: int) -> None:
        choose = Random(seed)
        shares = [[choose.randrange(1, N) for _ in range(signers)] for _ in range(2)]
        ks, xs = shares
        k, x = sum(ks) % N, sum(xs) % N
        # Shares of k x, as multiplication between the signers would give.
        chis = [choose.randrange(1, N) for _ in range(signers - 1)]
        chis.append((k * x - sum(chis)) % N)
        nonce = curve.multiply(G, pow(k, -1, N))
        r = nonce[0]
        self.key, self.nonce = times(x), point(nonce)
        self.rbars = [times(each, nonce) for each in ks]
        self.shares = [times(each, nonce) for each in chis]
        self.secrets, self.r, self.odd = list(zip(ks, chis, strict=True)), r, nonce[1] % 2
        self.sigmas = self.shares_of(DIGEST)
        self.signature = self.sum_of(self.sigmas)
        v, s = self.signature[64], int.from_bytes(self.signature[32:64], "big")
        assert point(curve.ecdsa_raw_recover(DIGEST, (v, r, s))) == self.key

    def shares_of(self, digest: bytes) -> list[int]:
        m = int.from_bytes(digest, "big")
        return [(m * k + self.r * chi) % N for k, chi in self.secrets]

    def sum_of(self, sigmas: list[int]) -> bytes:
        s = sum(sigmas) % N
        v = 27 + self.odd
        if s > N // 2:
            s, v = N - s, 55 - v
        return self.r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def replaced(items: list[Any], **changes: Any) -> list[Any]:
    return [changes.get(f"at{position}", item) for position, item in enumerate(items)]


def equations() -> Iterator[Case]:
    for signers in (1, 2, 3, 8):
        group = Signing(signers, seed=signers)
        yield from of_group(f"{signers}-signers", group)
    group = Signing(3, seed=33)
    public = (group.key, group.nonce)
    other = Signing(3, seed=34)
    for name, rbars, shares in (
        ("rbar-of-another", replaced(group.rbars, at1=other.rbars[1]), group.shares),
        ("share-of-another", group.rbars, replaced(group.shares, at2=other.shares[2])),
        ("swapped", group.shares, group.rbars),
        ("one-missing", group.rbars[:2], group.shares[:2]),
        ("cancelling", [*group.rbars, times(5), times(N - 5)], [*group.shares, *group.rbars[:2]]),
        ("nothing-left", [times(5), times(N - 5)], group.shares[:2]),
    ):  # fmt: skip
        data = call(PRESIGNATURE, *public, rbars, shares)
        yield case(f"presignature-{name}", data, ["bool"], False, source=BY_PY_ECC)
    # Points that cancel change neither sum: only the equation of each share finds them.
    data = call(PRESIGNATURE, *public, [*group.rbars, times(5), times(N - 5)],
                [*group.shares, times(9), times(N - 9)])  # fmt: skip
    yield case("presignature-two-that-cancel", data, ["bool"], True, source=BY_PY_ECC)
    data = call(PRESIGNATURE, other.key, group.nonce, group.rbars, group.shares)
    yield case("presignature-another-key", data, ["bool"], False, source=BY_PY_ECC)
    first = (DIGEST, group.nonce, group.rbars[0], group.shares[0])
    sigma = group.sigmas[0]
    for name, arguments in (
        ("off-by-one", (*first, sigma + 1)),
        ("negated", (*first, N - sigma)),
        ("zero", (*first, 0)),
        ("not-reduced", (*first, sigma + N if sigma + N < 2**256 else N)),
        ("order", (*first, N)),
        ("max", (*first, 2**256 - 1)),
        ("of-another", (*first, group.sigmas[1])),
        ("digest-changed", (bytes(32), *first[1:], sigma)),
        ("nonce-negated", (DIGEST, negated(group.nonce), *first[2:], sigma)),
        ("rbar-negated", (*first[:2], negated(first[2]), first[3], sigma)),
        ("share-negated", (*first[:3], negated(first[3]), sigma)),
    ):
        yield case(f"partial-{name}", call(PARTIAL, *arguments), ["bool"], False, source=BY_PY_ECC)
    # m = 0, and terms that cancel: both sides at infinity.
    r = int.from_bytes(group.nonce[1:], "big")
    k1, m = 7, int.from_bytes(DIGEST, "big") % N
    rbar = times(k1)
    share = times(-m * k1 * pow(r, -1, N) % N)
    data = call(PARTIAL, DIGEST, group.nonce, rbar, share, 0)
    yield case("partial-both-at-infinity", data, ["bool"], True, source=BY_PY_ECC)
    data = call(PARTIAL, DIGEST, group.nonce, rbar, share, 1)
    yield case("partial-right-at-infinity", data, ["bool"], False, source=BY_PY_ECC)
    yield from spoiled(group)
    # Digests from the order up are reduced, as in ECDSA.
    for name, number in (("order", N), ("order-plus-5", N + 5), ("max", 2**256 - 1), ("zero", 0)):
        digest = number.to_bytes(32, "big")
        sigmas = group.shares_of(digest)
        for right in (True, False):
            sigma = sigmas[0] + (not right)
            data = call(PARTIAL, digest, *first[1:], sigma)
            title = f"partial-digest-{name}{'' if right else '-off-by-one'}"
            yield case(title, data, ["bool"], right, source=BY_PY_ECC)
        data = call(COMBINE, *public[:1], digest, group.nonce, group.rbars, group.shares, sigmas)
        signature = group.sum_of(sigmas)
        yield case(f"combine-digest-{name}", data, ["bytes"], signature, source=BY_PY_ECC)
        data = call(VERIFY, group.key, digest, signature)
        yield case(f"verify-digest-{name}", data, ["bool"], True, source=BY_PY_ECC)


def halves() -> Iterator[Case]:
    """Digests for which s is the largest low one, and the smallest high one."""
    group = Signing(1, seed=1)
    ((k, chi),) = group.secrets
    for name, s in (("largest-low-s", N // 2), ("smallest-high-s", N // 2 + 1)):
        digest = ((s - group.r * chi) * pow(k, -1, N) % N).to_bytes(32, "big")
        (sigma,) = group.shares_of(digest)
        assert sigma == s
        arguments = (group.nonce, group.rbars, group.shares, [sigma])
        data = call(COMBINE, group.key, digest, *arguments)
        signature = group.sum_of([sigma])
        yield case(f"combine-{name}", data, ["bytes"], signature, source=BY_PY_ECC)
        for form in (64, 65):
            high = signature[:32] + s.to_bytes(32, "big") + bytes([27 + group.odd])
            data = call(VERIFY, group.key, digest, high[:form])
            title = f"verify-{name}-{form}"
            yield case(title, data, ["bool"], s <= N // 2, source=BY_PY_ECC)


def negated(encoded: bytes) -> bytes:
    return bytes([5 - encoded[0]]) + encoded[1:]


def of_group(name: str, group: Signing) -> Iterator[Case]:
    arrays = (group.rbars, group.shares)
    data = call(PRESIGNATURE, group.key, group.nonce, *arrays)
    yield case(f"presignature-{name}", data, ["bool"], True, source=BY_PY_ECC)
    for position in range(min(len(group.rbars), 3)):
        share = (group.rbars[position], group.shares[position], group.sigmas[position])
        data = call(PARTIAL, DIGEST, group.nonce, *share)
        yield case(f"partial-{name}-{position}", data, ["bool"], True, source=BY_PY_ECC)
    data = call(COMBINE, group.key, DIGEST, group.nonce, *arrays, group.sigmas)
    source = f"{BY_PY_ECC}, checked by its recovery"
    yield case(f"combine-{name}", data, ["bytes"], group.signature, source=source)
    data = call(BLAME, DIGEST, group.nonce, *arrays, group.sigmas)
    yield case(f"blame-nobody-of-{name}", data, ["uint16[]"], [], source=BY_PY_ECC)


def spoiled(group: Signing) -> Iterator[Case]:
    arrays = (group.rbars, group.shares)
    a, b, c = group.sigmas
    for name, sigmas, guilty in (
        ("first", [a + 1, b, c], [0]), ("last", [a, b, c - 1], [2]),
        ("two", [a, b + 1, c + 1], [1, 2]), ("all", [b, c, a], [0, 1, 2]),
        ("two-that-cancel", [a + 1, b - 1, c], [0, 1]), ("not-reduced", [a, b, N], [2]),
    ):  # fmt: skip
        data = call(BLAME, DIGEST, group.nonce, *arrays, sigmas)
        yield case(f"blame-{name}", data, ["uint16[]"], guilty, source=BY_PY_ECC)
        data = call(COMBINE, group.key, DIGEST, group.nonce, *arrays, sigmas)
        if name in ("two-that-cancel", "all"):
            # The sum is right all the same, and so is the signature.
            yield case(f"combine-{name}", data, ["bytes"], group.signature, source=BY_PY_ECC)
        else:
            error = "InvalidPartial(uint16)"
            yield refused(f"combine-{name}", data, error, guilty[0], source=BY_PY_ECC)
    data = call(COMBINE, times(9), DIGEST, group.nonce, *arrays, group.sigmas)
    yield refused("combine-another-key", data, "InconsistentPresignature()", source=BY_PY_ECC)
    data = call(COMBINE, group.key, DIGEST, group.nonce, group.rbars[:2], group.shares[:2], [a, b])
    yield refused("combine-one-missing", data, "InconsistentPresignature()", source=BY_PY_ECC)
    # The sum is right, but one share is not reduced, and another makes up for it.
    error = "InvalidPartial(uint16)"
    for rest in (0, 5):
        sigmas = [(a + c - rest) % N, b, rest + N]
        data = call(COMBINE, group.key, DIGEST, group.nonce, *arrays, sigmas)
        name = f"combine-order-plus-{rest}-with-the-right-sum"
        yield refused(name, data, error, 0, source=BY_PY_ECC)
    data = call(BLAME, sha256(b"other").digest(), group.nonce, *arrays, group.sigmas)
    yield case("blame-for-another-digest", data, ["uint16[]"], [0, 1, 2], source=BY_PY_ECC)


def refusals() -> Iterator[Case]:
    group = Signing(2, seed=2)
    key, nonce, rbars, shares, sigmas = (
        group.key, group.nonce, group.rbars, group.shares, group.sigmas,
    )  # fmt: skip
    beyond_order = beyond_the_order()
    for name, bad in (
        ("off-curve", NO_POINT), ("beyond-field", BEYOND_FIELD), ("infinity", bytes(33)),
        ("empty", b""), ("of-32", nonce[1:]), ("of-65", b"\4" + bytes(64)),
        ("x-beyond-order", beyond_order),
    ):  # fmt: skip
        for method, arguments in (
            (PRESIGNATURE, (key, bad, rbars, shares)),
            (PARTIAL, (DIGEST, bad, rbars[0], shares[0], sigmas[0])),
            (COMBINE, (key, DIGEST, bad, rbars, shares, sigmas)),
            (BLAME, (DIGEST, bad, rbars, shares, sigmas)),
        ):
            data = call(method, *arguments)
            yield refused(f"{method[: method.index('(')]}-nonce-{name}", data, "InvalidNonce()")
    error = "InvalidPoint(uint256)"
    for name, bad in (("off-curve", NO_POINT), ("empty", b""), ("of-34", rbars[0] + b"\0")):
        for position in range(4):
            points = replaced([*rbars, *shares], **{f"at{position}": bad})
            arrays = (points[:2], points[2:])
            data = call(BLAME, DIGEST, nonce, *arrays, sigmas)
            yield refused(f"blame-point-{position}-{name}", data, error, position)
        data = call(PRESIGNATURE, key, nonce, [bad, rbars[1]], shares)
        yield refused(f"presignature-point-{name}", data, error, 0)
        data = call(PARTIAL, DIGEST, nonce, rbars[0], bad, sigmas[0])
        yield refused(f"partial-point-{name}", data, error, 1)
        data = call(PARTIAL, DIGEST, nonce, bad, shares[0], sigmas[0])
        yield refused(f"partial-first-point-{name}", data, error, 0)
        data = call(COMBINE, key, DIGEST, nonce, rbars, [shares[0], bad], sigmas)
        yield refused(f"combine-point-{name}", data, error, 3)
    for method, before, after in (
        (PRESIGNATURE, (key, nonce), ()),
        (COMBINE, (key, DIGEST, nonce), (sigmas,)),
        (BLAME, (DIGEST, nonce), (sigmas,)),
    ):
        title = method[: method.index("(")]
        empty = ([],) if after else ()
        yield refused(f"{title}-no-signers", call(method, *before, [], [], *empty), "NoSigners()")
        data = call(method, *before, rbars, shares[:1], *after)
        yield refused(f"{title}-one-share", data, LENGTH, 2, 1)
        many = [rbars[0]] * 151
        data = call(method, *before, many, shares, *after)
        yield refused(f"{title}-151-signers", data, LENGTH, 150, 151)
    for method, before in ((COMBINE, (key, DIGEST, nonce)), (BLAME, (DIGEST, nonce))):
        title = method[: method.index("(")]
        for count in (0, 1, 3):
            data = call(method, *before, rbars, shares, [1] * count)
            yield refused(f"{title}-{count}-sigmas", data, LENGTH, 2, count)
    for method, after in ((PRESIGNATURE, ()), (COMBINE, (sigmas,))):
        title = method[: method.index("(")]
        middle = (DIGEST, nonce) if after else (nonce,)
        data = call(method, NO_POINT, *middle, rbars, shares, *after)
        yield refused(f"{title}-key-off-curve", data, "InvalidPublicKey()")


def beyond_the_order() -> bytes:
    """A point whose x is at least the order: its r would need another v."""
    x = N
    while pow(x**3 + 7, (P - 1) // 2, P) != 1:
        x += 1
    return b"\2" + x.to_bytes(32, "big")
