"""Contacts in a name on the chain: against a registry and a resolver in Vyper, and alone."""

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st
from vyper.compiler import compile_code

from chain.accounts import dev_accounts
from chain.blocks import Receipt
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from node.bootstrap import names
from node.bootstrap.names import NameLookup, contacts_of_text, namehash
from node.codec import Refused
from node.identity import Multiaddr, peer_text

PEER = bytes(range(32))
ADDRESS = f"/ip4/203.0.113.7/tcp/9000/p2p/{peer_text(PEER)}"
REGISTRY = b"\x11" * 20

REGISTRY_SOURCE = """
owners: HashMap[bytes32, address]
resolver: public(HashMap[bytes32, address])

@external
def set_resolver(node: bytes32, resolver: address):
    self.resolver[node] = resolver
"""
RESOLVER_SOURCE = """
texts: HashMap[bytes32, HashMap[String[64], String[4096]]]

@external
def set_text(node: bytes32, key: String[64], text: String[4096]):
    self.texts[node][key] = text

@external
@view
def text(node: bytes32, key: String[64]) -> String[4096]:
    return self.texts[node][key]
"""


@pytest.fixture
def chain():
    accounts = dev_accounts(count=1)
    opened = LocalChain.open(
        pars_genesis(6133, [accounts[0].address]), accounts=accounts, loud=True
    )
    yield opened
    opened.close()


class Chain:
    """What the light node is to a lookup: it answers calls."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.sender = dev_accounts(count=1)[0].address

    def deploy(self, source: str) -> bytes:
        code = compile_code(source, output_formats=["bytecode"])["bytecode"]
        data = bytes.fromhex(code.removeprefix("0x"))
        return self.sent(data=data).contract_address

    def send(self, to: bytes, signature: str, *values) -> None:
        data = self.data(signature, *values)
        self.sent(to=to, data=data)

    def sent(self, **request) -> Receipt:
        self.chain.send(CallRequest(sender=self.sender, **request))
        (receipt,) = self.chain.receipts(self.chain.head.hash)
        assert receipt.status == 1
        return receipt

    def data(self, signature: str, *values) -> bytes:
        types = signature[signature.index("(") + 1 : -1].split(",")
        return keccak(text=signature)[:4] + eth_abi.encode(types, values)

    def resolve(self, lookup: NameLookup) -> list:
        while (call := lookup.call) is not None:
            lookup.take(self.chain.call(CallRequest(to=call.to, data=call.data)).output)
        return lookup.result


def test_a_name_on_a_chain(chain) -> None:
    """F-215: contracts that know nothing of Pars hold the list."""
    reader = Chain(chain)
    registry, resolver = reader.deploy(REGISTRY_SOURCE), reader.deploy(RESOLVER_SOURCE)
    node = namehash("bootstrap.pars")
    reader.send(registry, "set_resolver(bytes32,address)", node, resolver)
    text = f"{ADDRESS}\n/dns4/node.example/tcp/9001/p2p/{peer_text(PEER)}"
    reader.send(resolver, "set_text(bytes32,string,string)", node, "network.pars.bootstrap", text)

    assert reader.resolve(NameLookup("bootstrap.pars", registry)) == [
        (PEER, (Multiaddr("ip4", "203.0.113.7", 9000), Multiaddr("dns4", "node.example", 9001)))
    ]
    with pytest.raises(Refused, match="nobody resolves this name"):
        reader.resolve(NameLookup("other.pars", registry))
    reader.send(registry, "set_resolver(bytes32,address)", namehash("empty.pars"), resolver)
    assert reader.resolve(NameLookup("empty.pars", registry)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [  # ERC-137's own examples
        ("eth", "93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae"),
        ("foo.eth", "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"),
    ],
)
def test_the_hash_of_a_name(name: str, expected: str) -> None:
    assert namehash(name).hex() == expected


def test_the_calls_by_another_encoder() -> None:
    lookup = NameLookup("foo.eth", REGISTRY)
    node = namehash("foo.eth")
    assert lookup.call == (REGISTRY, keccak(text="resolver(bytes32)")[:4] + node)
    lookup.take(eth_abi.encode(["address"], ["0x" + "22" * 20]))
    encoded = eth_abi.encode(["bytes32", "string"], [node, "network.pars.bootstrap"])
    assert lookup.call == (b"\x22" * 20, keccak(text="text(bytes32,string)")[:4] + encoded)
    lookup.take(eth_abi.encode(["string"], [ADDRESS]))
    assert lookup.call is None
    with pytest.raises(Refused, match="nothing was called"):
        lookup.take(b"")


def test_a_handshake_name_is_refused_and_says_why() -> None:
    for name in ("parsnetwork", "bootstrap.parsnetwork"):
        with pytest.raises(Refused, match="Handshake name needs proofs"):
            NameLookup(name, REGISTRY)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".eth", "a..eth", "A.eth", "рars.eth", "a_b.eth", "-a.eth", "a-.eth", "a.eth."),
        *("a b.eth", "a." * 8 + "eth", "a" * 64 + ".eth", ("a" * 62 + ".") * 4 + "eth"),
    ],
)
def test_names_with_other_spellings_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="small letters"):
        NameLookup(name, REGISTRY)


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (b"", "names: not an address"),
        (bytes(31), "names: not an address"),
        (bytes(33), "names: not an address"),
        (b"\1" + bytes(31), "names: not an address"),
        (bytes(32), "names: nobody resolves this name"),
    ],
)
def test_a_registry_that_returns_something_else(returned: bytes, reason: str) -> None:
    lookup = NameLookup("foo.eth", REGISTRY)
    before = lookup.call
    with pytest.raises(Refused, match=reason):
        lookup.take(returned)
    assert lookup.call == before


def resolved(returned: bytes) -> list:
    lookup = NameLookup("foo.eth", REGISTRY)
    lookup.take(bytes(12) + b"\x22" * 20)
    lookup.take(returned)
    return lookup.result


def test_a_resolver_that_returns_something_else() -> None:
    good = eth_abi.encode(["string"], [ADDRESS])
    assert resolved(good)
    dirty = good[:-1] + b"\1"
    for wrong, reason in (
        (b"", "not a string"),
        (good[:32], "not a string"),
        (bytes(31) + b"\x40" + good[32:], "not a string"),
        (good + bytes(32), "not a string"),
        (good[:-32], "not a string"),
        (dirty, "not a string"),
        (good[:32] + b"\xff" * 32 + good[64:], "text too long"),
        (eth_abi.encode(["string"], ["é"]), "not addresses"),
        (eth_abi.encode(["string"], [f"{ADDRESS} x"]), "not an address like"),
        (eth_abi.encode(["string"], ["x " * 65]), "too many addresses"),
    ):
        with pytest.raises(Refused, match=reason):
            resolved(wrong)


def test_a_text_without_ids_names_nobody() -> None:
    assert contacts_of_text(" /ip4/1.2.3.4/tcp/5 ") == []


@given(st.binary(max_size=200))
def test_any_bytes_of_a_resolver(data: bytes) -> None:
    prefixed = data if data[:1] < b"\x80" else bytes(31) + b"\x20" + data
    try:
        resolved(prefixed)
    except Refused:
        return
    assert len(prefixed) >= 64


def test_the_text_key_is_fixed() -> None:
    assert names.TEXT_KEY == "network.pars.bootstrap"
