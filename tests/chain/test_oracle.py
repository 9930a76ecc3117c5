"""`pars oracle`: reporters with files, a node over loopback, one who lies and one who is silent."""

import json
import random
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.accounts import dev_accounts
from chain.calls import CallRequest
from chain.encoding import keccak
from chain.local_chain import LocalChain
from chain.oracle import keys
from chain.oracle.cli import main
from chain.remote import RemoteError, call_data, method_of
from chain.rpc.server import Server
from precompiles import abi
from precompiles.graph.feeds import reporting
from precompiles.graph.feeds.contract import PRECOMPILE
from precompiles.threshold.frost.suites import SUITES
from precompiles.threshold.protocols import dkg
from precompiles.threshold.protocols.dkg import Terms

WAIT_SECONDS = 20
OWNER = dev_accounts(count=1)[0]
ENGINES = ("core", "py")


class Node:
    """A chain behind a socket, and one who makes feeds on it."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.server = Server(chain, port=0)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.server.run, args=(lambda _: ready.set(),))
        self.thread.start()
        assert ready.wait(WAIT_SECONDS)
        self.url = self.server.url

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(WAIT_SECONDS)
        assert not self.thread.is_alive()

    def ask(self, method: str, *arguments: Any) -> Any:
        found = method_of(PRECOMPILE, method)
        request = CallRequest(
            sender=OWNER.address, to=PRECOMPILE.address, data=call_data(found, arguments)
        )
        result = self.chain.call(request)
        assert result.success, result.output.hex()
        values = abi.decode(found.signature.outputs, result.output)
        return values[0] if len(values) == 1 else tuple(values)

    def make_feed(self, scheme: int, signers: list[bytes], run: "Run") -> str:
        """A feed of four, of which one may be faulty, with two decimals."""
        settings = (0, 10**9, 3_600, 100)
        values = ("feed", 2, scheme, signers, 4, 1, *settings)
        found = method_of(PRECOMPILE, "createFeed")
        transaction = {
            "from": f"0x{OWNER.address.hex()}",
            "to": f"0x{PRECOMPILE.address.hex()}",
            "data": f"0x{call_data(found, values).hex()}",
        }
        run.send(transaction)
        return f"0x{keccak(OWNER.address + b'feed').hex()}"


class Run:
    """The command, as a person uses it."""

    def __init__(self, node: Node, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self.folder, self.capsys = node, folder, capsys

    def __call__(self, *arguments: str | Path, status: int = 0) -> tuple[str, str]:
        node = () if arguments[0] == "key" else ("--rpc", self.node.url)
        found = main([*map(str, arguments), *node])
        out, err = self.capsys.readouterr()
        assert found == status, (found, out, err)
        return out, err

    def send(self, transaction: dict[str, str]) -> None:
        from precompiles.conformance.rpc import Client, over_http

        with over_http(self.node.url) as transport:
            client = Client(transport)
            sent = client("eth_sendTransaction", transaction)
            assert client("eth_getTransactionReceipt", sent)["status"] == "0x1"

    def key(self, kind: str, name: str) -> tuple[Path, bytes]:
        path = self.folder / name
        out, _ = self("key", kind, "--out", path)
        return path, bytes.fromhex(out.strip()[2:])


@pytest.fixture(params=ENGINES)
def node(new_chain: Callable[..., LocalChain], request: pytest.FixtureRequest) -> Iterator[Node]:
    made = Node(new_chain(engine=request.param))
    yield made
    made.stop()


@pytest.fixture
def run(node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(node, tmp_path, capsys)


def secret_of(path: Path) -> str:
    return path.read_text().strip()


# Three tell about the same; the third of the four lies; one of them may say nothing.
OBSERVED = ("--observe", "0=1834.50", "--observe", "1=1834.7", "--observe", "2=9999999")


def test_accounts_report_though_one_lies_and_one_is_silent(node: Node, run: Run) -> None:
    reporters = [run.key("account", f"key-{n}") for n in range(4)]
    feed = node.make_feed(1, [signer for _, signer in reporters], run)
    draft, signed = run.folder / "draft.json", run.folder / "signed.json"
    run("report", feed, *OBSERVED, "--key", reporters[0][0], "--out", draft)

    _, told = run("submit", draft, status=1)
    assert told == "pars oracle: 1 of 2 signatures\n"
    # Who signs sees to it that his own observation stands in the draft as he made it.
    _, told = run("sign", draft, "--key", reporters[1][0], "--observe", "1=1834.71", status=1)
    assert "does not say what member 1 observed" in told
    arguments = ("--observe", "1=1834.70", "--out", signed)
    _, told = run("sign", draft, "--key", reporters[1][0], *arguments)
    assert told == "pars oracle: feed: 1834.70, 2 of 2 signatures\n"
    out, told = run("submit", draft, signed)
    assert (out[:2], len(out)) == ("0x", 67)
    assert told == "pars oracle: feed: 1834.70 in block 2\n"

    number, answer, started, updated, same = node.ask("latestRoundData", bytes.fromhex(feed[2:]))
    assert (number, answer, same) == (1, 183_470, 1)
    assert started <= updated
    # Once is enough; and a report that was sent is not sent again.
    _, told = run("submit", draft, signed, status=1)
    assert "the feed is at round 1, and the report at 1" in told
    out, _ = run("show", feed)
    assert json.loads(out)["answer"] == "1834.70"
    # Nothing that was printed or passed on holds a secret.
    texts = draft.read_text() + signed.read_text() + out + told
    assert not any(secret_of(path) in texts for path, _ in reporters)
    assert {stat.S_IMODE(path.stat().st_mode) for path, _ in reporters} == {0o600}


def test_a_report_in_one_step(node: Node, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reporters = [run.key("account", f"key-{n}") for n in range(4)]
    feed = node.make_feed(1, [signer for _, signer in reporters], run)
    given = ("--key", reporters[3][0], "--key", reporters[2][0], "--submit")
    sender = run.folder / "sender"
    keys.write(sender, OWNER.private_key.hex())
    run("report", feed, *OBSERVED, *given, "--sender", sender, "--if-due")
    assert node.ask("latestAnswer", bytes.fromhex(feed[2:])) == 183_470

    more = run.folder / "observations.json"
    more.write_text('{"0": "1834.0", "1": 1835, "3": "1834.2"}')
    arguments = ("report", feed, "--observations", more)
    _, told = run(*arguments, *given, "--if-due", status=1)
    assert "no report is due" in told
    out, _ = run(*arguments, "--dry-run", "--key", reporters[0][0])
    shown = json.loads(out)
    assert (shown["answer"], shown["signatures"]) == ("1834.20", [0])
    assert shown["observations"] == {"0": "1834.00", "3": "1834.20", "1": "1835.00"}
    assert node.ask("feedOf", bytes.fromhex(feed[2:]))[4] == 1
    run(*arguments, *given)
    assert node.ask("latestAnswer", bytes.fromhex(feed[2:])) == 183_420


def test_ml_dsa_keys_report(node: Node, run: Run) -> None:
    kinds = ("ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "ml-dsa-44")
    reporters = [run.key(kind, f"key-{n}") for n, kind in enumerate(kinds)]
    feed = node.make_feed(2, [signer for _, signer in reporters], run)
    draft, signed = run.folder / "draft.json", run.folder / "signed.json"
    run("report", feed, *OBSERVED, "--key", reporters[2][0], "--out", draft)
    run("sign", draft, "--key", reporters[0][0], "--out", signed)
    run("submit", signed)
    assert node.ask("latestAnswer", bytes.fromhex(feed[2:])) == 183_470
    account, _ = run.key("account", "account")
    run("report", feed, *OBSERVED, "--out", draft)
    _, told = run("sign", draft, "--key", account, status=1)
    assert "another kind" in told


def group_files(run: Run, number: int) -> tuple[list[Path], bytes]:
    """A group of four that two sign for, made without a dealer."""
    terms, draw = Terms(suite=SUITES[number], threshold=2, members=4), random.Random(number)
    dealt = {n: dkg.deal(terms, n, draw.randbytes) for n in range(1, 5)}
    announced = [announcement for _, announcement in dealt.values()]
    paths = []
    for receiver in range(1, 5):
        own, _ = dealt[receiver]
        shares = {n: dkg.share_for(terms, dealing, receiver) for n, (dealing, _) in dealt.items()}
        key = dkg.finish(terms, own.identifier, announced, shares)
        path = run.folder / f"member-{receiver}"
        keys.write(path, keys.member_text(key))
        paths.append(path)
    suite = SUITES[number]
    element, _ = suite.normal(suite.group.decode(key.public_key))
    return paths, suite.encode_key(element)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_frost_group_reports(number: int, node: Node, run: Run) -> None:
    members, key = group_files(run, number)
    feed = node.make_feed(16 + number, [key], run)
    file = run.folder.joinpath
    run("report", feed, *OBSERVED, "--out", file("draft"))
    _, told = run("sign", file("draft"), "--key", members[0], status=1)
    assert "in two rounds" in told
    for name, member in (("a", members[0]), ("b", members[2])):
        given = ("--key", member, "--nonces", file(f"nonces-{name}"), "--observe", "1=1834.70")
        run("commit", file("draft"), *given, "--out", file(f"committed-{name}"))
    assert stat.S_IMODE(file("nonces-a").stat().st_mode) == 0o600
    run("merge", file("committed-a"), file("committed-b"), "--out", file("both"))
    for name, member in (("a", members[0]), ("b", members[2])):
        given = ("--key", member, "--nonces", file(f"nonces-{name}"))
        run("sign", file("both"), *given, "--out", file(f"signed-{name}"))
    # What signed once is gone, so that it cannot sign twice.
    assert not file("nonces-a").exists()
    _, told = run("submit", file("signed-a"), status=1)
    assert "signers [3] have not signed" in told

    lying = json.loads(file("signed-b").read_text())
    share = lying["shares"]["3"]
    lying["shares"]["3"] = share[:-2] + f"{int(share[-2:], 16) ^ 1:02x}"
    file("lying").write_text(json.dumps(lying))
    _, told = run("submit", file("signed-a"), file("lying"), status=1)
    assert told.strip() == "pars oracle: wrong shares from signers 3"

    run("submit", file("signed-a"), file("signed-b"))
    assert node.ask("latestAnswer", bytes.fromhex(feed[2:])) == 183_470


# --- What is refused, on one engine ---------------------------------------------------------


@pytest.fixture
def feed(new_chain: Callable[..., LocalChain], tmp_path: Path, capsys: Any) -> Iterator[Any]:
    node = Node(new_chain())
    run = Run(node, tmp_path, capsys)
    reporters = [run.key("account", f"key-{n}") for n in range(4)]
    identifier = node.make_feed(1, [signer for _, signer in reporters], run)
    yield run, identifier, [path for path, _ in reporters]
    node.stop()


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("--observe", "0=1", "--observe", "1=2"), 1, "2 observations; it takes 3 to 4"),
        (("--observe", "4=1"), 1, "there is no member 4: they are 0 to 3"),
        (("--observe", "0=1", "--observe", "0=2"), 2, "member 0 has two answers"),
        (("--observe", "zero=1"), 2, "'zero' is no member"),
        (("--observe", "1"), 1, "'' is not a decimal number"),
        (("--observe", "0=1.234"), 1, "more than the feed's 2 decimals"),
        (("--observe", "0=1e9"), 1, "is not a decimal number"),
        (("--observe", "0=nan"), 1, "is not a decimal number"),
        (("--observe", "0=1."), 1, "is not a decimal number"),
        (("--observe", "0=-5", "--observe", "1=-5", "--observe", "2=0"), 1,
         "the answer -5.00 is not between 0.00 and 10000000.00"),
        ((*OBSERVED, "--time", "-1"), 2, "--time"),
        ((*OBSERVED, "--time", str(2**32)), 2, "--time"),
        ((*OBSERVED, "--round", "0"), 1, "the feed is at round 0, and the report at 0"),
        ((*OBSERVED, "--round", str(2**40)), 2, "--round"),
        ((*OBSERVED, "--observations", "/none"), 2, "No such file"),
        ((*OBSERVED, "--key", "/none"), 1, "key file /none: No such file"),
        ((*OBSERVED, "--submit"), 1, "0 of 2 signatures"),
        ((*OBSERVED, "--submit", "--sender", "/none"), 1, "key file /none"),
    ],
)  # fmt: skip
def test_a_wrong_report_is_told(
    arguments: tuple[str, ...], status: int, reason: str, feed: Any
) -> None:
    run, identifier, _ = feed
    out, told = run("report", identifier, *arguments, status=status)
    assert reason in told
    assert out == ""


def test_a_report_is_as_young_as_now_though_the_last_block_is_old(feed: Any) -> None:
    run, identifier, paths = feed
    time.sleep(1.1)
    run("report", identifier, *OBSERVED, "--key", paths[0], "--key", paths[1], "--submit")


def test_the_chain_has_the_last_word(feed: Any) -> None:
    """Time is the chain's: a report of tomorrow is for tomorrow."""
    run, identifier, paths = feed
    given = ("--key", paths[0], "--key", paths[1], "--submit", "--time", str(2**32 - 1))
    _, told = run("report", identifier, *OBSERVED, *given, status=1)
    assert "feeds refuses: InvalidTimestamp(" in told


