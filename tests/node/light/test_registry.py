"""The ValidatorRegistry itself: read by its storage, given evidence, and joined by `Enabling`."""

from dataclasses import replace
from typing import Any

import pytest

from chain.calls import CallRequest
from chain.dao.artifacts import artifacts
from node.codec import Refused
from node.crypto import SigningKey, sha256
from node.light import follow, reads
from node.light.certificate import statement_of
from node.light.enable import Enabling, Stage
from node.light.gateway import Gateway, _registered
from node.light.header import read_header
from node.light.validator import Collector, Voter
from node.light.validators import Validator, make_set
from node.wallet import from_secret

TESTNET = 6134  # where a registry may ask for fewer than 21
DAY = 86_400
STAKE = 1_000 * 10**18
SEATS = 3
# Creates a contract that returns zero, whatever it is asked.
NEVER_PAUSED = bytes.fromhex("665f5f5260205ff35f5260076019f3")


class Registry:
    """The contract on a chain, and its validators' keys."""

    def __init__(self, chain, accounts, full):
        self.chain = chain
        self.full = full
        self.accounts = accounts
        self.keys = [SigningKey.from_seed(sha256(b"registry %d" % at)) for at in range(10)]
        self.artifact = artifacts()["ValidatorRegistry"]
        pauser = self._create(NEVER_PAUSED)
        treasury = "0x" + accounts[9].address.hex()
        arguments = ["0x" + pauser.hex(), treasury, SEATS, STAKE]
        self.address = self._create(self.artifact.init_code(arguments))

    def _create(self, code: bytes) -> bytes:
        return self.send(self.accounts[9], None, code).contract_address

    def send(self, account, to, data, value=0):
        request = CallRequest(sender=account.address, to=to, data=data, value=value, gas=10_000_000)
        located = self.chain.transaction(self.chain.send(request))
        return self.chain.receipts(located.block.hash)[located.index]

    def call(self, account, function, *arguments, value=0):
        data = self.artifact.call_data(function, arguments)
        receipt = self.send(account, self.address, data, value)
        assert receipt.status == 1
        return receipt

    def read(self, function, *arguments) -> Any:
        data = self.artifact.call_data(function, arguments)
        result = self.chain.call(CallRequest(to=self.address, data=data))
        return self.artifact.output(function, result.output)

    def pass_days(self, days):
        self.full.ask("evm_increaseTime", [hex(int(days * DAY))])
        self.chain.mine(1)

    def activate(self, seats=SEATS):
        for at in range(seats):
            message = self.read("possessionMessage", "0x" + self.accounts[at].address.hex())
            key = self.keys[at]
            self.call(
                self.accounts[at], "register", key.public, key.sign(message), value=STAKE + at
            )
        self.pass_days(1.1)
        for at in range(seats):
            self.call(self.accounts[at], "activate")

    def claimed(self, epoch=0, seats=SEATS):
        """Return the set as the test knows it."""
        return make_set(
            TESTNET,
            epoch,
            [
                Validator(
                    address=self.accounts[at].address, stake=STAKE + at, key=self.keys[at].public
                )
                for at in range(seats)
            ],
        )

    def run(self, flow):
        """Run a flow that asks the chain node."""
        results = None
        while True:
            try:
                calls = flow.send(results)
            except StopIteration as stop:
                return stop.value
            results = [self.full.ask(each.method, each.params) for each in calls]


@pytest.fixture
def chain(make_chain):
    opened = make_chain(TESTNET)
    yield opened
    opened.close()


@pytest.fixture
def registry(chain, accounts, make_full):
    return Registry(chain, accounts, make_full(chain))


def registered(registry, minimum=SEATS):
    header = read_header(registry.chain.head.header.encode())
    return registry.run(_registered(header, registry.address, TESTNET, 0, minimum))


def test_its_storage_is_read_as_the_contract_shows_it(registry):
    assert registered(registry) is None  # too few take part
    registry.activate()
    found = registered(registry)
    assert found == registry.claimed()
    assert found.quorum == registry.read("quorum")
    assert found.stake == registry.read("totalStake")
    assert registered(registry, SEATS + 1) is None
    registry.call(registry.accounts[0], "exit")  # the last one moves to its place
    assert {seat.address for seat in registered(registry, 2).seats} == {
        registry.accounts[1].address,
        registry.accounts[2].address,
    }


def test_a_light_node_proves_a_coming_set_against_it(registry, make_net):
    registry.activate()
    net = make_net(registry.chain, SEATS)
    registry.chain.mine(20)
    net.run(5_000)
    light = net.light()
    net.run(2_000)
    head = reads.head(light)
    good = registry.claimed(1)
    net.ask(light, follow.check_registry(light, head, registry.address, good))
    seats = good.seats
    for wrong, reason in (
        (replace(good, seats=seats[:2]), "another number"),
        (replace(good, seats=(replace(seats[0], stake=1), *seats[1:])), "another stake"),
        (replace(good, seats=(replace(seats[0], key=seats[1].key), *seats[1:])), "another key"),
        (replace(good, seats=(replace(seats[0], address=b"\1" * 20), *seats[1:])), "other"),
    ):
        with pytest.raises(Refused, match=reason):
            net.ask(light, follow.check_registry(light, head, registry.address, wrong))


