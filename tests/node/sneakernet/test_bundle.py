"""The container: who opens it, what it shows, and every way to damage or forge it."""

import random
from itertools import pairwise

import pytest

from node.codec import Refused
from node.crypto import HybridKey, SigningKey, sha256
from node.mesh import bundle as bundle_module
from node.mesh.bundle import (
    FIRST_CHUNK,
    HEADER,
    SLOT,
    TRAILER,
    UNIT,
    Recipients,
    capacity,
    merkle_root,
    open_bundle,
    size_class,
    write_bundle,
)

STRANGER = bytes(32)


def written(content: bytes, author, chance, **recipients) -> bytes:
    return b"".join(write_bundle([content], Recipients(**recipients), author, chance))


def read(data: bytes, memory, *keys: bytes, hybrids=()) -> bytes:
    bundle = open_bundle(memory(data), keys, hybrids)
    return b"".join(bundle.read(0))


EDGES = [
    *(0, 1, capacity(UNIT) - 1, capacity(UNIT), capacity(UNIT) + 1),
    *(capacity(2 * UNIT), capacity(2 * UNIT) + 1, 300_000),
]


@pytest.mark.parametrize("length", EDGES)
def test_content_comes_back(author, chance, memory, space, length: int) -> None:
    content = random.Random(length).randbytes(length)
    data = written(content, author, chance, space_keys=[space])
    opened = open_bundle(memory(data), [STRANGER, space])

    assert len(data) == size_class(length)
    assert opened.length == capacity(len(data))
    assert opened.exporter == author.public
    assert b"".join(opened.read(0)) == content.ljust(opened.length, b"\0")


def test_it_is_read_from_anywhere(author, chance, memory, space) -> None:
    content = random.Random(1).randbytes(300_000)
    opened = open_bundle(memory(written(content, author, chance, space_keys=[space])), [space])
    first = FIRST_CHUNK - 16
    for at in (0, 1, first - 1, first, first + 1, first + UNIT - 16, 250_000, opened.length):
        assert b"".join(opened.read(at)) == content.ljust(opened.length, b"\0")[at:]


def test_pieces_make_no_difference(author, memory, space) -> None:
    content = random.Random(1).randbytes(200_000)
    pieces = [content[at : at + 999] for at in range(0, len(content), 999)]

    def bundle(parts):
        chance = random.Random(2).randbytes
        made = write_bundle(parts, Recipients(space_keys=[space]), author, chance)
        return b"".join(made)[:-TRAILER]

    assert bundle(pieces) == bundle([content])


def test_each_recipient_opens_it(author, chance, memory, space) -> None:
    ours, other = HybridKey(sha256(b"a") * 3), HybridKey(sha256(b"b") * 3)
    data = written(
        b"salam", author, chance, space_keys=[space, sha256(space)], publics=[ours.public]
    )

    for keys, hybrids in ([space], []), ([sha256(space)], []), ([], [other, ours]):
        assert read(data, memory, *keys, hybrids=hybrids).startswith(b"salam")
    for keys, hybrids in ([STRANGER], []), ([], [other]), ([], []):
        with pytest.raises(Refused, match="for somebody else"):
            read(data, memory, *keys, hybrids=hybrids)


def test_recipients_are_bounded(space) -> None:
    for keys in ([], [space] * 5, [space[:-1]]):
        with pytest.raises(ValueError, match=r"bundle has|key has"):
            Recipients(space_keys=keys)
    with pytest.raises(ValueError, match="public key has"):
        Recipients(publics=[bytes(1599)])
    assert space.hex() not in repr(Recipients(space_keys=[space]))
    assert repr(space) not in repr(Recipients(space_keys=[space]))


# --- What a courier sees --------------------------------------------------------------------


def chi_square(data: bytes) -> float:
    expected = len(data) / 256
    return sum((data.count(value) - expected) ** 2 / expected for value in range(256))


# With 255 degrees of freedom, chance leaves these bounds less than once in ten million.
RANDOM = (140, 400)


def test_it_looks_like_chance(author, chance, memory, space) -> None:
    """Zeros for content, every kind of recipient; each byte value as often as any other."""
    ours = HybridKey(sha256(b"a") * 3)
    some = [
        written(bytes(100_000), author, chance, space_keys=[space], publics=[ours.public])
        for _ in range(12)
    ]

    for part in (
        *(b"".join(some), b"".join(each[:HEADER] for each in some)),
        b"".join(each[-TRAILER:] for each in some),
        *(b"".join(each[at : at + UNIT] for each in some) for at in (0, UNIT)),
    ):
        assert RANDOM[0] < chi_square(part) < RANDOM[1]
    for at in range(32, HEADER, SLOT):
        # X25519's points have no highest bit and ML-KEM's numbers are uneven, unless masked.
        assert any(each[at + 31] & 0x80 for each in some)


def test_no_two_bundles_share_anything(author, chance, space) -> None:
    some = [written(b"salam", author, chance, space_keys=[space]) for _ in range(6)]
    pieces = [each[at : at + 16] for each in some for at in range(0, UNIT, 16)]

    assert len(set(pieces)) == len(pieces)


