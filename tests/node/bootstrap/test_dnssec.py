"""Answers are proved from the root down or refused; no socket takes part."""

import base64
import hashlib

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.NSEC3 import NSEC3, Bitmap
from hypothesis import given, settings
from hypothesis import strategies as st

from node.bootstrap import dnssec
from node.bootstrap.dnssec import ROOT_ANCHORS, Chain
from node.codec import Refused

NAME = "bootstrap.pars.network."
DAY = 86_400


def asked(chain: Chain) -> dns.message.Message:
    question = chain.question
    return dns.message.make_query(question.name, question.type, want_dnssec=True)


def walk(zones, chain: Chain, tamper=lambda query, answer: answer) -> Chain:
    """Ask until all is known; every answer goes over a wire of bytes."""
    for _ in range(30):
        if chain.question is None:
            return chain
        query = asked(chain)
        answer = tamper(query, zones.answer(query))
        chain.take(dns.message.from_wire(answer.to_wire(max_size=65_535)))
    raise AssertionError("the chain does not end")


def refusal(zones, now: int, tamper=lambda query, answer: answer, name=NAME, kind="TXT") -> str:
    with pytest.raises(Refused) as caught:
        walk(zones, Chain(name, kind, now, zones.anchors), tamper)
    return caught.value.reason


def at(name: str, kind: str):
    """Return a decorator for what happens to one answer of the walk."""

    def only(change):
        def tamper(query, answer):
            question = query.question[0]
            if (question.name.to_text(), dns.rdatatype.to_text(question.rdtype)) == (name, kind):
                return change(answer) or answer
            return answer

        return tamper

    return only


# --- What is proved -------------------------------------------------------------------------------


def test_a_name_below_three_zones(zones, dns_now) -> None:
    chain = walk(zones, Chain(NAME, "TXT", dns_now, zones.anchors))
    assert [record.to_text() for record in chain.result] == ['"hello"']


def test_the_questions_in_their_order(zones, dns_now) -> None:
    questions = []

    def note(query, answer):
        questions.append(query.question[0].to_text().removesuffix(" "))
        return answer

    walk(zones, Chain(NAME, "TXT", dns_now, zones.anchors), note)
    assert questions == [
        ". IN DNSKEY",
        "network. IN DS",
        "network. IN DNSKEY",
        "pars.network. IN DS",
        "pars.network. IN DNSKEY",
        "bootstrap.pars.network. IN DS",
        "bootstrap.pars.network. IN TXT",
    ]


def test_names_with_nothing_but_names_below(make_zones, dns_now) -> None:
    zones = make_zones("_pars._tcp.bootstrap 60 SRV 1 1 9000 host.example.\n")
    name = "_pars._tcp.bootstrap.pars.network."
    chain = walk(zones, Chain(name, "SRV", dns_now, zones.anchors))
    assert chain.result[0].port == 9000


@pytest.mark.parametrize("algorithm", [8, 13, 14, 15, 16])
def test_algorithms_that_count(make_zones, dns_now, algorithm: int) -> None:
    zones = make_zones(pars=algorithm)
    assert walk(zones, Chain(NAME, "TXT", dns_now, zones.anchors)).result


def test_another_algorithm_does_not(make_zones, dns_now) -> None:
    zones = make_zones(pars=10)
    assert refusal(zones, dns_now) == "dns: signed by no algorithm that counts"


def test_a_second_anchor_takes_over(zones, make_zones, dns_now) -> None:
    both = [*make_zones().anchors, *zones.anchors]
    assert walk(zones, Chain(NAME, "TXT", dns_now, both)).result


# The root's key signing keys as IANA publishes them in root-anchors.xml.
ROOT_KEYS = {
    20326: "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLA"
    "Jr5emLvN"
    "7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3"
    "rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmS"
    "VIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=",
    38696: "AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBo"
    "sZBU5eeH"
    "spaQWOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qy"
    "JNg/wOZqqzL/dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX"
    "2XBuzZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc=",
}


