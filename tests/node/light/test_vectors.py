"""The published vectors: replayed, and computed once more by other code.

The other code is hashlib, our precompile's ML-DSA, the chain's own headers and the trie package.
"""

import hashlib
import json
from pathlib import Path

import pytest
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from chain.blocks import header_from_item
from chain.encoding import decode as chain_decode
from node.codec import Reader
from node.light.certificate import check_certificate, check_header, read_certificate, read_statement
from node.light.header import read_header
from node.light.questions import read_answer, read_ask, read_call, read_targets
from node.light.trie import Proof
from node.light.trust import read_checkpoint
from node.light.validators import read_set
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

VECTORS = json.loads(
    (Path(__file__).parents[3] / "node" / "vectors" / "light.json").read_text("utf-8")
)
BLOCK, SET, CERTIFICATE = VECTORS["block"], VECTORS["set"], VECTORS["certificate"]


def unhexed(value):
    return None if value is None else bytes.fromhex(value)


def test_the_node_replays_them():
    signing = read_set(unhexed(SET["bytes"]))
    header = read_header(unhexed(BLOCK["bytes"]))
    certificate = read_certificate(unhexed(CERTIFICATE["bytes"]))
    assert (signing.hash.hex(), signing.quorum) == (SET["hash"], SET["quorum"])
    assert header.hash.hex() == BLOCK["hash"]
    assert certificate.statement == read_statement(unhexed(CERTIFICATE["statement"]))
    assert certificate.statement.message.hex() == CERTIFICATE["message"]
    check_header(certificate.statement, header)
    check_certificate(certificate, signing)
    checkpoint = read_checkpoint(unhexed(VECTORS["checkpoint"]))
    assert checkpoint.set_hash.hex() == SET["next_hash"]
    assert checkpoint.block_hash == header.hash


@pytest.mark.parametrize("vector", VECTORS["proofs"], ids=lambda each: each["key"][:8])
def test_every_proof_leads_to_its_value(vector):
    nodes = [bytes.fromhex(node) for node in vector["proof"]]
    root, key = unhexed(vector["root"]), unhexed(vector["key"])
    proof = Proof(nodes)
    assert proof.get(root, key) == unhexed(vector["value"])
    proof.end()
    # The trie package, from the same nodes.
    database = {keccak(node): node for node in nodes}
    assert HexaryTrie(database, root).get(key) == (unhexed(vector["value"]) or b"")


def test_the_state_root_is_that_of_its_accounts():
    made = HexaryTrie({})
    for address, account in VECTORS["accounts"].items():
        made[keccak(bytes.fromhex(address))] = bytes.fromhex(account)
    assert made.root_hash.hex() == BLOCK["fields"]["state_root"]


def test_the_header_is_the_chains():
    raw = unhexed(BLOCK["bytes"])
    theirs = header_from_item(chain_decode(raw))
    assert theirs.hash.hex() == BLOCK["hash"] == keccak(raw).hex()
    for name, value in BLOCK["fields"].items():
        found = getattr(theirs, name)
        assert (found.hex() if isinstance(found, bytes) else found) == value


def test_hashes_and_signatures_are_right_by_other_code():
    raw, statement = unhexed(SET["bytes"]), unhexed(CERTIFICATE["statement"])
    digest = hashlib.sha3_256(b"pars/certificate/v1" + statement).digest()
    assert hashlib.sha3_256(b"pars/validator-set/v1" + raw).hexdigest() == SET["hash"]
    assert digest.hex() == CERTIFICATE["digest"]
    vote = [6133, 1024, 0, 0xC0]
    message = keccak(b"PARS-VOTE-V1") + b"".join(n.to_bytes(32, "big") for n in vote) + digest
    assert message.hex() == CERTIFICATE["message"]
    certificate = unhexed(CERTIFICATE["bytes"])
    assert certificate.startswith(statement + b"\1\x0b")
    signatures = certificate[len(statement) + 2 :]
    for place, seat in enumerate(CERTIFICATE["seats"]):
        start = 18 + seat * (20 + 16 + 2592) + 36
        key = raw[start : start + 2592]
        signature = signatures[place * 4627 : (place + 1) * 4627]
        assert ml_dsa.verify(key, formatted(message, b""), signature)
        assert ml_dsa.keygen(BY_NUMBER[5], unhexed(SET["seeds"][seat]))[0] == key


def test_messages_are_read():
    messages = {name: unhexed(value) for name, value in VECTORS["messages"].items()}
    assert read_ask(messages["ask"]).encode() == messages["ask"]
    assert read_answer(messages["answer"]).encode() == messages["answer"]
    assert read_call(Reader(messages["call"])).encode() == messages["call"]
    assert len(read_targets(Reader(messages["targets"]))) == 2
    assert rlp.decode(unhexed(BLOCK["bytes"]))[8] == (1024).to_bytes(2, "big")
