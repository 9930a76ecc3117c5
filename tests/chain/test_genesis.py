"""Genesis: the Pars chains, geth's files, and every mistake named with its field."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.errors import InvalidGenesis
from chain.forks import BPO1, BPO2, OSAKA, PARS, PRAGUE, BlobSchedule, Fork
from chain.genesis import (
    DEV_BALANCE,
    RESERVE,
    SUPPLY,
    Genesis,
    genesis_from_json,
    genesis_to_json,
    load_genesis,
    pars_genesis,
)
from chain.local_chain import LocalChain
from chain.proofs import StateView
from chain.system import SYSTEM_CONTRACTS
from precompiles.precompile import MARKER_CODE, Precompile, Start
from precompiles.registry import PRECOMPILES, find


def state_of(genesis: Genesis) -> StateView:
    nodes: dict[bytes, bytes] = {}
    return StateView(genesis.write_state(nodes, nodes))


def minimal(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "config": {"chainId": 1, "homesteadBlock": 0},
        "difficulty": "0x1",
        "gasLimit": "0x1000000",
        "alloc": {"0x" + "11" * 20: {"balance": "0x5"}},
    }
    return given | changes


@pytest.mark.parametrize(("chain_id", "ops"), [(6133, "call-only"), (6134, "public-test")])
def test_the_pars_chains(chain_id: int, ops: str, accounts: tuple[DevAccount, ...]) -> None:
    addresses = [account.address for account in accounts]
    genesis = pars_genesis(chain_id, addresses)
    assert (genesis.chain_id, genesis.secret_ops, genesis.fork) == (chain_id, ops, PARS)
    assert sum(start.balance for start in genesis.alloc.values()) == SUPPLY == 10**27
    view = state_of(genesis)
    assert view.balance(addresses[0]) == DEV_BALANCE
    pool = view.balance(find("mining").address)
    assert pool == SUPPLY // 10
    assert view.balance(RESERVE) == SUPPLY - DEV_BALANCE * len(addresses) - pool
    for entry in PRECOMPILES:
        assert (view.code(entry.address), view.nonce(entry.address)) == (MARKER_CODE, 1)
    for address, code in SYSTEM_CONTRACTS.items():
        assert view.code(address) == code


def test_a_genesis_is_read_from_what_it_was_written_as(tmp_path: Path) -> None:
    for genesis in (pars_genesis(6133, [b"\1" * 20]), pars_genesis(6134, secret_ops="call-only")):
        file = tmp_path / "genesis.json"
        file.write_text(json.dumps(genesis_to_json(genesis)))
        again = load_genesis(file)
        assert again == genesis
        assert again.block(state_of(again).root).hash == genesis.block(state_of(genesis).root).hash


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Precompile:
    """An entry with settings: its admin at slot 0, its limit at slot 1, and 7 wei."""

    def start(settings: Mapping[str, Any]) -> Start:
        if not isinstance(settings.get("limit", 0), int):
            raise ValueError("limit: not a number")
        storage = {0: int(settings.get("admin", "0x0"), 16), 1: settings.get("limit", 9)}
        return Start(storage=storage, balance=7)

    made = replace(find("entity_store"), genesis=start)
    entries = tuple(made if each.name == made.name else each for each in PRECOMPILES)
    monkeypatch.setattr("chain.genesis.PRECOMPILES", entries)
    return made


def test_a_development_chain_names_its_first_account_as_admin(settled: Precompile) -> None:
    genesis = pars_genesis(6133, [b"\1" * 20, b"\2" * 20])
    held = genesis.alloc[settled.address]
    assert (held.storage, held.balance) == ({0: int("01" * 20, 16), 1: 9}, 7)
    assert sum(start.balance for start in genesis.alloc.values()) == SUPPLY
    assert genesis_from_json(genesis_to_json(genesis)) == genesis


def test_settings_are_read_from_the_file(settled: Precompile) -> None:
    written = genesis_to_json(pars_genesis(6133))
    del written["alloc"]["0x" + settled.address.hex()]
    written["config"]["pars"]["precompiles"] = {settled.name: {"limit": 5}}
    assert genesis_from_json(written).alloc[settled.address].storage == {0: 0, 1: 5}
    # What the allocation says of a slot itself counts for more.
    slots = {"0x1": "0x6", "0x2": "0x8"}
    written["alloc"]["0x" + settled.address.hex()] = {"balance": "0x3", "storage": slots}
    held = genesis_from_json(written).alloc[settled.address]
    assert (held.storage, held.balance) == ({0: 0, 1: 6, 2: 8}, 3)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"entity_store": {"limit": "many"}}, "precompiles.entity_store: limit: not a number"),
        ({"entity_store": 5}, "precompiles.entity_store: not a JSON object"),
        ({"poseidon": {}}, "precompiles.poseidon: no precompile of that name has settings"),
        ([], "precompiles: not a JSON object"),
    ],
)
def test_settings_that_are_wrong(settled: Precompile, settings: Any, complaint: str) -> None:
    written = genesis_to_json(pars_genesis(6133))
    written["config"]["pars"]["precompiles"] = settings
    with pytest.raises(InvalidGenesis, match=complaint):
        genesis_from_json(written)


def test_chains_with_other_accounts_or_ids_differ() -> None:
    hashes = {
        genesis.block(state_of(genesis).root).hash
        for genesis in (pars_genesis(6133), pars_genesis(6133, [b"\1" * 20]))
    }
    assert len(hashes) == 2


FIGURES = {"target": 4, "max": 8, "baseFeeUpdateFraction": 4_000_000}


def forks_of(blobs: Any = None, **times: int) -> dict[str, Fork]:
    config = {"chainId": 1, "shanghaiTime": 0, "cancunTime": 0} | times
    genesis = genesis_from_json(minimal(config=config | {"blobSchedule": blobs}))
    return {fork.name: fork for _, fork in genesis.schedule.by_time}


def test_osaka_and_its_blob_forks_are_chosen_by_time() -> None:
    config = {"chainId": 1, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0}
    config |= {"osakaTime": 100, "bpo1Time": 200, "bpo2Time": 300}
    schedule = genesis_from_json(minimal(config=config)).schedule
    for time, fork in ((99, PRAGUE), (100, OSAKA), (199, OSAKA), (200, BPO1), (300, BPO2)):
        assert schedule.at(1, time) == fork
    assert BPO2.since(OSAKA)
    assert not PRAGUE.since(OSAKA)


def test_blob_figures_are_the_main_chains_where_none_are_given() -> None:
    """EIP-7840's for Cancun and Prague, and what mainnet has for the forks since."""
    forks = forks_of(pragueTime=0, osakaTime=0, bpo1Time=0, bpo2Time=0)
    assert {
        name: (fork.blobs.target, fork.blobs.max, fork.blobs.base_fee_update_fraction)
        for name, fork in forks.items()
        if fork.blobs is not None
    } == {
        "cancun": (3, 6, 3_338_477),
        "prague": (6, 9, 5_007_716),
        "osaka": (6, 9, 5_007_716),
        "bpo1": (10, 15, 8_346_193),
        "bpo2": (14, 21, 11_684_671),
    }


