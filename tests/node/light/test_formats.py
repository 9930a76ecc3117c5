"""Everything that crosses a wire or lies in a store: one encoding, and nothing else is read."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.accounts import dev_accounts
from chain.encoding import decode as chain_decode
from chain.encoding import encode as chain_encode
from node import rlp
from node.codec import Reader, Refused, sized, u16
from node.crypto import SIGNATURE, sha256
from node.light import blocks, questions
from node.light.certificate import (
    Certificate,
    is_certified,
    read_certificate,
    read_statement,
    statement_of,
)
from node.light.header import check_follows, next_base_fee, read_header
from node.light.questions import Answer, Ask, Call, Kind, Located, Status, Target
from node.light.trust import read_checkpoint
from node.light.validator import Vote, read_vote
from node.light.validators import SEATS_MAX, Validator, make_set, read_set

ITEMS = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=6), max_leaves=20
)


@given(ITEMS)
def test_rlp_is_the_chains(item):
    encoded = rlp.encode(item)
    assert encoded == chain_encode(item)
    assert rlp.decode(encoded) == item == chain_decode(encoded)


@given(st.binary(max_size=40))
@settings(max_examples=300)
def test_rlp_has_one_encoding(data):
    try:
        item = rlp.decode(data)
    except Refused:
        return
    assert rlp.encode(item) == data


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x81\x01", b"\xb8\x01a", b"\xb8\x38" + bytes(55), b"\xb9\x00\x38" + bytes(56)),
        *(b"\x01\x01", b"\xc1", b"\xc2\x81\x01", b"\xf8\x01\x01", b"\xbf" + b"\xff" * 8),
        b"\xc1" * 20 + b"\xc0",
        b"".join(bytes([0xC0 + 17 - at]) for at in range(17)) + b"\xc0",
    ],
)
def test_rlp_refuses_other_forms(data):
    with pytest.raises(Refused, match="rlp"):
        rlp.decode(data)


@pytest.fixture
def header(chain):
    chain.mine(3)
    return read_header(chain.block(2).header.encode())


@pytest.fixture
def statement(net):
    return statement_of(read_header(net.chain.block(10).header.encode()), net.set, net.set.hash)


def test_a_header_is_the_chains(chain, header):
    assert header.hash == chain.block(2).hash
    assert header.raw == chain.block(2).header.encode()
    assert next_base_fee(header) == chain.block(3).header.base_fee_per_gas
    check_follows(read_header(chain.block(3).header.encode()), header)


def test_a_header_in_another_form_is_refused(header):
    for size in range(len(header.raw)):
        with pytest.raises(Refused):
            read_header(header.raw[:size])
    with pytest.raises(Refused):
        read_header(header.raw + b"\0")
    items = rlp.decode(header.raw)
    changes = {
        **dict.fromkeys([0, 2, 3, 6, 13, 16, 19, 20], b"\1"),
        **dict.fromkeys([8, 9, 10, 11, 15, 17, 18], b"\0\1"),
        7: b"\1",
        14: b"\0" * 7 + b"\1",
        1: bytes(32),
        12: b"x" * 33,
        10: b"\xff" * 8,
    }
    for place, value in changes.items():
        with pytest.raises(Refused):
            read_header(rlp.encode([*items[:place], value, *items[place + 1 :]]))
    for listed in (items[:-1], [*items, bytes(32)]):
        with pytest.raises(Refused, match="fork"):
            read_header(rlp.encode(listed))
    with pytest.raises(Refused, match="not the parent"):
        check_follows(header, header)


def test_every_bit_of_a_header_is_in_its_hash(header):
    for at in range(0, len(header.raw), 7):
        data = bytearray(header.raw)
        data[at] ^= 1
        with suppress(Refused):
            assert read_header(bytes(data)).hash != header.hash


def test_sets_are_read_back_and_nothing_else(net):
    raw = net.set.raw
    assert read_set(raw) == net.set
    for size in [*range(60), len(raw) - 1]:
        with pytest.raises(Refused):
            read_set(raw[:size])
    with pytest.raises(Refused):
        read_set(raw + b"\0")
    with pytest.raises(Refused, match="version"):
        read_set(b"\2" + raw[1:])
    seats = net.set.seats
    backwards = replace(net.set, seats=seats[::-1])
    double = replace(net.set, seats=(seats[0], replace(seats[1], key=seats[0].key)))
    same = replace(net.set, seats=(seats[0], replace(seats[1], address=seats[0].address)))
    poor = replace(net.set, seats=(replace(seats[0], stake=0),))
    empty = replace(net.set, seats=())
    many = [Validator(address=sha256(b"%d" % at)[:20], stake=1, key=b"") for at in range(101)]
    for wrong in (backwards, double, same, poor, empty, replace(net.set, seats=tuple(many))):
        with pytest.raises(Refused, match="validators"):
            read_set(wrong.raw)


def test_quorums_count_seats_and_stake(net):
    key = net.set.seats[0].key
    seats = [
        Validator(address=bytes(19) + bytes([at]), stake=stake, key=key[:-1] + bytes([at]))
        for at, stake in enumerate([10, 10, 10, 70])
    ]
    found = make_set(6133, 0, seats)
    assert found.quorum == 3
    assert not found.decides([0, 1, 2])  # three of four seats, with 30 of 100
    assert not found.decides([2, 3])  # 80 of 100, on two seats
    assert found.decides([1, 2, 3])
    even = make_set(6133, 0, [replace(each, stake=1) for each in seats[:3]])
    assert not even.decides([0, 1])  # two thirds are not more than two thirds
    assert [make_set(6133, 0, seats[:n]).quorum for n in (1, 2, 3, 4)] == [1, 2, 3, 3]
    full = [
        replace(seats[0], address=bytes(18) + u16(at), key=key[:-2] + u16(at))
        for at in range(SEATS_MAX)
    ]
    assert make_set(6133, 0, full).quorum == 67


def test_statements_votes_and_certificates_are_read_back_and_nothing_else(statement):
    vote = Vote(statement=statement, seat=2, signature=bytes(SIGNATURE))
    certificate = Certificate(
        statement=statement, seats=(0, 2, 9), signatures=(bytes(SIGNATURE),) * 3
    )
    kinds = [
        (read_statement, statement, statement.raw),
        (read_vote, vote, vote.encode()),
        (read_certificate, certificate, certificate.raw),
    ]
    for read, value, raw in kinds:
        assert read(raw) == value
        for size in [*range(200), len(raw) - 1]:
            if size < len(raw):
                with pytest.raises(Refused):
                    read(raw[:size])
        with pytest.raises(Refused):
            read(raw + b"\0")
        with pytest.raises(Refused, match="version"):
            read(b"\2" + raw[1:])


def test_a_statement_is_of_a_height_that_is_certified(statement):
    assert [n for n in range(2050) if is_certified(n) and n % 10] == [1024, 2048]
    for number in (11, 1023, 9):
        with pytest.raises(Refused, match="height"):
            read_statement(replace(statement, number=number).raw)
    with pytest.raises(Refused, match="between checkpoints"):
        read_statement(replace(statement, next_set_hash=bytes(32)).raw)
    assert read_statement(replace(statement, number=1024, next_set_hash=bytes(32)).raw).hands_over


def test_bitmaps_have_one_form(statement):
    for bitmap in (b"\0", b"\1\0", b"\2\1\0", b"\x0e" + bytes(13) + b"\1"):
        with pytest.raises(Refused):
            read_certificate(statement.raw + bitmap + bytes(SIGNATURE))


def test_checkpoints(net):
    raw = net.checkpoint().encode()
    assert len(raw) == 89
    assert read_checkpoint(raw) == net.checkpoint()
    for size in range(89):
        with pytest.raises(Refused):
            read_checkpoint(raw[:size])


def test_asks_and_answers():
    for kind in Kind:
        ask = Ask(b"12345678", kind, b"body")
        assert questions.read_ask(ask.encode()) == ask
    for status in Status:
        answer = Answer(b"12345678", status, b"body")
        assert questions.read_answer(answer.encode()) == answer
    for read in (questions.read_ask, questions.read_answer):
        for wrong in (b"", b"\2" + bytes(9), b"\1" + bytes(8), b"\1" + bytes(8) + b"\xff"):
            with pytest.raises(Refused):
                read(wrong)
    with pytest.raises(Refused, match="too long"):
        questions.read_ask(bytes(questions.ASK_MAX + 1))
    with pytest.raises(Refused, match="too long"):
        questions.read_answer(bytes(questions.ANSWER_MAX + 1))


def test_targets():
    targets = [Target(bytes(20), (1, 2**256 - 1)), Target(b"\1" * 20)]
    raw = questions.write_targets(targets)
    assert questions.read_targets(Reader(raw)) == targets
    for size in range(len(raw)):
        with pytest.raises(Refused):
            questions.read_targets(Reader(raw[:size]))
    for wrong in (
        [targets[0], targets[0]],
        [Target(u16(at) * 10) for at in range(257)],
        [Target(bytes(20), tuple(range(1025)))],
    ):
        with pytest.raises(Refused, match="questions"):
            questions.read_targets(Reader(questions.write_targets(wrong)))


def test_calls_and_places():
    for call in (Call(), Call(sender=b"\1" * 20, to=b"\2" * 20, data=b"abc", value=7, gas=21_000)):
        raw = call.encode()
        assert questions.read_call(Reader(raw)) == call
        for size in range(len(raw)):
            with pytest.raises(Refused):
                questions.read_call(Reader(raw[:size]))
    located = Located(7, 3, b"raw", (b"one", b"two"))
    assert questions.read_located(located.encode()) == located
    with pytest.raises(Refused):
        questions.read_located(located.encode()[:-1])


def test_headers_must_lead_down_by_parent_hash(chain):
    chain.mine(5)
    headers = [read_header(chain.block(at).header.encode()) for at in range(6)]
    raw = [each.raw for each in headers]
    body = questions.write_headers(raw[4:1:-1])
    assert questions.read_headers(body, headers[5], 3) == headers[4:1:-1]
    for wrong, count in (
        (raw[4:1:-1], 2),
        (raw[4:1:-1], 4),
        ([raw[4], raw[2]], 2),
        ([raw[3], raw[2]], 2),
        ([raw[4], raw[4]], 2),
    ):
        with pytest.raises(Refused):
            questions.read_headers(questions.write_headers(wrong), headers[5], count)


def test_lists_are_bounded_and_whole():
    body = blocks.write_list([b"one", b"", b"three"])
    assert blocks.read_entries(body, 5) == [b"one", b"", b"three"]
    for size in range(len(body)):
        with pytest.raises(Refused):
            blocks.read_entries(body[:size], 5)
    with pytest.raises(Refused, match="too long"):
        blocks.read_entries(body, 4)
    with pytest.raises(Refused, match="too many"):
        blocks.read_entries((5_000).to_bytes(4, "big") + sized(b"") * 5_000, 5)


def test_receipts_without_blooms_are_the_blocks(chain, accounts):
    from chain.calls import CallRequest

    creation = bytes.fromhex("602a60006000a1600060006000a000")  # two logs, then stop
    chain.send(CallRequest(sender=accounts[0].address, data=creation, gas=200_000))
    receipts = chain.receipts(chain.head.hash)
    for receipt in receipts:
        ours = blocks.read_receipt(receipt.encode())
        assert ours.encode() == receipt.encode()
        assert blocks.read_short(ours.short()) == ours
        assert len(ours.logs) == len(receipt.logs)
    wrong = rlp.decode(receipts[0].encode()[1:])
    wrong[2] = bytes(255) + b"\1"
    with pytest.raises(Refused, match="wrong bloom"):
        blocks.read_receipt(b"\2" + rlp.encode(wrong))


def test_every_type_of_transaction_is_the_chains():
    from chain.transactions import (
        BLOB,
        DYNAMIC_FEE,
        LEGACY,
        Fields,
        decode_transaction,
        sign_transaction,
    )

    key = dev_accounts()[0].private_key
    access = ((b"\7" * 20, (1, 2)),)
    for kind in range(4):
        for chain_id in (6133, None) if kind == LEGACY else (6133,):
            fields = Fields(
                type=kind,
                chain_id=chain_id,
                nonce=5,
                gas=100_000,
                to=b"\1" * 20,
                value=7,
                data=b"data",
                gas_price=10**10,
                max_fee_per_gas=10**10,
                max_priority_fee_per_gas=10**9 if kind >= DYNAMIC_FEE else 10**10,
                access_list=access if kind else (),
                max_fee_per_blob_gas=1 if kind == BLOB else 0,
                blob_versioned_hashes=(b"\1" + bytes(31),) if kind == BLOB else (),
                authorization_list=(),
            )
            theirs = decode_transaction(sign_transaction(fields, key).raw)
            ours = blocks.read_transaction(theirs.raw)
            assert (ours.hash, ours.sender, ours.nonce) == (theirs.hash, theirs.sender, 5)
            assert ours.chain_id == chain_id
            for size in range(len(theirs.raw)):
                with pytest.raises(Refused):
                    blocks.read_transaction(theirs.raw[:size])
