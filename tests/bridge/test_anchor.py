"""Anchoring: each epoch once, in order, by a quorum; what is forged or out of order is refused."""

import hashlib
from types import SimpleNamespace

import pytest
from eth_utils import keccak

from chain.dao import anchors
from node.crypto import SigningKey
from session_bridge.chain_client import ChainClient
from session_bridge.committee import FileSource
from session_bridge.errors import RefusedError, SourceError
from session_bridge.proving import made_proof

QUORUM = 15


def leaves_of(held: dict) -> list[bytes]:
    """Return the leaves of an epoch, by the contracts' own twin."""
    return [
        anchors.SessionLeaf(
            session_id=bytes.fromhex(each["sessionId"]),
            state=each["state"],
            output_hash=bytes.fromhex(each["outputHash"]),
            oracle_root=bytes.fromhex(each["oracleRoot"]),
            receipts_root=bytes.fromhex(each["receiptsRoot"]),
        ).hash()
        for each in held["leaves"]
    ]


def settled(made: SimpleNamespace, world: SimpleNamespace, passes: int = 4) -> None:
    """Make passes until everything that was sent is final."""
    for _ in range(passes):
        made.once()
    world.mine(2)
    made.once()


def test_an_epoch_is_anchored_with_its_root(world, bridges, tell, sources) -> None:
    first = sources.epoch(1, range(7))
    made = bridges(tell(first))

    assert made.once() == 1

    assert world.ask("anchor", "lastEpoch") == 1
    assert world.ask("anchor", "rootOf", 1) == anchors.session_root(6134, 1, leaves_of(first))
    assert made.once() == 0


def test_many_missed_epochs_follow_in_order_without_waiting(world, bridges, tell, sources) -> None:
    epochs = [sources.epoch(number, range(number)) for number in range(1, 12)]
    made = bridges(tell(*epochs))

    assert [made.once(), made.once(), made.once()] == [8, 3, 0]

    assert world.ask("anchor", "lastEpoch") == 11
    for each in epochs:
        root = anchors.session_root(6134, each["epoch"], leaves_of(each))
        assert world.ask("anchor", "rootOf", each["epoch"]) == root


def test_an_epoch_without_sessions_is_anchored_too(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1)))

    made.once()

    assert world.ask("anchor", "rootOf", 1) == anchors.session_root(6134, 1, [])


def test_it_waits_for_an_epoch_that_is_not_over(world, bridges, tell, sources) -> None:
    second = sources.epoch(2) | {"closed": False}
    made = bridges(tell(sources.epoch(1), second, sources.epoch(3)))

    made.once()
    made.once()

    assert world.ask("anchor", "lastEpoch") == 1
    assert made.standing.parts["anchor"]["waitsFor"] == "the end of epoch 2"


def test_fourteen_of_twenty_one_are_not_enough(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1), seats=range(QUORUM - 1)))

    assert made.once() == 0

    assert "14 of 15" in made.standing.parts["anchor"]["waitsFor"]
    tell(sources.epoch(1), seats=range(QUORUM))
    assert made.once() == 1


class Meddler(FileSource):
    """A source whose signatures are changed on their way."""

    def __init__(self, path, change) -> None:
        super().__init__(path, 6134)
        self._change = change

    def signatures(self, asked):
        return self._change(dict(super().signatures(asked)), asked)


def test_signatures_that_do_not_hold_are_left_out(world, bridges, tell, sources) -> None:
    def spoil(signed, asked):
        for public in sorted(signed)[:6]:
            signed[public] = bytes([signed[public][0] ^ 1]) + signed[public][1:]
        return signed

    made = bridges(Meddler(tell(sources.epoch(1)), spoil))

    assert made.once() == 1
    assert world.ask("anchor", "lastEpoch") == 1


