"""Contacts from DNS, by servers on loopback that are honest, lame, slow, forging or cut."""

import asyncio
import random
from base64 import b32encode
from collections import Counter
from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.bootstrap import dns as level
from node.bootstrap.dns import contacts_of_srv, contacts_of_txt, find, system_servers
from node.bootstrap.plan import Ask, Joined, Level, Planner
from node.codec import Refused
from node.identity import Multiaddr, NodeKey, peer_text
from node.transports.links import Links
from node.transports.tcp import Tcp

NETWORK = 6133
NAME = "bootstrap.pars.network."
PEER, OTHER = bytes(range(32)), bytes(range(1, 33))
ADDRESS = f"/ip4/203.0.113.7/tcp/9000/p2p/{peer_text(PEER)}"
SECOND = f"/dns4/node.example/tcp/9001/p2p/{peer_text(OTHER)}"
TXT = f'bootstrap 60 TXT "{ADDRESS}"\nbootstrap 60 TXT "{SECOND}"\nbootstrap 60 TXT "v=spf1 -all"\n'


def label(peer_id: bytes) -> str:
    return b32encode(peer_id).decode().rstrip("=").lower()


SRV = (
    f"_pars._tcp.bootstrap 60 SRV 20 1 9001 {label(OTHER)}.nodes.example.\n"
    f"_pars._tcp.bootstrap 60 SRV 10 1 9000 {label(PEER)}.nodes.example.\n"
    "_pars._tcp.bootstrap 60 SRV 1 1 9000 plain.example.\n"
)


@pytest.fixture(autouse=True)
def _patient(monkeypatch) -> None:
    """What comes is waited for, however busy the machine is."""
    for name in ("UDP_SECONDS", "GRACE_SECONDS", "TCP_SECONDS", "LOOKUP_SECONDS"):
        monkeypatch.setattr(level, name, 120.0)


@pytest.fixture
def _hasty(monkeypatch) -> None:
    """What never comes is not waited for."""
    monkeypatch.setattr(level, "UDP_SECONDS", 0.2)
    monkeypatch.setattr(level, "GRACE_SECONDS", 0.1)


@pytest.fixture
def honest(make_zones, framed):
    """Return a function that makes what an honest server says of some records."""

    def make(records: str = TXT):
        zones = make_zones(records)
        make.anchors = zones.anchors
        return lambda query, over: [framed(zones.answer(query).to_wire(max_size=65_535), over)]

    return make


def found(servers, anchors, now: int, network: int = NETWORK) -> list:
    """Return what is found by these servers, each an object that is entered."""

    async def run():
        addresses = [await server.__aenter__() for server in servers]
        try:
            chance = random.Random(1).randbytes
            return await find(network, addresses, now, chance, anchors, roots=())
        finally:
            for server in servers:
                await server.__aexit__()

    return asyncio.run(run())


def refusal(servers, anchors, now: int, network: int = NETWORK) -> str:
    with pytest.raises(Refused) as caught:
        found(servers, anchors, now, network)
    return caught.value.reason


def test_addresses_in_txt_records(dns_server, honest, dns_now) -> None:
    server = dns_server(honest())
    contacts = found([server], honest.anchors, dns_now)
    assert contacts == [
        (PEER, (Multiaddr("ip4", "203.0.113.7", 9000),)),
        (OTHER, (Multiaddr("dns4", "node.example", 9001),)),
    ]
    assert {over for over, _ in server.asked} == {"udp"}
    assert len(server.asked) == 7


