"""Tracers against the answers of other nodes: go-ethereum's vectors, the official exchanges."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from chain.accounts import DevAccount
from chain.building import BlockRun
from chain.calls import NO_OVERRIDES, AccountOverride, CallRequest, Overrides
from chain.errors import InvalidRequest, UnknownBlock
from chain.execution import BlockEnv
from chain.frames import Engine, Frames
from chain.genesis import genesis_from_json
from chain.history import Nodes
from chain.local_chain import LocalChain
from chain.opcodes import OPCODE_NAMES
from chain.store import MemoryStore
from chain.tracing import Position, TracerOptions, recorder, trace_in_block
from chain.transactions import decode_transaction
from precompiles import registry
from precompiles.precompile import MARKER_CODE

VECTORS = Path(__file__).parent / "vectors"
ENGINES: tuple[Engine, ...] = ("core", "py", "check")
GETH = sorted((VECTORS / "geth_tracers").glob("*.json"))


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """What is traced runs on each, and on both at once."""
    found: Engine = request.param
    return found


@pytest.fixture
def chain(new_chain: Callable[..., LocalChain], engine: Engine) -> LocalChain:
    return new_chain(engine=engine)


def block_run(genesis_json: Any, context: Any, engine: Engine) -> BlockRun:
    """A block that is about to run its first transaction, on the state that a vector gives."""
    genesis = genesis_from_json(genesis_json)
    nodes = Nodes(MemoryStore())
    reader = genesis.write_state(nodes, nodes.pending)
    number, time = int(context["number"], 0), int(context["timestamp"], 0)
    merged = int(context["difficulty"], 0) == 0
    base_fee = context.get("baseFeePerGas")
    env = BlockEnv(
        fork=genesis.schedule.at(number, time, merged=merged),
        chain_id=genesis.chain_id,
        number=number,
        timestamp=time,
        coinbase=data(context["miner"]),
        gas_limit=int(context["gasLimit"], 0),
        base_fee=None if base_fee is None else int(base_fee, 0),
        difficulty=int(context["difficulty"], 0),
        prev_randao=bytes(32),
        excess_blob_gas=genesis.excess_blob_gas,
        parent_hash=bytes(32),
        ancestors=lambda: iter(()),
    )
    return BlockRun(
        env,
        reader,
        Frames(engine=engine, loud=True),
        out=nodes.pending,
        beacon_root=None,
        deposit_address=genesis.deposit_address,
    )


@pytest.mark.parametrize("path", GETH, ids=lambda path: path.stem)
def test_as_geth_traces_it(path: Path, engine: Engine) -> None:
    vector = json.loads(path.read_text())
    run = block_run(vector["genesis"], vector["context"], engine)
    tx = decode_transaction(data(vector["input"]))
    place = vector["result"][0] if isinstance(vector["result"], list) else {}
    position = Position(
        block_hash=data(place.get("blockHash", "")),
        block_number=run.env.number,
        tx_index=place.get("transactionPosition", 0),
        tx_hash=tx.hash,
    )
    options = TracerOptions.parse(
        {"tracer": vector["tracer"], "tracerConfig": vector["tracerConfig"]}
    )
    result = trace_in_block(run, tx, options, position)
    if vector["tracer"] == "flatCallTracer" and "blockHash" not in place:
        for entry in result:  # This vector does not say where its transaction stood.
            for name in ("blockHash", "transactionHash", "transactionPosition"):
                del entry[name]
    if "codeHash" not in json.dumps(vector["result"]):
        result = without(result, "codeHash")  # Older than this field.
    assert result == vector["result"]
    assert len(run.receipts) == 1
    assert run.frames.tracer is None


def without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: without(each, name) for key, each in value.items() if key != name}
    return value


EXCHANGES = json.loads((VECTORS / "exchanges" / "trace_call.json").read_text())
GENESES: dict[str, Any] = {
    "homestead": {"config": {"chainId": 1, "homesteadBlock": 0}, "difficulty": 1},
    "prague": {
        "config": {"chainId": 1, "terminalTotalDifficulty": 0}
        | {f"{fork}Time": 0 for fork in ("shanghai", "cancun", "prague")}
    },
}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: each["source"])
def test_as_the_official_exchanges_have_it(exchange: Any, engine: Engine) -> None:
    genesis = GENESES[exchange["config"]] | {"alloc": exchange["alloc"]}
    chain = LocalChain.open(genesis_from_json(genesis), mining="manual", engine=engine)
    given = exchange["request"]
    request = CallRequest(
        sender=data(given["from"]),
        to=data(given["to"]) if "to" in given else None,
        gas=int(given["gas"], 16),
        data=data(given["input"]),
        value=int(given.get("value", "0x0"), 16),
    )
    result = chain.trace_call(
        request, "latest", NO_OVERRIDES, TracerOptions.parse(exchange["options"])
    )
    assert result.keys() == exchange["result"].keys()
    for name, value in exchange["result"].items():
        # The price of a transaction as such differs in the later fork of that chain.
        assert result[name] == value or name in exchange["unlike"], name
    chain.close()


# What no published vector shows.

ACCOUNT = bytes.fromhex("00000000000000000000000000000000000000c0")
OTHER = bytes.fromhex("00000000000000000000000000000000000000c1")
POSEIDON = bytes.fromhex("0000000000000000000000000000000000000901")


def code(text: str) -> bytes:
    """Assemble: a word is a mnemonic, or a number to push in as many bytes as it is written."""
    names = {name: number for number, name in OPCODE_NAMES.items()}
    out = b""
    for word in text.split():
        if word.startswith("0x"):
            push = bytes.fromhex(word[2:])
            out += bytes((0x5F + len(push),)) + push
        else:
            out += bytes((names[word],))
    return out


def traced(
    chain: LocalChain, codes: dict[bytes, bytes], options: dict[str, Any], **request: Any
) -> Any:
    overrides = Overrides(
        accounts={
            address: AccountOverride(code=each, balance=10) for address, each in codes.items()
        }
    )
    return chain.trace_call(
        CallRequest(**{"to": ACCOUNT, "gas": 500_000, **request}),
        "latest",
        overrides,
        TracerOptions.parse(options),
    )


def call_to(target: bytes, gas: str = "0xffff", value: str = "0x00") -> str:
    return f"0x00 0x00 0x00 0x00 {value} 0x{target.hex()} {gas} CALL"


def test_our_precompiles_appear_by_name(chain: LocalChain) -> None:
    method = registry.at(POSEIDON).by_selector  # type: ignore[union-attr]
    selector = next(s for s, m in method.items() if m.signature.name == "hash")
    arguments = encode(["uint8", "uint256[]"], [1, [1]])
    frame = traced(chain, {}, {"tracer": "callTracer"}, to=POSEIDON, data=selector + arguments)
    assert (frame["precompile"], frame["method"]) == ("poseidon", "hash(uint8,uint256[])")
    assert len(data(frame["output"])) == 32

    inner = traced(chain, {ACCOUNT: code(call_to(POSEIDON, "0xffffff"))}, {"tracer": "callTracer"})[
        "calls"
    ]
    assert [(each["to"], each["precompile"]) for each in inner] == [
        ("0x" + POSEIDON.hex(), "poseidon")
    ]
    assert inner[0]["error"] == "execution reverted"
    assert "method" not in inner[0]
    assert inner[0]["revertReason"].startswith("custom error 0x")


def test_flat_list_leaves_out_ethereums_precompiles_but_not_ours(chain: LocalChain) -> None:
    identity = bytes(19) + b"\x04"
    codes = {ACCOUNT: code(call_to(identity) + " " + call_to(POSEIDON))}

    def targets(**config: bool) -> list[str]:
        options = {"tracer": "flatCallTracer", "tracerConfig": config}
        return [each["action"]["to"] for each in traced(chain, codes, options)[1:]]

    assert targets() == ["0x" + POSEIDON.hex()]
    assert targets(includePrecompiles=True) == ["0x" + identity.hex(), "0x" + POSEIDON.hex()]


def test_parity_words_for_errors(chain: LocalChain) -> None:
    options = {"tracer": "flatCallTracer", "tracerConfig": {"convertParityErrors": True}}
    for text, words in [
        ("INVALID", "Bad instruction"),
        ("0x00 0x00 REVERT", "Reverted"),
        ("0x01 JUMP", "Bad jump destination"),
        ("ADD", "Stack underflow"),
        ("0x00 0xffffffffff MSTORE", "Out of gas"),
    ]:
        assert traced(chain, {ACCOUNT: code(text)}, options)[0]["error"] == words


def test_errors_in_geths_words(chain: LocalChain) -> None:
    for text, words in [
        ("INVALID", "invalid opcode: INVALID"),
        ("0x00 0x00 REVERT", "execution reverted"),
        ("0x01 JUMP", "invalid jump destination"),
        ("0x00 0xffffffffff MSTORE", "out of gas"),
    ]:
        frame = traced(chain, {ACCOUNT: code(text)}, {"tracer": "callTracer"})
        assert frame["error"] == words
        assert "output" not in frame
    frame = traced(chain, {ACCOUNT: b"\x0c"}, {"tracer": "callTracer"})
    assert frame["error"] == "invalid opcode: opcode 0xc not defined"


def test_panics_are_explained(chain: LocalChain) -> None:
    text = f"0x4e487b71{'00' * 28} 0x00 MSTORE 0x11 0x04 MSTORE 0x24 0x00 REVERT"
    frame = traced(chain, {ACCOUNT: code(text)}, {"tracer": "callTracer"})
    assert frame["revertReason"] == "arithmetic underflow or overflow"


def test_a_creation_without_the_funds_is_shown(chain: LocalChain) -> None:
    codes = {ACCOUNT: code("0x00 0x00 0xff CREATE")}
    (frame,) = traced(chain, codes, {"tracer": "callTracer"})["calls"]
    assert frame["error"] == "insufficient balance for transfer"
    assert (frame["type"], frame["value"], frame["gasUsed"]) == ("CREATE", "0xff", "0x0")
    assert "to" not in frame

    logs = traced(chain, codes, {})["structLogs"]
    assert logs[-2]["op"] == "CREATE"
    assert logs[-2]["gasCost"] == 32_000
    assert int(frame["gas"], 16) == logs[-1]["gas"] - logs[-1]["gas"] // 64


def test_a_creation_that_collides_burns_the_gas(chain: LocalChain) -> None:
    # CREATE2 of empty code twice gives the same address; the first left a nonce there.
    codes = {ACCOUNT: code("0x00 0x00 0x00 0x00 CREATE2 0x00 0x00 0x00 0x00 CREATE2")}
    first, second = traced(chain, codes, {"tracer": "callTracer"})["calls"]
    assert "error" not in first
    assert second["error"] == "contract address collision"
    assert second["gasUsed"] == second["gas"]
    logs = traced(chain, codes, {})["structLogs"]
    assert [each["gasCost"] for each in logs if each["op"] == "CREATE2"] == [32_000, 32_000]
    assert logs[-1]["gas"] < 500_000 // 64


def test_calls_too_deep_are_shown() -> None:
    """Before EIP-150 a call could pass all but a little gas on, and 1024 levels were reached."""
    passes_on = code("0x00 0x00 0x00 0x00 0x00 ADDRESS 0x03e8 GAS SUB CALL")
    alloc = {"0x" + ACCOUNT.hex(): {"balance": "0x0", "code": "0x" + passes_on.hex()}}
    genesis = GENESES["homestead"] | {"alloc": alloc}
    chain = LocalChain.open(genesis_from_json(genesis), mining="manual")
    frame = traced(chain, {}, {"tracer": "callTracer"}, gas=5_000_000)
    gas_used, depth = frame["gasUsed"], 0
    while frame.get("calls"):
        (frame,) = frame["calls"]
        depth += 1
    assert depth == 1025
    assert frame["error"] == "max call depth exceeded"
    assert frame["gasUsed"] == "0x0"
    steps = traced(chain, {}, {}, gas=5_000_000)
    assert hex(steps["gas"]) == gas_used
    assert max(each["depth"] for each in steps["structLogs"]) == 1025


def test_initcode_that_is_too_long_makes_no_frame(chain: LocalChain) -> None:
    codes = {ACCOUNT: code("0xc001 0x00 0x00 CREATE")}
    frame = traced(chain, codes, {"tracer": "callTracer"})
    assert "calls" not in frame
    assert frame["error"] == "out of gas"


def test_logs_know_their_place(chain: LocalChain) -> None:
    emit = "0x00 0x00 LOG0"
    codes = {
        ACCOUNT: code(f"{emit} {call_to(OTHER)} {call_to(POSEIDON)} {emit}"),
        OTHER: code(f"{emit} 0x00 0x00 REVERT"),
    }
    config = {"withLog": True}
    frame = traced(chain, codes, {"tracer": "callTracer", "tracerConfig": config})
    assert [(log["index"], log["position"]) for log in frame["logs"]] == [
        ("0x0", "0x0"),
        ("0x1", "0x2"),  # The log that was taken back leaves no gap.
    ]
    assert "logs" not in frame["calls"][0]
    top = traced(
        chain, codes, {"tracer": "callTracer", "tracerConfig": config | {"onlyTopCall": True}}
    )
    assert "calls" not in top
    assert [(log["index"], log["position"]) for log in top["logs"]] == [
        ("0x0", "0x0"),
        ("0x1", "0x0"),
    ]


def test_steps_show_storage_so_far_and_gas_handed_down(chain: LocalChain) -> None:
    codes = {
        ACCOUNT: code(f"0x05 0x01 SSTORE 0x02 SLOAD {call_to(OTHER, '0x1000')} 0x00 0x01 SSTORE"),
        OTHER: code("0x07 0x01 SSTORE"),
    }
    logs = traced(chain, codes, {})["structLogs"]
    word = "0x{:064x}".format
    stores = [each["storage"] for each in logs if "storage" in each]
    assert stores == [
        {word(1): word(5)},
        {word(1): word(5), word(2): word(0)},
        {word(1): word(7)},
        {word(1): word(0), word(2): word(0)},
    ]
    call = next(each for each in logs if each["op"] == "CALL")
    assert call["gasCost"] == 2600 + 0x1000
    assert {each["depth"] for each in logs} == {1, 2}
    failing = next(each for each in logs if each["depth"] == 2 and each["op"] == "SSTORE")
    assert failing["error"] == "out of gas"
    assert failing["gasCost"] > failing["gas"]
    last = [each for each in logs if each["op"] == "STOP"][-1]
    assert last["refund"] == 19_900


def test_steps_leave_out_what_was_not_asked_for(chain: LocalChain) -> None:
    codes = {ACCOUNT: code("0x05 0x01 SSTORE 0x01 0x00 MSTORE 0x00 0x00 REVERT")}
    plain = traced(chain, codes, {"disableStack": True, "disableStorage": True})
    assert plain["failed"] is True
    assert plain["returnValue"] == "0x"
    assert {name for each in plain["structLogs"] for name in each} == {
        *("pc", "op", "gas", "gasCost", "depth")
    }
    assert len(traced(chain, codes, {"limit": 3})["structLogs"]) == 3


def test_an_account_without_code_has_no_steps(chain: LocalChain) -> None:
    result = traced(chain, {}, {})
    assert result == {"gas": 21_000, "failed": False, "returnValue": "0x", "structLogs": []}


def test_selectors_are_counted(chain: LocalChain) -> None:
    argument = f"0xa9059cbb{'00' * 28} 0x00 MSTORE"
    inner = f"0x00 0x00 0x24 0x00 0x00 0x{OTHER.hex()} 0xffff CALL"
    codes = {ACCOUNT: code(f"{argument} {inner} {inner} {call_to(OTHER)}")}
    counts = traced(chain, codes, {"tracer": "4byteTracer"}, data=bytes.fromhex("27dc297e") * 2)
    assert counts == {"0x27dc297e-4": 1, "0xa9059cbb-32": 2}


def test_several_tracers_at_once(chain: LocalChain) -> None:
    codes = {ACCOUNT: code(call_to(OTHER))}
    config = {"callTracer": {"onlyTopCall": True}, "4byteTracer": None, "noopTracer": None}
    result = traced(chain, codes, {"tracer": "muxTracer", "tracerConfig": config})
    assert result.keys() == config.keys()
    assert "calls" not in result["callTracer"]
    assert result["4byteTracer"] == result["noopTracer"] == {}


def test_the_state_before_includes_what_precompiles_touch(chain: LocalChain) -> None:
    store = next(each for each in registry.PRECOMPILES if each.name == "entity_store")
    result = traced(chain, {}, {"tracer": "prestateTracer"}, to=store.address, data=bytes(4))
    shown = result["0x" + store.address.hex()]
    assert shown["nonce"] == 1
    assert shown["code"] == "0x" + MARKER_CODE.hex()


def test_prestate_options(chain: LocalChain) -> None:
    codes = {ACCOUNT: code("0x05 0x01 SSTORE 0x02 SLOAD")}
    name = "0x" + ACCOUNT.hex()

    def prestate(**config: bool) -> Any:
        return traced(chain, codes, {"tracer": "prestateTracer", "tracerConfig": config})

    assert len(prestate()[name]["storage"]) == 2
    assert "storage" not in prestate(disableStorage=True)[name]
    assert "code" not in prestate(disableCode=True)[name]
    assert prestate(includeEmpty=True).keys() > prestate().keys()
    diff = prestate(diffMode=True)
    word = "0x{:064x}".format
    assert diff["post"][name] == {"storage": {word(1): word(5)}}
    assert "storage" not in diff["pre"][name]
    assert "storage" not in prestate(diffMode=True, disableStorage=True)["post"].get(name, {})


def test_mined_transactions_can_be_traced(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    sender = accounts[0].address
    first = chain.send(CallRequest(sender=sender, data=code("0x00 0x00 LOG0")))
    chain.set_automine(False)
    same_block = [
        chain.send(CallRequest(sender=sender, nonce=nonce, data=code("0x00 0x00 LOG0"), gas=90_000))
        for nonce in (1, 2)
    ]
    chain.mine()
    receipts = chain.receipts(chain.head.hash)
    assert receipts is not None
    options = TracerOptions.parse({"tracer": "callTracer", "tracerConfig": {"withLog": True}})
    traces = chain.trace_block("latest", options)
    assert [tx_hash for tx_hash, _ in traces] == same_block
    for index, (tx_hash, frame) in enumerate(traces):
        assert frame == chain.trace_transaction(tx_hash, options)
        assert frame["gasUsed"] == hex(receipts[index].gas_used)
        assert frame["to"] == "0x" + (receipts[index].contract_address or b"").hex()
        assert frame["logs"][0]["index"] == hex(index)
    assert chain.trace_transaction(first, options)["logs"][0]["index"] == "0x0"
    with pytest.raises(UnknownBlock, match="not found"):
        chain.trace_transaction(bytes(32), options)
    with pytest.raises(InvalidRequest, match="genesis is not traceable"):
        chain.trace_block(0, options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tracer": "{step: 1}"}, "tracer not found"),
        ({"tracer": 1}, "tracer: not a string"),
        ({"tracerConfig": []}, "tracerConfig: not an object"),
        ({"tracer": "callTracer", "tracerConfig": {"withLog": 1}}, "tracerConfig.withLog"),
        ({"tracer": "muxTracer", "tracerConfig": {"nothing": {}}}, "tracer not found"),
        ({"enableMemory": "yes"}, "enableMemory"),
        ({"limit": -1}, "limit"),
        ([], "options: not an object"),
    ],
)
def test_bad_options_are_refused(options: Any, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        TracerOptions.parse(options)


def test_unknown_options_and_none_are_taken() -> None:
    assert TracerOptions.parse(None) == TracerOptions()
    assert TracerOptions.parse({"timeout": "5s", "reexec": 128, "tracer": None}) == TracerOptions()


def test_a_trace_has_a_limit(chain: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder.Budget.__init__, "__defaults__", (1 << 20,))
    loop = {ACCOUNT: code("JUMPDEST 0x00 JUMP")}
    for options in ({}, {"enableMemory": True}):
        with pytest.raises(InvalidRequest, match="trace too large: more than 1 MB"):
            traced(chain, loop, options, gas=10_000_000)
    assert len(traced(chain, loop, {"limit": 5}, gas=1_000_000)["structLogs"]) == 5
    big = {ACCOUNT: code(f"JUMPDEST 0x00 0x00 0xffff 0x00 0x00 0x{OTHER.hex()} GAS CALL 0x00 JUMP")}
    with pytest.raises(InvalidRequest, match="trace too large"):
        traced(chain, big, {"tracer": "callTracer"}, gas=10_000_000)


def test_code_that_ends_stops_behind_its_end(chain: LocalChain) -> None:
    """As geth and anvil number it; and a push that runs over the end stops after its bytes."""
    assert [
        (each["pc"], each["op"])
        for each in traced(chain, {ACCOUNT: code("0x01 POP")}, {})["structLogs"]
    ] == [(0, "PUSH1"), (2, "POP"), (3, "STOP")]


def test_a_store_without_a_value_shows_no_storage(chain: LocalChain) -> None:
    logs = traced(chain, {ACCOUNT: code("0x01 SSTORE")}, {})["structLogs"]
    assert "storage" not in logs[-1]
    assert logs[-1]["error"].startswith("stack underflow")
