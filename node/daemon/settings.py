"""What a daemon is told when it starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..crypto import SigningKey
from ..identity import Multiaddr
from ..onion.cover import Rate
from ..profiles import SESSION, Profile
from ..vault.container import DESKTOP, SIZE_DEFAULT, Cost


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The choices of a user. Only tests give a size or a cost of their own."""

    network: str
    folder: Path
    listen: Sequence[Multiaddr]
    rate: Rate
    announce: Multiaddr | None = None
    bootstrap: Sequence[Multiaddr] = ()
    sessions_max: int = 100
    rpc: tuple[str, int] | None = None
    committee: Path | None = None
    dns: bool = True  # whether nodes may be asked of DNS
    profile: Profile = SESSION
    local: bool = False  # whether neighbours are looked for by mDNS
    bridge: bool = False  # whether links are carried for everybody, not for neighbours alone
    bluetooth: str = ""  # the radio, by Bumble's name for it
    checkpoint: bytes = b""  # of the chain, where its light node runs
    registry: bytes | None = None  # the ValidatorRegistry's address
    http: int = 0  # the light node's port on loopback; 0 takes a free one
    chain: str = ""  # the URL of a chain node that light nodes are answered from
    validators: bytes = b""  # the set of validators that its certificates begin with
    validator: SigningKey | None = field(default=None, repr=False)
    size: int = SIZE_DEFAULT
    cost: Cost = DESKTOP