def test_what_dns_names_is_dialled_and_linked(
    dns_server, make_zones, make_store, framed, dns_now
) -> None:
    """F-213: from an answer to a link with the node's own keys."""
    host, guest = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2))

    async def accept(connection) -> None:
        async for _ in connection:
            pass

    async def run() -> bytes:
        links = [Links(key, Counter(), [Tcp()]) for key in (host, guest)]
        try:
            address = await links[0].serve(Multiaddr("ip4", "127.0.0.1", 0), accept)
            zones = make_zones(f'bootstrap 60 TXT "{replace(address, peer_id=host.peer_id)}"\n')

            def say(query, over):
                return [framed(zones.answer(query).to_wire(), over)]

            async with dns_server(say) as server:
                chance = random.Random(1).randbytes
                contacts = await find(NETWORK, [server], dns_now, chance, zones.anchors, ())
            planner = Planner(guest.peer_id, make_store(), chance, 0)
            planner.tick(0)
            assert Ask(Level.DNS) in planner.events()
            planner.found(Level.DNS, contacts, 0)
            (dial,) = planner.events()
            (place,) = dial.contact.addresses
            linked = await links[1].dial(replace(place, peer_id=dial.contact.peer_id))
            planner.linked(linked.peer_id, 0)
            assert planner.events() == [Joined(host.peer_id)]
            return linked.peer_id
        finally:
            for each in links:
                await each.close()

    assert asyncio.run(asyncio.wait_for(run(), 60)) == host.peer_id


@pytest.mark.usefixtures("_hasty")
def test_hosts_in_srv_records(dns_server, honest, dns_now) -> None:
    contacts = found([dns_server(honest(SRV))], honest.anchors, dns_now)
    assert contacts == [
        (PEER, (Multiaddr("dns4", f"{label(PEER)}.nodes.example", 9000),)),
        (OTHER, (Multiaddr("dns4", f"{label(OTHER)}.nodes.example", 9001),)),
    ]


def test_a_cut_answer_is_asked_for_again_over_tcp(dns_server, honest, dns_now) -> None:
    say = honest()

    def cut(query, over):
        if over == "tcp":
            return say(query, over)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return [response.to_wire()]

    server = dns_server(cut)
    assert len(found([server], honest.anchors, dns_now)) == 2
    assert [over for over, _ in server.asked] == ["udp", "tcp"] * 7


def test_a_true_answer_behind_forged_ones_is_taken(dns_server, honest, dns_now) -> None:
    """Injected answers arrive first; they do not take the true one's place."""
    say = honest()

    def injected(query, over):
        forged = dns.message.make_response(query)
        forged.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "10.1.1.1"))
        other = dns.message.make_response(query)
        other.id ^= 1
        missing = dns.message.make_response(query)
        missing.set_rcode(dns.rcode.NXDOMAIN)
        wires = [forged.to_wire(), other.to_wire(), missing.to_wire(), b"\0" * 5]
        return [*wires, *say(query, over)]

    assert len(found([dns_server(injected)], honest.anchors, dns_now)) == 2


@pytest.mark.usefixtures("_hasty")
def test_silent_lame_and_failing_servers_are_passed_over(dns_server, honest, dns_now) -> None:
    def silent(query, over):
        return []

    def failing(query, over):
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.SERVFAIL)
        wire = response.to_wire()
        return [len(wire).to_bytes(2) + wire if over == "tcp" else wire]

    def lame(query, over):
        wire = dns.message.make_response(query).to_wire()
        return [len(wire).to_bytes(2) + wire if over == "tcp" else wire]

    servers = [dns_server(each) for each in (silent, failing, lame, honest())]
    assert len(found(servers, honest.anchors, dns_now)) == 2
    assert [len(server.asked) for server in servers[:3]] == [2, 2, 2]


def test_nobody_listens(honest, dns_now) -> None:
    honest()

    async def run():
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        server.close()
        await server.wait_closed()
        await find(NETWORK, [address], dns_now, random.Random(1).randbytes, honest.anchors, ())

    with pytest.raises(Refused, match="no server answered"):
        asyncio.run(run())


def test_no_servers_and_no_name(honest, dns_now) -> None:
    assert refusal([], [], dns_now) == "dns: no server answered"
    assert refusal([], [], dns_now, network=1) == "dns: no name for this network"


def test_a_slow_server_does_not_hold_the_node(dns_server, honest, dns_now, monkeypatch) -> None:
    monkeypatch.setattr(level, "LOOKUP_SECONDS", 0.5)
    assert refusal([dns_server(lambda query, over: [])], [], dns_now) == "dns: took too long"


