"""The wallet, held to eth_account, and the chain client to a server of one answer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from node import wallet
from node.client import chain
from node.codec import Refused

SECRET = bytes(range(1, 33))
SENDER = bytes(range(20))
words = st.integers(0, 2**256 - 1)


@given(
    seed=st.binary(min_size=32, max_size=32),
    chain_id=st.sampled_from(wallet.CHAIN_IDS),
    nonce=st.integers(0, 2**64 - 2),
    fees=st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)),
    gas=st.integers(21_000, 2**32),
    to=st.binary(min_size=20, max_size=20),
    value=st.integers(0, 2**255),
    data=st.binary(max_size=200),
)
def test_what_is_signed_is_what_eth_account_signs(
    seed, chain_id, nonce, fees, gas, to, value, data
):
    made = wallet.from_seed(seed)
    account = Account.from_key(made.secret)
    given = {
        "chainId": chain_id,
        "nonce": nonce,
        "maxPriorityFeePerGas": min(fees),
        "maxFeePerGas": max(fees),
        "gas": gas,
        "to": wallet.address_text(to),
        "value": value,
        "data": "0x" + data.hex(),
    }
    raw, digest = made.sign(wallet.transfer_from_json(given))
    theirs = account.sign_transaction({**given, "type": 2})

    assert wallet.address_text(made.address) == account.address
    assert raw == bytes(theirs.raw_transaction)
    assert digest == bytes(theirs.hash)
    assert Account.recover_transaction(raw) == account.address
    assert TypedTransaction.from_bytes(theirs.raw_transaction)


@given(st.binary(min_size=20, max_size=20))
def test_addresses_are_spelled_as_elsewhere(address):
    text = wallet.address_text(address)

    assert text == to_checksum_address(address)
    for spelled in (text, text.lower(), "0x" + text[2:].upper()):
        assert wallet.parse_address(spelled) == address


def test_a_misspelled_address_is_refused():
    text = wallet.address_text(SENDER + b"")
    place = next(at for at in range(2, 42) if text[at].isalpha())
    wrong = text[:place] + text[place].swapcase() + text[place + 1 :]
    if wrong[2:] not in (wrong[2:].lower(), wrong[2:].upper()):
        with pytest.raises(Refused, match="misspelled"):
            wallet.parse_address(wrong)
    for malformed in ("", "0x", text[2:], text[:-1], text + "0", "0x" + "zz" * 20, "0x" + " " * 40):
        with pytest.raises(Refused, match="malformed"):
            wallet.parse_address(malformed)


@given(words)
def test_amounts_are_exact(wei):
    assert wallet.parse_amount(wallet.amount_text(wei % 10**37)) == wei % 10**37


@pytest.mark.parametrize(("text", "wei"), [("0", 0), ("1", 10**18), ("1.5", 15 * 10**17)])
def test_amounts(text, wei):
    assert wallet.parse_amount(text) == wei


@pytest.mark.parametrize(
    "text",
    ["", ".", "1.", ".5", "-1", "1e3", "1,5", "1.5.5", "1" * 21, "0." + "1" * 19, "٣", "1.٣"],
)
def test_malformed_amounts_are_refused(text):
    with pytest.raises(Refused, match="amount"):
        wallet.parse_amount(text)


GOOD = {
    "chainId": 6133,
    "nonce": 0,
    "maxPriorityFeePerGas": 1,
    "maxFeePerGas": 2,
    "gas": 21_000,
    "to": "0x" + "00" * 20,
    "value": 5,
}


@pytest.mark.parametrize(
    "change",
    [
        {"chainId": 1},
        {"nonce": -1},
        {"nonce": 2**64},
        {"gas": 2**64},
        {"value": 2**256},
        {"value": True},
        {"value": "5"},
        {"value": 5.0},
        {"to": None},
        {"to": ""},
        {"data": "00"},
        {"data": "0x0"},
        {"data": "0x" + "00" * 4097},
        {"data": 7},
        {"extra": 1},
    ],
)
def test_what_is_no_transfer_is_refused(change):
    assert wallet.transfer_from_json(GOOD).gas == 21_000
    with pytest.raises(Refused):
        wallet.transfer_from_json({**GOOD, **change})


@pytest.mark.parametrize("value", [None, [], {}, {k: v for k, v in GOOD.items() if k != "gas"}])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(Refused, match="malformed"):
        wallet.transfer_from_json(value)


def test_a_wallet_does_not_show_its_key():
    assert SECRET.hex() not in repr(wallet.from_secret(SECRET))
    assert repr(SECRET) not in repr(wallet.from_secret(SECRET))


# --- The chain ------------------------------------------------------------------------------


@pytest.fixture
def node():
    """A node that answers from a table, and keeps what it was asked."""
    answers, asked = {}, []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(request)
            answer = answers.get(request["method"], {"error": {"message": "no such method"}})
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/rpc", answers, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def chain_6133(node):
    url, answers, asked = node
    answers.update(
        eth_chainId={"result": "0x17f5"},
        eth_getBlockByNumber={"result": {"baseFeePerGas": "0x64"}},
        eth_maxPriorityFeePerGas={"result": "0x7"},
        eth_getTransactionCount={"result": "0x3"},
        eth_estimateGas={"result": "0x5208"},
        eth_getBalance={"result": "0xde0b6b3a7640000"},
        eth_sendRawTransaction={"result": "0x" + "12" * 32},
    )
    return url, answers, asked


def test_a_transfer_is_prepared_from_what_the_chain_says(chain_6133):
    url, _, asked = chain_6133
    made = chain.prepare(url, SENDER, bytes(20), 5)

    assert made == {
        "chainId": 6133,
        "nonce": 3,
        "maxPriorityFeePerGas": 7,
        "maxFeePerGas": 207,
        "gas": 21_000,
        "to": "0x" + "00" * 20,
        "value": 5,
    }
    assert wallet.transfer_from_json(made).nonce == 3
    assert chain.balance(url, SENDER) == 10**18
    assert chain.send(url, "0x02") == "0x" + "12" * 32
    assert asked[-1]["params"] == ["0x02"]


@pytest.mark.parametrize(
    ("method", "answer", "reason"),
    [
        ("eth_chainId", {"result": "0x1"}, "none of Pars"),
        ("eth_chainId", {"error": {"message": "busy"}}, "refused eth_chainId: busy"),
        ("eth_chainId", {"error": "busy"}, "no result"),
        ("eth_chainId", [], "no result"),
        ("eth_chainId", b"{", "does not answer"),
        ("eth_chainId", b"\xff", "does not answer"),
        ("eth_getTransactionCount", {"result": 3}, "malformed"),
        ("eth_getTransactionCount", {"result": "0x"}, "malformed"),
        ("eth_getTransactionCount", {"result": "3"}, "malformed"),
        ("eth_getTransactionCount", {"result": "0x" + "f" * 99}, "malformed"),
        ("eth_getBlockByNumber", {"result": None}, "malformed"),
        ("eth_getBlockByNumber", {"result": {}}, "malformed"),
    ],
)
def test_what_a_node_answers_wrongly_is_said(chain_6133, method, answer, reason):
    url, answers, _ = chain_6133
    answers[method] = answer

    with pytest.raises(chain.ChainFailed, match=reason):
        chain.prepare(url, SENDER, bytes(20), 5)


def test_no_hash_is_no_success(chain_6133):
    url, answers, _ = chain_6133
    answers["eth_sendRawTransaction"] = {"result": True}

    with pytest.raises(chain.ChainFailed, match="malformed"):
        chain.send(url, "0x02")


@pytest.mark.parametrize("url", ["", "localhost:8545", "file:///etc/passwd", "ftp://x", "http://"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(chain.ChainFailed, match="no address of a node"):
        chain.ask(url, "eth_chainId")


def test_nobody_listens_there(node):
    with pytest.raises(chain.ChainFailed, match="does not answer"):
        chain.ask("http://127.0.0.1:1/", "eth_chainId")
