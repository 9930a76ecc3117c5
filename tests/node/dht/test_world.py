"""Many nodes: how far a search goes, and what it bears of deaths, newcomers, liars and floods."""

import math
import statistics

import pytest

from node.crypto import sha256
from node.dht.contacts import Contact, networks
from node.dht.dht import Dht
from node.dht.findings import agreement_code
from node.dht.messages import Ask, Op, encode_ask
from node.dht.records import Kind, content_key, owned_key, sign_record
from node.dht.table import K
from node.dht.upkeep import REFRESH_MS
from node.identity import Multiaddr
from node.session.messages import MessageType
from node.simulation.world import START_MS

MINUTE = 60_000


def reaches(here, asker: int, target: int) -> bool:
    """Search for a node by its id; tell whether it is the first that is found."""
    peer_id = here.world.nodes[target].peer_id
    found = here.act(asker, "find_node", peer_id).contacts
    return bool(found) and found[0].peer_id == peer_id


def share_reached(here, count: int) -> float:
    """Search for living nodes from others."""
    pairs = [here.random.sample(here.up, 2) for _ in range(count)]
    return statistics.mean(reaches(here, *pair) for pair in pairs)


def test_a_search_finds_what_sorting_a_thousand_finds(nodes, small) -> None:
    here = nodes(1000, terms=small.terms, seed=21)
    here.fill()
    hops = []
    for _ in range(15):
        asker, place = here.random.randrange(1000), here.place()
        found = here.act(asker, "find_node", place)
        own = here.world.nodes[asker].peer_id
        expected = [one for one in here.closest(place, K + 1) if one != own][:K]
        assert [contact.peer_id for contact in found.contacts] == expected
        hops.append(found.hops)
    assert statistics.mean(hops) <= math.log2(1000)


def test_hops_grow_by_at_most_one_with_each_doubling(nodes, small) -> None:
    means = {}
    for count in (32, 128, 384):
        here = nodes(count, terms=small.terms, seed=22)
        here.fill()
        found = [
            here.act(here.random.randrange(count), "find_node", here.place()) for _ in range(15)
        ]
        means[math.log2(count)] = statistics.mean(one.hops for one in found)
    slope, _ = statistics.linear_regression(list(means), list(means.values()))
    assert 0 <= slope <= 1


def test_nodes_that_join_one_by_one_find_each_other(nodes, small) -> None:
    here = nodes(40, terms=small.terms, seed=23)
    here.join_all()
    assert share_reached(here, 20) == 1
    for _ in range(10):
        place = here.place()
        found = {contact.peer_id for contact in here.act(0, "find_node", place).contacts}
        expected = set(here.closest(place, K + 1)) - {here.world.nodes[0].peer_id}
        assert len(found & expected) >= K - 1


def test_half_of_all_nodes_change_in_ten_minutes(nodes, small, keys) -> None:
    here = nodes(48, terms=small.terms, seed=24)
    here.fill()
    record = sign_record(Kind.OWNED, owned_key(keys[0].public), 1, b"", keys[0])
    key = owned_key(keys[0].public)
    here[0].withdraw(here.act(0, "put", record).token)
    reached, kept = [], []
    for turn in range(48):
        gone = here.random.choice([index for index in here.up if index])
        here.world.crash(here.world.nodes[gone], silent=turn % 2 == 0)
        newcomer = here.add().index
        here.join(newcomer, *here.random.sample([i for i in here.up if i != newcomer], 3))
        here.world.run_until((turn + 1) * 25_000)
        asker, target = here.random.sample([i for i in here.up if i != newcomer], 2)
        reached.append(reaches(here, asker, target))
        kept.append(bool(here.act(asker, "find_value", key).records))
    assert statistics.mean(reached) >= 0.98
    assert statistics.mean(kept) >= 0.98, "and a value that nobody renews outlives its holders"


def test_a_third_dies_and_the_rest_recovers_within_a_refresh(nodes, small) -> None:
    here = nodes(80, terms=small.terms, seed=25)
    here.fill()
    for index in here.random.sample(range(80), 24):
        here.world.crash(here.world.nodes[index], silent=True)
    here.world.run_for(REFRESH_MS + MINUTE)
    assert share_reached(here, 30) >= 0.99


def put_and_find(here, honest: list[int], keys, count: int) -> float:
    """Put records from honest nodes, search for them from others; return the share found."""
    found = []
    for number in range(count):
        putter, asker = here.random.sample(honest, 2)
        content = number.to_bytes(2, "big")
        here[putter].withdraw(here.act(putter, "provide", content, keys[0]).token)
        found.append(bool(here.act(asker, "find_value", content_key(content)).records))
    return statistics.mean(found)