@pytest.mark.usefixtures("_hasty")
def test_forged_signed_by_another_root_or_run_out(dns_server, honest, zones, dns_now) -> None:
    say = honest()
    assert (
        refusal([dns_server(say)], zones.anchors, dns_now)
        == "dns: no key that the parent vouches for"
    )
    late = dns_now + 2 * 86_400
    assert refusal([dns_server(say)], honest.anchors, late) == "dns: signature has run out"


@pytest.mark.usefixtures("_hasty")
def test_oversized_and_damaged_answers(dns_server, honest, dns_now) -> None:
    honest()
    for data in (b"", b"\0", b"\xff" * 60_000):

        def junk(query, over, data=data):
            return [len(data).to_bytes(2) + data if over == "tcp" else data]

        reason = refusal([dns_server(junk)], honest.anchors, dns_now)
        assert reason in ("dns: damaged answer", "dns: answer to something else")
    half = dns_server(lambda query, over: [b"\xff\xff1"])
    assert refusal([half], honest.anchors, dns_now) == "dns: damaged answer"


def test_a_flood_of_answers_is_bounded(dns_server, honest, dns_now, monkeypatch) -> None:
    """So many are looked at, and the question is asked again where nobody injects."""
    say, looked_at = honest(), []
    true = level._answer
    monkeypatch.setattr(level, "_answer", lambda *a: looked_at.append(a[0]) or true(*a))

    def flood(query, over):
        return [b"x" * 20] * 200 if over == "udp" else say(query, over)

    server = dns_server(flood)
    assert len(found([server], honest.anchors, dns_now)) == 2
    assert len(looked_at) == 7 * (level.DATAGRAMS_MAX + 1)


def test_a_zone_that_is_said_to_have_no_server(dns_server, framed) -> None:
    def nowhere(query, over):
        response = dns.message.make_response(query)
        name = query.question[0].name
        response.authority.append(dns.rrset.from_text(name, 60, "IN", "NS", "."))
        return [framed(response.to_wire(), over)]

    async def run():
        async with dns_server(nowhere) as address:
            asker = level.Asker([], [address], random.Random(1).randbytes)
            assert await asker._servers_of(dns.name.from_text("a.")) == [address]

    asyncio.run(run())


@given(st.binary(max_size=300))
def test_any_bytes_are_no_answer(data: bytes) -> None:
    query = dns.message.make_query(NAME, "TXT", id=int.from_bytes(data[:2].ljust(2, b"\0")))
    for wire in (data, data[:2] + b"\x80\0" + data[4:]):
        try:
            answer = level._answer(wire, query)
        except Refused:
            continue
        assert answer.id == query.id


# --- From the root's servers down -----------------------------------------------------------------

SERVERS = {".": "127.0.0.2", "network.": "127.0.0.3", "pars.network.": "127.0.0.4"}


@pytest.fixture
def descend(dns_server, make_zones, framed, dns_now, monkeypatch):
    """Return a function that finds with one server for each zone, all of one port."""

    def run(change=lambda origin, query, answer: answer, servers=()):
        zones = make_zones(TXT)

        def say(origin):
            def said(query, over):
                answer = change(origin, query, zones.answer_of(origin, query))
                return [framed(answer.to_wire(max_size=65_535), over)] if answer else []

            return said

        async def found():
            made = [dns_server(say(origin), host) for origin, host in SERVERS.items()]
            begun = []
            try:
                port = 0
                for server in made:
                    try:
                        _, port = await server.__aenter__(port)
                    except OSError:
                        pytest.skip(
                            "this machine has one address of loopback, or the port is taken"
                        )
                    begun.append(server)
                monkeypatch.setattr(level, "PORT", port)
                roots, chance = [("127.0.0.2", port)], random.Random(1).randbytes
                contacts = await find(NETWORK, servers, dns_now, chance, zones.anchors, roots)
                return contacts, [[asked for _, asked in server.asked] for server in made]
            finally:
                for server in begun:
                    await server.__aexit__()

        return asyncio.run(found())

    return run


