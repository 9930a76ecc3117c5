"""The suite against a node: ours in process, ours over HTTP, poorer ones, and ones that lie."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from eth_abi import encode

from chain.conformance import cli
from chain.conformance.cli import open_chain
from chain.encoding import keccak
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.server import Server
from precompiles.conformance import embedded, export, forwarder
from precompiles.conformance.cli import main
from precompiles.conformance.node import Abilities, Node, described, probe
from precompiles.conformance.rpc import Client
from precompiles.conformance.suite import Chapter, Result, ask, chapters
from precompiles.conformance.vectors import Moment, parse
from precompiles.registry import find

ENTRIES = ["entity_store", "frost", "zk"]
Transport = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def selected() -> list[Chapter]:
    """All of a stateful entry, and the vector files of two others."""
    return [*chapters(entries=["entity_store"]), *chapters(entries=["frost", "zk"])]


@pytest.fixture(scope="module")
def transport() -> Transport:
    return open_chain("call-only")


def results(transport: Transport, selected: list[Chapter], **changes: Any) -> list[Result]:
    client = Client(transport)
    abilities = replace(probe(client), **changes)
    return list(ask(Node(client, abilities, "call-only").answer, selected))


def by_status(found: list[Result]) -> dict[str, int]:
    return {
        status: sum(each.status == status for each in found)
        for status in {each.status for each in found}
    }


# --- Our chain ------------------------------------------------------------------------------


def test_our_chain_meets_every_vector(transport: Transport, selected: list[Chapter]) -> None:
    assert by_status(results(transport, selected)).keys() == {"passed"}


CONTRACT = b"\xab" * 20


@pytest.fixture(scope="module")
def with_accounts() -> list[Chapter]:
    """Vectors about a type that a contract made, in a store that was not empty before."""
    entry = find("entity_store")
    define, append, count = (
        method.signature.selector
        for name in ("defineType", "append", "count")
        for method in entry.methods
        if method.signature.name == name
    )
    kinds = ["string", "string[]", "uint8[]", "uint16"]
    type_id = keccak(CONTRACT + b"Price")
    row = encode(["uint256"], [7])
    script = forwarder.script(
        (entry.address, 0, define + encode(kinds, ["Price", ["value"], [0], 1])),
        (entry.address, 0, append + encode(["bytes32", "bytes", "uint256[]"], [type_id, row, []])),
    )
    callback = b"\1\2\3\4" + encode(["bytes"], [script])
    old = keccak(b"old")
    header = int.from_bytes(CONTRACT, "big") << 96 | 1 << 64
    given = {
        "accounts": {
            f"0x{CONTRACT.hex()}": {"code": "player", "balance": 3},
            f"0x{entry.address.hex()}": {"storage": {f"0x{keccak(old).hex()}": f"0x{header:064x}"}},
        },
        "before": [
            {"to": f"0x{CONTRACT.hex()}", "input": f"0x{callback.hex()}", "value": 5},
        ],
        "gas": 0,
        "source": "written here",
    }
    cases = [
        {"name": "made", "input": f"0x{(count + type_id).hex()}", "output": f"0x{1:064x}"},
        {"name": "old", "input": f"0x{(count + old).hex()}", "output": f"0x{0:064x}"},
    ]
    codes = {"player": forwarder.CODE}
    vectors = []
    for each in cases:
        vector = parse({**each, **given}, entry.address, codes)
        found = embedded.answer(vector)
        assert found.output == vector.expected.output
        assert found.gas is not None
        assert found.gas_used is not None
        vectors.append(replace(vector, gas=found.gas, gas_used=found.gas_used))
    appending = append + encode(["bytes32", "bytes", "uint256[]"], [type_id, row, []])
    refusal = keccak(b"NotOwner(address)")[:4] + bytes(12) + CONTRACT
    item = {"name": "not ours", "input": f"0x{appending.hex()}", "error": f"0x{refusal.hex()}"}
    vector = parse({**item, **given}, entry.address, codes)
    found = embedded.answer(vector)
    assert found.error == refusal
    vectors.append(replace(vector, gas=found.gas or 0, gas_used=found.gas_used or 0))
    mine = replace(vectors[-1], name="ours", caller=CONTRACT)
    found = embedded.answer(mine)
    assert found.output is not None
    expected = replace(
        mine.expected,
        output=found.output,
        error=None,
        logs=found.logs or (),
        storage=found.storage or {},
    )
    vectors.append(replace(mine, gas_used=found.gas_used or 0, expected=expected))
    return [Chapter(entry=entry, vectors=tuple(vectors))]


@pytest.mark.parametrize("changes", [{}, {"developer": None}])
def test_accounts_and_calls_to_them_come_first(
    transport: Transport, with_accounts: list[Chapter], changes: dict[str, Any]
) -> None:
    assert by_status(results(transport, with_accounts, **changes)) == {"passed": 4}


def test_accounts_are_exported(with_accounts: list[Chapter]) -> None:
    written = export.document(with_accounts[0])
    jsonschema.validate(written, json.loads(export.SCHEMA.read_text("utf-8")))
    first = written["vectors"][0]
    contract = first["accountsBefore"][f"0x{CONTRACT.hex()}"]
    assert contract == {"code": f"0x{forwarder.CODE.hex()}", "balance": 8}
    assert len(first["storageBefore"]) > 1
    address = bytes.fromhex(written["address"][2:])
    again = [parse(item, address) for item in written["vectors"]]
    assert again == list(with_accounts[0].vectors)


def test_a_vector_that_chooses_its_block_is_skipped(
    transport: Transport, with_accounts: list[Chapter]
) -> None:
    (chapter,) = with_accounts
    later = replace(chapter.vectors[0], moment=Moment(time=1_800_000_000))
    found = results(transport, [replace(chapter, vectors=(later,))])
    assert by_status(found) == {"skipped": 1}


def test_what_a_node_can_do_is_found_out(transport: Transport) -> None:
    abilities = probe(Client(transport))
    assert (abilities.overrides, abilities.trace, abilities.developer) == (True, True, "anvil")
    assert abilities.account is not None


def test_traces_tell_what_transactions_tell(transport: Transport, selected: list[Chapter]) -> None:
    assert by_status(results(transport, selected, developer=None)).keys() == {"passed"}


def test_without_traces_logs_and_storage_are_untold_not_passed(
    transport: Transport, selected: list[Chapter]
) -> None:
    found = results(transport, selected, developer=None, trace=False)
    changing = {
        each.vector.name
        for each in found
        if each.vector.expected.logs or each.vector.expected.storage
    }
    assert changing
    for each in found:
        assert each.status == ("not told" if each.vector.name in changing else "passed")


def test_a_plain_eth_call_tells_outcomes_only(
    transport: Transport, selected: list[Chapter]
) -> None:
    found = results(transport, selected, developer=None, trace=False, overrides=False)
    assert by_status(found).keys() == {"not told", "skipped"}
    assert all("gas" in each.reasons for each in found if each.status == "not told")
    assert {each.reasons for each in found if each.status == "skipped"} == {
        ("needs state overrides",)
    }


def test_a_transaction_is_taken_back(transport: Transport, selected: list[Chapter]) -> None:
    client = Client(transport)
    before = client("eth_getBlockByNumber", "latest", False)
    assert by_status(results(transport, selected[:1])) == {"passed": len(selected[0].vectors)}
    assert client("eth_getBlockByNumber", "latest", False) == before


# --- Nodes that lie -------------------------------------------------------------------------


def lying(transport: Transport, change: Callable[[str, Any], Any]) -> Transport:
    """A node whose results are changed before they are sent."""

    def send(body: bytes) -> bytes:
        answer = json.loads(transport(body))
        if "result" in answer:
            answer["result"] = change(json.loads(body)["method"], answer["result"])
        return json.dumps(answer).encode()

    return send


def changed_report(output: str, change: Callable[[bytearray], object]) -> str:
    """Change what the forwarder said; other answers are left alone."""
    data = bytearray.fromhex(output[2:])
    if len(data) < forwarder.HEADER or output == "0x" + (42).to_bytes(32, "big").hex():
        return output
    change(data)
    return "0x" + data.hex()


def gas_more(data: bytearray) -> None:
    data[forwarder.HEADER - 1] ^= 1


def last_byte(data: bytearray) -> None:
    if len(data) > forwarder.HEADER:
        data[-1] ^= 1
    else:
        data.append(1)


def success(data: bytearray) -> None:
    data[31] ^= 1


@pytest.mark.parametrize("change", [gas_more, last_byte, success])
def test_every_wrong_answer_of_a_call_is_a_failure(
    change: Callable[[bytearray], object], transport: Transport, selected: list[Chapter]
) -> None:
    node = lying(
        transport,
        lambda method, result: changed_report(result, change) if method == "eth_call" else result,
    )
    found = results(node, selected[1:], developer=None)
    assert by_status(found).keys() == {"failed"}


def without_logs(method: str, result: Any) -> Any:
    if method == "eth_getTransactionReceipt" and result["logs"]:
        return {**result, "logs": result["logs"][-1:]}
    return result


def another_word(method: str, result: Any) -> Any:
    return "0x" + "ee" * 32 if method == "eth_getStorageAt" else result


@pytest.mark.parametrize(("lie", "what"), [(without_logs, "logs"), (another_word, "storage")])
def test_missing_logs_and_wrong_words_are_failures(
    lie: Callable[[str, Any], Any], what: str, transport: Transport, selected: list[Chapter]
) -> None:
    found = results(lying(transport, lie), selected[:1])
    wanting = [each for each in found if getattr(each.vector.expected, what)]
    assert wanting
    for each in found:
        assert each.status == ("failed" if each in wanting else "passed"), each.vector.name


def test_wrong_traces_are_failures(transport: Transport, selected: list[Chapter]) -> None:
    def lie(method: str, result: Any) -> Any:
        if method != "debug_traceCall" or ("output" in result and len(result["output"]) == 66):
            return result
        return {"pre": {}, "post": {}} if "pre" in result else {**result, "calls": [{}]}

    found = results(lying(transport, lie), selected[:1], developer=None)
    for each in found:
        expected = each.vector.expected
        status = "failed" if expected.logs or expected.storage else "passed"
        assert each.status == status, each.vector.name


@pytest.mark.parametrize("nonsense", [None, 7, "0x", "0x12", "zz", [], {"a": 1}, "0x" + "ff" * 64])
def test_nonsense_is_a_failure(
    nonsense: Any,
    transport: Transport,
    selected: list[Chapter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("precompiles.conformance.node.RECEIPT_SECONDS", 0.01)
    client = Client(transport)
    abilities = probe(client)
    node = Client(lying(transport, lambda _, __: nonsense))
    for changes in ({}, {"developer": None}, {"developer": None, "overrides": False}):
        target = Node(node, replace(abilities, **changes), "call-only").answer
        few = [replace(each, vectors=each.vectors[:12]) for each in selected]
        told = [
            each
            for each in ask(target, few)
            if each.status != "skipped" and each.vector.expected.output is not None
        ]
        assert told
        assert {each.status for each in told} == {"failed"}


# --- Over HTTP ------------------------------------------------------------------------------


@pytest.fixture
def url(accounts: Any) -> Iterator[str]:
    """Our devnet, as `pars chain run` serves it."""
    genesis = pars_genesis(accounts=[account.address for account in accounts])
    server = Server(LocalChain.open(genesis, accounts=accounts))
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda _: ready.set(),))
    thread.start()
    assert ready.wait(20)
    yield server.url
    server.stop()
    thread.join(20)


def test_the_command_runs_against_a_devnet(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"--junit": tmp_path / "a.xml", "--json": tmp_path / "a.json"}
    arguments = [str(word) for pair in files.items() for word in pair]
    status = cli.main(["run", "--rpc", url, "--entry", "entity_store", "--given", *arguments])
    shown = capsys.readouterr()
    assert status == 0, shown.out
    assert "transactions that can be taken back" in shown.err
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["totals"]["passed"] == len(report["results"]) > 70
    suites = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert suites.attrib["failures"] == suites.attrib["skipped"] == "0"
    assert len(suites.findall("testsuite/testcase")) == len(report["results"])


class Handler(BaseHTTPRequestHandler):
    """A node that has one answer for everything, or closes the connection."""

    protocol_version = "HTTP/1.1"
    answer: Any = None

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.close_connection = True  # So that no thread waits for more.
        if self.answer is None:
            return
        found = {"jsonrpc": "2.0", "id": body["id"], **self.answer}
        data = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Fake", (Handler,), {"answer": request.param})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "fake",
    [
        {"result": "0x01"},
        {"result": "0x" + "00" * 31 + "2a"},
        {"error": {"code": 3, "message": "execution reverted", "data": "0x01020304"}},
        {"nothing": 1},
        None,
    ],
    ids=["one-word", "forty-two", "always-reverts", "no-result", "silent"],
    indirect=True,
)
def test_a_node_that_is_none_fails(
    fake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--rpc", fake, "--entry", "poseidon", "--timeout", "5"]) == 1


def test_a_port_where_nobody_listens_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--rpc", "http://127.0.0.1:9", "--timeout", "5"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_the_chain_is_a_target_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--target", "chain", "--entry", "frost", "--given"]) == 0
    assert main(["run", "--target", "chain", "--entry", "frost"]) == 2


def test_abilities_are_told_in_words() -> None:
    none = Abilities(overrides=False, trace=False, developer=None, account=None)
    assert all(words.startswith("no ") for words in described(none))
