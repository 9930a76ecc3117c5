"""Making keys, refreshing and repairing shares: as ZcashFoundation/frost does, and who is blamed.

`vectors/frost_dkg.json` holds its published vectors.
"""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from precompiles.threshold.frost.suites import SUITES, Suite
from precompiles.threshold.protocols import dkg, shamir, taproot
from precompiles.threshold.protocols.dkg import Announcement, MemberKey, Terms

PUBLISHED = json.loads((Path(__file__).parent / "vectors" / "frost_dkg.json").read_text())
NUMBERS = sorted(SUITES)


def scalar(suite: Suite, encoded: str) -> int:
    value = suite.parse_scalar(bytes.fromhex(encoded))
    assert value is not None
    return value


def announced(member: dict[str, Any]) -> Announcement:
    return Announcement(
        identifier=member["identifier"],
        commitments=tuple(bytes.fromhex(each) for each in member["commitments"]),
        proof=bytes.fromhex(member["proof"]),
    )


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda each: f"suite-{each['suite']}")
def test_published_key_generation(published: dict[str, Any]) -> None:
    suite = SUITES[published["suite"]]
    terms = Terms(suite=suite, threshold=2, members=3)
    announcements = [announced(each) for each in published["members"]]
    dkg.check_announcements(terms, announcements)
    dealings = {
        member["identifier"]: dkg.Dealing(
            identifier=member["identifier"],
            coefficients=(scalar(suite, member["secret"]), scalar(suite, member["coefficient"])),
        )
        for member in published["members"]
    }
    for member in published["members"]:
        identifier = member["identifier"]
        dealing = dealings[identifier]
        assert dkg.announce(terms, dealing, 5).commitments == announced(member).commitments
        received = {
            int(dealer): scalar(suite, share) for dealer, share in member["received"].items()
        }
        for dealer, share in received.items():
            assert dkg.share_for(terms, dealings[dealer], identifier) == share
        received[identifier] = dkg.share_for(terms, dealing, identifier)
        key = dkg.finish(terms, identifier, announcements, received)
        assert key.public_key.hex() == published["public_key"]
        if "secret_share" in member:
            assert key.share == scalar(suite, member["secret_share"])
        public_share = suite.group.encode(key.public_share(identifier))
        assert public_share.hex() == member["public_share"]


def generate(number: int, threshold: int, members: int, seed: int = 0) -> list[MemberKey]:
    terms = Terms(suite=SUITES[number], threshold=threshold, members=members)
    draw = random.Random(seed).randbytes
    dealt = [dkg.deal(terms, each, draw) for each in range(1, members + 1)]
    announcements = [announcement for _, announcement in dealt]
    dkg.check_announcements(terms, announcements)
    return [
        dkg.finish(
            terms,
            receiver,
            announcements,
            {each.identifier: dkg.share_for(terms, each, receiver) for each, _ in dealt},
        )
        for receiver in range(1, members + 1)
    ]


def secret_of(keys: list[MemberKey]) -> int:
    return shamir.recover({key.identifier: key.share for key in keys}, order_of(keys[0]))


def order_of(key: MemberKey) -> int:
    return key.terms.suite.group.order


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("threshold", "members"), [(1, 1), (1, 2), (2, 2), (2, 3)])
def test_shares_belong_to_the_key(number: int, threshold: int, members: int) -> None:
    keys = generate(number, threshold, members)
    suite = keys[0].terms.suite
    assert len({key.commitments for key in keys}) == 1
    secret = secret_of(keys[-threshold:])
    assert suite.group.encode(suite.group.base(secret)) == keys[0].public_key
    for key in keys:
        shown = suite.group.encode(keys[0].public_share(key.identifier))
        assert suite.group.encode(suite.group.base(key.share)) == shown
    if threshold > 1:
        assert secret_of(keys[: threshold - 1]) != secret


@pytest.mark.parametrize("number", NUMBERS)
def test_whoever_announces_wrongly_is_named(number: int) -> None:
    terms = Terms(suite=SUITES[number], threshold=2, members=3)
    draw = random.Random(number).randbytes
    _, good = dkg.deal(terms, 2, draw)
    _, other = dkg.deal(terms, 3, draw)
    flipped = bytes([good.proof[-1] ^ 1])
    no_element = b"\xff" * len(good.commitments[0])
    for wrong in (
        replace(good, commitments=good.commitments[:1]),
        replace(good, commitments=(*good.commitments, good.commitments[0])),
        replace(good, commitments=(good.commitments[0], no_element)),
        replace(good, commitments=other.commitments),
        replace(good, commitments=good.commitments[::-1]),
        replace(good, identifier=1),
        replace(good, proof=other.proof),
        replace(good, proof=good.proof[:-1] + flipped),
        replace(good, proof=good.proof[:-1]),
        replace(good, proof=b""),
        replace(good, proof=good.proof + b"\0"),
        replace(good, proof=good.proof[:-32] + b"\xff" * 32),
    ):
        with pytest.raises(dkg.FaultyMemberError) as caught:
            dkg.check_announcements(terms, [other, wrong])
        assert caught.value.identifier == wrong.identifier
    with pytest.raises(dkg.FaultyMemberError, match="twice"):
        dkg.check_announcements(terms, [good, other, good])


