"""FROST: the contract against its plain-integer twin, signing against RFC 9591's values."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.backends import secp256k1
from precompiles.conformance.vectors import load, path_of
from precompiles.curves import edwards25519
from precompiles.hash_to_field import expand_message_xmd
from precompiles.registry import find
from precompiles.threshold.frost import contract, reference, signing
from precompiles.threshold.frost.suites import SUITES, Suite
from precompiles.threshold.protocols import frost
from precompiles.threshold.protocols.frost import FaultySignerError, UnusableCommitmentsError

FROST = find("frost")
N = reference.N


def sign(secret: int, nonce: int, message: bytes) -> tuple[bytes, bytes]:
    """A single signer: what a group of any size would make together."""
    key = encoded(reference.multiply(secret, reference.G))
    commitment = encoded(reference.multiply(nonce, reference.G))
    z = (nonce + reference.challenge(commitment, key, message) * secret) % N
    return key, commitment + z.to_bytes(32, "big")


def encoded(point: reference.Point) -> bytes:
    assert point is not None
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def test_twin_agrees_on_every_vector() -> None:
    selector = FROST.methods[0].signature.selector
    compared = 0
    for vector in load(path_of(FROST)):
        first_suite = vector.input[4:36] == (1).to_bytes(32, "big")
        if vector.expected.output is None or vector.input[:4] != selector or not first_suite:
            continue
        arguments = contract.abi.decode_call(FROST.methods[0].signature.inputs, vector.input)
        verdict = vector.expected.output[-1] == 1
        assert reference.verify(*arguments[1:]) is verdict, vector.name
        compared += 1
    assert compared > 40


def test_twins_agree_at_random() -> None:
    choose = random.Random(9591)
    for _ in range(15):
        message = choose.randbytes(choose.randrange(200))
        key, signature = sign(choose.randrange(1, N), choose.randrange(1, N), message)
        assert contract.verify(None, 1, key, message, signature) is True  # type: ignore[arg-type]
        spoiled = bytearray(signature)
        spoiled[choose.randrange(65)] ^= 1 << choose.randrange(8)
        for candidate in (signature, bytes(spoiled)):
            native = contract.verify(None, 1, key, message, candidate)  # type: ignore[arg-type]
            assert native is reference.verify(key, message, candidate)


@pytest.mark.parametrize("secret", [1, 2, N - 1])
@pytest.mark.parametrize("nonce", [1, N - 1, 3])
def test_small_secrets_and_nonces(secret: int, nonce: int) -> None:
    key, signature = sign(secret, nonce, b"edge")
    assert contract.verify(None, 1, key, b"edge", signature) is True  # type: ignore[arg-type]


def test_combine_equals_plain_integers_at_the_edges() -> None:
    point = reference.multiply(5, reference.G)
    parsed = secp256k1.parse(encoded(point))
    assert parsed is not None
    factors = [0, 1, 2, 5, N - 5, N - 1]
    for factor in factors:
        for base in [*factors, (-5 * factor) % N]:
            plain = reference.add(
                reference.multiply(factor, point), reference.multiply(base, reference.G)
            )
            native = secp256k1.combine(parsed, factor, base)
            assert native == (encoded(plain) if plain else None), (factor, base)


def test_combine_of_a_point_whose_x_is_not_below_the_order() -> None:
    """Of those there are few, and recovery does not find them."""
    data = next(
        candidate
        for candidate in (b"\2" + (N + i).to_bytes(32, "big") for i in range(100))
        if secp256k1.parse(candidate)
    )
    parsed, point = secp256k1.parse(data), reference.decode_point(data)
    assert parsed is not None
    for factor, base in ((1, 0), (N - 1, 7), (12345, N - 1)):
        plain = reference.add(
            reference.multiply(factor, point), reference.multiply(base, reference.G)
        )
        assert secp256k1.combine(parsed, factor, base) == encoded(plain)


@pytest.mark.parametrize(
    "data",
    [b"", bytes(33), b"\2" * 32, b"\2" * 34, b"\4" + b"\1" * 64, b"\2" + b"\xff" * 32, b"\5" * 33],
)
def test_what_is_no_point(data: bytes) -> None:
    assert secp256k1.parse(data) is None
    assert reference.decode_point(data) is None


# RFC 9380, appendix K.1: expand_message_xmd with SHA-256.
TAG = b"QUUX-V01-CS02-with-expander-SHA256-128"


@pytest.mark.parametrize(
    ("message", "output"),
    [
        (b"", "68a985b87eb6b46952128911f2a4412bbc302a9d759667f87f7a21d803f07235"),
        (b"abc", "d8ccab23b5985ccea865c6c97b6e5b8350e794e603b4b97902f53a8a0d605615"),
    ],
)
def test_expand_message(message: bytes, output: str) -> None:
    assert expand_message_xmd(message, TAG, 32).hex() == output


def test_expand_message_over_several_digests() -> None:
    long = expand_message_xmd(b"abc", TAG, 100)
    assert len(long) == 100
    assert long[:32] != expand_message_xmd(b"abc", TAG, 32)  # The size is hashed as well.


# --- Signing --------------------------------------------------------------------------------

VECTORS = Path(__file__).parent / "vectors"
ROUNDS = json.loads((VECTORS / "frost_rfc9591.json").read_text())
MADE = json.loads((VECTORS / "frost_edges.json").read_text())["rounds"]


@pytest.mark.parametrize("place", range(len(ROUNDS)), ids=[each["name"] for each in ROUNDS])
def test_published_rounds(place: int) -> None:
    """Nonces, commitments, shares and signature follow from the published randomness."""
    given, made = ROUNDS[place], MADE[place]
    suite = SUITES[given["suite"]]
    key = suite.group.decode(bytes.fromhex(made["commitments"][0]))
    message = bytes.fromhex(given["message"])
    rounds, secrets = {}, {}
    for signer, secret, *drawn in zip(
        given["signers"],
        given["secret_shares"],
        given["hiding_randomness"],
        given["binding_randomness"],
        strict=True,
    ):
        stream = iter(drawn)
        secrets[signer] = suite.parse_scalar(bytes.fromhex(secret))
        draw = lambda _, stream=stream: bytes.fromhex(next(stream))  # noqa: E731 - one line
        rounds[signer] = frost.commit(suite, signer, secrets[signer], draw)
    commitments = [commitment for _, commitment in rounds.values()]
    expected = [a + b for a, b in zip(given["hiding"], given["binding"], strict=True)]
    assert [each.encoded.hex() for each in commitments] == expected
    shares = {
        signer: frost.sign(suite, signer, secrets[signer], nonces, key, message, commitments)
        for signer, (nonces, _) in rounds.items()
    }
    assert [suite.encode_scalar(each).hex() for each in shares.values()] == given["shares"]
    public = {signer: suite.group.base(secret) for signer, secret in secrets.items()}
    signature = frost.aggregate(suite, key, message, commitments, shares, public)
    assert signature.hex() == given["signature"]


class Group:
    """A dealt group, for trying things."""

    def __init__(self, suite: Suite, threshold: int, members: int) -> None:
        self.suite = suite
        order = suite.group.order
        choose = random.Random(suite.number)
        coefficients = [choose.randrange(1, order) for _ in range(threshold)]
        powers = [[pow(j, k, order) for k in range(threshold)] for j in range(1, members + 1)]
        self.secrets = {
            j: sum(a * b for a, b in zip(coefficients, row, strict=True)) % order
            for j, row in enumerate(powers, start=1)
        }
        self.key = suite.group.base(coefficients[0])
        self.public = {j: suite.group.base(secret) for j, secret in self.secrets.items()}
        self.draw = choose.randbytes

    def shares(self, signers: list[int], message: bytes) -> tuple[list[Any], dict[int, int]]:
        rounds = {j: frost.commit(self.suite, j, self.secrets[j], self.draw) for j in signers}
        commitments = [commitment for _, commitment in rounds.values()]
        made = {
            j: frost.sign(self.suite, j, self.secrets[j], nonces, self.key, message, commitments)
            for j, (nonces, _) in rounds.items()
        }
        return commitments, made


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_wrong_shares_are_blamed_on_their_signers(suite: Suite) -> None:
    group = Group(suite, 3, 5)
    commitments, shares = group.shares([1, 2, 5], b"message")
    good = frost.aggregate(suite, group.key, b"message", commitments, shares, group.public)
    assert suite.verify(suite.encode_key(group.key), b"message", good)
    assert not suite.verify(suite.encode_key(group.key), b"other", good)
    for wrong in ([1], [5], [1, 2], [1, 2, 5]):
        spoiled = {j: share + (j in wrong) for j, share in shares.items()}
        with pytest.raises(FaultySignerError) as caught:
            frost.aggregate(suite, group.key, b"message", commitments, spoiled, group.public)
        assert caught.value.identifiers == tuple(wrong)


def test_unusable_commitments_are_refused() -> None:
    group = Group(SUITES[1], 2, 3)
    suite = group.suite
    nonces, own = frost.commit(suite, 1, group.secrets[1], group.draw)
    _, other = frost.commit(suite, 2, group.secrets[2], group.draw)
    _, another = frost.commit(suite, 1, group.secrets[1], group.draw)
    for commitments in ([other], [other, own], [own, own, other], [another, other], []):
        with pytest.raises(UnusableCommitmentsError):
            frost.sign(suite, 1, group.secrets[1], nonces, group.key, b"m", commitments)


def test_nonces_are_not_shown() -> None:
    assert repr(frost.Nonces(hiding=12345, binding=67890)) == "Nonces()"


# --- Curves ---------------------------------------------------------------------------------


# RFC 9496, appendix A.2.
NO_RISTRETTO = """
00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
0100000000000000000000000000000000000000000000000000000000000000
01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20
c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562
c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78
47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24
f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72
87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309
26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371
4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f
de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b
bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042
2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08
f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22
8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731
2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b
3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e
a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220
d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e
8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32
"""


@pytest.mark.parametrize("encoded", NO_RISTRETTO.split())
def test_what_is_no_ristretto_element(encoded: str) -> None:
    assert edwards25519.decode_ristretto(bytes.fromhex(encoded)) is None


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([*SUITES.values()]), st.binary(max_size=70), st.binary(max_size=70))
def test_any_bytes_are_judged(suite: Suite, key: bytes, signature: bytes) -> None:
    """Whatever the bytes: an element or none, a verdict, and no exception."""
    element = suite.group.decode(key)
    assert element is None or suite.group.encode(element) == key
    signature = signature[: suite.signature_size].ljust(suite.signature_size, b"\1")
    good = suite.encode_key(suite.group.base(5))
    assert suite.verify(good, b"", signature) is False


def test_shares_that_hold_are_told_from_those_that_do_not() -> None:
    group = Group(SUITES[3], 2, 2)
    commitments, shares = group.shares([1, 2], b"m")
    session = signing.begin(group.suite, group.key, b"m", commitments)
    assert session is not None
    for commitment in commitments:
        j = commitment.identifier
        good = signing.share_holds(group.suite, session, commitment, group.public[j], shares[j])
        swapped = signing.share_holds(
            group.suite, session, commitment, group.public[3 - j], shares[j]
        )
        assert (good, swapped) == (True, False)
