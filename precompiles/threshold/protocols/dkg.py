"""Distributed key generation for FROST: KG20, figure 1 (ePrint 2020/852), with complaints.

Three steps, pure: bytes and numbers in and out, `draw(size)` gives fresh random bytes.

1. `deal`: everybody announces commitments to a polynomial and a proof that it knows f(0). The
   announcement must reach all members alike: an echo or a chain makes it so.
2. `share_for`: after `check_announcements`, everybody sends each other member its share, privately.
3. `finish`: everybody adds up what it received. A share that does not fit is a `WrongShareError`:
   the receiver publishes it, and whoever has the announcement sees by `share_holds` who lied. All
   then leave out the dealers at fault and finish with the announcements of the others.

`commitments` of the result are what 0x0801 registers. `deal_refresh` and `finish_refresh` give all
members new shares of the same key; `repair_parts`, `repair_sum` and `repair` give back a lost one.
Secrets are numbers in plain sight and nothing is constant in time: for development and tests, or on
a machine that nobody else measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..frost import signing
from ..frost.suites import Element, Suite
from ..interpolation import lagrange
from .shamir import Draw, polynomial, random_scalar, value_at

MEMBERS_MAX = 150


class FaultyMemberError(Exception):
    """A member announced what no honest one does; whoever sees the announcement can repeat it.

    Raised by everybody who checks: leave the member out, or begin anew without it.
    """

    def __init__(self, identifier: int, reason: str) -> None:
        super().__init__(f"member {identifier}: {reason}")
        self.identifier = identifier
        self.reason = reason


class WrongShareError(Exception):
    """A dealer sent this member a share that does not fit, which nobody else has seen.

    Raised by the receiver, who publishes the share and who sent it: by `share_holds` all others
    find the dealer at fault, or the receiver, if the share fits after all.
    """

    def __init__(self, dealer: int, share: int) -> None:
        super().__init__(f"member {dealer} dealt a wrong share")
        self.dealer = dealer
        self.share = share


class WrongRepairError(Exception):
    """The parts do not add up to the lost share. One of the helpers lies; nothing says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all members agree on before they begin. Members are numbered from 1."""

    suite: Suite
    threshold: int
    members: int

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= self.members <= MEMBERS_MAX:
            raise ValueError(f"a threshold of {self.threshold} for {self.members} members")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """A member's polynomial. Secret, and forgotten when the key is made."""

    identifier: int
    coefficients: tuple[int, ...]

    def __repr__(self) -> str:
        """Name the member only."""
        return f"Dealing(identifier={self.identifier})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a member broadcasts: encoded commitments and a proof, empty where none is due."""

    identifier: int
    commitments: tuple[bytes, ...]
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberKey:
    """What a member has in the end: its secret share, and what is public of all of them.

    In the suite of BIP 340 the key may have an odd y; signing takes care of it.
    """

    terms: Terms
    identifier: int
    share: int
    commitments: tuple[bytes, ...]

    def __repr__(self) -> str:
        """Show what is public."""
        return f"MemberKey(identifier={self.identifier}, public_key={self.public_key.hex()})"

    @property
    def public_key(self) -> bytes:
        """Return the encoded element that all shares belong to."""
        return self.commitments[0]

    def public_share(self, identifier: int) -> Element | None:
        """Return what belongs to a member's share, computed from the commitments."""
        return evaluate(self.terms.suite, self.commitments, identifier)


# --- Making a key ---------------------------------------------------------------------------


def deal(terms: Terms, identifier: int, draw: Draw) -> tuple[Dealing, Announcement]:
    """Step 1: return a polynomial to keep and what to announce of it."""
    check_identifier(terms, identifier)
    order = terms.suite.group.order
    secret = random_scalar(order, draw)
    coefficients = polynomial(secret, terms.threshold, order, draw)
    dealing = Dealing(identifier=identifier, coefficients=coefficients)
    return dealing, announce(terms, dealing, random_scalar(order, draw))


def announce(terms: Terms, dealing: Dealing, nonce: int) -> Announcement:
    """Return commitments and the proof of knowledge. Whoever proves twice with one nonce tells."""
    suite = terms.suite
    group = suite.group
    commitments = tuple(base(suite, each) for each in dealing.coefficients)
    key, key_negated = suite.normal(group.base(dealing.coefficients[0]))
    commitment, negated = suite.normal(group.base(nonce))
    challenge = possession_challenge(suite, dealing.identifier, key, commitment)
    secret = -dealing.coefficients[0] if key_negated else dealing.coefficients[0]
    response = ((-nonce if negated else nonce) + challenge * secret) % group.order
    return Announcement(
        identifier=dealing.identifier,
        commitments=commitments,
        proof=suite.encode_key(commitment) + suite.encode_scalar(response),
    )