def test_neither_content_nor_author_is_in_it(author, chance, space) -> None:
    data = written(b"salam" * 1000, author, chance, space_keys=[space])

    for secret in (b"salam", author.public[:16], sha256(author.public)[:8], space[:8]):
        assert secret not in data


def test_only_size_classes(author, chance, space) -> None:
    sizes = [
        len(written(bytes(length), author, chance, space_keys=[space]))
        for length in range(0, 400_000, 40_000)
    ]

    assert set(sizes) == {UNIT, 2 * UNIT, 4 * UNIT, 8 * UNIT}
    assert all(first <= second for first, second in pairwise(sizes))


# --- Damage ---------------------------------------------------------------------------------


@pytest.fixture
def good(author, chance, space) -> bytes:
    return written(random.Random(5).randbytes(200_000), author, chance, space_keys=[space])


def test_a_flipped_bit_anywhere_is_refused(good, memory, space) -> None:
    """In unused slots and in padding too."""
    made = random.Random(6)
    edges = [0, 31, 32, HEADER - 1, HEADER, HEADER + FIRST_CHUNK, len(good) - TRAILER]
    places = edges + [made.randrange(len(good)) for _ in range(60)] + [len(good) - 1]
    for at in places:
        damaged = bytearray(good)
        damaged[at] ^= 1 << made.randrange(8)
        with pytest.raises(Refused, match="bundle: "):
            open_bundle(memory(bytes(damaged)), [space])


def test_every_truncation_is_refused(good, memory, space) -> None:
    for size in [*range(0, len(good), 4096), UNIT, 2 * UNIT, len(good) - 1]:
        with pytest.raises(Refused, match="bundle: "):
            open_bundle(memory(good[:size]), [space])


def test_what_follows_it_is_refused(good, memory, space) -> None:
    for more in (b"\0", good, bytes(len(good))):
        with pytest.raises(Refused):
            open_bundle(memory(good + more), [space])


def test_chunks_in_another_order_are_refused(good, memory, space) -> None:
    second, third = HEADER + FIRST_CHUNK, HEADER + FIRST_CHUNK + UNIT
    chunks = good[second:third], good[third : third + UNIT]
    for first, other in (chunks[::-1], (chunks[0], chunks[0])):
        swapped = good[:second] + first + other + good[third + UNIT :]
        with pytest.raises(Refused, match="chunk not authentic"):
            open_bundle(memory(swapped), [space])


def test_the_end_of_a_shorter_bundle_is_no_end(good, author, chance, memory, space) -> None:
    short = good[: UNIT - TRAILER] + good[-TRAILER:]

    with pytest.raises(Refused, match="end not authentic"):
        open_bundle(memory(short), [space])


def test_a_stick_that_cannot_be_read_is_refused(good, memory, space) -> None:
    class Bad(memory):
        def read(self, offset: int, length: int) -> bytes:
            return b"" if offset > UNIT else super().read(offset, length)

    with pytest.raises(Refused, match="cannot be read"):
        open_bundle(Bad(good), [space])


def test_what_changes_after_it_was_checked_is_not_given_out(good, memory, space) -> None:
    source = memory(good)
    bundle = open_bundle(source, [space])
    source.data = good[: 2 * UNIT] + bytes(UNIT) + good[3 * UNIT :]
    given = []

    with pytest.raises(Refused, match="changed meanwhile"):
        given.extend(bundle.read(0))
    assert b"".join(given) == random.Random(5).randbytes(200_000)[: sum(map(len, given))]


def test_another_member_cannot_change_it(author, chance, memory, space, monkeypatch) -> None:
    """He has the key of the space, so he seals chunks; he cannot sign them."""
    content = b"salam".ljust(1000, b"\0")
    seed = random.Random(9)

    def bundle(content, signer):
        again = random.Random(10).randbytes  # so that all keys are the same
        made = write_bundle([content], Recipients(space_keys=[space]), signer, again)
        return b"".join(made)

    true = bundle(content, author)
    forger = SigningKey.from_seed(seed.randbytes(32))
    forged = bundle(b"other", forger)
    mixed = forged[:-TRAILER] + true[-TRAILER:]

    assert true[:HEADER] == forged[:HEADER]
    assert open_bundle(memory(forged), [space]).exporter == forger.public
    with pytest.raises(Refused, match="not signed by its exporter"):
        open_bundle(memory(mixed), [space])


def test_a_tree_of_hashes() -> None:
    leaves = [bytes([number]) * 32 for number in range(5)]

    def pair(left, right):
        return sha256(b"\1" + left + right)

    left = pair(pair(leaves[0], leaves[1]), pair(leaves[2], leaves[3]))
    assert merkle_root(leaves) == pair(left, leaves[4])
    assert merkle_root(leaves[:1]) == leaves[0]


def test_more_than_a_bundle_holds(author, chance, space, monkeypatch) -> None:
    assert size_class(capacity(UNIT << 16)) == UNIT << 16
    with pytest.raises(ValueError, match="holds"):
        size_class(capacity(UNIT << 16) + 1)
    monkeypatch.setattr(bundle_module, "UNITS_MAX", 2)
    assert len(written(bytes(capacity(2 * UNIT)), author, chance, space_keys=[space])) == 2 * UNIT
    with pytest.raises(ValueError, match="holds"):
        written(bytes(capacity(2 * UNIT) + 1), author, chance, space_keys=[space])
