"""CGGMP21 from key generation to signature, and who is named when somebody cheats.

Most of it with small parameters. One run has the real ones; larger groups are in the campaign.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.backends import ecdsa
from precompiles.backends import secp256k1_group as curve
from precompiles.backends.secp256k1_group import ORDER
from precompiles.threshold.cggmp21 import contract
from precompiles.threshold.cggmp21.protocol import (
    abort,
    auxiliary,
    keygen,
    presign,
    refresh,
    sharing,
    sign,
    wire,
)
from precompiles.threshold.cggmp21.protocol.auxiliary import AuxiliaryInfo
from precompiles.threshold.cggmp21.protocol.faults import (
    BroadcastError,
    FaultyPartyError,
    MisuseError,
    PresigningFailedError,
    ProtocolError,
    SigningFailedError,
    SilentPartyError,
    WireError,
)
from precompiles.threshold.cggmp21.protocol.keygen import KeyShare
from precompiles.threshold.cggmp21.protocol.paillier import PaillierSecret
from precompiles.threshold.cggmp21.protocol.parameters import SMALL, STANDARD, Parameters
from precompiles.threshold.cggmp21.protocol.presign import SigningShare
from precompiles.threshold.cggmp21.protocol.ring_pedersen import generate
from precompiles.threshold.interpolation import lagrange

PRIMES = json.loads((Path(__file__).parent / "vectors" / "safe_primes.json").read_text())
SESSION = b"a session id that all parties agreed on"
DIGEST = bytes(range(32))
GOOD_POINT = b"\2" + bytes(31) + b"\1"  # x = 1 is on the curve.
NO_POINT = b"\2" + (5).to_bytes(32, "big")

Change = Callable[[int, Any], Any]
"""What an attacker does to messages: sender and message in, another message out."""


def primes(parameters: Parameters, party: int) -> tuple[int, int]:
    p, q = PRIMES[parameters.name][party - 1]
    return int(p, 16), int(q, 16)


def honest(_: int, message: Any) -> Any:
    return message


def sent(states: Mapping[int, Any], change: Change = honest) -> dict[int, Any]:
    """Every message as it is after it has been bytes."""
    messages = {party: change(party, state.message) for party, state in states.items()}
    return {
        party: wire.from_bytes(type(message), wire.to_bytes(message))
        for party, message in messages.items()
    }


def only(cheater: int, change: Callable[[Any], Any]) -> Change:
    return lambda party, message: change(message) if party == cheater else message


def dealt(shares: Mapping[int, Mapping[int, int]], to: int) -> dict[int, int]:
    return {dealer: each[to] for dealer, each in shares.items() if dealer != to}


def make_key(
    parties: Sequence[int],
    threshold: int,
    seed: int = 1,
    one: Change = honest,
    two: Change = honest,
    three: Change = honest,
    deal: Callable[[int, int, int], int] = lambda dealer, to, share: share,
) -> dict[int, KeyShare]:
    draw = random.Random(seed).randbytes
    begun = {each: keygen.begin(SESSION, each, parties, threshold, draw) for each in parties}
    first = sent(begun, one)
    opened, shares = {}, {}
    for party in parties:
        opened[party], given = keygen.open_commitment(begun[party], first)
        shares[party] = {to: deal(party, to, share) for to, share in given.items()}
    second = sent(opened, two)
    proven = {each: keygen.prove(opened[each], second, dealt(shares, each)) for each in parties}
    third = sent(proven, three)
    return {each: keygen.finish(proven[each], third) for each in parties}


@dataclass(frozen=True, kw_only=True)
class AuxiliaryRun:
    """The states of all parties after each round, all of them honest."""

    begun: dict[int, auxiliary.Begun]
    opened: dict[int, auxiliary.Opened]
    proven: dict[int, auxiliary.Proven]

    def finish(self) -> dict[int, AuxiliaryInfo]:
        third = sent(self.proven)
        return {party: auxiliary.finish(state, third) for party, state in self.proven.items()}


def make_auxiliary(parties: Sequence[int], parameters: Parameters) -> AuxiliaryRun:
    draw = random.Random(2).randbytes
    begun = {
        each: auxiliary.begin(
            SESSION, each, parties, primes(parameters, each), draw, parameters, True
        )
        for each in parties
    }
    opened = {each: auxiliary.open_commitment(begun[each], sent(begun)) for each in parties}
    proven = {each: auxiliary.prove(opened[each], sent(opened), draw) for each in parties}
    return AuxiliaryRun(begun=begun, opened=opened, proven=proven)


def trusted_auxiliary(parties: Sequence[int], parameters: Parameters) -> dict[int, AuxiliaryInfo]:
    """What the protocol of `auxiliary` ends with, without its proofs, which take long."""
    draw = random.Random(3).randbytes
    secrets = {}
    for party in parties:
        p, q = primes(parameters, party)
        secrets[party] = PaillierSecret(p=p, q=q)
    public = {party: generate(secret, draw)[0] for party, secret in secrets.items()}
    return {
        party: AuxiliaryInfo(
            party=party, parameters=parameters, secret=secrets[party], public=public
        )
        for party in parties
    }


@dataclass(frozen=True, kw_only=True)
class Run:
    """The states of all signers after each round of presigning, all of them honest."""

    begun: dict[int, presign.Begun]
    multiplied: dict[int, presign.Multiplied]
    shown: dict[int, presign.Shown]

    def finish(self) -> dict[int, SigningShare]:
        third = sent(self.shown)
        return {party: presign.finish(state, third) for party, state in self.shown.items()}


def make_presignature(
    shares: Mapping[int, KeyShare],
    auxiliaries: Mapping[int, AuxiliaryInfo],
    signers: Sequence[int],
) -> Run:
    draw = random.Random(4).randbytes
    begun = {
        each: presign.begin(SESSION, shares[each], auxiliaries[each], signers, draw)
        for each in signers
    }
    multiplied = {each: presign.multiply(begun[each], sent(begun), draw) for each in signers}
    shown = {each: presign.show(multiplied[each], sent(multiplied), draw) for each in signers}
    return Run(begun=begun, multiplied=multiplied, shown=shown)


@pytest.fixture(scope="module")
def key_2_of_3() -> dict[int, KeyShare]:
    return make_key((1, 2, 3), 2)


@pytest.fixture(scope="module")
def small() -> dict[int, AuxiliaryInfo]:
    return trusted_auxiliary((1, 2, 3), SMALL)


@pytest.fixture(scope="module")
def run(key_2_of_3: dict[int, KeyShare], small: dict[int, AuxiliaryInfo]) -> Run:
    """Parties 1 and 2 of three."""
    return make_presignature(key_2_of_3, small, (1, 2))


def check_signature(shares: Mapping[int, SigningShare], digest: bytes = DIGEST) -> None:
    """The signature holds, here and at 0x0802, which finds every share right."""
    sigmas = {party: sign.sign(share, digest) for party, share in shares.items()}
    signatures = {sign.combine(share, digest, sigmas) for share in shares.values()}
    assert len(signatures) == 1
    assert len({presign.fingerprint(share) for share in shares.values()}) == 1
    share = next(iter(shares.values()))
    assert contract.verify(None, share.public_key, digest, signatures.pop())
    presignature = share.presignature
    points = [[curve.encode(each) for each in pair] for pair in presignature.shares]
    rbars, ss = [each[0] for each in points], [each[1] for each in points]
    nonce = curve.encode(presignature.nonce)
    listed = [sigmas[party] for party in share.signers]
    assert contract.verify_presignature(None, share.public_key, nonce, rbars, ss)
    assert contract.blame(None, digest, nonce, rbars, ss, listed) == []


# --- Key generation -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parties", "threshold"), [((1,), 1), ((1, 2), 2), ((1, 2, 3), 2), ((2, 5, 9, 150), 4)]
)
def test_shares_fit_the_key(parties: tuple[int, ...], threshold: int) -> None:
    shares = make_key(parties, threshold)
    (commitments,) = {share.commitments for share in shares.values()}
    assert len(commitments) == threshold
    for party, share in shares.items():
        public = sharing.public_share(commitments, party)
        assert curve.equal(public, curve.base(share.secret))
    secret = sum(
        shares[each].secret * lagrange(parties[:threshold], each, ORDER)
        for each in parties[:threshold]
    )
    key = curve.base(secret % ORDER)
    assert key is not None
    assert {share.public_key for share in shares.values()} == {curve.encode(key)}
    assert len({share.chain_code for share in shares.values()}) == 1


@pytest.mark.parametrize(
    ("round_name", "change"),
    [
        ("one", lambda m: replace(m, commitment=bytes(32))),
        ("two", lambda m: replace(m, blinding=bytes(32))),
        ("two", lambda m: replace(m, contribution=bytes(32))),
        ("two", lambda m: replace(m, announced=m.coefficients[0])),
        ("two", lambda m: replace(m, coefficients=m.coefficients[::-1])),
        ("three", lambda m: replace(m, answer=m.answer + 1)),
        ("three", lambda m: replace(m, answer=-1)),
    ],
)
def test_a_cheater_in_key_generation_is_named(
    round_name: str, change: Callable[[Any], Any]
) -> None:
    with pytest.raises(FaultyPartyError) as caught:
        make_key((1, 2, 3), 2, **{round_name: only(3, change)})
    assert caught.value.party == 3


def test_a_consistent_lie_in_key_generation_is_named() -> None:
    """Commitments that fit their opening but are no points, or of another degree."""

    def lying(state: keygen.Begun, coefficients: tuple[bytes, ...]) -> keygen.Begun:
        opening = replace(state.opening, coefficients=coefficients)
        commitment = keygen.commitment_to(state.session, state.party, opening)
        return replace(state, opening=opening, message=keygen.Commitment(commitment=commitment))

    draw = random.Random(6).randbytes
    good = [keygen.begin(SESSION, party, (1, 2), 2, draw) for party in (1, 2)]
    first = good[1].opening.coefficients
    for coefficients in (first[:1], (*first, first[0]), (first[0], NO_POINT), (first[0], b"")):
        states = {1: good[0], 2: lying(good[1], coefficients)}
        opened = {
            party: keygen.open_commitment(state, sent(states))[0] for party, state in states.items()
        }
        with pytest.raises(FaultyPartyError) as caught:
            keygen.prove(opened[1], sent(opened), {2: 1})
        assert caught.value.party == 2


def test_a_false_share_names_its_dealer() -> None:
    for bad in (lambda share: share + 1, lambda share: share + ORDER, lambda share: -1):
        with pytest.raises(FaultyPartyError) as caught:
            make_key(
                (1, 2, 3), 2,
                deal=lambda dealer, to, share, bad=bad: bad(share) if (dealer, to) == (2, 3)
                else share,
            )  # fmt: skip
        assert caught.value.party == 2
        assert "party 3" in caught.value.reason


def test_different_broadcasts_are_noticed() -> None:
    """Party 2 commits to one thing towards 1 and to another towards 3."""
    draw = random.Random(8).randbytes
    parties = (1, 2, 3)
    begun = {each: keygen.begin(SESSION, each, parties, 2, draw) for each in parties}
    other = keygen.begin(SESSION, 2, parties, 2, draw)
    first = sent(begun)
    opened = {
        each: keygen.open_commitment(
            begun[each], {**first, 2: other.message} if each == 3 else first
        )
        for each in parties
    }
    messages = {each: state.message for each, (state, _) in opened.items()}
    shares = {each: given for each, (_, given) in opened.items()}
    with pytest.raises(BroadcastError) as caught:
        keygen.prove(opened[1][0], messages, dealt(shares, 1))
    assert caught.value.party == 3


def test_silence_is_named() -> None:
    draw = random.Random(8).randbytes
    state = keygen.begin(SESSION, 1, (1, 2, 3), 2, draw)
    with pytest.raises(SilentPartyError) as caught:
        keygen.open_commitment(state, {2: state.message})
    assert caught.value.parties == (3,)
    with pytest.raises(MisuseError):
        keygen.open_commitment(state, {2: state.message, 3: state.message, 4: state.message})


@pytest.mark.parametrize(
    ("party", "parties", "threshold"),
    [(1, (1, 2), 3), (1, (1, 2), 0), (3, (1, 2), 2), (1, (2, 1), 2), (1, (1, 1, 2), 2),
     (0, (0, 1), 2), (1, (1, 151), 2)],
)  # fmt: skip
def test_misuse_of_key_generation(party: int, parties: tuple[int, ...], threshold: int) -> None:
    with pytest.raises(MisuseError):
        keygen.begin(SESSION, party, parties, threshold, random.Random(0).randbytes)


def test_sessions_do_not_mix() -> None:
    """A proof for one session does not serve in another: the chain code alone differs."""
    draw = random.Random(9).randbytes
    first = {each: keygen.begin(b"one", each, (1, 2), 2, draw) for each in (1, 2)}
    second = keygen.begin(b"two", 2, (1, 2), 2, draw)
    opened, _ = keygen.open_commitment(first[1], {2: second.message})
    other, _ = keygen.open_commitment(second, {1: first[1].message})
    with pytest.raises(FaultyPartyError):
        keygen.prove(opened, {2: other.message}, {2: 1})


# --- Auxiliary information ------------------------------------------------------------------


@pytest.fixture(scope="module")
def auxiliary_run() -> AuxiliaryRun:
    return make_auxiliary((1, 2), SMALL)


def test_auxiliary_information_with_two_parties(auxiliary_run: AuxiliaryRun) -> None:
    made = auxiliary_run.finish()
    assert made[1].public == made[2].public
    for party, info in made.items():
        assert info.public[party].modulus == info.secret.modulus


@pytest.mark.parametrize(
    ("round_name", "change", "reason"),
    [
        ("two", lambda m: replace(m, blinding=bytes(32)), "opened another commitment"),
        ("two", lambda m: replace(m, public=replace(m.public, s=4)), "opened another commitment"),
        ("three", lambda m: replace(m, modulus=replace(m.modulus, w=4)), "its modulus"),
        ("three", lambda m: replace(m, factors={}), "its factors are large"),
        (
            "three",
            lambda m: replace(m, factors={1: replace(m.factors[1], v=m.factors[1].v + 1)}),
            "its factors are large",
        ),
    ],
)
def test_a_cheater_in_auxiliary_information_is_named(
    auxiliary_run: AuxiliaryRun, round_name: str, change: Callable[[Any], Any], reason: str
) -> None:
    draw = random.Random(2).randbytes
    opened, proven = auxiliary_run.opened, auxiliary_run.proven
    cheating = only(2, change)
    steps = {
        "two": lambda: auxiliary.prove(opened[1], sent(opened, cheating), draw),
        "three": lambda: auxiliary.finish(proven[1], sent(proven, cheating)),
    }
    with pytest.raises(FaultyPartyError, match=reason) as caught:
        steps[round_name]()
    assert caught.value.party == 2


@pytest.mark.parametrize("lie", ["s is no power", "modulus of another", "short modulus"])
def test_a_consistent_lie_about_ring_pedersen_is_named(
    auxiliary_run: AuxiliaryRun, lie: str
) -> None:
    draw = random.Random(2).randbytes
    begun = dict(auxiliary_run.begun)
    public = begun[2].opening.public
    if lie == "s is no power":
        public = replace(public, s=public.modulus - public.s)
    elif lie == "modulus of another":
        public = begun[1].opening.public
    else:
        public = replace(public, modulus=primes(SMALL, 2)[0])
    opening = replace(begun[2].opening, public=public)
    commitment = auxiliary.commitment_to(begun[2].session, 2, opening)
    message = auxiliary.Commitment(commitment=commitment)
    begun[2] = replace(begun[2], opening=opening, message=message)
    opened = {each: auxiliary.open_commitment(begun[each], sent(begun)) for each in (1, 2)}
    with pytest.raises(FaultyPartyError) as caught:
        auxiliary.prove(opened[1], sent(opened), draw)
    assert caught.value.party == 2


def test_small_parameters_and_bad_primes_are_refused() -> None:
    draw = random.Random(0).randbytes
    p, q = primes(SMALL, 1)
    with pytest.raises(MisuseError, match="insecure"):
        auxiliary.begin(SESSION, 1, (1, 2), (p, q), draw, SMALL)
    with pytest.raises(MisuseError, match="2048 bits"):
        auxiliary.begin(SESSION, 1, (1, 2), (p, q), draw)
    with pytest.raises(MisuseError):
        auxiliary.begin(SESSION, 1, (1, 2), (p, p), draw, SMALL, True)


# --- Presigning and signing -----------------------------------------------------------------


def test_two_of_three_sign(run: Run) -> None:
    check_signature(run.finish())


def test_a_child_key_signs(
    key_2_of_3: dict[int, KeyShare], small: dict[int, AuxiliaryInfo]
) -> None:
    shares = {party: keygen.child_share(share, [44, 7]) for party, share in key_2_of_3.items()}
    made = make_presignature(shares, small, (1, 2)).finish()
    assert made[1].public_key != key_2_of_3[1].public_key
    check_signature(made)


def test_a_false_signature_share_is_named(run: Run) -> None:
    shares = run.finish()
    sigmas = {party: sign.sign(share, DIGEST) for party, share in shares.items()}
    for bad in (sigmas[2] + 1, ORDER, ORDER - sigmas[2], sign.sign(shares[2], bytes(32))):
        with pytest.raises(SigningFailedError) as caught:
            sign.combine(shares[1], DIGEST, {**sigmas, 2: bad})
        assert caught.value.culprits == (2,)
    with pytest.raises(SilentPartyError):
        sign.combine(shares[1], DIGEST, {1: sigmas[1]})
    with pytest.raises(MisuseError):
        sign.sign(shares[1], b"short")
    key = curve.parse(shares[1].public_key)
    assert key is not None
    assert ecdsa.verify(key, DIGEST, sign.combine(shares[1], DIGEST, sigmas)[:64])


def swapped(products: Any) -> Any:
    return replace(products, by_mask=products.by_key, by_key=products.by_mask)


@pytest.mark.parametrize(
    ("round_name", "change", "reason"),
    [
        ("one", lambda m: replace(m, nonce=m.nonce + 1), "its nonce in range"),
        ("one", lambda m: replace(m, mask=0), "no ciphertext"),
        ("one", lambda m: replace(m, proofs={}), "its nonce in range"),
        ("two", swapped, "its product by mask"),
        ("two", lambda m: replace(m, by_key={}), "did not multiply"),
        ("two", lambda m: replace(m, by_key=m.by_mask), "its product by key"),
        # One for itself would let it shift its delta, and prove that shift in `abort`.
        ("two", lambda m: replace(m, by_mask={**m.by_mask, 2: m.by_mask[1]}), "did not multiply"),
        ("two", lambda m: replace(m, by_key={**m.by_key, 2: m.by_key[1]}), "did not multiply"),
        ("two", lambda m: replace(m, mask_point=NO_POINT), "no point"),
        ("two", lambda m: replace(m, proofs={}), "its mask point"),
        ("three", lambda m: replace(m, nonce_point=m.share_point), "its nonce point"),
        ("three", lambda m: replace(m, share_point=b""), "no point"),
        ("three", lambda m: replace(m, delta=ORDER), "no scalar"),
        ("three", lambda m: replace(m, proofs={}), "its nonce point"),
    ],
)
def test_a_cheater_in_presigning_is_named_at_once(
    run: Run, round_name: str, change: Callable[[Any], Any], reason: str
) -> None:
    draw = random.Random(5).randbytes
    cheating = only(2, change)
    steps = {
        "one": lambda: presign.multiply(run.begun[1], sent(run.begun, cheating), draw),
        "two": lambda: presign.show(run.multiplied[1], sent(run.multiplied, cheating), draw),
        "three": lambda: presign.finish(run.shown[1], sent(run.shown, cheating)),
    }
    with pytest.raises(FaultyPartyError, match=reason) as caught:
        steps[round_name]()
    assert caught.value.party == 2


def test_a_third_party_can_judge_a_complaint(run: Run) -> None:
    """With the broadcasts alone: here from the state of 2, about what 2 sent to 1."""
    rounds: list[tuple[Any, Any, Callable[..., None]]] = [
        (run.begun[2], "nonce", presign.check_encryptions),
        (run.multiplied[2], "mask_point", presign.check_products),
        (run.shown[2], "nonce_point", presign.check_parts),
    ]
    for state, name, check in rounds:
        check(state, 2, 1, state.message)
        other = NO_POINT if "point" in name else state.message.nonce + 1
        with pytest.raises(FaultyPartyError):
            check(state, 2, 1, replace(state.message, **{name: other}))
        with pytest.raises(FaultyPartyError):
            check(state, 2, 1, replace(state.message, proofs={}))


NASTY = [0, -1, 1, ORDER, int(PRIMES["small"][0][0], 16), int(PRIMES["small"][1][0], 16)]


def spoilt(message: Any, choose: random.Random) -> Any:
    """The message with one number, point or part somewhere in it replaced."""
    # Another ciphertext of a mask is as good as the first, until round 2 has to fit it.
    names = [each for each in message.__dataclass_fields__ if each != "mask"]
    name = choose.choice(names)
    value = getattr(message, name)
    if isinstance(value, Mapping):
        party = choose.choice(list(value))
        return replace(message, **{name: {**value, party: spoilt(value[party], choose)}})
    if hasattr(value, "__dataclass_fields__"):
        return replace(message, **{name: spoilt(value, choose)})
    if isinstance(value, bytes):
        return replace(message, **{name: choose.choice([b"", NO_POINT, double(GOOD_POINT)])})
    return replace(message, **{name: choose.choice(NASTY)})


def test_spoilt_messages_are_faults_and_nothing_else(run: Run) -> None:
    """Factors of the moduli among them, which have no inverse."""
    choose = random.Random(99)
    draw = random.Random(5).randbytes
    steps: list[tuple[Mapping[int, Any], Callable[[dict[int, Any]], Any]]] = [
        (run.begun, lambda found: presign.multiply(run.begun[1], found, draw)),
        (run.multiplied, lambda found: presign.show(run.multiplied[1], found, draw)),
        (run.shown, lambda found: presign.finish(run.shown[1], found)),
    ]
    defence = abort.prove(run.shown[2], draw)
    for _ in range(12):
        for states, step in steps:
            changed = only(2, lambda message: spoilt(message, choose))
            with pytest.raises((FaultyPartyError, BroadcastError, PresigningFailedError)):
                step(sent(states, changed))
        name = choose.choice(["delta", "share"])
        bad = replace(defence, **{name: {1: spoilt(getattr(defence, name)[1], choose)}})
        assert list(abort.culprits(run.shown[1], sent(run.shown), {2: bad})) == [2]


def double(encoded: bytes) -> bytes:
    point = curve.multiply(curve.parse(encoded), 2)
    assert point is not None
    return curve.encode(point)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: replace(m, delta=(m.delta + 1) % ORDER), "its delta"),
        (lambda m: replace(m, share_point=double(m.share_point)), "its S"),
        (lambda m: replace(m, delta=0), "its delta"),
    ],
)
def test_a_wrong_sum_is_traced_to_its_maker(
    run: Run, change: Callable[[Any], Any], reason: str
) -> None:
    third = sent(run.shown, only(2, change))
    with pytest.raises(PresigningFailedError):
        presign.finish(run.shown[1], third)
    draw = random.Random(12).randbytes
    # The cheater defends what it published; it has no better way than the honest algorithm.
    shown = {1: run.shown[1], 2: replace(run.shown[2], message=third[2])}
    defences = {party: abort.prove(state, draw) for party, state in shown.items()}
    assert abort.culprits(shown[2], third, defences) == {}  # Nobody can blame the honest one.
    found = abort.culprits(shown[1], third, defences)
    assert list(found) == [2]
    assert found[2].endswith(reason)
    assert abort.culprits(shown[1], third, {1: defences[1]}) == {2: "did not defend its part"}
    empty = replace(defences[2], delta={}, share={})
    assert abort.culprits(shown[1], third, {2: empty}) == {2: "did not prove its delta"}


def test_nobody_is_blamed_when_all_is_well(run: Run) -> None:
    shown, third = run.shown, sent(run.shown)
    draw = random.Random(12).randbytes
    defences = {party: abort.prove(state, draw) for party, state in shown.items()}
    assert abort.culprits(shown[1], third, defences) == {}
    swapped_defence = {1: defences[1], 2: defences[1]}
    assert list(abort.culprits(shown[1], third, swapped_defence)) == [2]
    with pytest.raises(MisuseError):
        abort.culprits(shown[1], {}, defences)


def test_misuse_of_presigning(
    key_2_of_3: dict[int, KeyShare], small: dict[int, AuxiliaryInfo]
) -> None:
    draw = random.Random(0).randbytes
    for share, info, signers in (
        (1, 2, (1, 2)), (1, 1, (1,)), (1, 1, (2, 3)), (1, 1, (1, 4)), (1, 1, (2, 1)),
    ):  # fmt: skip
        with pytest.raises(MisuseError):
            presign.begin(SESSION, key_2_of_3[share], small[info], signers, draw)


# --- Refresh --------------------------------------------------------------------------------


def make_refresh(
    shares: Mapping[int, KeyShare],
    two: Change = honest,
    deal: Callable[[int, int, int], int] = lambda dealer, to, share: share,
) -> dict[int, KeyShare]:
    draw = random.Random(10).randbytes
    begun = {party: refresh.begin(SESSION, share, draw) for party, share in shares.items()}
    opened, given = {}, {}
    for party, state in begun.items():
        opened[party], out = refresh.open_commitment(state, sent(begun))
        given[party] = {to: deal(party, to, share) for to, share in out.items()}
    second = sent(opened, two)
    moved = {party: refresh.move(opened[party], second, dealt(given, party)) for party in shares}
    return {party: refresh.finish(state, sent(moved)) for party, state in moved.items()}


def test_refresh_moves_the_shares_and_keeps_the_key(
    key_2_of_3: dict[int, KeyShare], small: dict[int, AuxiliaryInfo]
) -> None:
    moved = make_refresh(key_2_of_3)
    for party, share in moved.items():
        old = key_2_of_3[party]
        assert share.public_key == old.public_key
        assert share.commitments[1:] != old.commitments[1:]
        assert share.secret != old.secret
        assert share.epoch == 1
        public = sharing.public_share(share.commitments, party)
        assert curve.equal(public, curve.base(share.secret))
    # An old share with a new one is worth nothing.
    mixed = key_2_of_3[1].secret * lagrange((1, 2), 1, ORDER)
    mixed += moved[2].secret * lagrange((1, 2), 2, ORDER)
    key = curve.parse(moved[1].public_key)
    assert not curve.equal(curve.base(mixed % ORDER), key)
    check_signature(make_presignature(moved, small, (1, 3)).finish())


@pytest.mark.parametrize(
    "change",
    [
        lambda m: replace(m, coefficients=()),
        lambda m: replace(m, blinding=bytes(32)),
        lambda m: replace(m, coefficients=(NO_POINT,)),
    ],
)
def test_a_cheater_in_refresh_is_named(
    key_2_of_3: dict[int, KeyShare], change: Callable[[Any], Any]
) -> None:
    with pytest.raises(FaultyPartyError) as caught:
        make_refresh(key_2_of_3, two=only(3, change))
    assert caught.value.party == 3


def test_shares_of_something_else_than_zero_name_their_dealer(
    key_2_of_3: dict[int, KeyShare],
) -> None:
    with pytest.raises(FaultyPartyError) as caught:
        make_refresh(key_2_of_3, deal=lambda dealer, to, share: share + (dealer == 2))
    assert caught.value.party == 2


# --- With the real sizes --------------------------------------------------------------------


def test_two_of_three_with_standard_parameters(key_2_of_3: dict[int, KeyShare]) -> None:
    auxiliaries = trusted_auxiliary((1, 2, 3), STANDARD)
    check_signature(make_presignature(key_2_of_3, auxiliaries, (1, 3)).finish())


@pytest.mark.campaign
def test_auxiliary_information_with_standard_parameters() -> None:
    parties = (1, 2, 3)
    auxiliaries = make_auxiliary(parties, STANDARD).finish()
    shares = make_key(parties, 3)
    check_signature(make_presignature(shares, auxiliaries, parties).finish())


@pytest.mark.campaign
def test_colluders_are_found_by_the_third() -> None:
    """Party 2 sends 3 a wrong product, which 3 says nothing of: 1 finds both."""
    parties = (1, 2, 3)
    shares, auxiliaries = make_key(parties, 3), trusted_auxiliary(parties, SMALL)

    def wrong(message: presign.Products) -> presign.Products:
        product = message.by_mask[3]
        changed = replace(product, result=product.result * 4 % auxiliaries[3].secret.modulus ** 2)
        return replace(message, by_mask={**message.by_mask, 3: changed})

    draw = random.Random(14).randbytes
    begun = {
        each: presign.begin(SESSION, shares[each], auxiliaries[each], parties, draw)
        for each in parties
    }
    multiplied = {each: presign.multiply(begun[each], sent(begun), draw) for each in parties}
    second = sent(multiplied, only(2, wrong))
    multiplied[2] = replace(multiplied[2], message=second[2])
    colluding = pytest.MonkeyPatch()
    check = presign.check_products

    def blind(
        state: presign.Multiplied, party: int, verifier: int, message: presign.Products
    ) -> None:
        if verifier != 3:
            check(state, party, verifier, message)

    colluding.setattr(presign, "check_products", blind)
    shown = {each: presign.show(multiplied[each], second, draw) for each in parties}
    colluding.undo()
    third = sent(shown)
    with pytest.raises(PresigningFailedError):
        presign.finish(shown[1], third)
    defences = {each: abort.prove(shown[each], draw) for each in parties}
    found = abort.culprits(shown[1], third, defences)
    # 3 took part: it let pass what it should have refused, and cannot prove what came of it.
    assert found[2] == "did not prove its product by mask for party 3"
    assert list(found) == [2, 3]


# --- Messages as bytes ----------------------------------------------------------------------


def test_a_message_has_one_encoding(run: Run, auxiliary_run: AuxiliaryRun) -> None:
    for state in (run.begun[1], run.multiplied[1], run.shown[1], auxiliary_run.proven[1]):
        message = state.message
        data = wire.to_bytes(message)
        assert wire.from_bytes(type(message), data) == message
        for bad in (b"", data[:-1], data + b"\0", data[1:], b"x" + data[1:]):
            with pytest.raises(WireError):
                wire.from_bytes(type(message), bad)
        with pytest.raises(WireError):
            wire.from_bytes(keygen.Proof, data)


@dataclass(frozen=True, kw_only=True)
class Pair:
    number: int
    truth: bool


@pytest.mark.parametrize(
    "data",
    [
        wire.to_bytes(Pair(number=5, truth=True)).replace(b"+\0\0\0\1\5", b"+\0\0\0\2\0\5"),
        wire.to_bytes(Pair(number=0, truth=True)).replace(b"+\0\0\0\0", b"-\0\0\0\0"),
        wire.to_bytes(Pair(number=5, truth=True)).replace(b"?\0\0\0\1\1", b"?\0\0\0\1\2"),
        wire.to_bytes(Pair(number=5, truth=True)).replace(b"?\0\0\0\1\1", b"+\0\0\0\1\1"),
        wire.to_bytes(Pair(number=5, truth=True)).replace(b"Pair", b"Pear"),
        wire.to_bytes(Pair(number=5, truth=True)).replace(b"+", b"l"),
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    assert wire.from_bytes(Pair, wire.to_bytes(Pair(number=5, truth=True))).number == 5
    with pytest.raises(WireError):
        wire.from_bytes(Pair, data)


@settings(max_examples=200)
@given(st.data())
def test_any_bytes_are_a_message_or_refused(run: Run, data: st.DataObject) -> None:
    message = run.shown[1].message
    spoiled = bytearray(wire.to_bytes(message))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[position] = data.draw(st.integers(0, 255))
    try:
        found = wire.from_bytes(presign.Parts, bytes(spoiled))
    except WireError:
        return
    assert wire.to_bytes(found) == bytes(spoiled)


def test_every_error_is_one_of_the_protocols() -> None:
    for each in (
        BroadcastError(1), FaultyPartyError(1, "x"), MisuseError("x"), SilentPartyError([1]),
        WireError("x"),
        PresigningFailedError("x"), SigningFailedError([1]),
    ):  # fmt: skip
        assert isinstance(each, ProtocolError)
        assert str(each)
