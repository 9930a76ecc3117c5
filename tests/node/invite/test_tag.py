"""A tap: a reader and a tag that speak commands of ISO 7816-4, honest, broken and hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.invite import nfc, tag
from node.invite.nfc import MESSAGE_MAX, Naming, Record
from node.invite.tag import Tag, read_tag


def test_an_invite_by_a_tap(invite) -> None:
    """F-220."""
    shown = Tag(nfc.invite_message(invite))
    assert nfc.read_invite(read_tag(shown.answer)) == invite


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 256, 510, 4_000, MESSAGE_MAX])
def test_messages_of_any_size(size: int) -> None:
    message = bytes(number % 251 for number in range(size))
    assert read_tag(Tag(message).answer) == message
    with pytest.raises(ValueError, match="too long"):
        Tag(bytes(MESSAGE_MAX + 1))


def test_the_commands_by_the_standard() -> None:
    """NFC Forum Type 4 Tag, mapping version 2.0: what a reader of another make would say."""
    said = []
    shown = Tag(b"\xd0\0\0")

    def carry(command: bytes) -> bytes:
        answer = shown.answer(command)
        said.append((command.hex(), answer.hex()))
        return answer

    assert read_tag(carry) == b"\xd0\0\0"
    assert said == [
        ("00a4040007d276000085010100", "9000"),
        ("00a4000c02e103", "9000"),
        ("00b000000f", "000f2000ff00ff0406e104000500ff9000"),
        ("00a4000c02e104", "9000"),
        ("00b0000002", "00039000"),
        ("00b0000203", "d000009000"),
    ]


@pytest.mark.parametrize(
    ("commands", "last"),
    [
        (["00a4000c02e103"], tag.UNKNOWN),  # nothing is selected
        (["00a4040007d276000085010200"], tag.NOT_FOUND),
        (["SELECT", "00b0000002"], tag.NO_FILE),
        (["SELECT", "00a4000c02e105"], tag.NOT_FOUND),
        (["SELECT", "00a4000c02e104", "00b0000000"], tag.WRONG_LENGTH),
        (["SELECT", "00a4000c02e104", "00b00000"], tag.WRONG_LENGTH),
        (["SELECT", "00a4000c02e104", "00b0000006"], tag.WRONG_OFFSET),
        (["SELECT", "00a4000c02e104", "00b0ffff01"], tag.WRONG_OFFSET),
        (["SELECT", "00a4000c02e104", "00d600000100"], tag.UNKNOWN),  # to write
        (["SELECT", ""], tag.UNKNOWN),
        (["SELECT", "00a4000c02e104", "SELECT", "00b0000001"], tag.NO_FILE),
    ],
)
def test_what_a_tag_refuses(commands: list[str], last: bytes) -> None:
    shown, select = Tag(b"\xd0\0\0"), "00a4040007d2760000850101"
    answers = [shown.answer(bytes.fromhex(select if c == "SELECT" else c)) for c in commands]
    assert answers[-1] == last


CAPABILITIES = bytes.fromhex("000f2000ff00ff0406e104000500ff")


@pytest.mark.parametrize(
    ("at", "changed", "reason"),
    [
        (0, b"\0\x0e", "unknown version"),
        (2, b"\x10", "unknown version"),
        (3, b"\0\x0e", "not to be read"),
        (7, b"\x05", "no message"),
        (8, b"\x07", "no message"),
        (11, b"\0\4", "too long"),
        (13, b"\x80", "not to be read"),
    ],
)
def test_capabilities_that_are_refused(at: int, changed: bytes, reason: str) -> None:
    shown = Tag(b"\xd0\0\0")
    wrong = CAPABILITIES[:at] + changed + CAPABILITIES[at + len(changed) :]

    def carry(command: bytes) -> bytes:
        answer = shown.answer(command)
        return wrong + tag.OK if answer[:-2] == CAPABILITIES else answer

    with pytest.raises(Refused, match=reason):
        read_tag(carry)


def test_a_tag_that_says_it_is_huge() -> None:
    commands = []

    def carry(command: bytes) -> bytes:
        commands.append(command)
        if command[:2] != b"\0\xb0":
            return tag.OK
        size = command[4]
        if len(commands) == 3:
            return CAPABILITIES[:11] + b"\xff\xff" + CAPABILITIES[13:] + tag.OK
        return b"\xff" * size + tag.OK

    with pytest.raises(Refused, match="too long"):
        read_tag(carry)
    assert len(commands) == 5


@pytest.mark.parametrize("taken", range(6))
@pytest.mark.parametrize("answer", [b"", b"\x90", tag.NOT_FOUND, b"x" * 300 + tag.OK])
def test_a_tag_that_is_taken_away(taken: int, answer: bytes) -> None:
    shown, left = Tag(b"\xd0\0\0"), [taken]

    def carry(command: bytes) -> bytes:
        left[0] -= 1
        return answer if left[0] < 0 else shown.answer(command)

    with pytest.raises(Refused, match="refused, or gone"):
        read_tag(carry)


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_any_commands_get_an_answer(commands) -> None:
    shown = Tag(nfc.encode_message([Record(Naming.UNKNOWN, b"", b"x")]))
    for command in commands:
        for said in (command, b"\0\xa4" + command, b"\0\xb0" + command):
            assert len(shown.answer(said)) >= 2
    assert read_tag(shown.answer)


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_answers_are_refused_or_a_message(answers) -> None:
    left = [each + tag.OK for each in answers]
    try:
        message = read_tag(lambda command: left.pop(0) if left else b"")
    except Refused:
        return
    assert len(message) <= MESSAGE_MAX