def test_seven_bad_signatures_leave_no_quorum(world, bridges, tell, sources) -> None:
    def spoil(signed, asked):
        for public in sorted(signed)[:7]:
            signed[public] = signed[public][:-1]
        return signed

    made = bridges(Meddler(tell(sources.epoch(1)), spoil))

    assert made.once() == 0
    assert "14 of 15, and 7 that do not count" in made.standing.parts["anchor"]["waitsFor"]


def test_strangers_do_not_count(world, bridges, tell, sources) -> None:
    def join(signed, asked):
        kept = dict(sorted(signed.items())[: QUORUM - 1])
        for number in range(5):
            key = SigningKey.from_seed(hashlib.sha256(bytes([number])).digest())
            kept[key.public] = key.sign(asked.statement.payload())
        return kept

    made = bridges(Meddler(tell(sources.epoch(1)), join))

    assert made.once() == 0
    assert world.ask("anchor", "lastEpoch") == 0


def test_a_seat_that_has_equivocated_is_passed_over(world, bridges, tell, sources) -> None:
    key = SigningKey.from_seed(sources.seed(0))
    claims = [(hashlib.sha256(bytes([each])).digest(), 1, bytes(32)) for each in range(2)]
    message = [
        anchors.anchor_attestation(6134, world.contracts.anchor.address, 1, *claim)
        for claim in claims
    ]
    evidence = "submitEquivocation(bytes32,uint64,(bytes32,uint64,bytes32),bytes,"
    evidence += "(bytes32,uint64,bytes32),bytes)"
    from eth_abi import encode

    kinds = ["bytes32", "uint64", "(bytes32,uint64,bytes32)", "bytes"]
    values = (keccak(key.public), 1, claims[0], key.sign(message[0]), claims[1])
    data = keccak(text=evidence)[:4] + encode([*kinds, *kinds[2:]], [*values, key.sign(message[1])])
    world.send(world.accounts[7].address, world.contracts.anchor.address, data)
    made = bridges(tell(sources.epoch(1)))

    assert made.once() == 1

    _, _, marked = world.ask("anchor", "committeeSeats")
    assert marked.bit_count() == 1
    assert world.ask("anchor", "lastEpoch") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda held: held["leaves"].reverse(), "not in order"),
        (lambda held: held["leaves"].append(held["leaves"][-1]), "not in order"),
        (lambda held: held["leaves"][0].update(state=9), "no state 9"),
        (lambda held: held["leaves"][0].update(state=True), "no number"),
        (lambda held: held["leaves"][0].update(outputHash="00"), "1 bytes, not 32"),
        (lambda held: held["leaves"][0].update(outputHash=7), "not hex"),
        (lambda held: held["leaves"][0].pop("sessionId"), "is missing"),
        (lambda held: held.update(leaves={}), "no list"),
        (lambda held: held.update(events=[{}]), "payload is missing"),
    ],
)
def test_a_source_that_contradicts_itself_is_named(
    world, bridges, tell, sources, change, reason
) -> None:
    held = sources.epoch(1, range(3))
    change(held)
    made = bridges(tell(held))

    assert made.once() == 0

    assert reason in made.standing.parts["anchor"]["waitsFor"]


def test_the_contract_refuses_what_is_forged_or_out_of_order(world, tell, sources) -> None:
    """And so does the simulation, before anything is paid."""
    address, anchor = world.contracts.anchor.address, world.contracts.anchor
    secrets = sorted(
        (SigningKey.from_seed(sources.seed(seat)) for seat in range(21)),
        key=lambda key: keccak(key.public),
    )
    root = anchors.session_root(6134, 1, [])

    def refused(epoch, claimed, previous, signers, signed_previous=None) -> str:
        wanted = previous if signed_previous is None else signed_previous
        message = anchors.anchor_attestation(6134, address, epoch, root, 0, wanted)
        bitmap = sum(1 << seat for seat in signers)
        signatures = b"".join(secrets[seat].sign(message) for seat in signers)
        data = anchor.data("anchor", epoch, claimed, 0, previous, bitmap, signatures)
        with pytest.raises(RefusedError) as error:
            world.client.estimate(world.accounts[1].address, address, data)
        return error.value.reason

    seats = range(QUORUM)
    assert refused(2, root, bytes(32), seats) == "anchor: not the next epoch"
    assert refused(1, root, b"\1" * 32, seats) == "anchor: other previous root"
    assert refused(1, root, bytes(32), range(14)) == "anchor: no quorum"
    assert refused(1, b"\2" * 32, bytes(32), seats) == "anchor: bad signature"
    assert refused(1, root, bytes(32), seats, b"\1" * 32) == "anchor: bad signature"


