"""What a node is: which parts it runs, and what it may take of its machine.

Four profiles, and the machines they run on. There is no part that computes for reward, in any of
them: a profile has no place to name one.
"""

from dataclasses import dataclass, replace
from enum import Enum

from .resources import Limits

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Chain(Enum):
    """How a node knows the chain."""

    NONE = "none"
    LIGHT = "light"  # headers and proofs
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A node. Every one has the session layer, the mesh, the DHT and its local transports."""

    name: str
    chain: Chain
    validates: bool = False  # proposes and votes; attests where it has a seat
    serves: bool = True  # keeps mail and spaces for others, relays
    in_background: bool = False  # wakes by the rules of a phone: see node/platforms
    limits: Limits
    links_in: int
    links_out: int
    spaces_max: int
    cover: str = "full"


SESSION = Profile(
    name="session",
    chain=Chain.NONE,
    limits=Limits(memory_max=512 * MIB, storage_max=4 * GIB, bandwidth_max=MIB),
    links_in=64,
    links_out=24,
    spaces_max=500,
)
MOBILE = Profile(
    name="mobile",
    chain=Chain.LIGHT,
    serves=False,
    in_background=True,
    limits=Limits(memory_max=256 * MIB, storage_max=GIB, bandwidth_max=256 * KIB),
    links_in=16,
    links_out=8,
    spaces_max=200,
    cover="metered",
)
DESKTOP = Profile(
    name="desktop",
    chain=Chain.FULL,
    limits=Limits(memory_max=2 * GIB, storage_max=10 * GIB, bandwidth_max=4 * MIB),
    links_in=128,
    links_out=32,
    spaces_max=1_000,
)
VALIDATOR = Profile(
    name="validator",
    chain=Chain.FULL,
    validates=True,
    limits=Limits(memory_max=8 * GIB, storage_max=100 * GIB, battery_aware=False),
    links_in=128,
    links_out=64,
    spaces_max=1_000,
)
PROFILES = {one.name: one for one in (SESSION, MOBILE, DESKTOP, VALIDATOR)}

_FORMS = {
    "phone": MOBILE,
    "tablet": replace(
        MOBILE,
        limits=Limits(memory_max=384 * MIB, storage_max=2 * GIB, bandwidth_max=512 * KIB),
        links_in=32,
        links_out=12,
    ),
    "desktop": SESSION,
    "embedded": replace(
        SESSION,
        limits=Limits(memory_max=192 * MIB, storage_max=256 * MIB, bandwidth_max=128 * KIB),
        links_in=16,
        links_out=8,
        spaces_max=50,
        cover="metered",
    ),
}
FORMS = tuple(_FORMS)
"""The machines of a light node."""


def light_node(form: str) -> Profile:
    """Return the light node for a machine; ValueError for one that is not known."""
    if form not in _FORMS:
        raise ValueError(f"a light node runs on {', '.join(FORMS)}")
    return _FORMS[form]
