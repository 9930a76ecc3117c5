"""Making a report together: what reporters pass on to each other, and what is sent in the end.

A draft is a report with the signatures that it has so far. Reporters read it from each other, check
it, add theirs and pass it on; drafts of one report merge. With a FROST group a signature takes two
rounds, so a draft carries commitments and shares too. Pure: knows neither files nor nodes, and sees
no secret but through `sign` functions that others hand in.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ... import abi
from ...backends.keccak import keccak256
from ...pq.ml_dsa import reference as ml_dsa
from ...pq.ml_dsa.parameters import BY_PUBLIC_KEY_SIZE, formatted
from ...threshold import ecdsa_signature
from ...threshold.frost.signing import Commitment
from ...threshold.protocols import dkg, frost
from . import report as reports
from . import signers
from .report import Report
from .store import Settings

TEXT_SIZE_MAX = 1 << 20


class DraftError(Exception):
    """A draft or an observation is wrong. The message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a node says of a feed: its configuration, and how far it is."""

    feed_id: bytes
    description: str
    decimals: int
    config_digest: bytes
    scheme: int
    signers: tuple[bytes, ...]
    members: int
    faulty: int
    settings: Settings
    epoch_round: int
    observed_at: int
    answer: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A report on its way. Signatures by member; commitments and shares by FROST identifier."""

    report: Report
    signatures: Mapping[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Key, empty but for ML-DSA, and signature. A group's one signature has the number 0."""
    group: tuple[bytes, ...] = ()
    """The Feldman commitments of a FROST group: its key first."""
    commitments: Mapping[int, tuple[bytes, bytes]] = field(default_factory=dict)
    shares: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> bytes:
        """Return what signers sign."""
        return reports.signed_hash(encoded(self.report), context_of(self.report))


def encoded(report: Report) -> bytes:
    """Return the bytes of a report that are signed and sent."""
    values = (
        report.config_digest,
        report.feed_id,
        report.epoch_round,
        report.observed_at,
        report.observers,
        report.observations,
    )
    return abi.encode(reports.FIELDS, values)


def context_of(report: Report) -> list[bytes]:
    """Return the words beside a report: digest, epoch and round, and a third without meaning."""
    return [report.config_digest, report.epoch_round.to_bytes(abi.WORD, "big"), bytes(abi.WORD)]


# --- Observations ---------------------------------------------------------------------------


def parse_answer(text: str, decimals: int) -> int:
    """Return the integer of a decimal number, exactly, or refuse it."""
    body = text.removeprefix("-")
    whole, _, fraction = body.partition(".")
    digits = whole + fraction
    plain = digits.isascii() and digits.isdigit() and whole and (fraction or "." not in body)
    if not plain or len(digits) > 80:
        raise DraftError(f"{text[:40]!r} is not a decimal number")
    if len(fraction) > decimals:
        raise DraftError(f"{text!r} has more than the feed's {decimals} decimals")
    value = int(whole + fraction.ljust(decimals, "0"))
    return -value if text.startswith("-") else value


def shown_answer(value: int, decimals: int) -> str:
    """Return an answer as a decimal number."""
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return ("-" if value < 0 else "") + whole + (f".{fraction}" if fraction else "")


def compose(
    standing: Standing, observed: Mapping[int, int], observed_at: int, epoch_round: int | None
) -> Report:
    """Return the report of what members observed, or refuse what the chain would."""
    ordered = sorted(observed.items(), key=lambda pair: (pair[1], pair[0]))
    for member, _ in ordered:
        if not 0 <= member < standing.members:
            raise DraftError(f"there is no member {member}: they are 0 to {standing.members - 1}")
    report = Report(
        config_digest=standing.config_digest,
        feed_id=standing.feed_id,
        epoch_round=standing.epoch_round + 1 if epoch_round is None else epoch_round,
        observed_at=observed_at,
        observers=bytes(member for member, _ in ordered).ljust(abi.WORD, b"\0"),
        observations=tuple(value for _, value in ordered),
    )
    check(standing, report)
    return report


def check(standing: Standing, report: Report) -> None:
    """Refuse a report that the feed would refuse, whoever signed it."""
    if report.feed_id != standing.feed_id:
        raise DraftError("the report is of another feed")
    if report.config_digest != standing.config_digest:
        raise DraftError("the report is for another configuration of the feed")
    if report.epoch_round <= standing.epoch_round:
        raise DraftError(
            f"the feed is at round {standing.epoch_round}, and the report at {report.epoch_round}"
        )
    if report.observed_at < standing.observed_at:
        raise DraftError(f"the report is older than the feed's last, of {standing.observed_at}")
    least = 2 * standing.faulty + 1
    if not least <= len(report.observations) <= standing.members:
        raise DraftError(
            f"{len(report.observations)} observations; it takes {least} to {standing.members}"
        )
    try:
        reports.check(report, standing.members, standing.faulty)
        abi.encode(reports.FIELDS[-1:], [report.observations])
    except abi.Revert:
        raise DraftError("the observations are not sorted, or an observer is wrong") from None
    except ValueError:
        raise DraftError("an observation has more than 192 bits") from None
    answer = reports.median(report.observations)
    if not standing.settings.answer_min <= answer <= standing.settings.answer_max:
        low = shown_answer(standing.settings.answer_min, standing.decimals)
        high = shown_answer(standing.settings.answer_max, standing.decimals)
        shown = shown_answer(answer, standing.decimals)
        raise DraftError(f"the answer {shown} is not between {low} and {high}")


def is_due(standing: Standing, answer: int, now: int) -> bool:
    """Return whether a report is due: the first, after a heartbeat, or beyond the deviation."""
    last = standing.answer
    if last is None or now - standing.observed_at >= standing.settings.heartbeat:
        return True
    return abs(answer - last) * 10_000 >= standing.settings.deviation * max(abs(last), 1)


# --- Signatures -----------------------------------------------------------------------------


def with_signature(standing: Standing, draft: Draft, key: bytes, signature: bytes) -> Draft:
    """Add one member's signature, or refuse what is none."""
    member = signed_by(standing, draft, key, signature)
    return replace(draft, signatures={**draft.signatures, member: (key, signature)})


def signed_by(standing: Standing, draft: Draft, key: bytes, signature: bytes) -> int:
    """Return which member made a signature; a group is member 0."""
    suite = signers.FROST_SUITES.get(standing.scheme)
    if suite is not None:
        group = standing.signers[0]
        if len(signature) == suite.signature_size and suite.verify(group, draft.digest, signature):
            return 0
        raise DraftError("the group's signature does not hold")
    if standing.scheme == signers.ACCOUNTS:
        signer = ecdsa_signature.recover_account(draft.digest, signature)
    else:
        signer = keccak256(key)
        chosen = BY_PUBLIC_KEY_SIZE.get(len(key))
        good = chosen is not None and len(signature) == chosen.signature_size
        if not good or not ml_dsa.verify(key, formatted(draft.digest, b""), signature):
            raise DraftError("an ML-DSA signature does not hold")
    if signer is None or signer not in standing.signers:
        raise DraftError("a signature is of none of the feed's signers")
    return standing.signers.index(signer)


def merged(drafts: Sequence[Draft]) -> Draft:
    """Return one draft with all that drafts of one report carry."""
    first = drafts[0]
    for other in drafts[1:]:
        if other.report != first.report:
            raise DraftError("the drafts are of different reports")
        if other.group and first.group and other.group != first.group:
            raise DraftError("the drafts name different groups")
        for here, there in (
            (first.commitments, other.commitments),
            (first.shares, other.shares),
        ):
            again = sorted(each for each in here if each in there and here[each] != there[each])
            if again:
                raise DraftError(f"signer {again[0]} committed or signed twice")
        first = Draft(
            report=first.report,
            signatures={**first.signatures, **other.signatures},
            group=first.group or other.group,
            commitments={**first.commitments, **other.commitments},
            shares={**first.shares, **other.shares},
        )
    return first


def commitments_of(draft: Draft, scheme: int) -> list[Commitment]:
    """Return the FROST commitments of a draft in the order of signing, or refuse them."""
    suite = signers.FROST_SUITES[scheme]
    found = []
    for identifier, pair in sorted(draft.commitments.items()):
        if not 1 <= identifier <= reports.MEMBERS_MAX:
            raise DraftError(f"there is no signer {identifier}")
        hiding, binding = (suite.group.decode(each) for each in pair)
        if hiding is None or binding is None:
            raise DraftError(f"the commitments of signer {identifier} are none")
        encoded = b"".join(pair)
        found.append(
            Commitment(identifier=identifier, hiding=hiding, binding=binding, encoded=encoded)
        )
    return found


def combined(standing: Standing, draft: Draft) -> Draft:
    """Turn a group's shares into its signature, or say whose shares are wrong."""
    suite = signers.FROST_SUITES[standing.scheme]
    elements = [suite.group.decode(each) for each in draft.group]
    key = elements[0] if elements else None
    if (
        any(each is None for each in elements)
        or key is None
        or suite.encode_key(suite.normal(key)[0]) != standing.signers[0]
    ):
        raise DraftError("the draft is of another group than the feed's")
    listed = commitments_of(draft, standing.scheme)
    missing = sorted(set(draft.commitments) - set(draft.shares))
    if missing or len(listed) < len(draft.group):
        wanted = f"signers {missing} have not signed" if missing else "too few signers committed"
        raise DraftError(f"{wanted}; the group needs {len(draft.group)}")
    shares: dict[int, int] = {}
    for each in listed:
        value = suite.parse_scalar(draft.shares[each.identifier])
        if value is None:
            raise DraftError(f"the share of signer {each.identifier} is no number")
        shares[each.identifier] = value
    public = {each: dkg.evaluate(suite, draft.group, each) for each in shares}
    if any(each is None for each in public.values()):
        raise DraftError("the draft's group is none")
    try:
        signature = frost.aggregate(suite, key, draft.digest, listed, shares, public)
    except frost.FaultySignerError as error:
        raise DraftError(str(error)) from None
    except frost.UnusableCommitmentsError as error:
        raise DraftError(f"the commitments cannot be used: {error}") from None
    return with_signature(standing, draft, b"", signature)


def transmission(standing: Standing, draft: Draft) -> tuple[str, tuple[Any, ...]]:
    """Return the method that takes a report with enough signatures, and its arguments."""
    needed = signers.signature_count(standing.scheme, standing.faulty)
    chosen = [draft.signatures[member] for member in sorted(draft.signatures)[:needed]]
    if len(chosen) < needed:
        raise DraftError(f"{len(chosen)} of {needed} signatures")
    context, data = context_of(draft.report), encoded(draft.report)
    made = [signature for _, signature in chosen]
    if standing.scheme in signers.FROST_SUITES:
        return "transmitFrost", (context, data, made[0])
    if standing.scheme == signers.ML_DSA:
        return "transmitPQ", (context, data, [key for key, _ in chosen], made)
    rs, ss = [each[:32] for each in made], [each[32:64] for each in made]
    parities = bytes(each[64] - ecdsa_signature.VS[0] for each in made)
    return "transmit", (context, data, rs, ss, parities.ljust(abi.WORD, b"\0"))


# --- Drafts as text -------------------------------------------------------------------------


def to_text(draft: Draft) -> str:
    """Return a draft as JSON."""
    document: dict[str, Any] = {"report": encoded(draft.report).hex()}
    if draft.signatures:
        document["signatures"] = [
            {"member": member, "key": key.hex(), "signature": signature.hex()}
            for member, (key, signature) in sorted(draft.signatures.items())
        ]
    if draft.group:
        document["group"] = [each.hex() for each in draft.group]
    if draft.commitments:
        document["commitments"] = {
            str(identifier): [each.hex() for each in pair]
            for identifier, pair in sorted(draft.commitments.items())
        }
    if draft.shares:
        document["shares"] = {
            str(identifier): share.hex() for identifier, share in sorted(draft.shares.items())
        }
    return json.dumps(document, indent=1)


def feed_in(text: str) -> bytes:
    """Return the feed that a draft is of, unchecked."""
    try:
        return reports.decode(bytes.fromhex(json.loads(text)["report"])).feed_id
    except (abi.Revert, KeyError, TypeError, ValueError, RecursionError):
        raise DraftError("it is no draft of a report") from None


def from_text(standing: Standing, text: str) -> Draft:
    """Read a draft and check it: its report, and each signature in it."""
    if len(text) > TEXT_SIZE_MAX:
        raise DraftError("a draft is not so long")
    try:
        document = json.loads(text)
        report = reports.decode(bytes.fromhex(document["report"]))
        draft = Draft(
            report=report,
            group=tuple(bytes.fromhex(each) for each in document.get("group", ())),
            commitments={
                int(identifier): two(bytes.fromhex(each) for each in pair)
                for identifier, pair in document.get("commitments", {}).items()
            },
            shares={
                int(identifier): bytes.fromhex(share)
                for identifier, share in document.get("shares", {}).items()
            },
        )
        listed = [
            (bytes.fromhex(each["key"]), bytes.fromhex(each["signature"]))
            for each in document.get("signatures", ())
        ]
    except abi.Revert:
        raise DraftError("its report does not decode") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise DraftError("it is no draft of a report") from None
    check(standing, report)
    for key, signature in listed:
        draft = with_signature(standing, draft, key, signature)
    return draft


def two(parts: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Return the two parts of a commitment."""
    first, second = parts
    return first, second
