"""Documents that an account signs: what resolves, and what a log is refused for."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import did as did_module
from node.codec import Refused
from node.did import (
    BYTES_KEPT,
    ENTRIES_KEPT,
    ENTRIES_MAX,
    LOG_MAX,
    Service,
    canonical,
    create,
    deactivate,
    did_of,
    document,
    longest,
    metadata,
    parse,
    resolve,
    revoke,
    update,
)
from node.identity import AccountKeys, DeviceKeys, account_text

ACCOUNT = AccountKeys.from_seed(b"\x01" * 32)
OTHER = AccountKeys.from_seed(b"\x02" * 32)
DID = did_of(ACCOUNT.account_id)
PHONE, LAPTOP = (DeviceKeys.from_seed(bytes([number]) * 32).public for number in (3, 4))
INBOX = Service("inbox", "ParsInbox", f"pars://session/{account_text(ACCOUNT.account_id)}")
DAY = 20_000


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


@pytest.fixture(scope="module")
def created():
    return create(ACCOUNT, {1: PHONE}, (INBOX,), DAY)


@pytest.fixture(scope="module")
def grown(created):
    """Created, updated, and without the first device."""
    log = update(created, ACCOUNT, {1: PHONE, 2: LAPTOP}, (), DAY + 1)
    return revoke(log, ACCOUNT, 1, DAY + 2)


def rewritten(line, signer, **changes):
    """Return an entry with other fields, signed again; a field that becomes None is left out."""
    entry = json.loads(line) | changes
    entry = {name: value for name, value in entry.items() if value is not None and name != "proof"}
    return did_module._signed(signer, entry)


# --- The document ------------------------------------------------------------------------------


def test_a_new_account_has_a_document_at_once(created):
    made = document(resolve(DID, created))
    names = [method["id"].removeprefix(f"{DID}#") for method in made["verificationMethod"]]

    assert made["id"] == DID == "did:pars:" + account_text(ACCOUNT.account_id)
    assert names == [
        *("account-ml-dsa-87", "account-x25519", "account-ml-kem-1024", "account-ed25519"),
        *("device-1-ml-dsa-87", "device-1-x25519", "device-1-ml-kem-1024"),
    ]
    assert made["authentication"] == [f"{DID}#account-ml-dsa-87", f"{DID}#device-1-ml-dsa-87"]
    assert made["capabilityInvocation"] == [f"{DID}#account-ml-dsa-87"]
    assert len(made["keyAgreement"]) == 4
    assert made["service"] == [
        {"id": f"{DID}#inbox", "type": "ParsInbox", "serviceEndpoint": INBOX.endpoint}
    ]


def test_a_document_is_well_formed_by_did_core(grown):
    """DID Core 1.0, section 3 and 5: the syntax of names, and that relations name methods."""
    made = document(resolve(DID, grown))
    methods = {method["id"] for method in made["verificationMethod"]}

    assert re.fullmatch(r"did:[a-z0-9]+:([A-Za-z0-9._-]|%[0-9A-F]{2})+", DID)
    assert made["@context"][0] == "https://www.w3.org/ns/did/v1"
    assert len(methods) == len(made["verificationMethod"])
    for relation in ("authentication", "assertionMethod", "keyAgreement", "capabilityInvocation"):
        assert set(made[relation]) <= methods
    for method in made["verificationMethod"]:
        assert set(method) == {"id", "type", "controller", "publicKeyMultibase"}
        assert (method["type"], method["controller"]) == ("Multikey", DID)
    assert canonical(made) == canonical(json.loads(json.dumps(made)))


def test_keys_are_multikeys_with_registered_codes(created):
    """Multicodec's table: mldsa-87-pub 0x1212, mlkem-1024-pub 0x120d, x25519 0xec, ed25519 0xed."""
    codes = {}
    for method in document(resolve(DID, created))["verificationMethod"]:
        text = method["publicKeyMultibase"]
        data = base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        assert text[0] == "u"
        codes[method["id"].partition("#")[2]] = (data[0] & 127 | data[1] << 7, data[2:])

    assert codes["account-ml-dsa-87"] == (0x1212, ACCOUNT.signing.public)
    assert codes["account-ml-kem-1024"] == (0x120D, ACCOUNT.hybrid.public[32:])
    assert codes["account-x25519"] == (0xEC, ACCOUNT.hybrid.public[:32])
    assert codes["account-ed25519"][0] == 0xED
    assert codes["device-1-ml-dsa-87"] == (0x1212, PHONE.signing)


