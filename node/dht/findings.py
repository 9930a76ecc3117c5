"""What records come to, once they are found: who is genuine, and who belongs."""

from collections.abc import Iterable

from ..codec import Refused
from ..crypto import sha256
from .records import (
    Kind,
    Presence,
    Prove,
    Record,
    Validator,
    open_presence,
    open_validator,
)

CODE_LABEL = b"pars/dht-agreement/v1"
CODE_GROUPS = 5
CODE_DIGITS = 5  # in all 83 bits: too many to find another set of nodes for a given code


def is_presence(session_id: bytes, epoch: int, record: Record) -> bool:
    """Tell whether somebody put a record there who knows the session: its seal opens."""
    try:
        open_presence(session_id, epoch, record)
    except Refused:
        return False
    return True


def participants(session_id: bytes, found: Iterable[tuple[int, Record]]) -> tuple[Presence, ...]:
    """Return those who take part, in the order of their keys."""
    genuine = (pair for pair in found if is_presence(session_id, *pair))
    opened = [open_presence(session_id, epoch, record) for epoch, record in genuine]
    return tuple(sorted(opened, key=lambda presence: presence.public))


def validators(records: Iterable[Record], prove: Prove | None) -> list[Validator]:
    """Return the registered validators, each once, in the order of their addresses."""
    if prove is None:
        return []
    theirs = [record for record in records if record.kind is Kind.VALIDATOR]
    theirs.sort(key=lambda record: (-record.sequence, record.public))
    proved: dict[bytes, Validator] = {}
    for record in theirs:
        validator = open_validator(record)
        if validator.address not in proved and prove(validator):
            proved[validator.address] = validator
    return [proved[address] for address in sorted(proved)]


def agreement_code(ids: Iterable[bytes]) -> str:
    """Return what two people read to each other, who want to know whether they see the same nodes.

    Give it the ids that both should see: the validators of the chain, or the nodes that a release
    names. Who is walled in by an attacker sees others, and has another code.
    """
    digest = sha256(CODE_LABEL, *sorted(set(ids)))
    number = int.from_bytes(digest, "big") % 10 ** (CODE_GROUPS * CODE_DIGITS)
    digits = str(number).zfill(CODE_GROUPS * CODE_DIGITS)
    return " ".join(digits[at : at + CODE_DIGITS] for at in range(0, len(digits), CODE_DIGITS))