def test_the_anchors_are_the_digests_of_the_keys_that_iana_publishes() -> None:
    made = []
    for key in ROOT_KEYS.values():
        data = (257).to_bytes(2) + b"\x03\x08" + base64.b64decode(key)
        tag = sum(byte << 8 if at % 2 == 0 else byte for at, byte in enumerate(data))
        tag = (tag + (tag >> 16)) & 0xFFFF
        digest = hashlib.sha256(b"\0" + data).hexdigest().upper()
        made.append(f"{tag} 8 2 {digest}")
    assert tuple(made) == ROOT_ANCHORS
    assert [int(text.split()[0]) for text in made] == list(ROOT_KEYS)


def test_another_root_is_refused(zones, make_zones, dns_now) -> None:
    with pytest.raises(Refused, match="no key that the parent vouches for"):
        walk(zones, Chain(NAME, "TXT", dns_now, make_zones().anchors))
    with pytest.raises(Refused, match="no key that the parent vouches for"):
        walk(zones, Chain(NAME, "TXT", dns_now))


# --- Time -----------------------------------------------------------------------------------------


def test_signatures_count_in_their_days(zones, dns_now) -> None:
    for now in (dns_now - DAY, dns_now + DAY):
        assert walk(zones, Chain(NAME, "TXT", now, zones.anchors)).result
    assert refusal(zones, dns_now - DAY - 1) == "dns: signed in the future"
    assert refusal(zones, dns_now + DAY + 1) == "dns: signature has run out"


def test_an_old_answer_is_refused_though_all_else_is_new(zones, dns_now) -> None:
    @at(NAME, "TXT")
    def replay(answer):
        old = dns.rrset.from_text(NAME, 60, "IN", "TXT", "old")
        times = {"inception": dns_now - 9 * DAY, "expiration": dns_now - 8 * DAY}
        answer.answer = [old, zones.sign(old, "pars.network.", **times)]

    assert refusal(zones, dns_now, replay) == "dns: signature has run out"


# --- Forgery --------------------------------------------------------------------------------------


def test_changed_records_are_refused(zones, dns_now) -> None:
    @at(NAME, "TXT")
    def change(answer):
        answer.answer[0] = dns.rrset.from_text(NAME, 60, "IN", "TXT", "forged")

    assert refusal(zones, dns_now, change) == "dns: wrong signature"


def test_a_record_more_or_less_is_refused(make_zones, dns_now) -> None:
    zones = make_zones("bootstrap 60 TXT one\nbootstrap 60 TXT two\n")
    for kept in (["one"], ["one", "two", "three"]):

        @at(NAME, "TXT")
        def change(answer, kept=kept):
            answer.answer[0] = dns.rrset.from_text(NAME, 60, "IN", "TXT", *kept)

        assert refusal(zones, dns_now, change) == "dns: wrong signature"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".", "DNSKEY"),
        ("network.", "DS"),
        ("network.", "DNSKEY"),
        ("pars.network.", "DS"),
        ("pars.network.", "DNSKEY"),
        (NAME, "TXT"),
    ],
)
def test_a_missing_signature_is_refused_everywhere(zones, dns_now, name: str, kind: str) -> None:
    @at(name, kind)
    def strip(answer):
        answer.answer = [each for each in answer.answer if each.rdtype != dns.rdatatype.RRSIG]

    assert refusal(zones, dns_now, strip) == "dns: not signed"


def test_a_signature_by_another_zone_is_refused(zones, dns_now) -> None:
    @at(NAME, "TXT")
    def sign(answer):
        forged = dns.rrset.from_text(NAME, 60, "IN", "TXT", "forged")
        answer.answer = [forged, zones.sign(forged, "network.")]

    assert refusal(zones, dns_now, sign) == "dns: signed by another zone"


def test_a_key_that_signs_for_itself_is_refused(zones, make_zones, dns_now) -> None:
    thief = make_zones()

    def tamper(query, answer):
        is_below = query.question[0].name.is_subdomain(dns.name.from_text("pars.network."))
        is_ds = query.question[0].rdtype == dns.rdatatype.DS
        return thief.answer(query) if is_below and not is_ds else answer

    assert refusal(zones, dns_now, tamper) == "dns: no key that the parent vouches for"


def test_a_stripped_delegation_is_refused(zones, dns_now) -> None:
    @at("pars.network.", "DS")
    def strip(answer):
        answer.answer = []

    assert refusal(zones, dns_now, strip).startswith("dns: neither a signed zone nor a proof")


