"""The light node against full nodes: honest ones, silent ones, and ones that lie."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from node.codec import Reader, Refused
from node.crypto import sha256
from node.light import reads
from node.light.cache import Cache, of_code
from node.light.certificate import Certificate, statement_of
from node.light.client import Lied, NotFound, Question, Unanswered, Unreachable
from node.light.header import read_header
from node.light.questions import (
    Answer,
    Ask,
    Kind,
    Status,
    Target,
    read_answer,
    read_certified,
    write_certified,
    write_headers,
    write_nodes,
)
from node.rlp import keccak
from node.session.messages import MessageType


def lies(client):
    return [event for event in client.events() if isinstance(event, Lied)]


def with_body(change):
    """Return what changes the bodies of a server's good answers."""

    def tamper(payload):
        answer = read_answer(payload)
        if answer.status != Status.OK:
            return payload
        return replace(answer, body=change(answer.body)).encode()

    return tamper


def flipped(body):
    return body[:-1] + bytes([body[-1] ^ 1]) if body else body


@pytest.fixture
def light(net):
    client = net.light()
    net.run(1_000)
    assert client.trust.head.number == 30
    return client


def test_it_reaches_the_head_and_reads_what_is_there(net, light, accounts):
    head = reads.head(light)
    assert head.hash == net.chain.block(30).hash
    address = accounts[0].address
    account = net.ask(light, reads.account_at(light, head, address))
    assert account.balance == net.chain.state(30).balance(address)
    nobody = net.ask(light, reads.account_at(light, head, sha256(b"nobody")[:20]))
    assert nobody.is_empty
    precompile = bytes(18) + b"\x06\x02"
    code = net.ask(light, reads.code_at(light, head, precompile))
    assert code == net.chain.state(30).code(precompile)
    assert lies(light) == []
    assert light.received < 1 << 20


def test_it_follows_the_chain(net, light):
    net.mine(20)
    net.run(8_000)
    assert light.trust.head.number == 50
    for number in (0, 1, 17, 33, 49, 50):
        header = net.ask(light, reads.header_at(light, number))
        assert header.hash == net.chain.block(number).hash
    named = net.ask(light, reads.header_of(light, net.chain.block(23).hash))
    assert named.number == 23
    with pytest.raises(NotFound):
        net.ask(light, reads.header_at(light, 51))
    with pytest.raises(NotFound):
        net.ask(light, reads.header_of(light, bytes(32)))


def test_what_was_proved_is_not_asked_for_again(net, light, accounts):
    head = reads.head(light)
    net.ask(light, reads.account_at(light, head, accounts[0].address))
    before = light.received
    net.ask(light, reads.account_at(light, head, accounts[0].address))
    assert light.received == before


@pytest.mark.parametrize("liar", [0, 1, 2, 3])
def test_a_wrong_balance_is_detected_and_another_asked(net, light, accounts, liar):
    for peer in net.peers:
        if peer != net.peer(liar):
            light.doubt(peer)  # so that it asks the liar first
    net.tampers[net.peer(liar)] = with_body(flipped)
    account = net.ask(light, reads.account_at(light, reads.head(light), accounts[1].address))
    assert account.balance == net.chain.state(30).balance(accounts[1].address)
    (lie,) = lies(light)
    assert lie.peer_id == net.peer(liar)
    # It is believed no more, also after a restart.
    assert net.peer(liar) not in asked(net, light, accounts[2].address)
    again = net.light(light._store)
    assert net.peer(liar) not in asked(net, again, accounts[3].address)


def asked(net, client, address):
    """Return who is asked for an account."""
    found = []
    client.serve(net.peers)
    client.start(reads.account_at(client, reads.head(client), address), found.append, net.now)
    return {send.peer_id for send in client.outgoing()}


def test_every_lie_about_every_kind_of_question_is_detected(net, light, accounts):
    """Each server but the last changes each of its answers in another way."""
    changes = [
        flipped,
        lambda body: body[:-1],
        lambda body: body + b"\0",
    ]
    net.chain.send(transfer(accounts))
    net.mine(40)
    net.run(8_000)
    block = net.chain.block(33)
    code_owner = bytes(18) + b"\x06\x02"
    flows = [
        lambda client: reads.header_at(client, 13),
        lambda client: reads.header_at(client, 27),
        lambda client: reads.account_at(client, reads.head(client), accounts[0].address),
        lambda client: reads.code_at(client, reads.head(client), code_owner),
        lambda client: reads.transactions_of(client, read_header(block.header.encode())),
        lambda client: reads.receipts_of(client, read_header(block.header.encode())),
        lambda client: reads.transaction(client, block.transactions[0].hash),
        lambda client: reads.account_proof(reads.head(client), accounts[0].address, [1]),
    ]
    for place, flow in enumerate(flows):
        client = net.light()
        net.run(1_000)
        assert client.trust.head is not None
        net.tampers = dict(zip(net.peers, map(with_body, changes), strict=False))
        value = net.ask(client, flow(client))
        assert value is not None
        found = Counter(lie.peer_id for lie in lies(client))
        assert found, place
        assert net.peer(3) not in found
        net.tampers = {}


