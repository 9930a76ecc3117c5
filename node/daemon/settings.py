"""What a daemon is told when it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    size: int = SIZE_DEFAULT
    cost: Cost = DESKTOP