def test_a_denial_of_another_name_proves_nothing(zones, dns_now) -> None:
    @at("pars.network.", "DS")
    def deny(answer):
        answer.answer = []
        zone = zones.zones[dns.name.from_text("network.")]
        answer.authority = zones.denial(zone, dns.name.from_text("ns.network."))

    assert refusal(zones, dns_now, deny).startswith("dns: neither a signed zone nor a proof")


def nsec(zones, owner: str, following: str, types: str, signer: str) -> list[dns.rrset.RRset]:
    made = dns.rrset.from_text(owner, 60, "IN", "NSEC", f"{following} {types}")
    return [made, zones.sign(made, signer)]


def test_a_forged_denial_is_refused(zones, make_zones, dns_now) -> None:
    thief = make_zones()

    @at("pars.network.", "DS")
    def deny(answer):
        answer.answer = []
        answer.authority = nsec(thief, "pars.network.", "z.network.", "A", "network.")

    assert refusal(zones, dns_now, deny) == "dns: wrong signature"


def test_a_denial_by_the_zone_below_is_refused(zones, dns_now) -> None:
    """The child cannot say that it is none: what it signs counts below the cut only."""

    @at("pars.network.", "DS")
    def deny(answer):
        answer.answer = []
        answer.authority = nsec(zones, "pars.network.", "z.network.", "A", "pars.network.")

    assert refusal(zones, dns_now, deny) == "dns: signed by another zone"


@pytest.mark.parametrize(
    ("types", "reason"),
    [
        ("NS", "dns: not signed from here down"),
        ("NS DS", "dns: denial of another zone"),
        ("NS SOA", "dns: denial of another zone"),
        ("CNAME", "dns: an alias, which is not followed"),
    ],
)
def test_what_a_true_denial_says(zones, dns_now, types: str, reason: str) -> None:
    @at("pars.network.", "DS")
    def deny(answer):
        answer.answer = []
        answer.authority = nsec(zones, "pars.network.", "z.network.", types, "network.")

    assert refusal(zones, dns_now, deny) == reason


def test_an_unsigned_zone_is_refused(zones, dns_now) -> None:
    assert refusal(zones, dns_now, name="x.unsigned.") == "dns: not signed from here down"


def hashed(zones, types: list[str], iterations: int = 0, name: str = NAME) -> list:
    """Return a denial by hashes of the name, signed by its zone."""
    owner = dns.dnssec.nsec3_hash(name, b"", iterations, 1)
    bitmap = Bitmap.from_rdtypes([dns.rdatatype.from_text(each) for each in types])
    record = NSEC3(1, dns.rdatatype.NSEC3, 1, 0, iterations, b"", b"\xff" * 20, bitmap)
    made = dns.rrset.from_rdata(dns.name.from_text(f"{owner}.pars.network."), 60, record)
    return [made, zones.sign(made, "pars.network.")]


def test_a_denial_by_hashes(zones, dns_now) -> None:
    def with_denial(denial):
        @at(NAME, "DS")
        def deny(answer):
            answer.authority = denial

        return deny

    proved = walk(
        zones,
        Chain(NAME, "TXT", dns_now, zones.anchors),
        with_denial(hashed(zones, ["TXT"])),
    )
    assert proved.result
    for denial, reason in (
        (hashed(zones, ["NS"]), "dns: not signed from here down"),
        (hashed(zones, ["TXT"], 101), "dns: hashed too often"),
        (hashed(zones, ["TXT"])[:1], "dns: not signed"),
        (
            hashed(zones, ["TXT"], name="other.pars.network."),
            "dns: neither a signed zone nor a proof that there is none",
        ),
    ):
        assert refusal(zones, dns_now, with_denial(denial)) == reason


# --- What is not followed -------------------------------------------------------------------------


def test_an_alias_is_not_followed(zones, dns_now) -> None:
    assert (
        refusal(zones, dns_now, name="alias.pars.network.")
        == "dns: an alias, which is not followed"
    )


