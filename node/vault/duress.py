"""Logging in, and what a password that was forced out of somebody does.

A duress password opens the decoy, overwrites the slot and the head of the region that it protects,
and hands out the alert that was prepared; what is written, where, and in which order is the same
for every password. Only a region's owner knows of the others: that is what its roster is for.
"""

from dataclasses import dataclass, field, replace

from ..codec import Reader, Refused, sized, u8
from ..crypto import KEY, LONG_NONCE, TAG, Random, seal, unseal
from .container import (
    ACCESS,
    REGIONS,
    SLOTS,
    Access,
    Cost,
    RegionHead,
    install,
    open_slot,
    opens_any,
    put_password,
    write_region_head,
)
from .disk import Disk
from .store import Store

ALERT_MAX = 16 << 10
ALERT_LABEL = b"pars/vault-alert/v1"
ALERT_KEY = b"vault/alert"
ROSTER_KEY = b"vault/roster"
VERSION = 1


@dataclass(frozen=True)
class Roster:
    """What an owner knows of the container beside the own slot: the decoy, if there is one."""

    decoy_slot: int
    duress_slot: int
    decoy: Access
    alert_key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the stored form."""
        places = u8(VERSION) + u8(self.decoy_slot) + u8(self.duress_slot)
        return places + self.decoy.encode() + self.alert_key

    @classmethod
    def decode(cls, data: bytes) -> "Roster":
        """Read what `encode` made."""
        reader = Reader(data)
        version, decoy_slot, duress_slot = reader.u8(), reader.u8(), reader.u8()
        roster = cls(decoy_slot, duress_slot, Access.decode(reader.take(ACCESS)), reader.take(KEY))
        reader.end()
        if version != VERSION or decoy_slot >= SLOTS or duress_slot >= SLOTS:
            raise Refused("vault: roster of another version")
        return roster


@dataclass(frozen=True)
class Session:
    """What logging in gave. Nothing in it says which kind of password it was but the alert."""

    disk: Disk = field(repr=False)
    slot: int
    access: Access
    store: Store = field(repr=False)
    alert: bytes | None = field(repr=False)  # to be queued into ordinary cover traffic
    damage: tuple[str, ...]


def set_up(disk: Disk, password: bytes, cost: Cost, random: Random) -> Session:
    """Begin anew: forget whatever the container held, and open one empty region."""
    access = Access(_draw(REGIONS, random), disk.size(), random(KEY), random(KEY))
    install(disk, _draw(SLOTS, random), password, access, cost, random)
    session = unlock(disk, password, cost, random)
    session.store.commit({ALERT_KEY: _sealed_alert(random(KEY), b"", random)})
    return session


def unlock(disk: Disk, password: bytes, cost: Cost, random: Random) -> Session:
    """Open what a password opens. A real, a decoy and a duress password take the same way."""
    opened = open_slot(disk, password, cost, random)
    store, damage = Store.open(disk, opened.access, random)
    record = store.get(ALERT_KEY) or _sealed_alert(random(KEY), b"", random)
    alert = _opened_alert(opened.access.alert_key, record)
    return Session(disk, opened.slot, opened.access, store, alert, opened.damage + damage)


def change_password(session: Session, password: bytes, cost: Cost, random: Random) -> None:
    """Exchange the password that opened this session."""
    if opens_any(session.disk, password, cost):
        raise Refused("vault: password is taken")
    put_password(session.disk, session.slot, password, session.access, cost, random)


def set_duress(
    session: Session, duress: bytes, decoy: bytes | None, cost: Cost, random: Random
) -> None:
    """Give the owner's region a decoy, opened by a password of its own and by a duress password.

    The duress password destroys this session's slot and region head. Done again, it exchanges the
    passwords and keeps the decoy; without a password of its own, the decoy opens under duress only.
    """
    if duress == decoy or any(
        opens_any(session.disk, word, cost) for word in (duress, decoy) if word is not None
    ):
        raise Refused("vault: password is taken")
    roster = _roster(session) or _new_roster(session, random)
    under_duress = replace(
        roster.decoy,
        alert_key=roster.alert_key,
        kills=(frozenset({session.slot}), frozenset({session.access.region})),
    )
    put_password(session.disk, roster.duress_slot, duress, under_duress, cost, random)
    shown = random(KEY) if decoy is None else decoy  # a password that nobody has
    put_password(session.disk, roster.decoy_slot, shown, roster.decoy, cost, random)


def prepare_alert(session: Session, alert: bytes, random: Random) -> None:
    """Put what a duress log-in hands out where only a duress password reads it."""
    roster = _roster(session)
    if roster is None:
        raise Refused("vault: no decoy")
    if len(alert) > ALERT_MAX:
        raise Refused("vault: alert is too long")
    decoy, _ = Store.open(session.disk, roster.decoy, random)
    decoy.commit({ALERT_KEY: _sealed_alert(roster.alert_key, alert, random)})
    decoy.close()


def open_decoy(session: Session, random: Random) -> Store:
    """Open the decoy from the owner's session, to keep it plausible; close it before leaving."""
    roster = _roster(session)
    if roster is None:
        raise Refused("vault: no decoy")
    return Store.open(session.disk, roster.decoy, random)[0]


def _roster(session: Session) -> Roster | None:
    stored = session.store.get(ROSTER_KEY)
    return None if stored is None else Roster.decode(stored)


def _new_roster(session: Session, random: Random) -> Roster:
    """Make an empty decoy in a region and slots that the owner does not use."""
    regions = [number for number in range(REGIONS) if number != session.access.region]
    slots = [number for number in range(SLOTS) if number != session.slot]
    decoy_slot = slots.pop(_draw(len(slots), random))
    duress_slot = slots.pop(_draw(len(slots), random))
    region = regions[_draw(len(regions), random)]
    decoy = Access(region, session.access.size, random(KEY), random(KEY))
    roster = Roster(decoy_slot, duress_slot, decoy, random(KEY))
    write_region_head(session.disk, decoy, RegionHead(1, 0, random(KEY)), random)
    store, _ = Store.open(session.disk, decoy, random)
    store.commit({ALERT_KEY: _sealed_alert(roster.alert_key, b"", random)})
    store.close()
    session.store.commit({ROSTER_KEY: roster.encode()})
    return roster


def _sealed_alert(key: bytes, alert: bytes, random: Random) -> bytes:
    nonce = random(LONG_NONCE)
    return nonce + seal(key, nonce, sized(alert).ljust(4 + ALERT_MAX, b"\0"), ALERT_LABEL)


def _opened_alert(key: bytes, record: bytes) -> bytes | None:
    if len(record) != LONG_NONCE + 4 + ALERT_MAX + TAG:
        raise Refused("vault: alert of another size")
    try:
        plain = unseal(key, record[:LONG_NONCE], record[LONG_NONCE:], ALERT_LABEL)
    except Refused:
        return None
    return Reader(plain).sized(ALERT_MAX)


def _draw(count: int, random: Random) -> int:
    """Return a number below `count`, which is at most four: 2**64 leaves no bias to speak of."""
    return int.from_bytes(random(8), "big") % count