def transfer(accounts):
    from chain.calls import CallRequest

    return CallRequest(sender=accounts[0].address, to=accounts[1].address, value=5, gas=21_000)


def test_withheld_code_is_had_from_another(net, light):
    address = bytes(18) + b"\x06\x02"
    for peer in net.peers[:2]:
        net.tampers[peer] = lambda payload: replace(
            read_answer(payload), status=Status.TOO_LARGE, body=b""
        ).encode()
    code = net.ask(light, reads.code_at(light, reads.head(light), address))
    assert code == net.chain.state(30).code(address)
    wrong = with_body(lambda body: b"wrong" if len(body) < 100 else body)
    light = net.light()
    net.tampers = {}
    net.run(1_000)
    net.tampers = dict.fromkeys(net.peers[:2], wrong)
    code = net.ask(light, reads.code_at(light, reads.head(light), address))
    assert code == net.chain.state(30).code(address)
    assert {lie.peer_id for lie in lies(light)} == set(net.peers[:2])


def certified(net, header, statement=None, seats=(0, 1, 2), signing=None):
    """Return an answer to HEAD that some seats have signed."""
    signing = signing or net.set
    statement = statement or statement_of(header, signing, signing.hash)
    keys = {key.public: key for key in net.keys}
    signatures = [keys[signing.seats[seat].key].sign(statement.message) for seat in seats]
    made = Certificate(statement=statement, seats=tuple(seats), signatures=tuple(signatures))
    return write_certified(made, header)


def replacing_heads(body):
    """Return what answers every certified head by this one."""

    def change(old):
        try:
            read_certified(old)
        except Refused:
            return old
        return body

    return with_body(change)


def test_forged_heads_move_nobody(net):
    header = read_header(net.chain.block(30).header.encode())
    far = replace(header, number=100_000)
    short = certified(net, far, seats=(0, 1))
    doubled = certified(net, far, seats=(0,))
    unsigned = certified(net, header)[:-1]
    wrong_root = replace(header, state_root=bytes(32))
    mixed = write_certified(read_certified(certified(net, header))[0], wrong_root)
    later_set = certified(net, far, signing=net.make_set(0, stake=1))
    for forged in (short, doubled, unsigned, mixed, later_set):
        client = net.light()
        net.tampers = dict.fromkeys(net.peers[:2], replacing_heads(forged))
        net.run(1_000)
        assert client.trust.head.number == 30
        assert {lie.peer_id for lie in lies(client)} == set(net.peers[:2])
        net.tampers = {}


def test_a_stale_head_is_outbid_by_one_honest_server(net):
    old = certified(net, read_header(net.chain.block(10).header.encode()))
    net.tampers = dict.fromkeys(net.peers[:2], replacing_heads(old))
    client = net.light()
    net.run(1_000)
    assert client.trust.head.number == 30
    net.down = set(net.peers[2:])
    net.run(20_000)
    assert client.trust.head.number == 30  # and never goes back


def test_two_certified_heads_stop_it_and_are_told(net, light):
    header = read_header(net.chain.block(30).header.encode())
    other = replace(header, extra_data=b"other")
    net.tampers[net.peer(0)] = replacing_heads(certified(net, other))
    net.run(8_000)
    found = [event for event in light.events() if type(event).__name__ == "Conflict"]
    assert len(found) == 1
    assert light.trust.head == header


def test_sets_change_at_checkpoints_and_are_followed(chain, make_net):
    """From epoch 0 over two handovers, from the first checkpoint, in under a megabyte."""
    net = make_net(chain)
    coming = {}
    for gateway in net.gateways:
        gateway._registry = b"\1" * 20

        def next_set(header, gateway=gateway):
            yield from ()
            if header.number % 1024 or not header.number:
                return gateway.office
            found = net.make_set(gateway.office.epoch + 1, stake=10**21 + header.number)
            coming[found.epoch] = found
            gateway._sets = {gateway.office.hash: gateway.office, found.hash: found}
            return found

        gateway._coming = next_set
    for _ in range(21):
        net.mine(100)
        net.run(3_000, step=1_000)
    assert [gateway.office.epoch for gateway in net.gateways] == [2] * 4
    client = net.light()
    net.run(12_000)
    assert client.trust.epoch == 2
    assert client.trust.head.number >= 2_060
    assert client.received < 1 << 20
    assert client.cache.size < 50 << 20
    header = net.ask(client, reads.header_at(client, 1_500))  # of an epoch that has passed
    assert header.hash == chain.block(1_500).hash
    # A gateway begun anew is where it was.
    again = type(net.gateways[0])(net.set, net.stores[0])
    assert again.office == net.gateways[0].office
    assert again._numbers == net.gateways[0]._numbers


