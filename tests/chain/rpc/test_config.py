"""eth_config (EIP-7910): which rules hold, which come next and last, what answers under them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.forks import BPO1, BPO2, FORKS, Schedule
from chain.genesis import Genesis, genesis_from_json
from chain.local_chain import LocalChain
from chain.rpc.eth_config import fork_hash


def test_the_fork_hash_is_the_one_of_eip_6122() -> None:
    """Mainnet's and Sepolia's fork hashes, as EIP-6122, EIP-7910 and geth's tests give them."""
    mainnet = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    blocks = (0, 1150000, 1920000, 2463000, 2675000, 4370000, 7280000, 9069000, 9200000)
    blocks += (12244000, 12965000, 13773000, 15050000)
    times = {"shanghai": 1681338455, "cancun": 1710338135, "prague": 1746612311}
    blob_forks = {1765290071: BPO1, 1767747671: BPO2}
    times["osaka"] = 1764798551
    genesis = Genesis(
        chain_id=1,
        schedule=Schedule(
            by_block=[(block, FORKS["homestead"]) for block in blocks],
            by_time=[
                *((time, FORKS[name]) for name, time in times.items()),
                *blob_forks.items(),
            ],
        ),
        alloc={},
        config={},
    )

    def at(time: int) -> str:
        return fork_hash(genesis, bytes.fromhex(mainnet), time).hex()

    assert at(0) == "f0afd0e3"  # Gray Glacier.
    assert at(1681338455) == "dce96c2d"  # Shanghai.
    assert at(1710338135) == "9f3d2254"  # Cancun.
    assert at(1746612311) == "c376cf8b"  # Prague.
    assert at(1764798551) == "5167e2a6"  # Osaka.
    assert at(1765290071) == "cba2a1c0"  # The first blob fork.
    assert at(1767747671) == "07c9462e"  # The second.


def test_the_configuration_names_what_answers(rpc: Any) -> None:
    current = rpc("eth_config")["current"]

    assert current["precompiles"]["ECREC"] == "0x" + "00" * 19 + "01"
    assert "0x" + "00" * 18 + "0901" in current["precompiles"].values()
    for address in current["systemContracts"].values():
        deposit = address == "0x00000000219ab540356cbb839cbe05303d7705fa"
        assert deposit or rpc("eth_getCode", address) != "0x"


AtTime = Callable[..., Any]


@pytest.fixture
def at_time(client_of: Callable[[LocalChain], Any]) -> AtTime:
    """Ask a chain with the official exchanges' genesis at this time, with forks at these."""
    return lambda time, **times: client_of(chain_at(time, times))("eth_config")


def chain_at(time: int, times: dict[str, int]) -> LocalChain:
    path = Path(__file__).parents[1] / "vectors" / "exchanges" / "genesis.json"
    genesis = json.loads(path.read_text())["genesis"]
    genesis["config"] |= times
    genesis["difficulty"] = "0x0"
    chain = LocalChain.open(genesis_from_json(genesis), mining="manual")
    chain.mine(timestamp=time)
    return chain


FORK_TIMES = {"shanghaiTime": 390, "cancunTime": 420, "pragueTime": 450, "osakaTime": 480}
FORK_TIMES |= {"bpo1Time": 510, "bpo2Time": 540}


def test_the_configuration_of_a_blob_fork_is_as_geth_tells_it(at_time: AtTime) -> None:
    told = at_time(600, **FORK_TIMES)
    addresses = {
        "BLAKE2F": 9,
        "BLS12_G1ADD": 0xB,
        "BLS12_G1MSM": 0xC,
        "BLS12_G2ADD": 0xD,
        "BLS12_G2MSM": 0xE,
        "BLS12_MAP_FP2_TO_G2": 0x11,
        "BLS12_MAP_FP_TO_G1": 0x10,
        "BLS12_PAIRING_CHECK": 0xF,
        "BN254_ADD": 6,
        "BN254_MUL": 7,
        "BN254_PAIRING": 8,
        "ECREC": 1,
        "ID": 4,
        "KZG_POINT_EVALUATION": 0xA,
        "MODEXP": 5,
        "P256VERIFY": 0x100,
        "RIPEMD160": 3,
        "SHA256": 2,
    }
    current = told["current"]
    del current["forkId"]
    assert told == {"current": current, "next": None, "last": None}
    assert current == {
        "activationTime": 540,
        "blobSchedule": {"target": 14, "max": 21, "baseFeeUpdateFraction": 11684671},
        "chainId": "0xc72dd9d5e883e",
        "precompiles": {name: f"0x{address:040x}" for name, address in addresses.items()},
        "systemContracts": {
            "BEACON_ROOTS_ADDRESS": "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
            "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": "0x0000bbddc7ce488642fb579f8b00f3a590007251",
            "DEPOSIT_CONTRACT_ADDRESS": "0x" + "00" * 20,
            "HISTORY_STORAGE_ADDRESS": "0x0000f90827f1c53a10cb7a02335b175320002935",
            "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": "0x00000961ef480eb55e80d19ad83579a64c007002",
        },
    }
    assert list(current["precompiles"]) == list(addresses)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (449, (420, 450, 540)),
        (450, (450, 480, 540)),
        (479, (450, 480, 540)),
        (480, (480, 510, 540)),
        (510, (510, 540, 540)),
        (540, (540, None, None)),
    ],
)
def test_the_configuration_tells_what_comes(
    at_time: AtTime, time: int, expected: tuple[int | None, ...]
) -> None:
    told = at_time(time, **FORK_TIMES)
    found = [told[name] and told[name]["activationTime"] for name in ("current", "next", "last")]
    assert tuple(found) == expected
    for name in ("current", "next", "last"):
        entry = told[name]
        if entry is not None:
            assert ("P256VERIFY" in entry["precompiles"]) == (entry["activationTime"] >= 480)


def test_forks_of_one_time_are_told_as_the_last_of_them(at_time: AtTime) -> None:
    told = at_time(479, **FORK_TIMES | {"osakaTime": 510})
    assert told["next"]["activationTime"] == 510
    assert told["next"]["blobSchedule"]["max"] == 15
    assert told["next"]["forkId"] != told["current"]["forkId"]
