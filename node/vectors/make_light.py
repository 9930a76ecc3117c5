"""Makes light.json: `python -m node.vectors.make_light > node/vectors/light.json`.

Signatures draw from the operating system, so each run gives others; all else is always the same.
"""

import json
from dataclasses import asdict
from typing import Any

from ..crypto import SigningKey, sha256
from ..light.certificate import Certificate, statement_of
from ..light.header import EMPTY_OMMERS, Header
from ..light.questions import Answer, Ask, Call, Kind, Status, Target, write_targets
from ..light.state import EMPTY_CODE, Account
from ..light.trie import EMPTY_ROOT, index_key, list_nodes, prove, trie_nodes
from ..light.trust import Checkpoint
from ..light.validators import Validator, make_set
from ..rlp import encode, keccak, number

HEADER = {
    "what": "The Pars light node: a set of validators, a certificate with its header and"
    " checkpoint, proofs of accounts, slots and places in a list, and messages.",
    "made_by": "python -m node.vectors.make_light, with OpenSSL's ML-DSA-87",
    "check": "The hash of the set, of the header and the digest of the statement follow from their"
    " bytes; each signature is one of ML-DSA-87 (empty context) over `message` by the key of its"
    " seat. Each proof leads from its root to its value, or shows that there is none."
    " docs/light.md has the byte tables.",
    "encoding": "bytes are hex; an ML-DSA-87 key pair comes from its seed of 32 bytes (FIPS 204)",
}
CHAIN_ID = 6133
SEATS = 4
SIGNERS = (0, 1, 3)
ACCOUNTS = 40
SLOTS = (0, 1, 7, 2**255)


def shown(value: Any) -> Any:
    """Return a value with its bytes in hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    return [shown(each) for each in value] if isinstance(value, list | tuple) else value


def state() -> tuple[dict[bytes, Account], bytes, list[dict[str, Any]]]:
    """Return accounts, their root, and proofs of some of them and of some that are absent."""
    storage = {keccak(word(slot)): encode(number(slot + 1)) for slot in SLOTS}
    storage_root, storage_nodes = trie_nodes(storage)
    accounts = {
        sha256(b"account %d" % at)[:20]: Account(
            nonce=at,
            balance=at * 10**18,
            storage_root=storage_root if at == 3 else EMPTY_ROOT,
            code_hash=keccak(b"code") if at == 3 else EMPTY_CODE,
        )
        for at in range(1, ACCOUNTS + 1)
    }
    root, nodes = trie_nodes({keccak(at): each.encode() for at, each in accounts.items()})
    owner = list(accounts)[2]
    cases: list[dict[str, Any]] = []
    for address in (owner, list(accounts)[17], sha256(b"nobody")[:20]):
        account = accounts.get(address)
        value = None if account is None else account.encode()
        proof = prove(nodes, root, keccak(address))
        cases.append({"root": root, "key": keccak(address), "value": value, "proof": proof})
    for slot in (*SLOTS[:2], 2):
        key = keccak(word(slot))
        proof = prove(storage_nodes, storage_root, key)
        cases.append({"root": storage_root, "key": key, "value": storage.get(key), "proof": proof})
    return accounts, root, cases


def places() -> list[dict[str, Any]]:
    """Return proofs of places in a list, and of one after its end."""
    values = [sha256(b"entry %d" % at) * 2 for at in range(130)]
    root, nodes = list_nodes(values)
    return [
        {
            "root": root,
            "key": index_key(at),
            "value": values[at] if at < len(values) else None,
            "proof": prove(nodes, root, index_key(at)),
        }
        for at in (0, 1, 127, 128, 129, 130)
    ]


def word(value: int) -> bytes:
    """Return a number in 32 bytes."""
    return value.to_bytes(32, "big")


def header(state_root: bytes) -> Header:
    """Return a header with something in each field."""
    return Header(
        parent_hash=sha256(b"parent"),
        ommers_hash=EMPTY_OMMERS,
        coinbase=sha256(b"coinbase")[:20],
        state_root=state_root,
        transactions_root=EMPTY_ROOT,
        receipts_root=EMPTY_ROOT,
        logs_bloom=bytes(255) + b"\1",
        difficulty=0,
        number=1024,
        gas_limit=30_000_000,
        gas_used=21_000,
        timestamp=1_790_000_000,
        extra_data=b"extra",
        prev_randao=sha256(b"randao"),
        nonce=bytes(8),
        base_fee_per_gas=7,
        withdrawals_root=EMPTY_ROOT,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_block_root=bytes(32),
        requests_hash=sha256(b""),
    )


def vectors() -> dict[str, Any]:
    """Return all vectors."""
    seeds = [sha256(b"validator %d" % at) for at in range(SEATS)]
    keys = {key.public: key for key in map(SigningKey.from_seed, seeds)}
    found = [
        Validator(address=keccak(public)[-20:], stake=(at + 15) * 10**21, key=public)
        for at, public in enumerate(keys)
    ]
    signing = make_set(CHAIN_ID, 7, found)
    coming = make_set(CHAIN_ID, 8, found[:-1])
    accounts, root, proofs = state()
    top = header(root)
    statement = statement_of(top, signing, coming.hash)
    signers = [keys[signing.seats[seat].key] for seat in SIGNERS]
    certificate = Certificate(
        statement=statement,
        seats=SIGNERS,
        signatures=tuple(key.sign(statement.message) for key in signers),
    )
    checkpoint = Checkpoint(
        chain_id=CHAIN_ID, number=1024, block_hash=top.hash, epoch=8, set_hash=coming.hash
    )
    call = Call(sender=bytes(20), to=sha256(b"to")[:20], data=b"data", value=1, gas=21_000)
    targets = [Target(sha256(b"to")[:20], (0, 2**256 - 1)), Target(bytes(20))]
    made = {
        "header": HEADER,
        "set": {
            "seeds": [
                next(s for s in seeds if SigningKey.from_seed(s).public == seat.key)
                for seat in signing.seats
            ],
            "bytes": signing.raw,
            "hash": signing.hash,
            "quorum": signing.quorum,
            "next_hash": coming.hash,
        },
        "block": {"bytes": top.raw, "hash": top.hash, "fields": asdict(top)},
        "certificate": {
            "statement": statement.raw,
            "digest": statement.digest,
            "message": statement.message,
            "seats": list(SIGNERS),
            "bytes": certificate.raw,
        },
        "checkpoint": checkpoint.encode(),
        "accounts": {at.hex(): each.encode() for at, each in accounts.items()},
        "proofs": [*proofs, *places()],
        "messages": {
            "ask": Ask(b"12345678", Kind.STATE, b"body").encode(),
            "answer": Answer(b"12345678", Status.OK, b"body").encode(),
            "call": call.encode(),
            "targets": write_targets(targets),
        },
    }
    return {name: shown(each) for name, each in made.items()}


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