def test_a_later_set_that_cannot_be_shown_only_makes_doubtful(net):
    liar = net.make_set(9, stake=1)
    header = read_header(net.chain.block(30).header.encode())
    far = replace(header, number=100_000)
    forged = certified(net, far, signing=liar)
    net.tampers[net.peer(0)] = replacing_heads(forged)
    client = net.light()
    net.run(12_000)
    assert client.trust.head.number == 30
    assert client.trust.epoch == 0


# --- Nobody answers -------------------------------------------------------------------------


def test_offline_it_answers_from_what_was_proved(net, light, accounts, store):
    head = reads.head(light)
    targets = [Target(accounts[0].address)]
    online = net.ask(light, reads.state(light, head, targets))
    net.down = set(net.peers)
    offline = net.ask(light, reads.state(light, head, targets))
    assert offline.accounts == online.accounts
    with pytest.raises(Unreachable):
        net.ask(light, reads.account_at(light, head, accounts[5].address))
    again = net.light(light._store)  # after a restart, still offline
    assert again.trust.head == head
    assert net.ask(again, reads.state(again, head, targets)).accounts == online.accounts
    known = reads.newest_known(again, accounts[0].address)
    assert known.number == 30
    with pytest.raises(Unreachable):
        reads.newest_known(again, accounts[5].address)
    with pytest.raises(Unreachable):
        reads.head(net.light(store))


def test_a_server_that_is_silent_is_passed_over(net, light, accounts):
    light.serve(net.peers)
    net.down = set(net.peers[:3])
    account = net.ask(light, reads.account_at(light, reads.head(light), accounts[4].address))
    assert account.balance == net.chain.state(30).balance(accounts[4].address)
    assert lies(light) == []


def test_without_servers_or_with_too_many_questions_flows_end(net, light, accounts):
    light.serve([])
    with pytest.raises(Unreachable):
        net.ask(light, reads.account_at(light, reads.head(light), accounts[4].address))
    light.serve(net.peers)
    outcomes = []
    for place in range(300):
        flow = reads.account_at(light, reads.head(light), sha256(b"%d" % place)[:20])
        light.start(flow, outcomes.append, net.now)
    assert len(outcomes) == 300 - 256
    assert all(isinstance(each.error, Unreachable) for each in outcomes)


def test_answers_nobody_asked_for_are_refused(net, light, accounts):
    head = reads.head(light)
    outcomes = []
    light.start(reads.account_at(light, head, accounts[6].address), outcomes.append, net.now)
    (send,) = light.outgoing()
    request = send.payload[1:9]
    stray = Answer(bytes(8), Status.OK, b"").encode()
    foreign = Answer(request, Status.OK, b"").encode()
    other = next(peer for peer in net.peers if peer != send.peer_id)
    for peer, payload in ((send.peer_id, stray), (other, foreign), (other, b""), (other, b"\1")):
        with pytest.raises(Refused):
            light.receive(peer, MessageType.CHAIN_ANSWER, payload, net.now)
    assert outcomes == []
    light.unlinked(send.peer_id, net.now)  # its link ends: another is asked
    assert [each.peer_id != send.peer_id for each in light.outgoing()] == [True]


def test_a_question_to_certain_servers_goes_to_no_other(net, light):
    question = Question(
        kind=Kind.NUMBER,
        body=net.chain.block(5).hash,
        check=lambda body: Reader(body).u64(),
        servers=(net.peer(2),),
    )

    def flow():
        return (yield question)

    assert net.ask(light, flow()) == 5
    net.down = {net.peer(2)}
    with pytest.raises(Unanswered):
        net.ask(light, flow())


# --- The cache ------------------------------------------------------------------------------


