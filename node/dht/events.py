"""What came of the calls, told once each, by the token that the call returned."""

from dataclasses import dataclass

from .contacts import Contact
from .records import Presence, Record, Validator


@dataclass(frozen=True, slots=True)
class Found:
    """The nodes closest to a point, of those that answer; the closest first."""

    token: int
    contacts: tuple[Contact, ...]
    hops: int


@dataclass(frozen=True, slots=True)
class Values:
    """The records at a key, genuine each; or none, and the nodes that would have them."""

    token: int
    records: tuple[Record, ...]
    contacts: tuple[Contact, ...]
    hops: int


@dataclass(frozen=True, slots=True)
class Stored:
    """How many nodes hold a record that was put, as they say. Told again after each renewal."""

    token: int
    copies: int


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """How many of the given nodes answered, and how many are known now."""

    token: int
    alive: int
    known: int


@dataclass(frozen=True, slots=True)
class Presences:
    """The participants of a session that have announced themselves."""

    token: int
    participants: tuple[Presence, ...]


@dataclass(frozen=True, slots=True)
class Validators:
    """Validators that are registered, as their proofs show, and whose nodes have answered."""

    token: int
    validators: tuple[Validator, ...]


@dataclass(frozen=True, slots=True)
class Providers:
    """The nodes that say they have a content."""

    token: int
    contacts: tuple[Contact, ...]


Event = Found | Values | Stored | Bootstrapped | Presences | Validators | Providers