def check_announcements(terms: Terms, announcements: Sequence[Announcement]) -> None:
    """Refuse the first announcement that is at fault."""
    seen: set[int] = set()
    for each in announcements:
        check_announcement(terms, each)
        if each.identifier in seen:
            raise FaultyMemberError(each.identifier, "announced twice")
        seen.add(each.identifier)


def check_announcement(terms: Terms, announced: Announcement) -> None:
    """Refuse commitments that are no elements or too few, and a proof that does not hold."""
    suite, identifier = terms.suite, announced.identifier
    check_identifier(terms, identifier)
    if len(announced.commitments) != terms.threshold:
        raise FaultyMemberError(identifier, "committed to a polynomial of another degree")
    if any(suite.group.decode(each) is None for each in announced.commitments):
        raise FaultyMemberError(identifier, "committed to what is no element")
    if not possession_holds(suite, announced):
        raise FaultyMemberError(identifier, "did not prove to know its secret")


def possession_holds(suite: Suite, announced: Announcement) -> bool:
    """Return whether z B = R + c C_0. In the suite of BIP 340, of the even ones of both."""
    group = suite.group
    if len(announced.proof) != suite.signature_size:
        return False
    commitment = suite.parse_key(announced.proof[: suite.key_size])
    response = suite.parse_scalar(announced.proof[suite.key_size :])
    if commitment is None or response is None:
        return False
    key, _ = suite.normal(group.decode(announced.commitments[0]))
    challenge = possession_challenge(suite, announced.identifier, key, commitment)
    expected = group.add(commitment, group.multiply(key, challenge))
    return group.same(group.base(response), expected)


def possession_challenge(suite: Suite, identifier: int, key: Element, commitment: Element) -> int:
    """Return the hash HDKG: of who proves, what is proven, and the commitment."""
    encode = suite.group.encode
    return suite.hash_scalar(
        b"dkg", suite.encode_scalar(identifier) + encode(key) + encode(commitment)
    )


def share_for(terms: Terms, dealing: Dealing, receiver: int) -> int:
    """Step 2: return what to send to one member, to nobody else."""
    check_identifier(terms, receiver)
    return value_at(dealing.coefficients, receiver, terms.suite.group.order)


def share_holds(terms: Terms, announced: Announcement, receiver: int, share: int) -> bool:
    """Return whether a share fits what its dealer announced: this also decides a complaint."""
    suite = terms.suite
    expected = evaluate(suite, announced.commitments, receiver)
    return 0 <= share < suite.group.order and suite.group.same(suite.group.base(share), expected)


def finish(
    terms: Terms,
    identifier: int,
    announcements: Sequence[Announcement],
    shares: Mapping[int, int],
) -> MemberKey:
    """Step 3: return this member's key. `shares` has one of every dealer, its own included.

    Every member must be given the same announcements: those of all who are not at fault.
    """
    total = add_shares(terms, identifier, announcements, shares)
    columns = zip(*(each.commitments for each in announcements), strict=True)
    commitments = tuple(sum_of(terms.suite, column) for column in columns)
    return MemberKey(terms=terms, identifier=identifier, share=total, commitments=commitments)


def add_shares(
    terms: Terms,
    identifier: int,
    announcements: Sequence[Announcement],
    shares: Mapping[int, int],
) -> int:
    """Return the sum of the shares dealt to a member, each of which fits."""
    check_identifier(terms, identifier)
    if sorted(shares) != sorted(each.identifier for each in announcements):
        raise ValueError("one share for each announcement is needed")
    if not shares:
        raise ValueError("nobody dealt")
    for each in announcements:
        share = shares[each.identifier]
        if not share_holds(terms, each, identifier, share):
            raise WrongShareError(each.identifier, share)
    return sum(shares.values()) % terms.suite.group.order


# --- Refreshing -----------------------------------------------------------------------------


def deal_refresh(terms: Terms, identifier: int, draw: Draw) -> tuple[Dealing, Announcement]:
    """Return a polynomial with f(0) = 0 and the commitments to its other coefficients."""
    check_identifier(terms, identifier)
    coefficients = polynomial(0, terms.threshold, terms.suite.group.order, draw)
    commitments = tuple(base(terms.suite, each) for each in coefficients[1:])
    dealing = Dealing(identifier=identifier, coefficients=coefficients)
    return dealing, Announcement(identifier=identifier, commitments=commitments, proof=b"")


