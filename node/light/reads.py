"""What can be found out and proved: flows for `LightClient.start`.

Each begins in the cache and asks for what is not there. Blocks are named by number, by hash, or by
None for the newest certified one.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..codec import Reader, Refused, u16, u64
from ..rlp import keccak
from .blocks import (
    Receipt,
    Transaction,
    proved_receipts,
    proved_transactions,
    read_transaction,
)
from .cache import of_account, of_code, of_entries, of_headers, of_slot
from .certificate import CHECKPOINT
from .client import LightClient, NotFound, Question, Unanswered, Unreachable
from .header import Header
from .questions import (
    CODE_MAX,
    HEADERS_MAX,
    Kind,
    Located,
    Target,
    read_certified,
    read_headers,
    read_located,
    read_nodes,
    write_targets,
)
from .state import EMPTY_CODE, Account, proved_account, proved_slot
from .trie import EMPTY_ROOT, Proof, index_key


@dataclass(frozen=True, slots=True)
class State:
    """Accounts and slots after a block, all of them proved."""

    header: Header
    accounts: Mapping[bytes, Account]
    slots: Mapping[tuple[bytes, int], int]


# --- Headers --------------------------------------------------------------------------------


def head(client: LightClient) -> Header:
    """Return the newest certified header that we have."""
    if client.trust.head is None:
        raise Unreachable("no certified block is known yet")
    return client.trust.head


def header_at(client: LightClient, number: int) -> Generator[Question, Any, Header]:
    """Find the header of a height that is not above the head."""
    cache = client.cache
    newest = head(client)
    known = newest if number == newest.number else cache.header(number)
    if known is not None:
        return known
    if number > newest.number:
        raise NotFound("above the head")
    above = next(
        (found for gap in range(1, 10) if (found := cache.header(number + gap)) is not None), None
    )
    if above is None:
        above = yield from _certified_above(client, number)
    while above.number > number:
        above = (yield from _headers_below(client, above, above.number - number))[-1]
    return above


def headers(
    client: LightClient, newest: Header, count: int
) -> Generator[Question, Any, list[Header]]:
    """Return this many headers that end with a proved one, oldest first."""
    found = [newest]
    while len(found) < count:
        known = client.cache.header(found[-1].number - 1)
        if known is None:
            found += yield from _headers_below(client, found[-1], count - len(found))
        else:
            found.append(known)
    return found[::-1]


def _headers_below(
    client: LightClient, above: Header, count: int
) -> Generator[Question, Any, list[Header]]:
    count = min(count, HEADERS_MAX)
    found: list[Header] = yield Question(
        kind=Kind.HEADERS,
        body=u64(above.number - 1) + u16(count),
        check=lambda body: read_headers(body, above, count),
    )
    client.cache.keep(*of_headers(found))
    return found


def _certified_above(client: LightClient, number: int) -> Generator[Question, Any, Header]:
    """Find a certified header from which this height is reached by parent hashes."""
    if number < min(epoch.first for epoch in client.trust.epochs.values()):
        raise Unanswered("the block is older than what the checkpoint proves")

    def check(body: bytes) -> Header:
        certificate, header = read_certified(body)
        if not 0 <= header.number - number < CHECKPOINT:
            raise Refused("light: not the next certificate")
        client.trust.check(certificate, header)
        return header

    found: Header = yield Question(kind=Kind.CERTIFICATE, body=u64(number), check=check)
    client.cache.keep(*of_headers([found]))
    return found


def header_of(client: LightClient, block_hash: bytes) -> Generator[Question, Any, Header]:
    """Find the header with a hash."""
    number = client.cache.number(block_hash)
    if number is None:
        answers = yield Question(kind=Kind.NUMBER, body=block_hash, check=_number, wanted=2)
        for peer_id, told in answers:
            if told <= head(client).number:
                found = yield from header_at(client, told)
                if found.hash == block_hash:
                    return found
                client.lied(peer_id, "light: not the block with that hash")
        raise NotFound("no block of this chain")
    header = yield from header_at(client, number)
    return header


def _number(body: bytes) -> int:
    reader = Reader(body)
    number = reader.u64()
    reader.end()
    return number


# --- States ---------------------------------------------------------------------------------


def state(
    client: LightClient, header: Header, targets: Sequence[Target]
) -> Generator[Question, Any, State]:
    """Prove accounts and slots after a block; what is cached is not asked for."""
    found, missing = cached_state(client, header, targets)
    if not missing:
        return found

    def check(body: bytes) -> State:
        return _proved(read_nodes(Reader(body)), header, missing)

    body = u64(header.number) + write_targets(missing)
    proved: State = yield Question(kind=Kind.STATE, body=body, check=check)
    keep_state(client, proved)
    return State(header, found.accounts | proved.accounts, found.slots | proved.slots)  # type: ignore[operator]  # both are dicts


def cached_state(
    client: LightClient, header: Header, targets: Sequence[Target]
) -> tuple[State, list[Target]]:
    """Return what is known of accounts and slots after a block, and what is not."""
    accounts: dict[bytes, Account] = {}
    slots: dict[tuple[bytes, int], int] = {}
    missing = []
    for target in targets:
        account = client.cache.account(target.address, header.number)
        lacking = list(target.slots)
        if account is not None:
            accounts[target.address] = account
            for slot in target.slots:
                value = _cached_slot(client, account, slot)
                if value is not None:
                    slots[target.address, slot] = value
                    lacking.remove(slot)
        if account is None or lacking:
            missing.append(Target(target.address, tuple(lacking)))
    return State(header, accounts, slots), missing


def _cached_slot(client: LightClient, account: Account, slot: int) -> int | None:
    if account.storage_root == EMPTY_ROOT:
        return 0
    return client.cache.slot(account.storage_root, slot)


def _proved(proof: Proof, header: Header, targets: Sequence[Target]) -> State:
    proved = prove_targets(proof, header, targets)
    proof.end()
    return proved


def prove_targets(proof: Proof, header: Header, targets: Sequence[Target]) -> State:
    """Return accounts and slots that a proof shows."""
    accounts, slots = {}, {}
    for target in targets:
        account = proved_account(proof, header.state_root, target.address)
        accounts[target.address] = account
        for slot in target.slots:
            slots[target.address, slot] = proved_slot(proof, account.storage_root, slot)
    return State(header, accounts, slots)


def keep_state(client: LightClient, proved: State) -> None:
    """Cache what was proved of a state."""
    number = proved.header.number
    kept = [of_account(at, number, account) for at, account in proved.accounts.items()]
    for (address, slot), value in proved.slots.items():
        root = proved.accounts[address].storage_root
        if root != EMPTY_ROOT:
            kept.append(of_slot(root, slot, value))
    client.cache.keep(*kept)


def account_proof(
    header: Header, address: bytes, slots: Sequence[int]
) -> Generator[Question, Any, dict[str, Any]]:
    """Return an account and slots with their nodes, as eth_getProof shows them (EIP-1186)."""
    targets = [Target(address, tuple(slots))]

    def check(body: bytes) -> tuple[Proof, State]:
        proof = read_nodes(Reader(body))
        return proof, _proved(proof, header, targets)

    body = u64(header.number) + write_targets(targets)
    proof, found = yield Question(kind=Kind.STATE, body=body, check=check)
    account = found.accounts[address]
    return {
        "address": address,
        "accountProof": proof.path(header.state_root, keccak(address)),
        "balance": account.balance,
        "codeHash": account.code_hash,
        "nonce": account.nonce,
        "storageHash": account.storage_root,
        "storageProof": [
            {
                "key": slot,
                "value": found.slots[address, slot],
                "proof": proof.path(account.storage_root, keccak(slot.to_bytes(32, "big"))),
            }
            for slot in slots
        ],
    }


def account_at(
    client: LightClient, header: Header, address: bytes
) -> Generator[Question, Any, Account]:
    """Prove an account after a block."""
    found = yield from state(client, header, [Target(address)])
    account: Account = found.accounts[address]
    return account


def code_at(client: LightClient, header: Header, address: bytes) -> Generator[Question, Any, bytes]:
    """Prove the code of an account after a block."""
    account = yield from account_at(client, header, address)
    code = yield from code_of(client, header, address, account.code_hash)
    return code


def code_of(
    client: LightClient, header: Header, address: bytes, code_hash: bytes
) -> Generator[Question, Any, bytes]:
    """Find the code with a hash, which this account has after this block."""
    if code_hash == EMPTY_CODE:
        return b""
    known = client.cache.code(code_hash)
    if known is not None:
        return known

    def check(body: bytes) -> bytes:
        if len(body) > CODE_MAX or keccak(body) != code_hash:
            raise Refused("light: not the code")
        return body

    code: bytes = yield Question(kind=Kind.CODE, body=u64(header.number) + address, check=check)
    client.cache.keep(of_code(code_hash, code))
    return code


def newest_known(client: LightClient, address: bytes) -> Header:
    """Find the newest block after which an account is known, for when nobody can be asked."""
    for number in client.cache.numbers(address):
        header = client.cache.header(number)
        if header is not None:
            return header
    raise Unreachable("no server answers, and this was never proved here")


# --- Blocks ---------------------------------------------------------------------------------


def transactions_of(
    client: LightClient, header: Header
) -> Generator[Question, Any, list[Transaction]]:
    """Prove the transactions of a block."""
    found: list[Transaction] = yield from _entries(
        client, Kind.TRANSACTIONS, header.transactions_root, header, proved_transactions
    )
    return found


def receipts_of(client: LightClient, header: Header) -> Generator[Question, Any, list[Receipt]]:
    """Prove the receipts of a block."""
    found: list[Receipt] = yield from _entries(
        client, Kind.RECEIPTS, header.receipts_root, header, proved_receipts
    )
    return found


def _entries(
    client: LightClient,
    kind: Kind,
    root: bytes,
    header: Header,
    prove: Callable[[bytes, Header], list[Any]],
) -> Generator[Question, Any, list[Any]]:
    if root == EMPTY_ROOT:
        return []
    known = client.cache.entries(root)
    if known is not None:
        return prove(known, header)

    def check(body: bytes) -> tuple[bytes, list[Any]]:
        return body, prove(body, header)

    body, found = yield Question(kind=kind, body=u64(header.number), check=check)
    client.cache.keep(of_entries(root, body))
    return list(found)


def transaction(
    client: LightClient, tx_hash: bytes
) -> Generator[Question, Any, tuple[Header, int, Transaction]]:
    """Find a transaction and prove its place in a block."""

    def check(body: bytes) -> tuple[Located, Transaction]:
        located = read_located(body)
        tx = read_transaction(located.raw)
        if tx.hash != tx_hash:
            raise Refused("light: not the transaction")
        return located, tx

    answers = yield Question(kind=Kind.TRANSACTION, body=tx_hash, check=check, wanted=2)
    for peer_id, (located, tx) in answers:
        if located.number > head(client).number:
            continue  # mined, and not certified yet
        header = yield from header_at(client, located.number)
        try:
            proof = Proof(located.nodes)
            if proof.get(header.transactions_root, index_key(located.index)) != tx.raw:
                raise Refused("light: not in that block")
            proof.end()
        except Refused as error:
            client.lied(peer_id, error.reason)
            continue
        return header, located.index, tx
    raise NotFound("in no certified block")