def test_the_cache_is_bounded_and_drops_the_oldest(store):
    cache = Cache(store, bytes_max=10_000, entries_max=50)
    for place in range(200):
        cache.keep(of_code(keccak(b"%d" % place), bytes(400)))
        assert cache.size <= 10_000
    kept = [place for place in range(200) if cache.code(keccak(b"%d" % place)) is not None]
    assert kept == list(range(200 - len(kept), 200))
    assert 0 < len(kept) < 50
    again = Cache(store, bytes_max=10_000, entries_max=50)
    assert again.size == cache.size
    again.keep(of_code(keccak(b"new"), bytes(400)))
    assert again.code(keccak(b"%d" % kept[0])) is None
    small = Cache(store, bytes_max=10_000, entries_max=5)
    small.keep(of_code(keccak(b"newer"), b"x"))
    assert len(store.table) == 5


def test_what_fellows_say_is_certified_is_checked(net):
    """A certificate that a quorum did not sign is refused from a fellow too."""
    net.mine(20)
    gateway, fellow = net.gateways[0], net.peer(1)
    header = read_header(net.chain.block(40).header.encode())
    for body in (certified(net, header, seats=(0, 1)), certified(net, header)[:-1], b""):
        ask = Ask(bytes(8), Kind.CERTIFIED, body).encode()
        with pytest.raises(Refused):
            gateway.receive(fellow, MessageType.CHAIN_ASK, ask, net.now)
    good = Ask(bytes(8), Kind.CERTIFIED, certified(net, header)).encode()
    with pytest.raises(Refused, match="stranger"):
        gateway.receive(sha256(b"stranger"), MessageType.CHAIN_ASK, good, net.now)
    gateway.receive(fellow, MessageType.CHAIN_ASK, good, net.now)
    assert gateway._numbers[-1] == 30  # its own chain node has not shown the block yet
    net.run(2_000)
    assert gateway._numbers[-1] == 50


def test_a_liar_among_many_is_remembered(net, light, store):
    for place in range(100):
        peer = sha256(b"liar %d" % place)
        light.serve([peer])
        light.lied(peer, "light: a lie")
    assert len(light._store.scan(b"light/l/")) == 64


def test_nodes_and_headers_are_written_once(net):
    raw = [net.chain.block(number).header.encode() for number in (3, 2)]
    assert write_headers(raw).count(raw[0]) == 1
    assert write_nodes([b"one", b"one"]) == write_nodes([b"one"])


@pytest.mark.parametrize("seed", range(12))
def test_answers_that_were_spoiled_anywhere_never_change_what_is_found(net, accounts, seed):
    """All servers but one spoil each answer at random: bytes flipped, cut out, or put in."""
    random = Random(seed)

    def spoil(body):
        at = random.randrange(len(body) + 1)
        kind = random.randrange(3)
        if kind == 0 and body:
            at = min(at, len(body) - 1)
            return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]
        if kind == 1 and body:
            return body[:at][: len(body) - 1] + body[at + 1 :]
        return body[:at] + random.randbytes(random.randrange(1, 40)) + body[at:]

    net.chain.send(transfer(accounts))
    net.mine(30)
    net.run(6_000)
    block = net.chain.block(33)
    header = read_header(block.header.encode())
    net.tampers = dict.fromkeys(net.peers[:3], with_body(spoil))
    client = net.light()
    net.run(10_000)
    assert client.trust.head.hash == net.chain.block(client.trust.head.number).hash
    client.serve(net.peers)  # whoever is put out is out: the honest one is left
    found = net.ask(client, reads.account_at(client, header, accounts[0].address))
    assert found.balance == net.chain.state(33).balance(accounts[0].address)
    assert net.ask(client, reads.header_at(client, 15)).hash == net.chain.block(15).hash
    (tx,) = net.ask(client, reads.transactions_of(client, header))
    assert tx.hash == block.transactions[0].hash
    (receipt,) = net.ask(client, reads.receipts_of(client, header))
    assert receipt.encode() == net.chain.receipts(block.hash)[0].encode()
    assert net.peer(3) not in {lie.peer_id for lie in lies(client)}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 7))
def test_it_may_crash_in_any_commit(net, accounts, make_store, crashing, at, after):
    inner = make_store()
    crashed = False
    try:
        client = net.light(crashing(inner, at, after=after))
        net.run(1_000)
        net.ask(client, reads.header_at(client, 7))
        net.ask(client, reads.account_at(client, reads.head(client), accounts[0].address))
    except crashing.end:
        crashed = True
    for peer_id in [peer for peer, core in net.cores.items() if peer not in net.peers]:
        del net.cores[peer_id]
    client = net.light(inner)
    net.run(1_000)
    assert client.trust.head.hash == net.chain.block(30).hash
    head = reads.head(client)
    account = net.ask(client, reads.account_at(client, head, accounts[0].address))
    assert account.balance == net.chain.state(30).balance(accounts[0].address)
    assert client.cache.size == Cache(inner).size
    assert crashed or at > 5
