"""Which relays are taken: guards that stay, networks that differ, and nobody twice."""

import hashlib
from collections import Counter

import pytest

from node.codec import Refused
from node.crypto import HybridKey
from node.onion import paths as onion_paths
from node.onion.packet import Relay
from node.onion.paths import (
    GUARD_LIFE_MIN_MS,
    GUARD_LIFE_SPAN_MS,
    GUARD_REST_MS,
    GUARDS,
    GUARDS_MAX,
    RELAYS_MAX,
    SCORE_BAD,
    SCORE_START,
    Paths,
)

ME = bytes(32)


KEY = HybridKey.from_seed(bytes(96)).public
NO_KEYS = {
    "too short": KEY[:-1],
    "too long": KEY + b"\0",
    "nothing": b"",
    "a point of low order": bytes(32) + KEY[32:],
    "coefficients above the prime": KEY[:32] + b"\xff" * 1536 + KEY[-32:],
}


def relay(number, subnet=None, public=KEY):
    node_id = hashlib.sha256(b"%d" % number).digest()
    network = number if subnet is None else subnet
    return Relay(node_id=node_id, public=public, subnet=network.to_bytes(2, "big"))


MYSELF = Relay(node_id=ME, public=KEY)
SERVICE = relay(999)


@pytest.fixture
def many(chance):
    paths = Paths(ME, chance("paths"))
    paths.update(relay(number) for number in range(100))
    return paths


def test_a_path_has_three_relays_and_nobody_twice(many):
    for now in range(300):
        for path in (many.forth(SERVICE, now), many.back(SERVICE, MYSELF, now)):
            assert path.hops == 3
            assert path.diverse
            assert len({each.node_id for each in path.nodes} | {ME, SERVICE.node_id}) == 5
    assert many.forth(SERVICE, 0).nodes[-1] is SERVICE
    assert many.back(SERVICE, MYSELF, 0).nodes[-1] is MYSELF


def test_the_relay_next_to_us_is_a_guard(many):
    guards = {each.node_id for each in many.guards(0)}
    firsts, lasts, others = Counter(), Counter(), Counter()
    for _ in range(300):
        forth, back = many.forth(SERVICE, 0), many.back(SERVICE, MYSELF, 0)
        firsts[forth.nodes[0].node_id] += 1
        lasts[back.nodes[-2].node_id] += 1
        others.update(each.node_id for each in forth.nodes[1:3])

    assert len(guards) == GUARDS
    assert firsts.keys() == lasts.keys() == {many.guards(0)[0].node_id}
    assert len(others) > 90  # all others are drawn


def test_the_end_of_a_path_is_not_on_it(many):
    """Even if it is our first guard."""
    first = many.guards(0)[0]
    for _ in range(100):
        for path in (many.forth(first, 0), many.back(first, MYSELF, 0)):
            assert path.hops == 3
            assert first not in path.nodes[:-1]


def test_a_path_to_oneself_is_a_mistake(many):
    with pytest.raises(ValueError, match="another node"):
        many.forth(MYSELF, 0)


def test_we_are_not_among_the_relays(chance):
    paths = Paths(relay(1).node_id, chance("paths"))
    paths.update([relay(1), relay(2)])

    assert paths.known(relay(1).node_id) is None
    assert [each.nodes for each in [paths.forth(relay(2), 0)]] == [(relay(2),)]


@pytest.mark.parametrize("known", range(7))
def test_a_path_is_as_long_as_it_can_be(chance, known):
    paths = Paths(ME, chance("paths"))
    paths.update(relay(number) for number in range(known))

    assert paths.forth(SERVICE, 0).hops == min(known, 3)
    assert paths.back(SERVICE, MYSELF, 0).hops == min(known, 3)