@pytest.mark.parametrize("invent", [False, True])
def test_a_fifth_are_liars(nodes, small, keys, sybil, invent: bool) -> None:
    here = nodes(
        250, terms=small.terms, seed=26, core=lambda index: sybil if index % 5 == 0 else Dht
    )
    here.fill()
    sybil.kin, sybil.invent = tuple(here.contact(n) for n in range(0, 250, 5)), invent
    honest = [index for index in range(250) if index % 5]
    assert put_and_find(here, honest, keys, 15) == 1
    pairs = [here.random.sample(honest, 2) for _ in range(15)]
    assert statistics.mean(reaches(here, *pair) for pair in pairs) >= 0.95


@pytest.mark.parametrize(("by", "invent"), [("stake", True), ("age", False)])
def test_nine_tenths_are_liars_without_a_stake(
    nodes, small, keys, sybil, by: str, invent: bool
) -> None:
    """Stakes are known from the chain; without any, those count who are known for a day."""
    staked: set[bytes] = set()
    here = nodes(
        250,
        terms=small.terms,
        seed=27,
        settings=lambda index: {"stake": lambda peer_id: int(peer_id in staked)},
        core=lambda index: sybil if index % 10 else Dht,
    )
    honest = list(range(0, 250, 10))
    if by == "stake":
        staked |= {here.world.nodes[index].peer_id for index in honest}
        here.fill()
    else:
        here.fill(old=honest)
    sybil.kin = tuple(here.contact(n) for n in range(250) if n % 10)
    sybil.invent = invent
    assert put_and_find(here, honest, keys, 12) >= 0.9


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("stakes", [False, True])
def test_a_thousand_nodes_of_which_many_lie(
    nodes, small, keys, sybil, stakes: bool, seed: int
) -> None:
    """A fifth of all; or nine tenths, where the others have stakes. Some invent, some do not."""
    staked: set[bytes] = set()

    def is_honest(index: int) -> bool:
        return index % 10 == 0 if stakes else index % 5 != 0

    here = nodes(
        1000,
        terms=small.terms,
        seed=seed,
        settings=lambda index: {"stake": lambda peer_id: int(peer_id in staked)},
        core=lambda index: Dht if is_honest(index) else sybil,
    )
    honest = list(filter(is_honest, range(1000)))
    if stakes:
        staked |= {here.world.nodes[index].peer_id for index in honest}
    here.fill()
    sybil.kin = tuple(here.contact(index) for index in range(1000) if not is_honest(index))
    sybil.invent = bool(seed % 2)
    assert put_and_find(here, honest, keys, 100) >= (0.9 if stakes else 0.95)


def test_five_networks_do_not_eclipse_a_node(nodes, small, keys, sybil) -> None:
    """Hundreds of ids out of five networks ask a victim before and while others come."""
    here = nodes(40, terms=small.terms, seed=28, core=lambda index: sybil if index == 39 else Dht)
    victim = here[0]
    for number in range(600):
        peer_id = sha256(b"attacker", number.to_bytes(2, "big"))
        address = Multiaddr.parse(f"/ip4/66.{number % 5}.1.{1 + number % 250}/tcp/9000")
        contact = Contact.at(peer_id, address)
        victim.table.heard(contact, networks(contact, None), START_MS)
    sybil.kin = tuple(entry.contact for entry in victim.table.entries())
    taken = len(victim.table)
    assert taken <= 5 * 16
    for index in range(1, 39):
        here.join(index, *range(max(0, index - 3), index))
    here.join(0, 1, 2, 39)
    honest = {here.world.nodes[index].peer_id for index in range(39)}
    known = {entry.contact.peer_id for entry in victim.table.entries()}
    assert len(known & honest) >= K
    assert put_and_find(here, list(range(39)), keys, 5) == 1
    assert reaches(here, 0, 20)


def test_who_is_walled_in_has_another_code() -> None:
    """What the victim sees as validators are the attacker's; in person the codes differ."""
    validators = [sha256(b"validator", bytes([number])) for number in range(21)]
    seen = [*validators[:18], *(sha256(b"attacker", bytes([number])) for number in range(3))]
    assert agreement_code(validators) != agreement_code(seen)


def test_a_flooder_is_cut_off_and_honest_searches_take_no_longer(nodes, small) -> None:
    def median(flood: bool) -> float:
        here = nodes(30, terms=small.terms, seed=29)
        here.fill()
        flooder = here.world.nodes[29]
        victims = [node.peer_id for node in here.world.nodes[:29]]
        times = []
        for _ in range(11):
            if flood:
                question = encode_ask(Ask(Op.FIND_NODE, here.random.randbytes(16), (), bytes(32)))
                for peer_id in victims:
                    for _ in range(30):
                        flooder.cores[0]._questions.send(peer_id, MessageType.DHT_ASK, question)
                here.world.act(flooder, lambda now: None)
            start = here.world.now
            asker, target = here.random.sample(range(29), 2)
            assert reaches(here, asker, target)
            times.append(here.world.now - start)
        refused = sum(node.refused["dht: too many questions"] for node in here.world.nodes)
        assert bool(refused) is flood
        return statistics.median(times)

    assert median(flood=True) < 2 * median(flood=False)
