"""The port: who may ask, what is no request, and calls that cannot be proved."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from node.light import calls
from node.light.calls import Footprints
from node.light.certificate import INTERVAL
from node.light.questions import Status, read_answer


def ask(home, body, method="POST", **fields):
    parts = urlsplit(home.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    headers = {"Content-Type": "application/json", **fields}
    try:
        connection.request(method, "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


CALL = {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"}


def test_a_call_and_a_batch(home):
    status, body, _ = ask(home, json.dumps(CALL))
    assert (status, json.loads(body)) == (200, {"jsonrpc": "2.0", "id": 7, "result": "0x17f5"})
    notification = {"jsonrpc": "2.0", "method": "eth_chainId"}
    batch = [CALL, CALL | {"id": "x", "method": "eth_none"}, notification]
    status, body, _ = ask(home, json.dumps(batch))
    first, second = json.loads(body)
    assert first["result"] == "0x17f5"
    assert (second["id"], second["error"]["code"]) == ("x", -32601)
    assert ask(home, json.dumps(notification))[:2] == (204, b"")
    _, _, fields = ask(home, json.dumps(CALL | {"method": "eth_blockNumber"}))
    assert int(fields["pars-state-block"]) % INTERVAL == 0
    assert int(fields["pars-state-age"]) >= 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff", -32700),
        (b"[" * 100, -32700),
        (b"[]", -32005),
        (json.dumps([CALL] * 101).encode(), -32005),
        (b"7", -32600),
        (b"{}", -32600),
        (json.dumps(CALL | {"jsonrpc": "1.0"}).encode(), -32600),
        (json.dumps(CALL | {"method": 7}).encode(), -32600),
        (json.dumps(CALL | {"params": {"a": 1}}).encode(), -32600),
    ],
)
def test_what_is_no_request_gets_an_error(shared_home, body, code):
    status, answer, _ = ask(shared_home, body)
    assert (status, json.loads(answer)["error"]["code"]) == (200, code)


def test_only_this_machine_and_no_foreign_page_may_ask(home):
    good = json.dumps(CALL)
    for fields in (
        {"Host": "evil.example"},
        {"Host": "evil.example:8545"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Host": "10.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert ask(home, good, **fields)[:2] == (403, b""), fields
    for fields in ({"Host": "localhost:1"}, {"Host": "127.0.0.1"}, {"Host": "[::1]:8545"}):
        assert ask(home, good, **fields)[0] == 200
    assert ask(home, good, **{"Content-Type": "text/plain"})[0] == 415
    assert ask(home, None, "GET")[0] == 405
    assert ask(home, b" " * ((1 << 20) + 1))[0] == 413


def test_a_call_that_cannot_be_proved_is_marked(home, monkeypatch):
    """What a full node says without proof is never the result."""
    monkeypatch.setattr(calls, "ROUNDS_MAX", 0)
    call = {"to": "0x" + "00" * 18 + "0400", "data": "0x12345678"}
    with pytest.raises(Exception, match="more state than can be proved") as refused:
        home.ask("eth_call", call)
    assert refused.value.code == -32010
    assert refused.value.data["verified"] is False


def test_withheld_proofs_fail_and_are_never_a_result(home):
    def withheld(payload):
        return type(read_answer(payload))(read_answer(payload).id, Status.UNKNOWN, b"").encode()

    home.do(lambda: home.net.tampers.update(dict.fromkeys(home.net.peers, withheld)))
    call = {"to": "0x" + "42" * 20, "data": "0x"}
    with pytest.raises(Exception, match="no server has it"):
        home.ask("eth_call", call)


def test_footprints_are_bounded():
    footprints = Footprints()
    for place in range(1_000):
        footprints.keep(calls.Call(data=place.to_bytes(4, "big")), ())
    assert footprints.get(calls.Call(data=(0).to_bytes(4, "big"))) is None
    assert footprints.get(calls.Call(data=(999).to_bytes(4, "big"))) == ()


def test_the_machine_is_begun_again_after_it_died(home):
    call = {"to": "0x" + "00" * 19 + "04", "data": "0xabcd"}
    assert home.ask("eth_call", call) == "0xabcd"
    home.do(lambda: home.machine.worker._process.kill())
    with pytest.raises(Exception, match="no answer"):
        home.ask("eth_call", call)
    assert home.ask("eth_call", call) == "0xabcd"


def test_the_daemon_loads_no_machine():
    """Importing all of the light node brings neither the EVM nor its compiler."""
    import subprocess
    import sys

    code = (
        "import sys, node.light.server, node.light.execution, node.light.gateway\n"
        "import node.light.transactions, node.light.enable\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(' '.join(loaded & {'eth', 'numba', 'web3', 'chain', 'precompiles'}) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def test_what_a_call_is_likely_to_touch_is_read_from_it():
    to, sender = "0x" + "12" * 20, "0x" + "34" * 20
    call = calls.hint_of(
        {"to": to, "from": sender, "data": "0x1234", "value": "0x123", "gas": "0x5208"}
    )
    assert call == calls.Call(
        sender=b"\x34" * 20, to=b"\x12" * 20, data=b"\x12\x34", value=0x123, gas=21_000
    )
    assert calls.hint_of({"input": "0xab", "data": "0xcd"}).data == b"\xab"
    for nothing in (None, [], {}, {"to": "0x12", "from": 7, "data": "ab", "value": "0xzz"}):
        assert calls.hint_of(nothing) == calls.Call()


def test_code_that_is_missing_is_never_taken_for_none(home, accounts):
    """The machine keeps code by its hash: a wrong one would stay wrong for the next call."""
    from chain.calls import CallRequest

    # Returns the address of who calls: code that nothing has run before.
    runtime = bytes.fromhex("335f5260205ff3")
    creation = bytes.fromhex("66") + runtime + bytes.fromhex("5f5260076019f3")

    def deploy():
        request = CallRequest(sender=accounts[0].address, data=creation, gas=200_000)
        located = home.net.chain.transaction(home.net.chain.send(request))
        home.net.mine(20)
        return home.net.chain.receipts(located.block.hash)[0].contract_address

    made = home.do(deploy)
    home.pass_time(8_000)
    call = {"to": "0x" + made.hex(), "from": "0x" + "ab" * 20}
    for _ in range(2):
        assert home.ask("eth_call", call) == "0x" + "00" * 12 + "ab" * 20
