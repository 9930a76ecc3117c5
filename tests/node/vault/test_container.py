"""The container: it looks like chance, opens by its passwords alone, and says what is damaged."""

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import argon2id
from node.vault.container import (
    ACCESS,
    BLOCK,
    REGION_HEAD_SIZE,
    REGIONS,
    SALT_FIELD,
    SIZE_DEFAULT,
    SIZE_MAX,
    SIZE_MIN,
    SLOT_SIZE,
    SLOTS,
    Access,
    RegionHead,
    create,
    half_blocks,
    open_slot,
    put_password,
)
from node.vault.duress import set_duress, set_up, unlock

HEAD_USED = SALT_FIELD + SLOTS * SLOT_SIZE + REGIONS * REGION_HEAD_SIZE


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


def test_argon2id_is_that_of_rfc_9106():
    """Section 5.3, whose secret and associated data only the library takes; then its reference
    implementation's test.c, version 19, without them, as we call it."""
    full = Argon2id(
        salt=b"\2" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\4" * 12,
        secret=b"\3" * 8,
    ).derive(b"\1" * 32)

    assert full.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert (
        argon2id(b"password", b"somesalt", 65536, 2, 1).hex()
        == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
    )


def test_a_new_container_opens_by_nothing(disk, cost, chance):
    before = bytes(disk.content)

    assert len(before) == SIZE_MIN
    for password in (b"", b"real", b"\0" * 100):
        reason = refusal(lambda password=password: open_slot(disk, password, cost, chance(1)))
        assert reason == "vault: wrong password"
    assert bytes(disk.content) == before


@pytest.mark.parametrize("size", [0, SIZE_MIN - 1, SIZE_MAX + 1])
def test_sizes_have_bounds(empty_disk, chance, size):
    with pytest.raises(ValueError, match="size"):
        create(empty_disk, size, chance(1))


def test_regions_fill_the_default_size():
    assert half_blocks(SIZE_DEFAULT) == 2047
    assert SIZE_DEFAULT - 2 * BLOCK - 8 * 2047 * BLOCK < 8 * BLOCK
    assert HEAD_USED <= BLOCK


def test_a_password_opens_its_region_and_no_other_word_does(session, cost, chance):
    opened = open_slot(session.disk, b"real", cost, chance(1))

    assert (opened.slot, opened.access, opened.damage) == (session.slot, session.access, ())
    for word in (b"", b"Real", b"real\0", b"real ", b"rea"):
        reason = refusal(lambda word=word: open_slot(session.disk, word, cost, chance(1)))
        assert reason == "vault: wrong password"


def test_every_bit_of_a_head_matters_or_is_repaired(session, cost, chance):
    """A hit in one head is repaired from the other; in both, the password opens nothing."""
    slot = SALT_FIELD + session.slot * SLOT_SIZE
    region = SALT_FIELD + SLOTS * SLOT_SIZE + session.access.region * REGION_HEAD_SIZE
    good = unlock(session.disk.copy(), b"real", cost, chance(1)).store.scan(b"")
    places = [0, 31, 32, 63, *range(slot, slot + SLOT_SIZE, 7), slot + SLOT_SIZE - 1]
    for place in places:
        for copy in range(2):
            disk = session.disk.copy()
            disk.content[copy * BLOCK + place] ^= 0x10
            again = unlock(disk, b"real", cost, chance(1))
            assert again.damage == (f"head {copy} of the container",)
            assert again.store.scan(b"") == good
            assert unlock(disk, b"real", cost, chance(1)).damage == ()
        for copy in range(2):
            disk.content[copy * BLOCK + place] ^= 0x10
        reason = refusal(lambda disk=disk: unlock(disk, b"real", cost, chance(1)))
        assert reason == "vault: wrong password"
    for place in range(region, region + REGION_HEAD_SIZE):
        disk = session.disk.copy()
        disk.content[place] ^= 1
        assert unlock(disk, b"real", cost, chance(1)).store.scan(b"") == good
        disk.content[place] ^= 1
        disk.content[BLOCK + place] ^= 1
        reason = refusal(lambda disk=disk: unlock(disk, b"real", cost, chance(1)))
        assert reason == "vault: head of the region is damaged"


def test_a_head_that_is_gone_is_made_again(session, cost, chance):
    for copy in range(2):
        disk = session.disk.copy()
        disk.content[copy * BLOCK : (copy + 1) * BLOCK] = chance(6)(BLOCK)

        assert unlock(disk, b"real", cost, chance(1)).damage == (f"head {copy} of the container",)
        assert unlock(disk, b"real", cost, chance(1)).damage == ()