def test_networks_differ_where_they_can(chance):
    """Nine of ten relays are in one network, which also holds the end."""
    paths = Paths(ME, chance("paths"))
    paths.update(relay(number, number // 45) for number in range(50))
    end = relay(999, 0)

    path = paths.forth(end, 0)

    assert path.hops == 3
    assert not path.diverse  # there are only two networks
    paths.update([*(relay(number, 0) for number in range(50)), *map(relay, range(50, 53))])
    for _ in range(50):
        path = paths.forth(end, 0)
        assert path.hops == 3
    diverse = Paths(ME, chance("other"))
    diverse.update([*(relay(number, 0) for number in range(30)), *map(relay, range(50, 60))])
    for end in (relay(999), relay(999, 0)):
        assert all(diverse.forth(end, 0).diverse for _ in range(50))
    for end in diverse.guards(0):  # another one of its network is no guard then
        neighbour = relay(999, int.from_bytes(end.subnet, "big"))
        assert all(diverse.forth(neighbour, 0).diverse for _ in range(50))


def test_guards_are_of_different_networks(chance):
    for seed in range(20):
        paths = Paths(ME, chance(f"{seed}"))
        paths.update([*(relay(number, 0) for number in range(30)), *map(relay, range(50, 52))])
        assert len({each.subnet for each in paths.guards(0)}) >= 2


def test_guards_stay_for_weeks(many):
    guards = many.guards(0)

    assert many.guards(GUARD_LIFE_MIN_MS - 1) == guards
    assert not set(many.guards(GUARD_LIFE_MIN_MS + GUARD_LIFE_SPAN_MS)) & set(guards)


def test_a_guard_out_of_reach_is_passed_over_and_comes_back(many):
    first, second, third = many.guards(0)
    many.unreachable(first.node_id, 0)

    passed = many.guards(1)
    assert passed[:2] == [second, third]
    assert len(passed) == GUARDS
    assert first not in passed
    assert many.guards(GUARD_REST_MS)[:3] == [first, second, third]


def test_who_cuts_links_meets_a_bounded_number_of_guards(many):
    """And when all are cut, the first relay is still one of them, never a stranger."""
    tried = set()
    for now in range(100):
        for guard in many.guards(now):
            tried.add(guard.node_id)
            many.unreachable(guard.node_id, now)

    assert len(tried) == GUARDS_MAX
    for _ in range(50):
        path = many.forth(SERVICE, 100)
        assert path.hops == 3
        assert path.nodes[0].node_id in tried


def test_a_guard_that_is_reached_again_is_taken_at_once(many):
    guards = many.guards(0)
    many.unreachable(guards[0].node_id, 0)
    assert many.guards(1)[0] == guards[1]
    many.reachable(guards[0].node_id)

    assert many.guards(2) == guards


def test_a_guard_that_loses_what_it_is_given_comes_last(many):
    guards = many.guards(0)
    for _ in range(20):
        many.was_lost(onion_paths.Path(nodes=(guards[0], MYSELF), diverse=True))
    assert many.score(guards[0].node_id) < SCORE_BAD

    assert many.guards(0) == [guards[1], guards[2], guards[0]]
    for _ in range(10):
        many.came_back(onion_paths.Path(nodes=(guards[0], MYSELF), diverse=True))
    assert many.guards(0) == guards


def test_a_guard_that_is_not_known_at_present_is_kept(many):
    guards = many.guards(0)
    many.update(relay(number) for number in range(100, 200))
    assert not set(many.guards(1)) & set(guards)
    many.update(relay(number) for number in range(100))

    assert many.guards(2) == guards


def test_guards_survive_a_restart(many, chance):
    guards = many.guards(0)
    again = Paths.decode(many.encode(), ME, chance("later"))
    assert again.encode() == many.encode()
    again.update(relay(number) for number in range(100))

    assert again.guards(1) == guards


def test_a_damaged_list_of_guards_is_refused(many, chance):
    many.guards(0)
    data = many.encode()
    for size in range(len(data)):
        with pytest.raises(Refused):
            Paths.decode(data[:size], ME, chance("a"))
    for bad in (data + b"\0", b"\2" + data[1:], b"\1\x11" + data[2:]):
        with pytest.raises(Refused):
            Paths.decode(bad, ME, chance("a"))
    with pytest.raises(Refused, match="a guard twice"):
        Paths.decode(b"\1\2" + data[2:42] * 2, ME, chance("a"))


def test_loops_tell_good_relays_from_bad(many):
    """Relays 0 to 9 lose every packet; after a while no path leads over them."""
    bad = {relay(number).node_id for number in range(10)}
    for now in range(3_000):
        path = many.round(MYSELF, now)
        if {each.node_id for each in path.nodes} & bad:
            many.was_lost(path)
        else:
            many.came_back(path)

    guards = {each.node_id for each in many.guards(0)}
    assert all(many.score(node_id) < SCORE_BAD for node_id in bad - guards)
    good = [relay(number).node_id for number in range(10, 100)]
    assert all(many.score(node_id) >= SCORE_START for node_id in good if node_id not in guards)
    for _ in range(200):
        middle = many.forth(SERVICE, 0).nodes[1:3]
        assert not {each.node_id for each in middle} & bad


def test_a_loop_goes_out_and_in_by_guards(many):
    guards = many.guards(0)
    path = many.round(MYSELF, 0)

    assert path.nodes[0] == guards[0]
    assert path.nodes[2] == guards[1]
    assert path.nodes[1] not in guards[:2]
    assert path.nodes[3] is MYSELF


@pytest.mark.parametrize("known", range(4))
def test_loops_among_few(chance, known):
    paths = Paths(ME, chance("paths"))
    paths.update(relay(number) for number in range(known))
    path = paths.round(MYSELF, 0)

    assert (path is None) if known == 0 else (path.hops == known)


def test_scores_of_relays_that_are_gone_are_forgotten(many):
    path = many.round(MYSELF, 0)
    many.was_lost(path)
    assert many.score(path.nodes[1].node_id) < SCORE_START
    many.update([relay(1)])
    many.was_lost(path)

    assert len(many._scores) <= 1
    assert many.score(path.nodes[1].node_id) == SCORE_START or path.nodes[1] == relay(1)


def test_the_number_of_relays_is_bounded(many, monkeypatch):
    monkeypatch.setattr(onion_paths, "RELAYS_MAX", 50)
    many.update(relay(number) for number in range(200))

    assert len(many._relays) == 50
    assert RELAYS_MAX == 4096


def test_a_stranger_is_anybody(many, chance):
    assert len({many.stranger().node_id for _ in range(500)}) > 80
    assert Paths(ME, chance("a")).stranger() is None


@pytest.mark.parametrize("public", NO_KEYS.values(), ids=NO_KEYS.keys())
def test_a_record_whose_key_is_none_is_never_taken(chance, public):
    """It came from anybody; a packet that cannot be built must stop nobody."""
    paths = Paths(ME, chance("paths"))
    good = [relay(number) for number in range(4)]
    paths.update([*good, *(relay(number, public=public) for number in range(100, 140))])

    for _ in range(20):
        nodes = {*paths.forth(SERVICE, 0).nodes, *paths.round(MYSELF, 0).nodes, paths.stranger()}
        assert nodes <= {*good, SERVICE, MYSELF}
    assert set(paths.guards(0)) <= set(good)
    assert paths.known(relay(100).node_id) is None


def test_a_guard_whose_new_record_has_no_key_is_passed_over(many):
    first = many.guards(0)[0]
    others = [relay(number) for number in range(100) if relay(number) != first]
    many.update([*others, Relay(node_id=first.node_id, public=b"", subnet=first.subnet)])

    assert first.node_id not in {each.node_id for each in many.guards(1)}
    many.update([*others, first])
    assert many.guards(2)[0] == first


def test_what_is_known_about_keys_is_bounded(many):
    for number in range(200, 300):
        assert many.is_sound(relay(number))
    many.update([relay(1)])

    assert len(many._checked) <= 1