def test_gateways_hand_over_to_the_registrys_set(registry, make_net, make_store):
    registry.activate()
    net = make_net(registry.chain, SEATS)
    gateways = []
    for place, store in enumerate(net.stores):
        store.table.clear()
        voter = Voter(net.keys[place], store)
        gateway = Gateway(
            net.set, store, voter=voter, registry=registry.address, validators_min=SEATS
        )
        gateway.fellows = [net.peer(each) for each in range(SEATS) if each != place]
        net.cores[net.peer(place)] = gateway
        gateways.append(gateway)
    net.gateways = gateways
    registry.chain.mine(1_020 - registry.chain.head.number)
    net.run(3_000)
    registry.chain.mine(10)
    net.run(3_000)
    for gateway in gateways:
        assert gateway.office == registry.claimed(1)
    light = net.light(registry=registry.address)
    net.run(4_000)
    assert (light.trust.head.number, light.trust.epoch) == (1_024, 0)
    # From here the registry's own keys sign: these validators have none of them.
    # The handover itself is what the light node asks for, once somebody speaks of a later set.
    net.ask(light, follow._hand_over(light, tuple(net.peers)))
    assert (light.trust.head.number, light.trust.epoch) == (1_024, 1)


def test_double_votes_are_evidence_that_the_contract_takes(registry, make_store):
    registry.activate()
    signing = registry.claimed()
    header = read_header(registry.chain.block(0).header.encode())
    collector = Collector(signing, above=-1)
    statement = statement_of(header, signing, signing.hash)
    assert statement.message == registry.read("voteMessage", 0, 0, 0xC0, statement.digest)
    for block_hash in (header.hash, bytes(32)):
        vote = Voter(registry.keys[1], make_store()).vote(
            replace(statement, block_hash=block_hash), signing
        )
        collector.add(vote)
    (evidence,) = collector.evidence
    assert evidence.validator == registry.accounts[1].address
    data = registry.artifact.call_data(
        "reportEquivocation",
        [
            *("0x" + evidence.validator.hex(), 0, 0, 0xC0),
            *(*evidence.digests, *evidence.signatures),
        ],
    )
    assert evidence.call_data() == data
    receipt = registry.send(registry.accounts[8], registry.address, evidence.call_data())
    assert receipt.status == 1
    assert registry.read("validator", "0x" + evidence.validator.hex())[0] == 5  # slashed


# --- Joining --------------------------------------------------------------------------------


@pytest.fixture
def joining(registry, make_store):
    wallet = from_secret(registry.accounts[5].private_key)
    store = make_store()

    def begin():
        return Enabling(
            key=registry.keys[5],
            address=wallet.address,
            sign=wallet.sign,
            registry=registry.address,
            chain_id=TESTNET,
            store=store,
        )

    return begin


def state_of(registry):
    return registry.read("validator", "0x" + registry.accounts[5].address.hex())[0]


def test_a_node_becomes_a_validator_across_restarts(registry, joining):
    assert registry.run(joining().step()).stage == Stage.OFF
    joining().enable(STAKE)
    assert registry.run(joining().step()).stage == Stage.REGISTERING
    assert registry.run(joining().step()).stage == Stage.WAITING
    assert state_of(registry) == 1
    assert registry.run(joining().step()).stage == Stage.WAITING
    registry.pass_days(1.1)
    assert registry.run(joining().step()).stage == Stage.ACTIVATING
    assert registry.run(joining().step()).stage == Stage.ON
    assert registry.run(joining().step()).stage == Stage.ON
    assert state_of(registry) == 2
    joining().disable()
    assert registry.run(joining().step()).stage == Stage.LEAVING
    registry.pass_days(8)
    stages = [registry.run(joining().step()).stage for _ in range(3)]
    assert stages[-1] == Stage.OFF
    assert state_of(registry) == 4


def test_a_stake_too_small_bonds_nothing(registry, joining):
    node = joining()
    node.enable(1)
    before = registry.chain.state().balance(registry.accounts[5].address)
    status = registry.run(node.step())
    assert status.stage == Stage.OFF
    assert "too little stake" in status.reason
    assert registry.run(joining().step()) == status  # and it says why after a restart too
    assert registry.chain.state().balance(registry.accounts[5].address) == before
    for stake in (0, 2**128):
        with pytest.raises(Refused, match="not a stake"):
            node.enable(stake)


def test_where_taking_part_is_refused_the_bond_comes_back(registry, joining):
    """The activation reverts: here because a second hand has begun to leave meanwhile."""
    node = joining()
    node.enable(STAKE)
    assert registry.run(node.step()).stage == Stage.REGISTERING
    registry.run(node.step())
    # A slot of the registry by hand: its bond is below the minimum now, so it cannot activate.
    from node.light.registry import seat_slots

    slot, _ = seat_slots(registry.accounts[5].address)
    word = registry.chain.state().storage(registry.address, slot)
    low = word - ((STAKE // 2) << 112)
    registry.full.ask(
        "anvil_setStorageAt",
        ["0x" + registry.address.hex(), f"0x{slot:064x}", f"0x{low:064x}"],
    )
    registry.pass_days(1.1)
    assert registry.run(node.step()).stage == Stage.LEAVING
    assert registry.run(node.step()).stage == Stage.LEAVING
    assert state_of(registry) == 6
    registry.pass_days(8)
    status = [registry.run(joining().step()) for _ in range(3)][-1]
    assert status.stage == Stage.OFF
    assert "too little stake" in status.reason
    assert registry.chain.state().balance(registry.accounts[5].address) > 9_400 * 10**18


def test_without_a_registry_nothing_is_sent(registry, joining, make_store):
    wallet = from_secret(registry.accounts[5].private_key)
    node = Enabling(
        key=registry.keys[5],
        address=wallet.address,
        sign=wallet.sign,
        registry=b"\7" * 20,
        chain_id=TESTNET,
        store=make_store(),
    )
    node.enable(STAKE)
    with pytest.raises(Refused, match="no registry"):
        registry.run(node.step())