def test_nothing_is_signed_that_nobody_would_resolve():
    wrong = Service("a name with spaces", "Inbox", "pars://x")

    assert (
        refusal(lambda: create(ACCOUNT, {}, (wrong,), DAY)) == "did: name or endpoint of a service"
    )
    many = dict.fromkeys(range(6), PHONE)
    assert refusal(lambda: create(ACCOUNT, many, (), DAY)) == "did: list of devices"


def test_updating_revoking_and_deactivating(created, grown):
    now = resolve(DID, grown)
    assert (now.devices, now.revoked, now.services) == ({2: LAPTOP}, {1}, ())
    assert metadata(now) == {
        "createdDay": DAY,
        "updatedDay": DAY + 2,
        "versionId": "2",
        "deactivated": False,
    }
    over = resolve(DID, deactivate(grown, ACCOUNT, DAY + 3))
    assert document(over) == {"@context": ["https://www.w3.org/ns/did/v1"], "id": DID}
    assert metadata(over)["deactivated"] is True
    assert resolve(DID, created).entries == 1


def test_nothing_follows_a_deactivation(grown):
    log = deactivate(grown, ACCOUNT, DAY + 3)

    for work in (
        lambda: update(log, ACCOUNT, {}, (), DAY + 4),
        lambda: deactivate(log, ACCOUNT, DAY + 4),
    ):
        assert refusal(work) == "did: entry after the deactivation"


def test_a_revoked_device_does_not_return(grown):
    assert (
        refusal(lambda: update(grown, ACCOUNT, {1: PHONE}, (), DAY + 3))
        == "did: revoked device returns"
    )
    assert refusal(lambda: revoke(grown, ACCOUNT, 1, DAY + 3)) == "did: no such device"
    assert resolve(DID, update(grown, ACCOUNT, {3: PHONE}, (), DAY + 3)).devices == {3: PHONE}


# --- Names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("", "did:pars:", "did:web:example.com", "did:pars:07", "DID:pars:07" + "0" * 64),
        *("did:pars:07" + "A" * 64, "did:pars:pars://session/07" + "0" * 64),
        *("did:pars:07" + "0" * 65, " did:pars:07" + "0" * 64, "did:pars:07" + "٠" * 64),
    ],
)
def test_other_names_are_refused(text):
    assert refusal(lambda: parse(text)) in ("did: not a did:pars", "identity: not an account id")


def test_classical_accounts_are_refused_by_name():
    assert "05 names classical keys" in refusal(lambda: parse("did:pars:05" + "0" * 64))
    assert parse(DID) == ACCOUNT.account_id


# --- What a log is refused for -----------------------------------------------------------------


def test_a_log_resolves_for_its_account_only(created):
    assert (
        refusal(lambda: resolve(did_of(OTHER.account_id), created))
        == "did: entry of another account"
    )