@pytest.mark.parametrize(
    "identifier", ["", "0x", "0x12", "feed", "0x" + "00" * 31, "0x" + "0" * 65]
)
def test_what_is_no_feed_is_told(identifier: str, feed: Any) -> None:
    run, _, _ = feed
    _, told = run("show", identifier, status=2)
    assert "is no feed" in told


def test_an_unknown_feed_and_an_absent_node_are_told(feed: Any) -> None:
    run, _, _ = feed
    _, told = run("show", "0x" + "00" * 32, status=1)
    assert "feeds refuses: UnknownFeed(0x" in told
    assert main(["show", "0x" + "00" * 32, "--rpc", "http://127.0.0.1:1"]) == 1
    assert main(["show", "0x" + "00" * 32, "--rpc", "nowhere"]) == 2


def drafted(feed: Any) -> tuple[dict[str, Any], Path]:
    run, identifier, paths = feed
    path = run.folder / "draft.json"
    run("report", identifier, *OBSERVED, "--key", paths[0], "--out", path)
    return json.loads(path.read_text()), path


def test_drafts_that_were_changed_are_refused(feed: Any) -> None:
    run, identifier, paths = feed
    document, path = drafted(feed)
    report = bytes.fromhex(document["report"])
    signature = document["signatures"][0]["signature"]
    foreign, _ = run.key("account", "foreign")
    changes: list[tuple[Any, str]] = [
        ([], "it is no draft"),
        ("{", "it is no draft"),
        ({"report": 5}, "it is no draft"),
        ({"report": "zz"}, "it is no draft"),
        ({"report": report[:-1].hex()}, "it is no draft"),
        (document | {"signatures": 7}, "it is no draft"),
        (document | {"signatures": [{}]}, "it is no draft"),
        (document | {"shares": {"x": "00"}}, "it is no draft"),
        (document | {"commitments": {"1": ["00"]}}, "it is no draft"),
        (document | {"signatures": [{"key": "", "signature": signature[:-2]}]}, "none of the"),
        (document | {"report": (report[:-1] + bytes([report[-1] ^ 1])).hex()}, "none of the"),
        (document | {"report": (report[:-65] + bytes([255]) + report[-64:]).hex()}, "sorted"),
        (document | {"report": (bytes(32) + report[32:]).hex()}, "another configuration"),
    ]
    for changed, reason in changes:
        text = changed if isinstance(changed, str) else json.dumps(changed)
        path.write_text(text)
        _, told = run("merge", path, status=1)
        assert reason in told, (changed, told)
    path.write_text(json.dumps(document))
    _, told = run("sign", path, "--key", foreign, status=1)
    assert "none of the feed's signers" in told
    other = run.folder / "other.json"
    run("report", identifier, *OBSERVED, "--time", "1000", "--key", paths[1], "--out", other)
    _, told = run("submit", path, other, status=1)
    assert "different reports" in told
    assert "No such file" in run("merge", run.folder / "none", status=2)[1]


