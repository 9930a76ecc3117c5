"""What every round does with the messages it receives."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from .faults import BroadcastError, MisuseError, SilentPartyError
from .transcript import digest

M = TypeVar("M")


def others(parties: Sequence[int], me: int) -> list[int]:
    """Return all parties but this one."""
    return [party for party in parties if party != me]


def complete(received: Mapping[int, M], parties: Sequence[int], me: int, own: M) -> dict[int, M]:
    """Return the messages of all parties in order, our own among them."""
    missing = [party for party in others(parties, me) if party not in received]
    if missing:
        raise SilentPartyError(missing)
    if set(received) - set(parties):
        raise MisuseError("messages of somebody who takes no part")
    return {party: own if party == me else received[party] for party in parties}


def echo_of(session: bytes, round_name: str, messages: Mapping[int, object]) -> bytes:
    """Return a hash of what all parties sent in a round, to be compared in the next."""
    return digest("echo", session, round_name, messages)


def check_echo(expected: bytes, echoes: Mapping[int, bytes]) -> None:
    """Stop when a party saw something else."""
    for party, echo in echoes.items():
        if echo != expected:
            raise BroadcastError(party)


def check_parties(parties: Sequence[int], me: int, least: int = 1) -> None:
    """Refuse a list of parties that is not in order, or in which we are not."""
    if list(parties) != sorted(set(parties)) or any(party < 1 for party in parties):
        raise MisuseError("parties are numbers from 1, in order")
    if me not in parties:
        raise MisuseError(f"party {me} takes no part")
    if len(parties) < least:
        raise MisuseError(f"{len(parties)} parties; at least {least} are needed")