def test_only_the_account_signs(created, grown):
    """Another account, a device of its own, and a bundle in another's name."""
    first, second, _ = grown.split(b"\n")[:3]
    device = AccountKeys(DeviceKeys.from_seed(b"\x03" * 32).signing, OTHER.hybrid, bytes(32))
    for signer in (OTHER, device):
        assert (
            refusal(lambda s=signer: resolve(DID, first + b"\n" + rewritten(second, s)))
            == "did: entry is not signed by its account"
        )
        assert (
            refusal(lambda s=signer: resolve(DID, rewritten(first, s)))
            == "did: entry is not signed by its account"
        )
    foreign = create(OTHER, {}, (), DAY)
    bundle = json.loads(foreign)["bundle"]
    assert (
        refusal(lambda: resolve(DID, rewritten(created, OTHER, bundle=bundle)))
        == "did: keys of another account"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "did: entry of another version"),
        ({"version": "1"}, "did: entry of another version"),
        ({"did": DID[:-1]}, "did: entry of another account"),
        ({"number": 2}, "did: entry out of order"),
        ({"number": -1}, "did: number out of bounds"),
        ({"number": "1"}, "did: number out of bounds"),
        ({"previous": "0" * 64}, "did: entry out of order"),
        ({"day": DAY - 1}, "did: entry before the one it follows"),
        ({"day": 10**7}, "did: number out of bounds"),
        ({"operation": "create"}, "did: unknown operation"),
        ({"operation": "revoke"}, "did: fields of an entry"),
        ({"operation": "deactivate"}, "did: fields of an entry"),
        ({"more": 1}, "did: fields of an entry"),
        ({"services": None}, "did: fields of an entry"),
        ({"devices": {}}, "did: list of devices"),
        ({"devices": [{"number": 1}]}, "did: fields of a device"),
        ({"devices": ["x"]}, "did: fields of a device"),
        ({"services": [{}] * 17}, "did: list of services"),
        ({"services": ["x"]}, "did: fields of a service"),
        ({"services": [{"name": 1, "kind": "k", "endpoint": "e"}]}, "did: fields of a service"),
        (
            {"services": [{"name": "a b", "kind": "k", "endpoint": "a:b"}]},
            "did: name or endpoint of a service",
        ),
        (
            {"services": [{"name": "a", "kind": "k", "endpoint": "no uri"}]},
            "did: name or endpoint of a service",
        ),
        (
            {"services": [{"name": "a", "kind": "k", "endpoint": "a:b"}] * 2},
            "did: two services of one name",
        ),
    ],
)
def test_rules_of_an_entry(created, changes, reason):
    second = update(created, ACCOUNT, {}, (), DAY).split(b"\n")[1]
    good = created + rewritten(second, ACCOUNT)

    assert resolve(DID, good).entries == 2
    assert refusal(lambda: resolve(DID, created + rewritten(second, ACCOUNT, **changes))) == reason


def test_devices_are_in_order_and_few(created):
    second = update(created, ACCOUNT, {}, (), DAY).split(b"\n")[1]
    listed = did_module._content({1: PHONE, 2: LAPTOP}, ())["devices"]
    for devices, reason in (
        (listed[::-1], "did: devices out of order"),
        (listed[:1] * 2, "did: devices out of order"),
        (listed * 3, "did: list of devices"),
        ([listed[0] | {"signing": listed[0]["signing"][:-1]}], "did: length of a key or signature"),
        ([listed[0] | {"signing": "!" * len(listed[0]["signing"])}], "did: not base64url"),
        ([listed[0] | {"signing": 7}], "did: length of a key or signature"),
    ):
        entry = rewritten(second, ACCOUNT, devices=devices)
        assert refusal(lambda entry=entry: resolve(DID, created + entry)) == reason


def test_base64_has_one_spelling(created):
    """The last letter of 4,627 bytes has four bits to spare."""
    second = update(created, ACCOUNT, {}, (), DAY).split(b"\n")[1]
    entry = json.loads(second)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(entry["proof"][-1]) ^ 1]
    entry["proof"] = entry["proof"][:-1] + last

    assert refusal(lambda: resolve(DID, created + canonical(entry) + b"\n")) == "did: not base64url"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "did: entry is not JSON"),
        (b"{", "did: entry is not JSON"),
        (b"\xff", "did: entry is not JSON"),
        (b'{"a":"\\ud800"}', "did: entry is not JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "did: entry is not JSON"),
        (b"[" * 5000, "did: entry is too large"),
        (b'{"a":"' + b"x" * (64 << 10) + b'"}', "did: entry is too large"),
        (b"[1]", "did: entry is not in its one encoding"),
        (b'{"a": 1}', "did: entry is not in its one encoding"),
        (b'{"b":1,"a":1}', "did: entry is not in its one encoding"),
        (b'{"a":1,"a":1}', "did: entry is not in its one encoding"),
        (b'{"a":1.5}', "did: entry is not in its one encoding"),
        (b'{"a":1e2}', "did: entry is not in its one encoding"),
        (b'{"a":NaN}', "did: entry is not in its one encoding"),
        (b'{"a":null}', "did: entry is not in its one encoding"),
        (b'{"a":true}', "did: entry is not in its one encoding"),
        (b'{"a":9007199254740992}', "did: entry is not in its one encoding"),
        (b'{"a":"\\u0061"}', "did: entry is not in its one encoding"),
        (b'{"a":[[[[[[[[1]]]]]]]]}', "did: entry is not in its one encoding"),
        (b'{"a":1}', "did: fields of an entry"),
        (b" {}", "did: entry is not in its one encoding"),
    ],
)
def test_entries_have_one_encoding(line, reason):
    assert refusal(lambda: resolve(DID, line + b"\n")) == reason