def test_blob_figures_are_those_of_the_genesis() -> None:
    chosen = BlobSchedule(target=4, max=8, base_fee_update_fraction=4_000_000)
    forks = forks_of({"prague": FIGURES, "bpo3": FIGURES}, pragueTime=0, osakaTime=0, bpo3Time=0)
    assert forks["osaka"].blobs == chosen  # Osaka itself changes none.
    assert forks["bpo3"] == replace(OSAKA, name="bpo3", blobs=chosen)
    forks = forks_of({"osaka": FIGURES}, pragueTime=0, osakaTime=0, amsterdamTime=0)
    assert forks["prague"] == PRAGUE
    assert forks["osaka"].blobs == forks["amsterdam"].blobs == chosen


def test_a_blob_fork_changes_nothing_but_blobs() -> None:
    """EIP-7892 lets one come at any time."""
    (*_, fork) = forks_of({"bpo1": FIGURES}, pragueTime=0, bpo1Time=5).values()
    assert not fork.since(OSAKA)
    assert fork == replace(PRAGUE, name="bpo1", blobs=fork.blobs)


def test_osaka_is_chosen_for_a_pars_chain() -> None:
    data = genesis_to_json(pars_genesis())
    data["config"] |= {"osakaTime": 2**40, "bpo1Time": 2**41}
    schedule = genesis_from_json(data).schedule
    assert schedule.at(1, 2**40) == replace(OSAKA, pars=True)
    assert schedule.at(1, 2**41) == replace(BPO1, pars=True)


