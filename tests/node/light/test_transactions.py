"""Transactions: durable, handed to two, proved to be mined, and never dropped in silence."""

from collections import Counter

import pytest

from node.codec import Refused
from node.light import reads
from node.light.questions import Kind, read_ask
from node.light.transactions import QUEUE_MAX, Queue, State
from node.session.messages import MessageType
from node.wallet import Transfer, from_secret


class Desk:
    """A wallet and a queue on a light node."""

    def __init__(self, net, account, store):
        self.net = net
        self.store = store
        self.wallet = from_secret(account.private_key)
        self.client = net.light()
        net.run(1_000)
        self.queue = self.begin()

    def begin(self):
        return Queue(self.client, self.store, lambda: self.net.peers)

    def signed(self, nonce=0, value=1, chain_id=6133, max_fee=10**11):
        transfer = Transfer(
            chain_id=chain_id,
            nonce=nonce,
            max_priority_fee=10**9,
            max_fee=max_fee,
            gas=21_000,
            to=b"\7" * 20,
            value=value,
        )
        return self.wallet.sign(transfer)

    def run(self, rounds=6):
        """Let blocks and certificates come."""
        for _ in range(rounds):
            self.net.mine(10)
            self.net.run(5_000)
            self.queue.poll(self.net.now)
            self.net.settle()


@pytest.fixture
def desk(net, accounts, store):
    return Desk(net, accounts[2], store)


def test_it_lands_and_is_proved(desk):
    raw, tx_hash = desk.signed()
    assert desk.queue.add(raw, desk.net.now) == tx_hash
    desk.run()
    entry = desk.queue.find(tx_hash)
    assert entry.state == State.MINED
    assert entry.number == desk.net.chain.transaction(tx_hash).block.number
    assert [each.state for each in desk.queue.changed()] == [
        State.WAITING,
        State.SUBMITTED,
        State.MINED,
    ]
    assert desk.queue.changed() == []
    desk.queue.forget(tx_hash)
    assert desk.begin().entries() == []
    with pytest.raises(Refused, match="not settled"):
        desk.queue.forget(tx_hash)


def test_two_validators_get_it_and_one_may_be_dead(desk):
    desk.net.down = {desk.net.peer(0)}
    seen = Counter()
    for peer_id in desk.net.peers:
        gateway = desk.net.cores[peer_id]
        receive = gateway.receive

        def watching(asker, kind, payload, now, receive=receive, peer_id=peer_id):
            if kind == MessageType.CHAIN_ASK and read_ask(payload).kind == Kind.SUBMIT:
                seen[peer_id] += 1
            receive(asker, kind, payload, now)

        gateway.receive = watching
    raw, tx_hash = desk.signed()
    desk.queue.add(raw, desk.net.now)
    desk.run()
    assert desk.queue.find(tx_hash).state == State.MINED
    assert len(seen) >= 2
    assert desk.net.peer(0) not in seen


def test_it_waits_offline_and_survives_a_restart(desk):
    desk.net.down = set(desk.net.peers)
    raw, tx_hash = desk.signed()
    desk.queue.add(raw, desk.net.now)
    desk.run(2)
    assert desk.queue.find(tx_hash).state == State.WAITING
    desk.queue = desk.begin()
    assert desk.queue.find(tx_hash).tx.raw == raw
    desk.net.down = set()
    desk.run()
    assert desk.queue.find(tx_hash).state == State.MINED
    assert desk.begin().find(tx_hash).state == State.MINED


def test_a_used_nonce_is_reported_and_stays(desk):
    desk.net.down = set(desk.net.peers)
    raw, tx_hash = desk.signed(value=1)
    desk.queue.add(raw, desk.net.now)
    other, other_hash = desk.signed(value=2)  # from another device, on a chain of its own
    desk.net.chain.send_raw(other)
    desk.net.down = set()
    desk.run()
    entry = desk.queue.find(tx_hash)
    assert entry.state == State.CONFLICT
    assert entry.reason == "another transaction with nonce 0 was mined"
    assert desk.begin().find(tx_hash) == entry
    assert desk.net.chain.transaction(other_hash) is not None


def test_a_refusal_is_told_and_tried_again(desk):
    raw, tx_hash = desk.signed(value=10**30)
    desk.queue.add(raw, desk.net.now)
    desk.run(2)
    entry = desk.queue.find(tx_hash)
    assert entry.state == State.WAITING
    assert "insufficient funds" in entry.reason


def test_nonces_are_counted_on(desk):
    account = desk.wallet.address
    assert desk.queue.next_nonce(account, 0) == 0
    desk.net.down = set(desk.net.peers)
    for nonce in (0, 1, 3):
        desk.queue.add(desk.signed(nonce)[0], desk.net.now)
    assert desk.queue.next_nonce(account, 0) == 2
    assert desk.queue.next_nonce(account, 3) == 4
    assert desk.queue.next_nonce(b"\1" * 20, 0) == 0
    assert [each.tx.nonce for each in desk.queue.entries()] == [0, 1, 3]


def test_what_is_none_of_ours_is_refused(desk):
    for raw in (b"", b"\2", b"\5" * 90, desk.signed(chain_id=6134)[0], desk.signed()[0] + b"\0"):
        with pytest.raises(Refused):
            desk.queue.add(raw, desk.net.now)
    good, tx_hash = desk.signed()
    desk.net.down = set(desk.net.peers)
    assert desk.queue.add(good, desk.net.now) == desk.queue.add(good, desk.net.now) == tx_hash
    assert len(desk.queue.entries()) == 1
    for nonce in range(1, QUEUE_MAX):
        desk.queue.add(desk.signed(nonce)[0], desk.net.now)
    with pytest.raises(Refused, match="too many wait"):
        desk.queue.add(desk.signed(QUEUE_MAX)[0], desk.net.now)


def test_a_used_nonce_cannot_be_hidden(desk):
    """Whoever hides it cannot hide that its nonce is used: the user hears of it either way."""
    desk.queue.add(desk.signed()[0], desk.net.now)
    desk.run()
    head = reads.head(desk.client)
    account = desk.net.ask(desk.client, reads.account_at(desk.client, head, desk.wallet.address))
    assert account.nonce == 1