def test_every_truncation_is_refused_or_a_shorter_log(grown):
    ends = [place for place in range(len(grown)) if grown[place : place + 1] == b"\n"]
    for size in [*range(0, len(grown), 211), *ends]:
        refusal(lambda size=size: resolve(DID, grown[:size]))
    assert [resolve(DID, grown[: end + 1]).entries for end in ends] == [1, 2, 3]


def test_a_flipped_bit_anywhere_is_refused(grown):
    for place in range(0, len(grown), 97):
        hit = grown[:place] + bytes([grown[place] ^ 1]) + grown[place + 1 :]
        refusal(lambda hit=hit: resolve(DID, hit))


def test_entries_do_not_change_places(grown):
    first, second, third, _ = grown.split(b"\n")
    for lines in ([second], [first, third], [first, second, second], [first, third, second]):
        assert refusal(lambda lines=lines: resolve(DID, b"\n".join(lines) + b"\n")) in (
            *("did: fields of an entry", "did: entry out of order"),
            "did: log does not begin with its creation",
        )


def test_the_first_entry_creates(created):
    entry = rewritten(created, ACCOUNT, operation="update")

    assert refusal(lambda: resolve(DID, entry)) == "did: log does not begin with its creation"


# --- Bounds ------------------------------------------------------------------------------------


def test_a_long_log_leaves_room_for_revocations(created, monkeypatch):
    """With bounds that a test reaches: the last entries are for revoking and deactivating."""
    monkeypatch.setattr(did_module, "ENTRIES_MAX", ENTRIES_KEPT + 2)
    log = update(created, ACCOUNT, {1: PHONE, 2: LAPTOP}, (), DAY)
    full = "did: log has room for revocations only"

    assert refusal(lambda: update(log, ACCOUNT, {}, (), DAY)) == full
    log = revoke(revoke(log, ACCOUNT, 1, DAY), ACCOUNT, 2, DAY)
    assert not resolve(DID, deactivate(log, ACCOUNT, DAY)).active

    monkeypatch.setattr(did_module, "ENTRIES_MAX", ENTRIES_MAX)
    monkeypatch.setattr(did_module, "LOG_MAX", BYTES_KEPT + len(created) + 9000)
    assert refusal(lambda: update(created, ACCOUNT, {1: PHONE}, (), DAY)) == full
    assert resolve(DID, revoke(created, ACCOUNT, 1, DAY)).revoked == {1}


def test_logs_are_bounded(created):
    for log in (created * (ENTRIES_MAX + 1), bytes(LOG_MAX + 1)):
        assert refusal(lambda log=log: resolve(DID, log)) == "did: log is too long"
    for log in (b"", b"\n"[:0], created[:-1]):
        assert (
            refusal(lambda log=log: resolve(DID, log))
            == "did: log without an entry, or an unfinished one"
        )


def test_of_two_logs_the_longer_counts_and_none_that_parts(created, grown):
    parted = update(created, ACCOUNT, {}, (), DAY + 1)

    assert longest(DID, created, grown) == longest(DID, grown, created) == grown
    assert longest(DID, grown, grown) == grown
    assert refusal(lambda: longest(DID, grown, parted)) == "did: two logs of one account part"
    assert refusal(lambda: longest(DID, grown, created[:-1])) != ""


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    refusal(lambda: resolve(DID, data))
    refusal(lambda: resolve(DID, data + b"\n"))


# --- Canonical JSON ----------------------------------------------------------------------------


def test_canonical_json_is_that_of_rfc_8785():
    """Its section 3.2.3 and 3.2.2.2, without the numbers that we do not have."""
    value = {
        "\r": "Carriage Return",
        "1": "One",
        "z": '€$\u000f\nA\'B"\\"/',
        "a": [56, {"d": True}],
    }
    expected = (
        '{"\\r":"Carriage Return","1":"One","a":[56,{"d":true}],"z":"€$\\u000f\\nA\'B\\"\\\\\\"/"}'
    )

    assert canonical(value) == expected.encode()
