"""eth_config: the rules that hold now, next and last (EIP-7910)."""

import zlib
from typing import Final

from precompiles.registry import PRECOMPILES

from ..builtins import builtins_of
from ..forks import CANCUN, PRAGUE, Fork
from ..genesis import Genesis
from ..system import (
    BEACON_ROOTS_ADDRESS,
    CONSOLIDATIONS_ADDRESS,
    HISTORY_ADDRESS,
    WITHDRAWALS_ADDRESS,
)
from .codec import hex_data
from .method import Method, Node
from .results import Json


def fork_hash(genesis: Genesis, genesis_hash: bytes, until: int) -> bytes:
    """Return the checksum of all forks up to a time (EIP-6122)."""
    blocks = {block for block, _ in genesis.schedule.by_block if block > genesis.number}
    if genesis.schedule.merge_block:
        blocks.add(genesis.schedule.merge_block)
    times = {time for time, _ in genesis.schedule.by_time if genesis.timestamp < time <= until}
    checksum = zlib.crc32(genesis_hash)
    for activation in (*sorted(blocks), *sorted(times)):
        checksum = zlib.crc32(activation.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def fork_json(node: Node, time: int, fork: Fork) -> Json:
    """Return the description of one fork."""
    genesis = node.chain.genesis
    precompiles = {
        builtin.name: hex_data(address.to_bytes(20, "big"))
        for address, builtin in builtins_of(fork).items()
    }
    if fork.pars:
        precompiles |= {entry.name: hex_data(entry.address) for entry in PRECOMPILES}
    contracts = {}
    if fork.since(CANCUN):
        contracts["BEACON_ROOTS_ADDRESS"] = BEACON_ROOTS_ADDRESS
    if fork.since(PRAGUE):
        contracts |= {
            "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": CONSOLIDATIONS_ADDRESS,
            "DEPOSIT_CONTRACT_ADDRESS": genesis.deposit_address,
            "HISTORY_STORAGE_ADDRESS": HISTORY_ADDRESS,
            "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": WITHDRAWALS_ADDRESS,
        }
    blobs = fork.blobs
    return {
        "activationTime": time,
        "blobSchedule": blobs
        and {
            "target": blobs.target,
            "max": blobs.max,
            "baseFeeUpdateFraction": blobs.base_fee_update_fraction,
        },
        "chainId": hex(node.chain.chain_id),
        "forkId": hex_data(fork_hash(genesis, node.chain.genesis_hash, time)),
        "precompiles": dict(sorted(precompiles.items())),
        "systemContracts": {name: hex_data(at) for name, at in contracts.items()},
    }


def config(node: Node) -> Json:
    """The rules that hold now, those of the next fork and of the last one known (EIP-7910)."""
    head = node.chain.head.header
    forks = node.chain.genesis.schedule.by_time
    due = [entry for entry in forks if entry[0] <= head.timestamp]
    later = [entry for entry in forks if entry[0] > head.timestamp]
    current = due[-1] if due else (0, node.chain.fork_of(head))
    following = [entry for entry in later if entry[0] == later[0][0]]
    return {
        "current": fork_json(node, *current),
        "next": fork_json(node, *following[-1]) if following else None,
        "last": fork_json(node, *later[-1]) if later else None,
    }


METHODS: Final = (Method(name="eth_config", run=config, inline=True),)