def test_key_files_that_others_can_read_are_refused(feed: Any) -> None:
    run, identifier, paths = feed
    paths[0].chmod(0o640)
    _, told = run("report", identifier, *OBSERVED, "--key", paths[0], status=1)
    assert "others can read it" in told
    assert secret_of(paths[0]) not in told


@pytest.mark.parametrize(
    "text",
    [
        "", "00" * 32, "ff" * 32, "12", "{", "{}", '{"mlDsa": 4, "seed": "' + "00" * 32 + '"}',
        '{"mlDsa": 2, "seed": "00"}', '{"mlDsa": 2, "seed": 5}', '{"frost": 9}',
        '{"frost": 1, "identifier": 1, "members": 1, "share": "00", "commitments": ["02"]}',
    ],
)  # fmt: skip
def test_files_that_are_no_keys_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    keys.write(path, text)
    with pytest.raises(RemoteError, match="key file"):
        keys.read(path)


def test_a_key_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key"
    assert main(["key", "account", "--out", str(path)]) == 0
    before = path.read_text()
    assert main(["key", "account", "--out", str(path)]) == 1
    assert path.read_text() == before
    assert "File exists" in capsys.readouterr().err


def test_keys_show_nothing(tmp_path: Path) -> None:
    for kind in (None, 2):
        path = tmp_path / str(kind)
        keys.write(path, keys.fresh(kind))
        key = keys.read(path)
        assert not isinstance(key, dkg.MemberKey)
        assert "secret" not in repr(key)


@given(st.integers(-(10**40), 10**40), st.integers(0, 36))
def test_answers_are_read_as_they_are_shown(value: int, decimals: int) -> None:
    assert reporting.parse_answer(reporting.shown_answer(value, decimals), decimals) == value
