"""Following the head: certificates of the set in office, and handovers from set to set.

`synchronize` is the flow that a `LightClient` begins every few seconds.
"""

from collections.abc import Generator
from typing import Any

from ..codec import Refused, u64
from . import registry as registry_layout
from .cache import of_headers
from .certificate import Certificate
from .client import LightClient, Question, Unanswered
from .header import Header
from .questions import Kind, Target, read_certified
from .reads import state
from .validators import ValidatorSet

HEADS_ASKED = 3
HANDOVERS_MAX = 64  # in one go

Certified = tuple[Certificate, Header]


def synchronize(client: LightClient) -> Generator[Question, Any, None]:
    """Move the head to the highest that any of several servers can prove."""
    trust = client.trust
    missing = trust.missing_set()
    if missing is not None:
        trust.keep_set((yield _set_question(client, missing, trust.epoch)))
    for _ in range(HANDOVERS_MAX):
        answers = yield Question(
            kind=Kind.HEAD,
            body=b"",
            check=lambda body: _head(client, body),
            wanted=HEADS_ASKED,
        )
        proved = [value for _, value in answers if value is not None]
        if proved:
            _advance(client, max(proved, key=lambda each: each[1].number))
        later = tuple(peer_id for peer_id, value in answers if value is None)
        if not later:
            return
        yield from _hand_over(client, later)


def _head(client: LightClient, body: bytes) -> Certified | None:
    """Check a head; None for one of a later set, which cannot be checked before its handover."""
    certificate, header = read_certified(body)
    if certificate.statement.epoch > client.trust.epoch:
        return None
    client.trust.check(certificate, header)
    return certificate, header


def _advance(client: LightClient, certified: Certified) -> None:
    certificate, header = certified
    if client.trust.advance(certificate, header):
        client.cache.keep(*of_headers([header]))
        client.moved()


def _hand_over(client: LightClient, later: tuple[bytes, ...]) -> Generator[Question, Any, None]:
    """Learn the next set, from the certificate by which the present one names it.

    Asked are those who say that there is a later one: who cannot show how it came is doubted.
    """
    trust = client.trust
    epoch = trust.epoch

    def check(body: bytes) -> Certified:
        certificate, header = read_certified(body)
        if certificate.statement.epoch != epoch or not certificate.statement.hands_over:
            raise Refused("light: no handover")
        trust.check(certificate, header)
        return certificate, header

    try:
        certificate, header = yield Question(
            kind=Kind.HANDOVER, body=u64(epoch), check=check, servers=later
        )
    except Unanswered:
        for peer_id in later:
            client.doubt(peer_id)
        raise
    coming = yield _set_question(client, certificate.statement.next_set_hash, epoch + 1)
    if client.registry is not None:
        yield from check_registry(client, header, client.registry, coming)
    trust.hand_over(certificate, header, coming)
    client.cache.keep(*of_headers([header]))
    client.moved()


def _set_question(client: LightClient, wanted: bytes, epoch: int) -> Question:
    def check(body: bytes) -> ValidatorSet:
        return client.trust.read_wanted_set(body, wanted, epoch)

    return Question(kind=Kind.SET, body=wanted, check=check)


def check_registry(
    client: LightClient, header: Header, registry: bytes, coming: ValidatorSet
) -> Generator[Question, Any, None]:
    """Refuse a set that is not the one that the ValidatorRegistry has after a block.

    The keys need not be fetched: their hashes are those of the accounts that hold them as code.
    """
    seats = coming.seats
    slots = [registry_layout.COUNT]
    slots += [registry_layout.COUNT + 1 + place for place in range(len(seats))]
    for seat in seats:
        slots += registry_layout.seat_slots(seat.address)
    found = yield from state(client, header, [Target(registry, tuple(slots))])
    words = {slot: found.slots[registry, slot] for slot in slots}
    blobs = registry_layout.blobs_of(words, coming)
    held = yield from state(client, header, [Target(blob) for blob in blobs])
    for blob, seat in zip(blobs, seats, strict=True):
        if held.accounts[blob].code_hash != registry_layout.code_hash(seat.key):
            raise Refused("registry: another key")
