"""Whose signatures a bootstrap list needs, for each network, and the list that is shipped.

The keys of `devnet` are made from public words, as its funded accounts are: its list shows how one
is made and carries no node. `pars` and `testnet` have no nodes and no release keys yet: a list for
them is refused until a release pins the hashes of its keys here and ships the file beside them.
"""

from collections.abc import Sequence
from pathlib import Path

from ..codec import Refused
from ..crypto import SigningKey, sha256
from .contact import Contact
from .known import Known
from .signed_list import Release, newest

DEVNET = 1
DEVNET_KEY_WORDS = (b"pars devnet release 1", b"pars devnet release 2", b"pars devnet release 3")

RELEASES = {
    DEVNET: Release(
        keys=frozenset(
            map(
                bytes.fromhex,
                (
                    "881a5f8b0c2aee4cd872f02fb28c0df4589bfd49000ea2fd3ec85492ed1c8f3e",
                    "9f21261240a97aa51308abe0bdd34dc266242d0187c53110b9ca0689cc1f1209",
                    "e7d7608cb1349d72501e8f5f7b7efd9a299c307814ecebafed48c95b105cf26d",
                ),
            )
        ),
        threshold=2,
    )
}
FILES = {DEVNET: "devnet.list"}


def devnet_keys() -> list[SigningKey]:
    """Return the secret keys of `devnet`, which everybody has."""
    return [SigningKey.from_seed(sha256(words)) for words in DEVNET_KEY_WORDS]


def shipped(network: int) -> bytes | None:
    """Return the list that came with this release, if there is one."""
    name = FILES.get(network)
    return (Path(__file__).parent / name).read_bytes() if name else None


def listed(
    network: int, files: Sequence[bytes], now: int, known: Known
) -> tuple[list[Contact], list[Refused]]:
    """Return what level 1 has to offer, of the shipped list and others, and what was refused.

    That a list was used is remembered, so that no older one counts after it.
    """
    release, own = RELEASES.get(network), shipped(network)
    if release is None:
        return [], [Refused("list: no release keys for this network")]
    offered = [*files, own] if own else files
    best, refused = newest(offered, release, network, now, known.sequence)
    if best is None:
        return [], refused
    known.used(best.sequence)
    return list(best.nodes), refused