def test_each_zone_is_asked_of_its_own_servers(descend) -> None:
    contacts, asked = descend()
    assert [contact.peer_id for contact in contacts] == [PEER, OTHER]
    assert [[question.split(" IN ")[0] for question in each] for each in asked] == [
        [".", "network.", "network."],
        ["network.", "pars.network.", "pars.network.", "other.network."],
        ["pars.network.", "bootstrap.pars.network.", "bootstrap.pars.network."],
    ]


@pytest.mark.usefixtures("_hasty")
def test_servers_of_the_system_that_hand_on_nothing_signed(descend, dns_server) -> None:
    """As many routers do: the root's servers are asked then."""
    assert len(descend(servers=[("127.0.0.1", 9)])[0]) == 2


@pytest.mark.usefixtures("_hasty")
def test_a_forged_way_down_leads_nowhere(descend) -> None:
    def elsewhere(origin, query, answer):
        for found in answer.additional:
            found.clear()
            found.add(dns.rdata.from_text("IN", "A", "127.0.0.9"))
        return answer

    with pytest.raises(Refused, match="no server answered"):
        descend(elsewhere)


@pytest.mark.usefixtures("_hasty")
def test_questions_of_one_lookup_are_bounded(descend, monkeypatch) -> None:
    monkeypatch.setattr(level, "QUERIES_MAX", 5)
    with pytest.raises(Refused, match="too many questions"):
        descend()


def test_servers_that_name_each_other_end(dns_server, framed, monkeypatch) -> None:
    """Each name has a server below the other: there is no way down, and no way round."""

    def circle(query, over):
        response = dns.message.make_response(query)
        name = query.question[0].name
        label = b"a" if name.labels[0] != b"a" else b"b"
        target = dns.name.Name((b"ns", label, b""))
        response.authority.append(dns.rrset.from_text(name, 60, "IN", "NS", target.to_text()))
        return [framed(response.to_wire(), over)]

    async def run():
        async with dns_server(circle) as address:
            asker = level.Asker([], [address], random.Random(1).randbytes)
            with pytest.raises(Refused, match="no server answered"):
                await asker._servers_of(dns.name.from_text("x.a."))
            assert asker._left > 0

    asyncio.run(run())


# --- Records --------------------------------------------------------------------------------------


def test_what_is_not_an_address_with_an_id_is_left_out() -> None:
    texts = [
        "x",
        "/ip4/1.2.3.4/tcp/5",
        '"\\255\\000"',
        ADDRESS + "x",
        f'"{ADDRESS[:30]}" "{ADDRESS[30:]}"',
    ]
    records = dns.rrset.from_text(NAME, 60, "IN", "TXT", *texts)
    assert [contact.peer_id for contact in contacts_of_txt(records)] == [PEER]


@pytest.mark.parametrize(
    "target",
    [
        "example.",
        ".",
        f"{label(PEER)[:-1]}.example.",
        f"{label(PEER)[:-1]}b.example.",  # the same bytes, spelled otherwise
        f"{label(PEER)}1.example.",
        f"{label(PEER)}.under_score.example.",
        f"{label(PEER)}.a\\046b.example.",
    ],
)
def test_srv_targets_that_name_no_node(target: str) -> None:
    records = dns.rrset.from_text(NAME, 60, "IN", "SRV", f"1 1 9000 {target}")
    assert contacts_of_srv(records) == []


def test_a_port_of_zero_is_no_place() -> None:
    records = dns.rrset.from_text(NAME, 60, "IN", "SRV", f"1 1 0 {label(PEER)}.example.")
    assert contacts_of_srv(records) == []


def test_servers_of_the_system() -> None:
    text = "# nameserver 9.9.9.9\nnameserver 192.0.2.1\n nameserver 2001:db8::1 \noptions edns0\n"
    assert system_servers(text) == [("192.0.2.1", 53), ("2001:db8::1", 53)]
    assert len(system_servers("nameserver 192.0.2.1\n" * 50)) == level.SERVERS_MAX
