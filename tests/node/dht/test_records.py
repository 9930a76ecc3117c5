"""Records: who may sign for a key, what is read of them, and what a reader gets out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import SIGNATURE, SIGNING_PUBLIC, SigningKey, sha256
from node.dht.contacts import Contact, pack
from node.dht.findings import agreement_code, participants, validators
from node.dht.records import (
    DESTINATION,
    EPOCH_MS,
    PAYLOAD_MAX,
    PRESENCE_SIZE,
    PROOF_MAX,
    RECORD_MAX,
    SKEW_MS,
    Kind,
    Record,
    Validator,
    content_key,
    is_signed,
    make_presence,
    make_provider,
    make_validator,
    open_presence,
    open_provider,
    open_validator,
    owned_key,
    presence_epoch,
    presence_epochs,
    presence_key,
    read_record,
    sign_record,
    validators_key,
)
from node.identity import Multiaddr, peer_id_of

NOW = 1_790_000_000_000
SESSION = sha256(b"a session")
DESTINED = sha256(b"a destination")
ADDRESS = pack(Multiaddr.parse("/ip4/203.0.113.7/tcp/9000"))


def zeros(size: int) -> bytes:
    return bytes(size)


def validator(keys: list[SigningKey], number: int = 0, **changed) -> Validator:
    fields = {
        "chain_id": 6133,
        "address": bytes([number]) * 20,
        "contact": Contact(sha256(b"node", bytes([number])), (ADDRESS,)),
        "proof": b"registered",
        "public": keys[number].public,
    }
    return Validator(**fields | changed)


@pytest.fixture(scope="module")
def made(keys: list[SigningKey]) -> dict[Kind, bytes]:
    """One record of every kind."""
    return {
        Kind.OWNED: sign_record(Kind.OWNED, owned_key(keys[0].public), 7, b"mine", keys[0]),
        Kind.PRESENCE: make_presence(SESSION, DESTINED, keys[1], NOW, zeros),
        Kind.VALIDATOR: make_validator(validator(keys, 2), keys[2], NOW),
        Kind.PROVIDER: make_provider(b"content", (ADDRESS,), keys[3], NOW),
    }


@pytest.mark.parametrize("kind", Kind)
def test_records_come_back_signed(made: dict[Kind, bytes], kind: Kind) -> None:
    record = read_record(made[kind])
    assert record.kind is kind
    assert record.raw == made[kind]
    assert is_signed(record)
    assert len(made[kind]) <= RECORD_MAX


@pytest.mark.parametrize("kind", Kind)
def test_no_part_and_nothing_more_is_read(made: dict[Kind, bytes], kind: Kind) -> None:
    data = made[kind]
    for size in [*range(150), *range(150, len(data), 97), len(data) - 1]:
        with pytest.raises(Refused):
            read_record(data[:size])
    with pytest.raises(Refused, match="trailing"):
        read_record(data + b"\0")


@pytest.mark.parametrize("kind", Kind)
def test_a_flipped_bit_is_refused_or_unsigned(made: dict[Kind, bytes], kind: Kind) -> None:
    data = made[kind]
    for at in [*range(120), *range(120, len(data), 211), len(data) - 1]:
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        try:
            record = read_record(bytes(flipped))
        except Refused:
            continue
        assert not is_signed(record), at


def test_nobody_else_writes_at_an_owners_key(keys: list[SigningKey]) -> None:
    forged = sign_record(Kind.OWNED, owned_key(keys[0].public), 8, b"not mine", keys[1])
    with pytest.raises(Refused, match="another's key"):
        read_record(forged)


def test_a_signature_of_another_use_is_none(keys: list[SigningKey]) -> None:
    data = sign_record(Kind.OWNED, owned_key(keys[0].public), 7, b"", keys[0])[:-SIGNATURE]
    for context in (b"", b"pars/node-record/v1"):
        assert not is_signed(read_record(data + keys[0].sign(data, context)))


def test_the_longest_payload_makes_the_longest_record(keys: list[SigningKey]) -> None:
    key = content_key(b"x")
    with pytest.raises(ValueError, match="too long"):
        sign_record(Kind.OWNED, key, 1, bytes(PAYLOAD_MAX + 1), keys[0])
    longest = sign_record(Kind.OWNED, owned_key(keys[0].public), 1, bytes(PAYLOAD_MAX), keys[0])
    assert len(longest) == RECORD_MAX
    assert read_record(longest).payload == bytes(PAYLOAD_MAX)
    with pytest.raises(Refused, match="too long"):
        read_record(longest + b"\0")


def raw(kind: int, key: bytes, payload: bytes, version: int = 1) -> bytes:
    """Return a record that is well-formed but for what is asked for; its signature is zeros."""
    head = bytes([version, kind]) + key + bytes(8) + len(payload).to_bytes(4, "big")
    return head + payload + bytes(SIGNING_PUBLIC + SIGNATURE)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (raw(1, bytes(32), bytes(PRESENCE_SIZE), version=2), "dht: unknown version of a record"),
        (raw(4, bytes(32), b""), "dht: unknown kind of record"),
        (raw(0, bytes(32), b""), "dht: another's key"),
        (raw(1, bytes(32), bytes(PRESENCE_SIZE - 1)), "dht: wrong length of a presence"),
        (raw(1, bytes(32), bytes(PRESENCE_SIZE + 1)), "dht: wrong length of a presence"),
        (raw(2, bytes(32), bytes(8 + 20 + 32 + 1 + 4)), "dht: validator of another chain"),
        (raw(2, validators_key(0), bytes(8)), "codec: too short"),
        (
            raw(2, validators_key(0), bytes(61) + (PROOF_MAX + 1).to_bytes(4, "big")),
            "codec: too long",
        ),
        (raw(3, bytes(32), b""), "codec: too short"),
        (raw(3, bytes(32), b"\0\0"), "codec: trailing bytes"),
        (raw(3, bytes(32), bytes(PAYLOAD_MAX + 1)), "dht: record too long"),
    ],
)
def test_records_that_break_a_rule(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=f"^{reason}$"):
        read_record(data)


# --- Presence -------------------------------------------------------------------------------


def test_presence_opens_for_who_knows_the_session(made: dict[Kind, bytes], keys) -> None:
    record, epoch = read_record(made[Kind.PRESENCE]), presence_epoch(NOW)
    assert record.key == presence_key(SESSION, epoch)
    presence = open_presence(SESSION, epoch, record)
    assert presence.destination == DESTINED
    assert presence.public == keys[1].public
    for session, wrong in ((sha256(b"another"), epoch), (SESSION, epoch + 1)):
        with pytest.raises(Refused):
            open_presence(session, wrong, record)


def test_presence_shows_nothing_and_holds_no_address(made: dict[Kind, bytes]) -> None:
    data = made[Kind.PRESENCE]
    assert DESTINED not in data
    assert SESSION not in data
    assert sha256(SESSION) not in data
    assert len(read_record(data).payload) == PRESENCE_SIZE


@pytest.mark.parametrize("destination", [b"", b"/ip4/203.0.113.7/tcp/9000", bytes(DESTINATION + 1)])
def test_a_destination_is_a_name_and_nothing_else(destination: bytes, keys) -> None:
    with pytest.raises(ValueError, match="a name of 32 bytes"):
        make_presence(SESSION, destination, keys[0], NOW, zeros)


def test_a_presence_is_its_signers(keys: list[SigningKey]) -> None:
    """A seal that somebody copied does not open under another key."""
    record = read_record(make_presence(SESSION, DESTINED, keys[0], NOW, zeros))
    copied = sign_record(Kind.PRESENCE, record.key, NOW + 1, record.payload, keys[1])
    with pytest.raises(Refused):
        open_presence(SESSION, presence_epoch(NOW), read_record(copied))


def test_keys_of_a_session_change_and_do_not_tell_of_each_other() -> None:
    keys_of = {presence_key(session, epoch) for session in (SESSION, DESTINED) for epoch in (1, 2)}
    assert len(keys_of) == 4
    assert presence_epoch(EPOCH_MS - 1) == 0
    assert presence_epoch(EPOCH_MS) == 1


def test_readers_allow_for_a_clock_an_hour_off() -> None:
    middle, edge = 10 * EPOCH_MS + EPOCH_MS // 2, 10 * EPOCH_MS
    assert presence_epochs(middle) == [10]
    assert presence_epochs(edge) == presence_epochs(edge - 1) == [9, 10]
    assert presence_epochs(edge + SKEW_MS) == [10]
    assert presence_epochs(0) == [0]


def test_junk_among_participants_is_left_out(keys: list[SigningKey]) -> None:
    epoch = presence_epoch(NOW)
    good = [read_record(make_presence(SESSION, DESTINED, key, NOW, zeros)) for key in keys[:5]]
    key = presence_key(SESSION, epoch)
    junk = read_record(sign_record(Kind.PRESENCE, key, 1, bytes(PRESENCE_SIZE), keys[6]))
    found = participants(SESSION, [(epoch, record) for record in [junk, *good]])
    assert [one.public for one in found] == sorted(key.public for key in keys[:5])


# --- Validators and providers ---------------------------------------------------------------


def test_validators_are_those_that_are_proved(keys: list[SigningKey]) -> None:
    records = [read_record(make_validator(validator(keys, n), keys[n], NOW)) for n in range(4)]
    registered = {bytes([n]) * 20: keys[n].public for n in range(3)}

    def prove(one: Validator) -> bool:
        return registered.get(one.address) == one.public and one.proof == b"registered"

    found = validators(records, prove)
    assert found == [validator(keys, n) for n in range(3)]
    assert validators(records, None) == []
    thief = make_validator(validator(keys, 0), keys[5], NOW + 1)
    assert validators([*records, read_record(thief)], prove) == found
    later = read_record(
        make_validator(validator(keys, 0, contact=Contact(bytes(32), ())), keys[0], NOW + 1)
    )
    assert validators([*records, later], prove)[0].contact.peer_id == bytes(32)


def test_a_validator_of_another_chain_is_not_under_this_ones_key(keys: list[SigningKey]) -> None:
    payload = read_record(make_validator(validator(keys), keys[0], NOW)).payload
    moved = sign_record(Kind.VALIDATOR, validators_key(6134), NOW, payload, keys[0])
    with pytest.raises(Refused, match="another chain"):
        read_record(moved)
    with pytest.raises(ValueError, match="too long"):
        make_validator(validator(keys, proof=bytes(PROOF_MAX + 1)), keys[0], NOW)


def test_the_longest_validator_fits(keys: list[SigningKey]) -> None:
    host = ".".join(["a" * 63] * 3) + ".example"
    address = pack(Multiaddr.parse(f"/dns4/{host}/tcp/9000"))
    longest = validator(keys, proof=bytes(PROOF_MAX), contact=Contact(bytes(32), (address,)))
    record = read_record(make_validator(longest, keys[0], NOW))
    assert open_validator(record) == longest


def test_a_provider_is_who_signed(made: dict[Kind, bytes], keys: list[SigningKey]) -> None:
    record = read_record(made[Kind.PROVIDER])
    assert record.key == content_key(b"content") != sha256(b"content")
    assert open_provider(record) == Contact(peer_id_of(keys[3].public), (ADDRESS,))


def test_two_signatures_of_one_record_are_one_record(keys: list[SigningKey]) -> None:
    first, second = (
        read_record(sign_record(Kind.OWNED, owned_key(keys[0].public), 1, b"", keys[0]))
        for _ in range(2)
    )
    assert first.raw != second.raw
    assert first.digest == second.digest


def test_repr_shows_no_more_than_a_key(made: dict[Kind, bytes]) -> None:
    shown = repr(read_record(made[Kind.OWNED]))
    assert len(shown) < 500


# --- Agreement ------------------------------------------------------------------------------


def test_agreement_codes() -> None:
    ids = [sha256(bytes([n])) for n in range(21)]
    code = agreement_code(ids)
    assert code == agreement_code(ids[::-1]) == agreement_code(ids * 2)
    assert [len(group) for group in code.split(" ")] == [5] * 5
    assert code.replace(" ", "").isdecimal()
    assert code != agreement_code(ids[:-1])
    assert code != agreement_code([*ids[:-1], sha256(b"the attacker's")])


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=8))
@settings(max_examples=50)
def test_agreement_is_of_sets(ids: set[bytes]) -> None:
    assert agreement_code(ids) == agreement_code(sorted(ids, reverse=True))


def test_records_are_values(made: dict[Kind, bytes]) -> None:
    read = read_record(made[Kind.OWNED])
    assert read == read_record(made[Kind.OWNED])
    assert isinstance(read, Record)
