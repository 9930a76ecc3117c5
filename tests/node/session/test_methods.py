"""The control methods: a session from its creation to its epoch, and what they refuse."""

import pytest

from node.codec import Refused
from node.session import ids
from node.session.epochs import Chain
from node.session.methods import METHODS, run
from node.session.outcomes import NOTARY
from node.session.service import Engine, Settings
from node.session.states import SessionState

CHAIN = Chain(chain_id=6134, anchor=b"\x01" * 20, relay=b"\x02" * 20)
ZERO, TX = "00" * 32, "11" * 32
EPOCH_MS = 1000


class Committee:
    """Three members whose messages arrive at once."""

    def __init__(self, keys):
        members = tuple(key.public for key in keys)
        settings = Settings(chain=CHAIN, members=members, epoch_ms=EPOCH_MS)
        self.stores = [{} for _ in keys]
        self.now = 5000
        self.engines = [
            Engine(settings, key, [], store.get, self.now)
            for key, store in zip(keys, self.stores, strict=True)
        ]

    def take(self, seat, effects):
        self.stores[seat].update(effects.store)
        for message in effects.send:
            for other, engine in enumerate(self.engines):
                if other != seat and message.recipient in (ids.EMPTY, engine.nodes[engine.me]):
                    self.take(other, engine.receive(message, self.now))

    def call(self, seat, name, **params):
        answer, effects = run(self.engines[seat], name, params, self.now)
        self.take(seat, effects)
        return answer


@pytest.fixture
def committee(signing_keys):
    return Committee(signing_keys[:3])


def test_a_session_by_the_interface(committee):
    session = committee.call(0, "ServiceCreate", serviceId=NOTARY.hex(), txId=TX)["sessionId"]
    committee.call(0, "ServiceStart", sessionId=session)
    step = {"sessionId": session, "txId": TX, "inputHash": ZERO}
    assert committee.call(0, "ServiceRequest", kind="compute", **step) == {"requestId": None}
    committee.call(0, "ServiceComplete", sessionId=session, outputHash="22" * 32)
    request = committee.call(0, "ServiceRequest", kind="read", **step)["requestId"]
    event = {"kind": 7, "target": "33" * 20, "payload": "abcd"}
    for seat in range(3):
        (waiting,) = committee.call(seat, "ServiceRequests")
        assert (waiting["requestId"], waiting["led"]) == (request, seat == 0)
        committee.call(seat, "ServiceObserve", requestId=request, output="6869", events=[event])
    committee.call(0, "ServiceCommit", requestId=request)
    committee.call(0, "ServiceComplete", sessionId=session, outputHash=ZERO)
    (view,) = committee.call(1, "ServiceSessions")
    assert [(each["kind"], each["state"]) for each in view["steps"]] == [(0, 3), (2, 3)]
    committee.call(0, "ServiceFinalize", sessionId=session)
    assert committee.call(2, "ServiceSessions") == []
    epoch = committee.call(2, "GetEpoch", epoch=0)
    assert epoch["leaves"][0]["sessionId"] == session
    assert epoch["leaves"][0]["state"] == SessionState.FINALIZED
    assert epoch["events"] == [{"number": 0, "sessionId": session, **event}]

    committee.now += EPOCH_MS
    for seat, engine in enumerate(committee.engines):
        committee.take(seat, engine.tick(committee.now))
    closed = committee.call(1, "GetEpoch", epoch=1)
    assert closed == {**epoch, "closed": True}
    place = {"chainId": CHAIN.chain_id, "epoch": 1}
    for kind, contract in (("anchor", CHAIN.anchor), ("events", CHAIN.relay)):
        found = committee.call(1, "GetCertificate", kind=kind, contract=contract.hex(), **place)
        assert len(found["signatures"]) == 3
        keys = [bytes.fromhex(each["publicKey"]) for each in found["signatures"]]
        hashes = [each["publicKeyHash"] for each in found["signatures"]]
        assert hashes == [ids.hash_of(key).hex() for key in keys] == sorted(hashes)
    assert committee.call(1, "ServiceCommittee")["quorum"] == 3


