"""Proofs: what the trie package builds is proved, and nothing that was changed is."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from node.codec import Refused
from node.light import trie
from node.light.state import NO_ACCOUNT, Account, proved_account, proved_slot, read_account
from node.light.trie import EMPTY_ROOT, Proof, index_key, list_nodes, list_root, prove, trie_nodes
from node.rlp import encode, keccak

KEYS = st.binary(min_size=32, max_size=32)


def built(pairs: dict[bytes, bytes]) -> HexaryTrie:
    made = HexaryTrie({})
    for key, value in pairs.items():
        made[key] = value
    return made


def proof_of(made: HexaryTrie, key: bytes) -> list[bytes]:
    return [encode(as_item(node)) for node in made.get_proof(key)]


def as_item(node):
    return [as_item(each) for each in node] if isinstance(node, list) else bytes(node)


@given(st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), min_size=1, max_size=30), KEYS)
@settings(max_examples=60)
def test_presence_and_absence_are_proved(pairs, other):
    made = built(pairs)
    for key in [*pairs, other]:
        proof = Proof(proof_of(made, key))
        assert proof.get(made.root_hash, key) == pairs.get(key)
        proof.end()


@given(st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), max_size=30), KEYS)
@settings(max_examples=40)
def test_tries_are_built_and_proved_as_by_the_trie_package(pairs, other):
    made = built(pairs)
    root, nodes = trie_nodes(pairs)
    assert root == made.root_hash
    for key in [*pairs, other] if pairs else []:
        assert prove(nodes, root, key) == [node for node in proof_of(made, key) if len(node) >= 32]


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=200))
@settings(max_examples=25)
def test_the_root_of_a_list_is_the_one_of_the_trie_package(values):
    made = built({index_key(at): value for at, value in enumerate(values)})
    assert list_root(values) == (made.root_hash if values else EMPTY_ROOT)


@pytest.mark.parametrize("count", [1, 2, 17, 127, 128, 129, 256, 300])
def test_a_list_proves_each_of_its_places_and_its_end(count):
    values = [keccak(bytes([at % 256]), bytes([at // 256])) for at in range(count)]
    root, nodes = list_nodes(values)
    for index in {0, 1, count // 2, count - 1, count, count + 300}:
        proof = Proof(prove(nodes, root, index_key(index)))
        assert proof.get(root, index_key(index)) == (values[index] if index < count else None)
        proof.end()


@pytest.fixture(scope="module")
def proved():
    pairs = {keccak(bytes([at])): bytes([at + 1]) * 40 for at in range(60)}
    made = built(pairs)
    key = next(iter(pairs))
    return made.root_hash, key, pairs[key], proof_of(made, key)


def test_every_flip_of_every_node_is_refused(proved):
    root, key, _, nodes = proved
    for place, node in enumerate(nodes):
        for at in range(len(node)):
            flipped = node[:at] + bytes([node[at] ^ 1 << at % 8]) + node[at + 1 :]
            with pytest.raises(Refused):
                Proof([*nodes[:place], flipped, *nodes[place + 1 :]]).get(root, key)


def test_every_truncation_of_every_node_is_refused(proved):
    root, key, _, nodes = proved
    for place, node in enumerate(nodes):
        for size in range(len(node)):
            with pytest.raises(Refused):
                Proof([*nodes[:place], node[:size], *nodes[place + 1 :]]).get(root, key)


def test_a_missing_node_is_refused(proved):
    root, key, _, nodes = proved
    for place in range(len(nodes)):
        with pytest.raises(Refused, match="node missing"):
            Proof(nodes[:place] + nodes[place + 1 :]).get(root, key)


def test_a_proof_for_another_key_or_root_proves_nothing_false(proved):
    root, _, _, nodes = proved
    with pytest.raises(Refused, match="node missing"):
        Proof(nodes).get(keccak(root), keccak(b"\0"))
    for at in range(64):
        with suppress(Refused):  # the path leaves the proof; where it does not, nothing is there
            assert Proof(nodes).get(root, keccak(b"other %d" % at)) is None


def test_needless_and_doubled_nodes_are_refused(proved):
    root, key, value, nodes = proved
    proof = Proof([*nodes, encode([b"\x20", b"stowaway"])])
    assert proof.get(root, key) == value
    with pytest.raises(Refused, match="needless"):
        proof.end()
    with pytest.raises(Refused, match="twice"):
        Proof([*nodes, nodes[0]])
    with pytest.raises(Refused, match="too many"):
        Proof([b"%d" % at for at in range(trie.NODES_MAX + 1)])


LEAF = encode([b"\x20" + bytes(32), b"value"])
BRANCH = [b""] * 17


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (b"text", "not a node"),
        ([b"\x20"], "not a node"),
        ([b""] * 16, "not a node"),
        ([b"", b"value"], "not a path"),
        ([b"\x01", b"value"], "not a path"),  # even, and a nibble where none is
        ([b"\x40", b"value"], "not a path"),
        ([[b"\x20"], b"value"], "not a path"),
        ([b"\x20", b""], "no value"),
        ([b"\x20", [b"\x20", b"v"]], "no value"),
        ([b"\x00", keccak(b"child")], "no path"),
        ([b"\x11", b"short"], "not a reference"),
        (BRANCH, "branch of one"),
        ([keccak(b"child"), *BRANCH[1:]], "branch of one"),
        ([keccak(b"a"), keccak(b"b"), *BRANCH[2:16], b"value"], "value in a branch"),
        ([keccak(b"a"), b"no hash", *BRANCH[2:]], "not a reference"),
        ([keccak(b"a"), [b"\x20", b"x" * 40], *BRANCH[2:]], "long node in another"),
    ],
)
def test_what_no_trie_holds_is_refused(node, reason):
    encoded = encode(node)
    with pytest.raises(Refused, match=reason):
        Proof([encoded]).get(keccak(encoded), bytes(32))


def test_two_paths_in_a_row_and_a_short_node_by_its_hash_are_refused():
    inner = encode([b"\x00" + bytes(8), keccak(b"below")])
    outer = encode([b"\x00\x00", keccak(inner)])
    with pytest.raises(Refused, match="two paths"):
        Proof([outer, inner]).get(keccak(outer), bytes(32))
    short = encode([b"\x20", b"v"])
    branch = encode([keccak(short), keccak(b"other"), *[b""] * 15])
    with pytest.raises(Refused, match="short node"):
        Proof([branch, short]).get(keccak(branch), bytes(32))


def test_a_key_that_ends_in_a_branch_is_refused():
    branch = encode([keccak(b"a"), keccak(b"b"), *[b""] * 15])
    with pytest.raises(Refused, match="key too short"):
        Proof([branch]).get(keccak(branch), b"")


def test_an_account_and_a_slot_are_read_strictly():
    account = Account(nonce=3, balance=10**20, storage_root=EMPTY_ROOT, code_hash=keccak(b""))
    assert read_account(account.encode()) == account
    for raw in (encode([b"\0", b"", EMPTY_ROOT, keccak(b"")]), encode([b"", b"", b"", b""])):
        with pytest.raises(Refused):
            read_account(raw)
    address = bytes(19) + b"\1"
    made = built({keccak(address): account.encode(), keccak(b"other"): b"x" * 40})
    assert (
        proved_account(Proof(proof_of(made, keccak(address))), made.root_hash, address) == account
    )
    absent = bytes(20)
    proof = Proof(proof_of(made, keccak(absent)))
    assert proved_account(proof, made.root_hash, absent) == NO_ACCOUNT


def test_a_slot_that_holds_zero_is_refused():
    slot = (5).to_bytes(32, "big")
    made = built({keccak(slot): encode(b""), keccak(b"x"): b"y" * 40})
    with pytest.raises(Refused, match="zero is not kept"):
        proved_slot(Proof(proof_of(made, keccak(slot))), made.root_hash, 5)