def test_a_wildcard_is_not_followed(zones, dns_now) -> None:
    @at("any.wild.pars.network.", "DS")
    def claim(answer):
        answer.set_rcode(dns.rcode.NOERROR)
        answer.authority = nsec(
            zones, "any.wild.pars.network.", "z.pars.network.", "TXT", "pars.network."
        )

    reason = refusal(zones, dns_now, claim, name="any.wild.pars.network.")
    assert reason == "dns: from a wildcard"


def test_names_that_are_not_there(zones, dns_now) -> None:
    assert refusal(zones, dns_now, name="missing.pars.network.").startswith("dns: no such name")
    assert refusal(zones, dns_now, name="empty.pars.network.") == "dns: no such records"
    with pytest.raises(Refused, match="name too long"):
        Chain("a." * 9, "TXT", dns_now)


# --- Bounds ---------------------------------------------------------------------------------------


def test_a_refused_answer_changes_nothing(zones, dns_now) -> None:
    chain = Chain(NAME, "TXT", dns_now, zones.anchors)
    while chain.question is not None:
        query = asked(chain)
        before = chain.question
        empty = dns.message.make_response(query)
        with pytest.raises(Refused):
            chain.take(empty)
        assert chain.question == before
        chain.take(zones.answer(query))
    with pytest.raises(Refused, match="nothing was asked"):
        chain.take(empty)


def test_many_keys_of_one_tag_cost_little(zones, dns_now, monkeypatch) -> None:
    """The attack of CVE-2023-50387: keys and signatures of one tag, each tried with each."""
    calls = []
    true = dns.dnssec.validate_rrsig
    monkeypatch.setattr(dns.dnssec, "key_id", lambda key: 7)
    monkeypatch.setattr(
        dns.dnssec, "validate_rrsig", lambda *a, **k: calls.append(1) or true(*a, **k)
    )
    chain = Chain(NAME, "TXT", dns_now, ["7" + zones.anchors[0][zones.anchors[0].index(" ") :]])
    query = asked(chain)
    answer = zones.answer(query)
    signature = answer.answer[1][0]
    forged = [signature.replace(key_tag=7, signature=bytes([number]) * 64) for number in range(50)]
    answer.answer[1] = dns.rrset.from_rdata_list(dns.name.root, 60, forged)
    for _ in range(100):
        with pytest.raises(Refused):
            chain.take(answer)
    assert 0 < len(calls) <= dnssec.CHECKS_MAX


def test_too_much_in_an_answer_is_refused(zones, dns_now) -> None:
    @at(NAME, "TXT")
    def stuff(answer):
        for number in range(dnssec.SETS_MAX):
            answer.authority.append(dns.rrset.from_text(f"{number}.", 60, "IN", "A", "1.2.3.4"))

    assert refusal(zones, dns_now, stuff) == "dns: too many records"

    @at(NAME, "TXT")
    def crowd(answer):
        texts = [str(number) for number in range(dnssec.RECORDS_MAX + 1)]
        answer.answer[0] = dns.rrset.from_text(NAME, 60, "IN", "TXT", *texts)

    assert refusal(zones, dns_now, crowd) == "dns: too many records"


@given(st.data())
def test_changed_bytes_never_prove_anything_else(zones, dns_now, data) -> None:
    proves_one_thing(zones, dns_now, data)


@pytest.mark.campaign
@settings(max_examples=5_000)
@given(st.data())
def test_changed_bytes_never_prove_anything_else_at_length(zones, dns_now, data) -> None:
    proves_one_thing(zones, dns_now, data)


def proves_one_thing(zones, dns_now, data) -> None:
    """Change some bytes of every answer: it is refused and changes nothing, or proves the same."""
    chain = Chain(NAME, "TXT", dns_now, zones.anchors)
    while chain.question is not None:
        query = asked(chain)
        wire = bytearray(zones.answer(query).to_wire(max_size=65_535))
        good = bytes(wire)
        for _ in range(3):
            wire[data.draw(st.integers(0, len(wire) - 1))] ^= data.draw(st.integers(1, 255))
        before = chain.question
        try:
            chain.take(dns.message.from_wire(bytes(wire)))
        except (Refused, dns.exception.DNSException):
            assert chain.question == before
            chain.take(dns.message.from_wire(good))
    assert [record.to_text() for record in chain.result] == ['"hello"']
