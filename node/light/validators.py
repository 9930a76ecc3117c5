"""Sets of validators: who may sign certificates, with which key and how much stake."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..codec import Reader, Refused, u8, u64
from ..crypto import SIGNING_PUBLIC, sha3_256

VERSION = 1
SEATS_MAX = 100  # as many as the registry lets take part
STAKE_SIZE = 16
LABEL = b"pars/validator-set/v1"
_SEAT = 20 + STAKE_SIZE + SIGNING_PUBLIC
SET_MAX = 1 + 8 + 8 + 1 + SEATS_MAX * _SEAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """One seat: the account that is bonded, its stake in wei and its ML-DSA-87 key."""

    address: bytes
    stake: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ValidatorSet:
    """The seats of one epoch, in the order of their addresses."""

    chain_id: int
    epoch: int
    seats: tuple[Validator, ...]

    @cached_property
    def raw(self) -> bytes:
        """The set as it is hashed and sent."""
        head = u8(VERSION) + u64(self.chain_id) + u64(self.epoch) + u8(len(self.seats))
        return head + b"".join(
            seat.address + seat.stake.to_bytes(STAKE_SIZE, "big") + seat.key for seat in self.seats
        )

    @cached_property
    def hash(self) -> bytes:
        """What certificates name the set by."""
        return sha3_256(LABEL, self.raw)

    @property
    def quorum(self) -> int:
        """How many seats must sign."""
        return 2 * len(self.seats) // 3 + 1

    @cached_property
    def stake(self) -> int:
        """The stake of all seats."""
        return sum(seat.stake for seat in self.seats)

    def decides(self, seats: Sequence[int]) -> bool:
        """Return whether these seats are a quorum: by their number, and by more than 2/3 of stake.

        Both, so that neither many small seats nor a few rich ones decide alone.
        """
        signed = sum(self.seats[seat].stake for seat in seats)
        return len(seats) >= self.quorum and 3 * signed > 2 * self.stake

    def seat_of(self, key: bytes) -> int | None:
        """Return the seat that has a key."""
        return next((at for at, seat in enumerate(self.seats) if seat.key == key), None)


def make_set(chain_id: int, epoch: int, validators: Sequence[Validator]) -> ValidatorSet:
    """Return the set of these validators, which must be a possible one."""
    seats = tuple(sorted(validators, key=lambda each: each.address))
    return read_set(ValidatorSet(chain_id=chain_id, epoch=epoch, seats=seats).raw)


def read_set(data: bytes) -> ValidatorSet:
    """Read a set, all of it."""
    if len(data) > SET_MAX:
        raise Refused("validators: too many seats")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("validators: unknown version")
    chain_id, epoch, count = reader.u64(), reader.u64(), reader.u8()
    if not 0 < count <= SEATS_MAX:
        raise Refused("validators: wrong number of seats")
    seats = []
    for _ in range(count):
        address = reader.take(20)
        stake = int.from_bytes(reader.take(STAKE_SIZE), "big")
        seats.append(Validator(address=address, stake=stake, key=reader.take(SIGNING_PUBLIC)))
    reader.end()
    addresses = [seat.address for seat in seats]
    if addresses != sorted(set(addresses)):
        raise Refused("validators: seats out of order")
    if len({seat.key for seat in seats}) < count:
        raise Refused("validators: key twice")
    if any(seat.stake == 0 for seat in seats):
        raise Refused("validators: seat without stake")
    return ValidatorSet(chain_id=chain_id, epoch=epoch, seats=tuple(seats))