@pytest.mark.parametrize("number", NUMBERS)
def test_a_wrong_share_convicts_its_dealer_and_a_false_complaint_does_not(number: int) -> None:
    terms = Terms(suite=SUITES[number], threshold=2, members=3)
    order = terms.suite.group.order
    draw = random.Random(number).randbytes
    dealt = {each: dkg.deal(terms, each, draw) for each in (1, 2, 3)}
    announcements = [announcement for _, announcement in dealt.values()]
    shares = {each: dkg.share_for(terms, dealing, 1) for each, (dealing, _) in dealt.items()}
    for wrong in ((shares[3] + 1) % order, shares[2], 0, shares[3] + order, -1):
        with pytest.raises(dkg.WrongShareError) as caught:
            dkg.finish(terms, 1, announcements, {**shares, 3: wrong})
        assert (caught.value.dealer, caught.value.share) == (3, wrong)
        assert not dkg.share_holds(terms, announcements[2], 1, wrong)
    assert dkg.share_holds(terms, announcements[2], 1, shares[3])
    without = [dkg.finish(terms, each, announcements[:2],
                          {d: dkg.share_for(terms, dealt[d][0], each) for d in (1, 2)})
               for each in (1, 2, 3)]  # fmt: skip
    assert secret_of(without[:2]) == secret_of(without[1:])
    for bad in ({1: shares[1]}, {**shares, 4: 1}, {}):
        with pytest.raises(ValueError, match="share"):
            dkg.finish(terms, 1, announcements, bad)


@pytest.mark.parametrize("number", NUMBERS)
def test_refreshed_shares_keep_the_key(number: int) -> None:
    keys = generate(number, 2, 3)
    terms = keys[0].terms
    draw = random.Random(7).randbytes
    dealt = [dkg.deal_refresh(terms, each, draw) for each in (1, 2, 3)]
    announcements = [announcement for _, announcement in dealt]

    def shares(receiver: int) -> dict[int, int]:
        return {each.identifier: dkg.share_for(terms, each, receiver) for each, _ in dealt}

    fresh = [dkg.finish_refresh(key, announcements, shares(key.identifier)) for key in keys]
    assert secret_of(fresh[:2]) == secret_of(fresh[1:]) == secret_of(keys[:2])
    assert secret_of([keys[0], fresh[1]]) != secret_of(keys[:2])
    assert len({key.commitments for key in fresh}) == 1
    for old, new in zip(keys, fresh, strict=True):
        assert old.share != new.share
        group = terms.suite.group
        assert group.encode(new.public_share(new.identifier)) == group.encode(group.base(new.share))
    with pytest.raises(dkg.WrongShareError) as wrong:
        dkg.finish_refresh(keys[0], announcements, {**shares(1), 2: 5})
    assert wrong.value.dealer == 2
    _, moving = dkg.deal(terms, 2, draw)
    with pytest.raises(dkg.FaultyMemberError) as faulty:
        dkg.finish_refresh(keys[0], [announcements[0], moving, announcements[2]], shares(1))
    assert faulty.value.identifier == 2
    with pytest.raises(ValueError, match="each announcement"):
        dkg.finish_refresh(keys[0], announcements, {1: 1})


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lost_share_is_repaired_without_the_key(number: int) -> None:
    keys = generate(number, 2, 4)
    terms, lost = keys[0].terms, 3
    helpers = (1, 2, 4)
    draw = random.Random(3).randbytes
    sent = {
        each: dkg.repair_parts(terms, keys[each - 1].share, each, helpers, lost, draw)
        for each in helpers
    }
    sums = {
        each: dkg.repair_sum(terms, {other: sent[other][each] for other in helpers})
        for each in helpers
    }
    assert dkg.repair(terms, lost, keys[0].commitments, sums) == keys[lost - 1]
    with pytest.raises(dkg.WrongRepairError):
        dkg.repair(terms, lost, keys[0].commitments, {**sums, 1: sums[1] + 1})
    for helper, among, missing in ((1, (1,), 3), (1, (1, 1), 3), (3, (1, 2), 4), (1, (1, 3), 3)):
        with pytest.raises(ValueError, match="help"):
            dkg.repair_parts(terms, 1, helper, among, missing, draw)