def test_another_relayer_being_first_is_success(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1, range(3)), sources.epoch(2))
    one, other = bridges(path, account=5), bridges(path, account=6)
    world.automine(False)

    # The second one sees in the node's pool that the first has sent it.
    assert (one.once(), other.once()) == (2, 0)
    world.mine()
    settled(one, world)
    settled(other, world)

    assert world.ask("anchor", "lastEpoch") == 2
    assert one.journal.ledger.tally.succeeded == 2
    assert other.journal.ledger.tally.spent == 0


def test_losing_a_race_in_one_block_is_no_error(world, bridges, tell, sources) -> None:
    """A node that does not tell what waits in its pool lets both send; one of them pays for it."""

    class Blind(ChainClient):
        def estimate(self, sender, to, data, value=0):
            return 3_000_000

    path = tell(sources.epoch(1, range(3)))
    one = bridges(path, account=5, client=Blind(world.transport))
    other = bridges(path, account=6, client=Blind(world.transport))
    world.automine(False)

    assert (one.once(), other.once()) == (1, 1)
    world.mine()
    settled(one, world)
    settled(other, world)

    assert world.ask("anchor", "lastEpoch") == 1
    tallies = [one.journal.ledger.tally, other.journal.ledger.tally]
    assert sorted(each.succeeded for each in tallies) == [0, 1]
    assert sorted(each.failed for each in tallies) == [0, 1]
    assert not one.journal.ledger.slots
    assert not other.journal.ledger.slots


def test_relayers_spread_over_blocks(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1))
    made = [bridges(path, account=number, stagger=200) for number in range(2, 8)]

    assert sum(each.once() for each in made) <= 1  # Their turns are drawn from 201 blocks.
    world.mine(201)
    assert sum(each.once() for each in made) == 1


def test_a_session_is_proven_and_another_is_proven_absent(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1, range(20)), sources.epoch(2, range(20, 33)))
    made = bridges(path)
    made.once()
    source = FileSource(path, 6134)

    def prove(number, epoch=None):
        name = bytes.fromhex(sources.leaf(number)["sessionId"])
        return made_proof(world.client, world.contracts, source, name, epoch)

    assert all(prove(number)["epoch"] == 1 for number in range(20))
    assert all(prove(number)["epoch"] == 2 for number in range(20, 33))
    assert prove(3)["included"] is True
    for number in (3, 500, 501, 502, 503):
        found = prove(number, epoch=2)
        assert found["included"] is False
        assert 0 <= found["index"] <= 13
    with pytest.raises(SourceError, match="epoch 3 is not anchored"):
        prove(1, epoch=3)


def test_a_proof_from_other_leaves_than_those_anchored_is_refused(
    world, bridges, tell, sources
) -> None:
    bridges(tell(sources.epoch(1, range(5)))).once()
    source = FileSource(tell(sources.epoch(1, range(6))), 6134)

    with pytest.raises(SourceError, match="not the one that is anchored"):
        made_proof(world.client, world.contracts, source, bytes(32), None)


def test_a_file_with_all_keys_is_no_source_on_the_main_network(tell, sources) -> None:
    with pytest.raises(SourceError, match="no source for chain 6133"):
        FileSource(tell(sources.epoch(1)), 6133)
