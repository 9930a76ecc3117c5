"""Files arrive whole or not at all, and their names are only names."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.messaging import files
from node.messaging.files import (
    CHUNK,
    CHUNK_TEXT,
    SIZE_MAX,
    Metadata,
    Opener,
    Sealer,
    chunk_mailbox,
    open_chunk,
    seal_chunk,
)

KEY = bytes(range(32))


def sealed_file(text, key=KEY):
    sealer, chunks, at = Sealer(key, len(text)), [], 0
    for _ in range(files.chunk_count(len(text))):
        wanted = sealer.wanted()
        chunks.append(sealer.seal(text[at : at + wanted]))
        at += wanted
    return sealer.metadata("picture.png", "image/png"), chunks


@pytest.fixture(scope="module")
def text():
    return random.Random(1).randbytes(3 * CHUNK_TEXT + 1000)


@pytest.fixture(scope="module")
def sealed(text):
    return sealed_file(text)


def opened(metadata, chunks, order):
    opener, place = Opener(metadata), bytearray(metadata.size)
    for number in order:
        at, part = opener.open(number, chunks[number])
        place[at : at + len(part)] = part
    opener.check(chunks)
    return bytes(place)


@pytest.mark.parametrize(
    "size", [0, 1, 216, 217, 5000, CHUNK_TEXT - 1, CHUNK_TEXT, CHUNK_TEXT + 1, 2 * CHUNK_TEXT]
)
def test_a_file_of_any_size_arrives(size):
    text = random.Random(size).randbytes(size)
    metadata, chunks = sealed_file(text)

    assert opened(metadata, chunks, range(len(chunks))) == text
    assert all(len(chunk) == CHUNK for chunk in chunks[:-1])
    assert len(chunks[-1]) in (256, 1024, 4096, 16_384, 65_536, 131_072, 196_608, CHUNK)


def test_chunks_may_come_in_any_order_and_after_a_restart(sealed, text):
    metadata, chunks = sealed
    opener = Opener(metadata)
    opener.open(2, chunks[2])
    opener = Opener.decode(opener.encode())
    assert opener.missing() == [0, 1, 3]

    assert opened(metadata, chunks, [3, 1, 0, 2]) == text


def test_sealing_again_gives_the_same_chunks(sealed, text):
    metadata, chunks = sealed

    assert sealed_file(text) == (metadata, chunks)
    assert seal_chunk(KEY, len(text), 3, text[3 * CHUNK_TEXT :]) == chunks[3]


def test_a_file_that_changed_in_between_takes_no_nonce_twice(sealed, text):
    _, chunks = sealed
    changed = sealed_file(text[:-1] + b"\0")[1]

    assert changed[:3] == chunks[:3]
    assert changed[3][:24] != chunks[3][:24]


def test_equal_files_under_two_keys_share_nothing(sealed, text):
    _, chunks = sealed
    other = sealed_file(text, bytes(32))[1]

    assert not {chunk[:24] for chunk in chunks} & {chunk[:24] for chunk in other}
    assert not {chunk_mailbox(KEY, n) for n in range(9)} & {
        chunk_mailbox(bytes(32), n) for n in range(9)
    }


def test_a_chunk_at_another_place_is_refused(sealed):
    metadata, chunks = sealed
    for number, chunk in ((0, 1), (1, 0), (2, 1)):
        with pytest.raises(Refused, match="not authentic"):
            open_chunk(metadata, number, chunks[chunk])
    with pytest.raises(Refused, match="not the size"):
        open_chunk(metadata, 3, chunks[0])
    for number in (-1, 4):
        with pytest.raises(Refused, match="no such chunk"):
            open_chunk(metadata, number, chunks[0])


def test_a_changed_chunk_is_refused_and_stays_missing(sealed):
    metadata, chunks = sealed
    opener = Opener(metadata)
    for place in (0, 23, 24, 1000, CHUNK - 17, CHUNK - 1):
        forged = bytearray(chunks[0])
        forged[place] ^= 1
        with pytest.raises(Refused, match="not authentic"):
            opener.open(0, bytes(forged))
    for cut in (0, 23, 40, CHUNK - 1):
        with pytest.raises(Refused, match="not the size"):
            opener.open(0, chunks[0][:cut])

    assert opener.missing() == [0, 1, 2, 3]


def test_a_file_cannot_be_shortened(sealed):
    """With two chunks fewer the one that would be the last is not sealed as the last."""
    metadata, chunks = sealed
    shorter = Metadata(metadata.file_id, KEY, 2 * CHUNK_TEXT, "a", "a/b")

    open_chunk(shorter, 0, chunks[0])
    with pytest.raises(Refused, match="not authentic"):
        open_chunk(shorter, 1, chunks[1])


def test_the_id_is_of_all_chunks_in_their_order(sealed):
    metadata, chunks = sealed
    opener = Opener(metadata)
    with pytest.raises(Refused, match="not the file"):
        opener.check(chunks)
    for number, chunk in enumerate(chunks):
        opener.open(number, chunk)

    opener.check(chunks)
    for others in (chunks[::-1], chunks[:-1], [*chunks, b""][1:]):
        with pytest.raises(Refused, match="not the file"):
            opener.check(others)


def test_padding_in_the_last_chunk_says_nothing():
    metadata, _ = sealed_file(b"short")
    sealed = seal_chunk(KEY, 216, 0, b"short".ljust(216, b"\1"))

    with pytest.raises(Refused, match="not zeros"):
        open_chunk(metadata, 0, sealed)


def test_a_sealer_goes_in_order(text):
    sealer = Sealer(KEY, len(text))
    with pytest.raises(Refused, match="not the size"):
        sealer.seal(b"short")
    with pytest.raises(Refused, match="not all chunks"):
        sealer.metadata("a", "a/b")
    with pytest.raises(Refused, match="too large"):
        Sealer(KEY, SIZE_MAX + 1)


# --- Metadata -------------------------------------------------------------------------------


def test_metadata_has_one_encoding(sealed):
    metadata, _ = sealed
    data = metadata.encode()

    assert Metadata.decode(data) == metadata
    assert repr(KEY) not in repr(metadata)
    for size in range(len(data)):
        with pytest.raises(Refused):
            Metadata.decode(data[:size])
    with pytest.raises(Refused, match="trailing"):
        Metadata.decode(data + b"\0")
    with pytest.raises(Refused, match="unknown version"):
        Metadata.decode(b"\2" + data[1:])
    with pytest.raises(Refused, match="too large"):
        Metadata.decode(data[:65] + b"\xff" * 8 + data[73:])
    with pytest.raises(Refused, match="other number"):
        Metadata.decode(data[:73] + b"\0\0\0\5" + data[77:])
    with pytest.raises(Refused, match="UTF-8"):
        Metadata.decode(data.replace(b"picture", b"pict\xffre"))


@pytest.mark.parametrize(
    "name",
    [
        *("", "a/b", "/etc/passwd", "..", ".", ".bashrc", "a\\b", "C:x", "a:stream", "what?"),
        *("a\0b", "a\nb", "\x1b[2J", "txt.\u202eexe", "a\u2028b", "a\u200eb", "x" * 201),
        *(" leading", "trailing ", "trailing.", "con", "NUL.txt", "com1", "lpt9.a.b", "<a>", "a|b"),
    ],
)
def test_a_name_that_is_more_than_a_name_is_refused(name):
    with pytest.raises(Refused, match=r"files: n"):
        Metadata(bytes(32), KEY, 0, name, "a/b")


@pytest.mark.parametrize("name", ["a", "résumé.pdf", "نامه\u200cها.txt", "console.log", "a b.c"])
def test_ordinary_names_pass(name):
    assert Metadata.decode(Metadata(bytes(32), KEY, 0, name, "a/b").encode()).name == name


@pytest.mark.parametrize("mime", ["", "text", "/", "text/", "Text/plain", "a/b;c", "a/b\n", "é/b"])
def test_a_media_type_is_two_tokens(mime):
    with pytest.raises(Refused, match="media type"):
        Metadata(bytes(32), KEY, 0, "a", mime)


@given(st.binary(max_size=200))
def test_random_metadata_is_refused_or_its_own_encoding(data):
    for tried in (data, b"\1" + data):
        try:
            metadata = Metadata.decode(tried)
        except Refused:
            continue
        assert metadata.encode() == tried


def test_a_damaged_opener_is_refused(sealed):
    state = Opener(sealed[0]).encode()

    for size in range(0, len(state), 5):
        with pytest.raises(Refused):
            Opener.decode(state[:size])
    with pytest.raises(Refused, match="trailing"):
        Opener.decode(state + b"\0")
    with pytest.raises(Refused, match="damaged"):
        Opener.decode(state[:-1] + b"\x1f")