def test_published_repair() -> None:
    """ZcashFoundation/frost, frost-ristretto255/tests/repair-share.json: three helpers' sums."""
    suite = SUITES[5]
    terms = Terms(suite=suite, threshold=2, members=3)
    sums = [
        "44260f9f457d96bd0dcdcd9b83c45231bca28ecc5ab52dee9cf59f6b361c520c",
        "9babf5fa9a6ea4bf9486e796115dc767a1bdd27cd2834b6d5f29c988ffebe508",
        "3e62e7461db9ca1ed2f1549a8114bbc87fa9242ce0012ed3f9ac9dcf23f4c30a",
    ]
    total = dkg.repair_sum(terms, {place: scalar(suite, each) for place, each in enumerate(sums)})
    expected = "3060f683e341f3439ea8122a383cf64cdd0986750d3ba72ef6cb06c459fcfb0f"
    assert suite.encode_scalar(total).hex() == expected


@pytest.mark.parametrize("seed", range(4))
def test_tweaked_shares_belong_to_the_tweaked_key(seed: int) -> None:
    """Both parities of the key occur among these seeds; BIP 341: Q = lift_x(P) + t G."""
    keys = generate(2, 2, 3, seed)
    suite = keys[0].terms.suite
    tweaked = [taproot.tweak(key, b"\7" * 32) for key in keys]
    assert secret_of(tweaked[:2]) == secret_of(tweaked[1:])
    output = suite.group.encode(suite.group.base(secret_of(tweaked[:2])))
    assert output == tweaked[0].public_key
    for key in tweaked:
        share = suite.group.encode(suite.group.base(key.share))
        assert share == suite.group.encode(tweaked[0].public_share(key.identifier))
    with pytest.raises(ValueError, match="BIP 340"):
        taproot.tweak(generate(1, 1, 1)[0])


def test_published_tweak() -> None:
    """BIP 341, wallet test vectors, scriptPubKey 1: a key without scripts."""
    internal = "d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d"
    tweak = taproot.tweak_of(SUITES[2], b"\2" + bytes.fromhex(internal))
    assert f"{tweak:064x}" == "b86e7be8f39bab32a6f2c0443abbc210f0edac0e2c53d501b36b64437d9c6c70"


def test_secrets_are_not_shown() -> None:
    key = generate(1, 2, 2)[0]
    dealing, _ = dkg.deal(key.terms, 1, random.Random(1).randbytes)
    assert str(key.share) not in repr(key)
    assert str(dealing.coefficients[0]) not in repr(dealing)


@pytest.mark.parametrize(("threshold", "members"), [(0, 1), (2, 1), (1, 151), (-1, 3)])
def test_impossible_terms_are_refused(threshold: int, members: int) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Terms(suite=SUITES[1], threshold=threshold, members=members)


def test_who_is_no_member_cannot_deal_or_receive() -> None:
    terms = Terms(suite=SUITES[1], threshold=2, members=3)
    draw = random.Random(1).randbytes
    dealing, _ = dkg.deal(terms, 3, draw)
    for stranger in (0, 4, -1):
        with pytest.raises(ValueError, match="not a member"):
            dkg.deal(terms, stranger, draw)
        with pytest.raises(ValueError, match="not a member"):
            dkg.share_for(terms, dealing, stranger)


# --- Shamir ---------------------------------------------------------------------------------


def test_shares_of_a_secret() -> None:
    order = SUITES[1].group.order
    draw = random.Random(4).randbytes
    for secret in (0, 1, order - 1, 12345):
        shares = shamir.split(secret, 3, (1, 5, 9, order - 1), order, draw)
        some = dict(list(shares.items())[1:])
        assert shamir.recover(some, order) == shamir.recover(shares, order) == secret
        assert shamir.recover(some, order, 1) == shares[1]
        assert shamir.recover(dict(list(shares.items())[:2]), order) != secret


def test_shamir_refuses_what_cannot_be() -> None:
    draw = random.Random(4).randbytes
    for holders in ((), (0, 1), (1, 1), (1, 13)):
        with pytest.raises(ValueError, match="holder"):
            shamir.split(1, 1, holders, 13, draw)
    for threshold in (0, 3):
        with pytest.raises(ValueError, match="threshold"):
            shamir.split(1, threshold, (1, 2), 13, draw)
    with pytest.raises(ValueError, match="holders"):
        shamir.recover({0: 1}, 13)
    # Without this, whoever sees few shares would learn what the secret is not.
    assert {shamir.random_scalar(5, random.Random(seed).randbytes) for seed in range(60)} == {
        1, 2, 3, 4,
    }  # fmt: skip
