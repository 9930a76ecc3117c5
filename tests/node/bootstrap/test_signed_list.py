"""The list that comes with a release: who signs it, when it counts, what takes its place."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.bootstrap import make_list, releases
from node.bootstrap.known import Known
from node.bootstrap.signed_list import (
    CONTEXT,
    NODES_MAX,
    Release,
    SignedList,
    newest,
    open_list,
    sign_list,
)
from node.codec import Refused
from node.crypto import SIGNATURE, SIGNING_PUBLIC, sha256, verify
from node.identity import peer_text

NETWORK, NOW = 6133, 1_700_000_000_000
YEAR = 365 * 86_400_000


@pytest.fixture
def release(release_keys) -> Release:
    return Release(frozenset(sha256(key.public) for key in release_keys[:3]), 2)


@pytest.fixture
def content(contact) -> SignedList:
    nodes = tuple(sorted(contact(number) for number in range(3)))
    return SignedList(NETWORK, 7, NOW - YEAR, NOW + YEAR, nodes)


def refusal(data: bytes, release: Release, **more) -> str:
    with pytest.raises(Refused) as caught:
        open_list(data, release, more.pop("network", NETWORK), more.pop("now", NOW), **more)
    return caught.value.reason


def test_two_of_three_keys_open_it(release, content, release_keys) -> None:
    for pair in ([0, 1], [0, 2], [1, 2], [2, 1]):
        data = sign_list(content, [release_keys[at] for at in pair])
        assert open_list(data, release, NETWORK, NOW) == content
    assert open_list(sign_list(content, release_keys[:3]), release, NETWORK, NOW) == content


def test_keys_that_are_not_pinned_do_not_count(release, content, release_keys) -> None:
    stranger = release_keys[3]
    assert refusal(sign_list(content, [release_keys[0]]), release) == "list: too few release keys"
    assert (
        refusal(sign_list(content, [release_keys[0], stranger]), release)
        == "list: too few release keys"
    )
    with_stranger = sign_list(content, [*release_keys[:2], stranger])
    assert open_list(with_stranger, release, NETWORK, NOW) == content


def test_one_key_twice_is_one_key(release, content, release_keys) -> None:
    twice = sign_list(content, [release_keys[0], release_keys[0]])
    assert refusal(twice, release) == "list: signatures not in order"


def test_one_wrong_signature_among_enough_is_refused(release, content, release_keys) -> None:
    good = sign_list(content, release_keys[:3])
    spoilt = good[:-1] + bytes([good[-1] ^ 1])
    assert refusal(spoilt, release) == "list: wrong signature"


def test_it_counts_for_its_network_and_days(release, content, release_keys) -> None:
    data = sign_list(content, release_keys[:2])
    assert refusal(data, release, network=6134) == "list: another network"
    assert refusal(data, release, now=content.not_before - 1) == "list: not of these days"
    assert refusal(data, release, now=content.not_after) == "list: not of these days"
    assert open_list(data, release, NETWORK, content.not_before) == content


def test_an_older_one_is_not_taken_back(release, content, release_keys) -> None:
    data = sign_list(content, release_keys[:2])
    assert open_list(data, release, NETWORK, NOW, 7) == content
    assert refusal(data, release, sequence_min=8) == "list: older than one that was used"


def test_the_newest_that_counts_is_used(release, content, release_keys) -> None:
    shipped = sign_list(content, release_keys[:2])
    newer = sign_list(content._replace(sequence=9, nodes=()), release_keys[1:3])
    forged = sign_list(content._replace(sequence=99), [release_keys[0], release_keys[3]])

    best, refused = newest([shipped, newer, forged, b"\1junk"], release, NETWORK, NOW)

    assert best
    assert best.sequence == 9
    assert [each.reason for each in refused] == ["list: too few release keys", "codec: too short"]
    assert newest([shipped], release, NETWORK, NOW, 8)[0] is None


def test_what_is_not_its_one_form_is_refused(release, content, release_keys) -> None:
    keys = release_keys[:2]
    first, second, third = content.nodes
    for wrong, reason in (
        (content._replace(nodes=(second, first, third)), "list: nodes not in order"),
        (content._replace(nodes=(first, first)), "list: nodes not in order"),
        (content._replace(not_after=content.not_before), "list: for no days, or too many"),
        (
            content._replace(not_after=content.not_before + 3 * YEAR),
            "list: for no days, or too many",
        ),
        (content._replace(nodes=(first,) * (NODES_MAX + 1)), "list: too many nodes"),
        (
            content._replace(nodes=(first._replace(addresses=()),)),
            "contact: wrong number of addresses",
        ),
        (
            content._replace(nodes=(first._replace(addresses=first.addresses * 2),)),
            "contact: address twice, or with an id",
        ),
    ):
        assert refusal(sign_list(wrong, keys), release) == reason
    data = sign_list(content, keys)
    assert refusal(data + b"\0", release) == "codec: trailing bytes"
    assert refusal(b"\2" + data[1:], release) == "list: unknown version"
    assert refusal(data + bytes(1 << 18), release) == "list: too long"


def test_every_truncation_and_every_changed_field_is_refused(
    release, content, release_keys, flipped
) -> None:
    data = sign_list(content, release_keys[:2])
    body = len(content.encode())
    one = SIGNING_PUBLIC + SIGNATURE
    places = [*range(body + 1), *range(body + 1, len(data), 97), body + one, len(data) - 1]
    for place in places:
        refusal(flipped(data, place), release)
        refusal(data[:place], release)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data: bytes) -> None:
    refusal(data, Release(frozenset([bytes(32)]), 1))


@pytest.mark.campaign
@settings(max_examples=20_000)
@given(st.binary(max_size=2000))
def test_any_bytes_are_refused_at_length(data: bytes) -> None:
    refusal(b"\1" + data, Release(frozenset([bytes(32)]), 1))


def test_a_release_needs_a_key(release_keys) -> None:
    for keys, threshold in ((0, 0), (1, 0), (1, 2), (17, 1)):
        with pytest.raises(ValueError, match="threshold"):
            Release(frozenset(bytes([number]) * 32 for number in range(keys)), threshold)


# --- What is shipped ------------------------------------------------------------------------------


def test_devnet_ships_a_signed_list_without_nodes() -> None:
    data = releases.shipped(releases.DEVNET)
    opened = open_list(data, releases.RELEASES[releases.DEVNET], 1, opened_at(data))
    assert opened.nodes == ()
    assert opened.sequence == 1


def opened_at(data: bytes) -> int:
    """Return the first millisecond of a list, read by its byte table."""
    return int.from_bytes(data[13:21])


def test_the_shipped_file_by_its_byte_table() -> None:
    data = releases.shipped(releases.DEVNET)
    assert data[:13] == bytes.fromhex("01000000010000000000000001")
    body, rest = data[:31], data[32:]
    assert data[29:31] == b"\0\0"
    assert data[31] == 2
    pinned = {key.hex() for key in releases.RELEASES[releases.DEVNET].keys}
    size = 2592 + 4627
    assert len(rest) == 2 * size
    for at in (0, size):
        public, signature = rest[at : at + 2592], rest[at + 2592 : at + size]
        assert hashlib.sha256(public).hexdigest() in pinned
        assert verify(public, body, signature, b"pars/bootstrap-list/v1")


def test_a_newer_file_takes_the_place_of_the_shipped_one(store, contact) -> None:
    known, nodes = Known(bytes(32), store), (contact(1),)
    shipped = releases.shipped(releases.DEVNET)
    now = opened_at(shipped)
    newer = SignedList(releases.DEVNET, 5, now, now + YEAR, nodes)
    file = sign_list(newer, releases.devnet_keys()[1:])

    assert releases.listed(releases.DEVNET, [], now, known) == ([], [])
    assert releases.listed(releases.DEVNET, [file], now, known) == ([contact(1)], [])
    assert known.sequence == 5

    again = Known(bytes(32), store)
    found, refused = releases.listed(releases.DEVNET, [], now, again)
    assert found == []
    assert [each.reason for each in refused] == ["list: older than one that was used"]
    found, refused = releases.listed(releases.DEVNET, [b"junk", file], now, again)
    assert found == [contact(1)]
    assert len(refused) == 2


def test_a_network_without_release_keys_takes_no_list(store) -> None:
    known = Known(bytes(32), store)
    found, refused = releases.listed(6133, [releases.shipped(releases.DEVNET)], NOW, known)
    assert found == []
    assert [each.reason for each in refused] == ["list: no release keys for this network"]


def test_networks_without_release_keys_have_no_list() -> None:
    for network in (6133, 6134):
        assert network not in releases.RELEASES
        assert releases.shipped(network) is None


def test_the_maker_signs_on_several_machines(tmp_path, release, release_keys, contact) -> None:
    node = contact(1)
    address = str(node.addresses[0]) + "/p2p/" + peer_text(node.peer_id)
    described = {"network": 6133, "sequence": 3, "first_day": 19_000, "days": 700}
    (tmp_path / "nodes.json").write_text(json.dumps(described | {"nodes": [address]}))
    body = write(tmp_path / "body", make_list.main(["body", str(tmp_path / "nodes.json")]))
    signatures = []
    for number, key in enumerate(release_keys[:2]):
        seed = tmp_path / f"{number}.hex"
        seed.write_text(key.seed.hex() + "\n")
        signed = make_list.main(["sign", str(seed), str(body)])
        signatures.append(str(write(tmp_path / f"{number}.signature", signed)))

    data = make_list.main(["join", str(body), *signatures])

    opened = open_list(data, release, NETWORK, 19_001 * 86_400_000)
    assert opened.nodes == (node,)
    assert opened.sequence == 3
    assert body.read_bytes() == opened.encode()
    assert CONTEXT == b"pars/bootstrap-list/v1"


def test_the_maker_says_how_it_is_used() -> None:
    with pytest.raises(SystemExit, match="make_list body"):
        make_list.main(["bodyy"])


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
