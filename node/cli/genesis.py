"""Validators for a chain of one's own: keys, their set, and a checkpoint that light nodes trust."""

import argparse
import os
from pathlib import Path

from ..client.chain import ask, quantity
from ..client.cli import Stopped
from ..control import write_private
from ..crypto import SigningKey
from ..identity import SEED
from ..light.trust import Checkpoint
from ..light.validators import SEATS_MAX, Validator, make_set
from ..rlp import keccak

STAKE = 15_000 * 10**18  # as the registry wants at least


def genesis(options: argparse.Namespace) -> None:
    """Write keys, a set and a checkpoint at the chain's first block."""
    if not 1 <= options.seats <= SEATS_MAX:
        raise Stopped(f"a set has 1 to {SEATS_MAX} seats")
    folder: Path = options.to
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Stopped(f"{folder} is not empty")
    chain_id = quantity(ask(options.chain, "eth_chainId"))
    first = ask(options.chain, "eth_getBlockByNumber", "0x0", False)
    seats = []
    for number in range(options.seats):
        path = folder / f"validator-{number}.key"
        write_private(path, os.urandom(SEED))
        key = SigningKey.from_seed(path.read_bytes())
        address = keccak(key.public)[-20:]
        seats.append(Validator(address=address, stake=STAKE, key=key.public))
    made = make_set(chain_id, 0, seats)
    checkpoint = Checkpoint(
        chain_id=chain_id,
        number=0,
        block_hash=bytes.fromhex(first["hash"][2:]),
        epoch=0,
        set_hash=made.hash,
    )
    (folder / "validators").write_bytes(made.raw)
    (folder / "checkpoint").write_bytes(checkpoint.encode())
    print(folder / "checkpoint")