def test_a_session_can_be_withdrawn(committee):
    session = committee.call(1, "ServiceCreate", serviceId=NOTARY.hex(), txId=TX)["sessionId"]
    committee.call(1, "ServiceFail", sessionId=session)

    (leaf,) = committee.call(0, "GetEpoch", epoch=0)["leaves"]
    assert (leaf["sessionId"], leaf["state"]) == (session, SessionState.FAILED)
    assert (leaf["outputHash"], leaf["oracleRoot"]) == (ZERO, ZERO)


@pytest.fixture
def request_id(committee):
    session = committee.call(0, "ServiceCreate", serviceId=NOTARY.hex(), txId=TX)["sessionId"]
    committee.call(0, "ServiceStart", sessionId=session)
    step = {"sessionId": session, "kind": "write", "txId": TX, "inputHash": ZERO}
    return committee.call(0, "ServiceRequest", **step)["requestId"]


@pytest.mark.parametrize(
    ("name", "params", "reason"),
    [
        ("ServiceCreate", {"serviceId": "xx", "txId": TX}, "is not hex"),
        ("ServiceCreate", {"serviceId": "00", "txId": TX}, "is not an id"),
        ("ServiceCreate", {"serviceId": ZERO, "txId": TX}, "unknown service"),
        ("ServiceStart", {"sessionId": ZERO}, "unknown"),
        ("ServiceFinalize", {"sessionId": ZERO}, "unknown"),
        (
            "ServiceRequest",
            {"sessionId": ZERO, "kind": "guess", "txId": TX, "inputHash": ZERO},
            "unknown state or kind",
        ),
        ("ServiceSubmit", {"requestId": ZERO, "data": "x"}, "is not hex"),
        ("ServiceSubmit", {"requestId": ZERO, "data": ""}, "no such request"),
        ("ServiceCommit", {"requestId": ZERO}, "no such request"),
        ("GetEpoch", {"epoch": 9}, "unknown"),
        ("GetEpoch", {"epoch": -1}, "unknown"),
        (
            "GetCertificate",
            {"kind": "anchor", "chainId": 1, "contract": "00" * 20, "epoch": 1},
            "not signed for",
        ),
        (
            "GetCertificate",
            {"kind": "anchor", "chainId": 1, "contract": "00", "epoch": 1},
            "is not an id",
        ),
    ],
)
def test_what_is_refused(committee, name, params, reason):
    with pytest.raises(Refused, match=reason):
        committee.call(0, name, **params)


@pytest.mark.parametrize(
    "params",
    [
        {"output": "x", "events": []},
        {"output": "00" * 8193, "events": []},
        {"output": "", "events": [7]},
        {"output": "", "events": [{}]},
        {"output": "", "events": [{"kind": 256, "target": "00" * 20, "payload": ""}]},
        {"output": "", "events": [{"kind": True, "target": "00" * 20, "payload": ""}]},
        {"output": "", "events": [{"kind": 1, "target": 7, "payload": ""}]},
        {"output": "", "events": [{"kind": 1, "target": "00", "payload": ""}]},
        {"output": "", "events": [{"kind": 1, "target": "00" * 20, "payload": "x"}]},
        {"output": "", "events": [{"kind": 1, "target": "00" * 20, "payload": ""}] * 5},
        {"output": "", "events": [{"kind": 1, "target": "00" * 20, "payload": "00" * 4097}]},
        {
            "output": "00" * 8000,
            "events": [{"kind": 1, "target": "00" * 20, "payload": "00" * 4096}] * 4,
        },
    ],
)
def test_observations_that_are_refused(committee, request_id, params):
    with pytest.raises(Refused):
        committee.call(0, "ServiceObserve", requestId=request_id, **params)


def test_records_that_are_refused(committee, request_id):
    with pytest.raises(Refused, match="too long"):
        committee.call(0, "ServiceSubmit", requestId=request_id, data="00" * 16_385)
    committee.call(0, "ServiceSubmit", requestId=request_id, data="00" * 16_384)
    with pytest.raises(Refused, match="submitted already"):
        committee.call(0, "ServiceSubmit", requestId=request_id, data="")
    committee.call(0, "ServiceCommit", requestId=request_id)
    with pytest.raises(Refused, match="is committed"):
        committee.call(0, "ServiceCommit", requestId=request_id)


def test_every_method_says_what_it_needs():
    for name, (needs, method) in METHODS.items():
        assert set(needs.values()) <= {str, int, list}, name
        assert callable(method)