def finish_refresh(
    key: MemberKey, announcements: Sequence[Announcement], shares: Mapping[int, int]
) -> MemberKey:
    """Return the key with a new share; old shares and new ones do not fit together."""
    terms = key.terms
    suite = terms.suite
    for each in announcements:
        if len(each.commitments) != terms.threshold - 1 or any(
            suite.group.decode(encoded) is None for encoded in each.commitments
        ):
            raise FaultyMemberError(each.identifier, "committed to no polynomial with f(0) = 0")
    shifted = [
        (each, shares[each.identifier], evaluate_refresh(suite, each.commitments, key.identifier))
        for each in announcements
        if each.identifier in shares
    ]
    if len(shifted) != len(announcements) or len(shares) != len(announcements) or not shares:
        raise ValueError("one share for each announcement is needed")
    for each, share, expected in shifted:
        if not suite.group.same(suite.group.base(share % suite.group.order), expected):
            raise WrongShareError(each.identifier, share)
    columns = zip(key.commitments[1:], *(each.commitments for each in announcements), strict=True)
    return replace(
        key,
        share=(key.share + sum(shares.values())) % suite.group.order,
        commitments=(key.public_key, *(sum_of(suite, column) for column in columns)),
    )


def evaluate_refresh(suite: Suite, commitments: Sequence[bytes], identifier: int) -> Element | None:
    """Return the element that belongs to the value of a polynomial with f(0) = 0."""
    return suite.group.multiply(evaluate(suite, commitments, identifier), identifier)


# --- Repairing ------------------------------------------------------------------------------


def repair_parts(
    terms: Terms, share: int, helper: int, helpers: Sequence[int], lost: int, draw: Draw
) -> dict[int, int]:
    """Return what a helper sends to each helper, itself too: a sharing of its part of f(lost).

    Stinson and Wei, ePrint 2017/1155. There are at least as many helpers as the threshold.
    """
    order = terms.suite.group.order
    if len(set(helpers)) != len(helpers) or len(helpers) < terms.threshold:
        raise ValueError("too few helpers, or one of them twice")
    if helper not in helpers or lost in helpers:
        raise ValueError("who helps is not who lost a share")
    check_identifier(terms, lost)
    others = {each: random_scalar(order, draw) for each in helpers if each != helper}
    part = share * lagrange(helpers, helper, order, lost)
    return {**others, helper: (part - sum(others.values())) % order}


def repair_sum(terms: Terms, received: Mapping[int, int]) -> int:
    """Return what a helper sends to whoever lost a share: the sum of what all helpers sent it."""
    return sum(received.values()) % terms.suite.group.order


def repair(
    terms: Terms, lost: int, commitments: tuple[bytes, ...], sums: Mapping[int, int]
) -> MemberKey:
    """Return the key of the member that lost its share, of the sums that the helpers sent."""
    share = sum(sums.values()) % terms.suite.group.order
    expected = evaluate(terms.suite, commitments, lost)
    if not terms.suite.group.same(terms.suite.group.base(share), expected):
        raise WrongRepairError(f"the parts for member {lost} do not add up")
    return MemberKey(terms=terms, identifier=lost, share=share, commitments=commitments)


# --- Elements -------------------------------------------------------------------------------


def check_identifier(terms: Terms, identifier: int) -> None:
    """Refuse who is no member."""
    if not 1 <= identifier <= terms.members:
        raise ValueError(f"{identifier} is not a member")


def base(suite: Suite, factor: int) -> bytes:
    """Return the encoding of a multiple of the base, which is not the identity."""
    return suite.group.encode(suite.group.base(factor))


def sum_of(suite: Suite, encoded: Sequence[bytes]) -> bytes:
    """Return the sum of encoded elements.

    It is not the identity but by a chance of 2**-250: the proofs tie dealers to what they know.
    """
    group = suite.group
    total = group.combine(0, [(1, group.decode(each)) for each in encoded])
    if total is None:
        raise ValueError("the commitments add up to the identity")
    return group.encode(total)


def evaluate(suite: Suite, commitments: Sequence[bytes], identifier: int) -> Element | None:
    """Return the sum of identifier**k times commitment k."""
    return signing.evaluate(suite, [suite.group.decode(each) for each in commitments], identifier)