@pytest.mark.parametrize("left", [SIZE_MIN - 1, SIZE_MIN - 40_000, SIZE_MIN // 2])
def test_a_file_that_was_cut_opens_what_is_left(disk, cost, chance, left):
    for seed in range(40):  # until the owner's region is the first
        session = set_up(disk, b"real", cost, chance(seed))
        if session.access.region == 0:
            break
    session.store.commit({b"k": b"v"})
    del disk.content[left:]
    again = unlock(disk, b"real", cost, chance(1))

    assert again.damage == (f"last {SIZE_MIN - left} bytes of the container",)
    assert again.store.get(b"k") == b"v"
    assert disk.size() == SIZE_MIN
    assert unlock(disk, b"real", cost, chance(1)).damage == ()


@pytest.mark.parametrize("left", [0, 1, BLOCK, 2 * BLOCK, SIZE_MIN // 2 - 1])
def test_a_file_that_is_no_container_is_refused(session, cost, chance, left):
    del session.disk.content[left:]

    reason = refusal(lambda: unlock(session.disk, b"real", cost, chance(1)))
    assert reason == "vault: not a container"


@given(st.integers(0, 2**32), st.integers(0, 255), st.booleans())
def test_any_file_is_refused(empty_disk_type, cost, chance, seed, value, plain):
    head = bytes([value]) * (2 * BLOCK) if plain else chance(seed)(2 * BLOCK)
    disk = empty_disk_type(bytearray(head) + bytes(SIZE_MIN))

    assert refusal(lambda: open_slot(disk, b"x", cost, chance(1))) == "vault: wrong password"
    assert bytes(disk.content) == head + bytes(SIZE_MIN)


def test_slots_and_heads_have_one_encoding():
    access = Access(3, SIZE_MIN, b"m" * 32, b"a" * 32, (frozenset({0, 3}), frozenset({1})))
    data = access.encode()

    assert len(data) == ACCESS
    assert Access.decode(data) == access
    assert refusal(lambda: Access.decode(data + b"\0")) == "codec: trailing bytes"
    for size in range(len(data)):
        assert refusal(lambda size=size: Access.decode(data[:size])) == "codec: too short"
    for place, value in ((0, 2), (1, 4), (3, 255)):
        wrong = data[:place] + bytes([value]) + data[place + 1 :]
        assert refusal(lambda wrong=wrong: Access.decode(wrong)) == "vault: slot of another version"
    head = RegionHead(7, 1, b"k" * 32).encode()
    assert RegionHead.decode(head) == RegionHead(7, 1, b"k" * 32)
    for wrong in (b"\2" + head[1:], head[:9] + b"\2" + head[10:]):
        assert (
            refusal(lambda wrong=wrong: RegionHead.decode(wrong))
            == "vault: region of another version"
        )


def test_secrets_are_in_no_repr(session):
    shown = repr(session) + repr(session.access) + repr(session.store._head)

    for secret in (session.access.master, session.access.alert_key, session.store._head.key):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_the_two_heads_share_nothing(session, cost, chance):
    """Else the file would repeat itself, and chance does not."""
    set_duress(session, b"duress", b"decoy", cost, chance(4))
    heads = [bytes(session.disk.content[copy * BLOCK : (copy + 1) * BLOCK]) for copy in range(2)]
    pieces = [{head[at : at + 8] for at in range(BLOCK - 7)} for head in heads]

    assert not pieces[0] & pieces[1]


def test_a_password_that_was_exchanged_opens_nothing(session, cost, chance):
    put_password(session.disk, session.slot, b"new", session.access, cost, chance(3))

    assert unlock(session.disk, b"new", cost, chance(1)).access == session.access
    assert (
        refusal(lambda: unlock(session.disk, b"real", cost, chance(1))) == "vault: wrong password"
    )


def test_a_crash_in_exchanging_a_password_leaves_one_of_them(session, cost, chance, power_loss):
    outcomes = set()
    for fuse in range(2):
        for keep in (True, False):
            disk = session.disk.copy()
            disk.fuse = fuse
            with pytest.raises(power_loss):
                put_password(disk, session.slot, b"new", session.access, cost, chance(3))
            disk = disk.after_crash(lambda keep=keep: keep)
            for word in (b"real", b"new"):
                try:
                    opened = unlock(disk.copy(), word, cost, chance(1))
                except Refused:
                    continue
                outcomes.add(word)
                assert opened.access == session.access

    assert outcomes == {b"real", b"new"}
