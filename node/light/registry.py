"""Where the ValidatorRegistry keeps its validators: the layout of its storage.

The contract is contracts/validators/ValidatorRegistry.vy; a test deploys it and reads it this way.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from ..codec import Refused
from ..crypto import SIGNING_PUBLIC
from ..rlp import keccak
from .validators import SEATS_MAX, Validator, ValidatorSet, make_set

_VALIDATORS = 0  # HashMap[address, uint256]
_BLOBS = 1  # HashMap[address, address]
COUNT = 3  # DynArray[address, 100]: its length, then its entries
ACTIVE = 2
_STATE = 0xFF
_STAKE_BIT = 112


@dataclass(frozen=True, slots=True)
class Slots:
    """Asks for words of the registry's storage."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """Asks for the code of accounts."""

    addresses: tuple[bytes, ...]


def seat_slots(address: bytes) -> tuple[int, int]:
    """Return where the word of a validator stands, and the account that holds its key."""
    return _entry(_VALIDATORS, address), _entry(_BLOBS, address)


def _entry(slot: int, address: bytes) -> int:
    return int.from_bytes(keccak(slot.to_bytes(32, "big"), bytes(12), address), "big")


def code_hash(key: bytes) -> bytes:
    """Return the hash of the code that holds a key, which begins with STOP."""
    return keccak(b"\0", key)


def active_set(
    chain_id: int, epoch: int, minimum: int
) -> Generator[Slots | Codes, Any, ValidatorSet | None]:
    """Read the validators that take part; None where they are fewer than the registry asks for."""
    (count,) = yield Slots((COUNT,))
    if not minimum <= count <= SEATS_MAX:
        return None
    words = yield Slots(tuple(COUNT + 1 + place for place in range(count)))
    addresses = [word.to_bytes(32, "big")[12:] for word in words]
    words = yield Slots(tuple(slot for address in addresses for slot in seat_slots(address)))
    codes = yield Codes(tuple(word.to_bytes(32, "big")[12:] for word in words[1::2]))
    validators = []
    for address, word, code in zip(addresses, words[::2], codes, strict=True):
        if word & _STATE != ACTIVE or len(code) != 1 + SIGNING_PUBLIC:
            raise Refused("registry: not a validator")
        validators.append(Validator(address=address, stake=word >> _STAKE_BIT, key=code[1:]))
    return make_set(chain_id, epoch, validators)


def blobs_of(words: Mapping[int, int], claimed: ValidatorSet) -> list[bytes]:
    """Check seats against proved words, all but the keys; return the accounts that hold those."""
    seats = claimed.seats
    listed = {words[COUNT + 1 + place] for place in range(len(seats))}
    if words[COUNT] != len(seats):
        raise Refused("registry: another number of validators")
    if listed != {int.from_bytes(seat.address, "big") for seat in seats}:
        raise Refused("registry: other validators")
    blobs = []
    for seat in seats:
        word, blob = (words[slot] for slot in seat_slots(seat.address))
        if word & _STATE != ACTIVE or word >> _STAKE_BIT != seat.stake:
            raise Refused("registry: another stake")
        blobs.append(blob.to_bytes(32, "big")[12:])
    return blobs