def test_the_documented_schedule_is_read(root: Path) -> None:
    text = (root / "docs" / "forks.md").read_text("utf-8")
    example = json.loads(text.split("```json")[1].split("```")[0])
    schedule = genesis_from_json(minimal(**example)).schedule
    assert schedule.at(1, 1_899_999_999) == PARS
    assert schedule.at(1, 1_900_000_000) == replace(BPO1, pars=True)


def test_storage_and_code_of_an_allocation() -> None:
    alloc = {
        "0x" + "22" * 20: {
            "balance": "7",
            "nonce": "0x2",
            "code": "0x6001",
            "storage": {"00" * 31 + "05": "09", "0x6": "0x0"},
        },
        "33" * 20: {"balance": 8},
    }
    view = state_of(genesis_from_json(minimal(alloc=alloc)))
    address = b"\x22" * 20
    assert (view.balance(address), view.nonce(address), view.code(address)) == (7, 2, b"\x60\x01")
    assert (view.storage(address, 5), view.storage(address, 6)) == (9, 0)
    assert view.balance(b"\x33" * 20) == 8


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config": None}, r"config\.chainId: missing|config: not"),
        ({"config": {}}, r"^config\.chainId: missing$"),
        ({"config": {"chainId": 0}}, r"^config\.chainId: 0 is below 1$"),
        ({"config": {"chainId": "one"}}, r"^config\.chainId: not a number: 'one'$"),
        ({"config": {"chainId": True}}, r"^config\.chainId: not a number"),
        ({"config": {"chainId": 1.5}}, r"^config\.chainId: not a number"),
        ({"config": {"chainId": -1}}, r"^config\.chainId: -1 does not fit 256 bits"),
        ({"config": {"chainId": 1, "pars": {}}}, r"^config\.pragueTime: missing"),
        ({"config": {"chainId": 1, "pars": 5}}, r"^config\.pars: not a JSON object$"),
        (
            {"config": {"chainId": 1, "londonBlock": 5, "berlinBlock": 9}},
            r"^config\.london.*Block: 5 comes before berlin's 9$",
        ),
        (
            {"config": {"chainId": 1, "shanghaiTime": 9, "cancunTime": 5}},
            r"^config\.cancunTime: 5 comes before shanghai's 9$",
        ),
        (
            {"config": {"chainId": 1, "osakaTime": 9, "bpo2Time": 5}},
            r"^config\.bpo2Time: 5 comes before osaka's 9$",
        ),
        (
            {"config": {"chainId": 1, "osakaTime": 0, "bpo3Time": 0}},
            r"^config\.blobSchedule\.bpo3: missing, and bpo3 has no other rules$",
        ),
        ({"config": {"chainId": 1, "osakaTime": "soon"}}, r"^config\.osakaTime: not a number"),
        ({"config": {"chainId": 1, "blobSchedule": 5}}, r"^config\.blobSchedule: not a JSON obj"),
        (
            {"config": {"chainId": 1, "blobSchedule": {"osaka": 5}}},
            r"^config\.blobSchedule\.osaka: not a JSON object$",
        ),
        (
            {"config": {"chainId": 1, "blobSchedule": {"bpo5": FIGURES | {"target": 9}}}},
            r"^config\.blobSchedule\.bpo5: target 9 is above max 8$",
        ),
        (
            {"config": {"chainId": 1, "blobSchedule": {"osaka": {"target": 1, "max": 2}}}},
            r"^config\.blobSchedule\.osaka\.baseFeeUpdateFraction: missing$",
        ),
        (
            {"config": {"chainId": 1, "blobSchedule": {"osaka": dict.fromkeys(FIGURES, 0)}}},
            r"^config\.blobSchedule\.osaka\.baseFeeUpdateFraction: 0 is below 1$",
        ),
        (
            {"config": {"chainId": 1, "blobSchedule": {"osaka": FIGURES | {"max": 2**64}}}},
            r"^config\.blobSchedule\.osaka\.max: .* does not fit 64 bits$",
        ),
        ({"alloc": []}, r"^alloc: not a JSON object$|alloc"),
        ({"alloc": {"0x11": {"balance": "0x1"}}}, r"^alloc\[0x11\]: 1 bytes, expected 20$"),
        ({"alloc": {"zz" * 20: {}}}, r"^alloc\[z+\]: not hexadecimal"),
        ({"alloc": {"0x" + "11" * 20: 5}}, r"^alloc\[0x1+\]: not a JSON object$"),
        ({"alloc": {"0x" + "11" * 20: {"balance": "lots"}}}, r"\.balance: not a number: 'lots'$"),
        ({"alloc": {"0x" + "11" * 20: {"balance": hex(2**256)}}}, r"\.balance: .* 256 bits$"),
        ({"alloc": {"0x" + "11" * 20: {"nonce": hex(2**64)}}}, r"\.nonce: .* 64 bits$"),
        ({"alloc": {"0x" + "11" * 20: {"code": "0x6"}}}, r"\.code: not hexadecimal bytes: '0x6'$"),
        ({"alloc": {"0x" + "11" * 20: {"code": 6}}}, r"\.code: not hexadecimal bytes: 6$"),
        (
            {"alloc": {"0x" + "11" * 20: {"storage": {"0x1": "x"}}}},
            r"\.storage\[0x1\]: not a hexadecimal word: 'x'$",
        ),
        ({"alloc": {"0x" + "11" * 20: {"storage": [1]}}}, r"\.storage: not a JSON object$"),
        (
            {"alloc": {"aa" * 20: {}, "AA" * 20: {}}},
            r"^alloc\[A+\]: the address stands there twice",
        ),
        ({"gasLimit": "0x10"}, r"^gasLimit: 16 is below 5000$"),
        ({"nonce": hex(2**64)}, r"^nonce: does not fit eight bytes$"),
        ({"mixHash": "0x11"}, r"^mixHash: 1 bytes, expected 32$"),
        ({"coinbase": "nobody"}, r"^coinbase: not hexadecimal"),
        ({"timestamp": "yesterday"}, r"^timestamp: not a number"),
    ],
)
def test_a_mistake_is_named_with_its_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidGenesis, match=reason) as refusal:
        genesis_from_json(minimal(**changes))
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize("missing", ["config", "alloc"])
def test_a_missing_part_is_named(missing: str) -> None:
    data = minimal()
    del data[missing]
    with pytest.raises(InvalidGenesis, match=rf"^{missing}: missing$"):
        genesis_from_json(data)


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(InvalidGenesis, match=r"^the file: not a JSON object$"):
        genesis_from_json(data)


def test_a_wrong_choice_of_secrets_is_refused() -> None:
    data = genesis_to_json(pars_genesis())
    data["config"] = data["config"] | {"pars": {"secretOps": "always"}}
    with pytest.raises(InvalidGenesis, match=r'^config\.pars\.secretOps: neither "call-only" nor'):
        genesis_from_json(data)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "genesis.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidGenesis, match=rf"^genesis .*genesis.json: .*{reason}") as refusal:
        load_genesis(file)
    assert "\n" not in str(refusal.value)


def test_mainnets_empty_beginning() -> None:
    """The header of a genesis without accounts, with mainnet's fields, has the empty root."""
    genesis = genesis_from_json(minimal(alloc={}))
    view = state_of(genesis)
    assert view.root.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    block = genesis.block(view.root)
    assert block.header.base_fee_per_gas is None
    assert block.withdrawals is None


def test_a_chain_starts_at_its_genesis(chain: LocalChain) -> None:
    first = chain.block(0)
    assert first is not None
    assert (first.hash, chain.genesis_hash) == (chain.head.hash, chain.head.hash)
    assert first.header.state_root == chain.state(0).root
