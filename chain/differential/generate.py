"""A case from a seed: the same seed makes the same case, byte for byte.

Cases differ in kind, not only in detail: each draws which kinds of instruction it favours, and
some are of a theme (recursion, static frames, creations that collide, delegations).
"""

from random import Random
from typing import Any, Final

from ..encoding import encode, int_to_bytes, keccak
from ..forks import BERLIN, CANCUN, FORKS, LONDON, OSAKA, PRAGUE, Fork
from ..rules import DELEGATION_PREFIX, INITCODE_SIZE_MAX, intrinsic
from ..signatures import address_of, sign
from ..statetest import FORK_NAMES
from ..transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Authorization,
    Fields,
    authorization_digest,
)
from . import programs
from .cases import CHAIN_ID, Account, Block, Case, Signed
from .inputs import P256VERIFY

ETHER: Final = 10**18
SENDER_KEYS: Final = tuple(number.to_bytes(32, "big") for number in (1, 2, 3))
AUTHORITY_KEYS: Final = tuple(number.to_bytes(32, "big") for number in (4, 5, 6))
SENDERS: Final = tuple(address_of(key) for key in SENDER_KEYS)
AUTHORITIES: Final = tuple(address_of(key) for key in AUTHORITY_KEYS)
CONTRACTS: Final = tuple(b"\xc0\xde" + bytes(17) + bytes([number]) for number in range(1, 6))
NOBODY: Final = b"\xaa" * 20
TX_GAS_MAX_OSAKA: Final = 2**24
RICH: Final = ("calculation", "create", "journal", "precompile")
"""Themes whose programs should mostly come to their end."""
DEEP_GAS: Final = 2**40
"""What it takes for a call to reach the depth of 1,024 on 63/64 of what is left each time."""


def create_address(creator: bytes, nonce: int) -> bytes:
    """Return where CREATE puts a contract."""
    return keccak(encode([creator, int_to_bytes(nonce)]))[12:]


def generate(seed: int | str, fork_name: str) -> Case:
    """Return the case of a seed."""
    choose = Random(f"{fork_name} {seed}")
    fork = FORKS[FORK_NAMES[fork_name]]
    osaka = fork.since(OSAKA)
    theme = choose.choices(
        ("mixed", "calculation", "journal", "precompile", "static", "create", "delegation"),
        (40, 16, 20, 7, 5, 8, 8),
    )[0]
    if choose.random() < 0.05:
        theme = choose.choice(("noise", "noise", "deep"))
    if theme == "delegation" and not fork.since(PRAGUE):
        theme = "mixed"
    addresses = [*CONTRACTS, *CONTRACTS[:3], *SENDERS, NOBODY, bytes(20)]
    addresses += [create_address(each, 1) for each in (*CONTRACTS[:2], SENDERS[0])]
    addresses += AUTHORITIES if fork.since(PRAGUE) else ()
    weights = programs.draw_weights(choose)
    if theme == "create":
        weights["create"] += 12
    elif theme in programs.SPECIAL:
        weights = programs.SPECIAL[theme]
    scene = programs.Scene(
        fork=fork,
        clz=osaka,
        addresses=addresses,
        precompiles=_precompiles(fork, osaka),
        weights=weights,
    )
    accounts = _accounts(choose, scene, theme)
    block = Block(
        number=choose.choice((1, 2, 100, 255, 256, 257, 258, 1000, 20_000_000)),
        timestamp=choose.choice((1, 1000, 2**32, 1_700_000_000)),
        coinbase=choose.choice((NOBODY, b"\xcb" * 20, CONTRACTS[0], SENDERS[0], bytes(19) + b"\4")),
        gas_limit=2 * DEEP_GAS if theme == "deep" else choose.choice((30_000_000, 10_000_000)),
        base_fee=choose.choice((0, 1, 7, 1000, 10**9)) if fork.since(LONDON) else 0,
        randao=choose.choice((0, 1, 2**255, 0x20000)),
        excess_blob_gas=choose.choice((0, 131_072, 10_000_000)) if fork.since(CANCUN) else 0,
    )
    count = 1 if theme == "deep" else choose.choice((1, 1, 1, 2, 3, 4))
    nonces = {address: accounts[address].nonce for address in SENDERS}
    transactions = tuple(_transaction(choose, scene, block, theme, nonces) for _ in range(count))
    return Case(
        name=f"{fork_name}-{seed}-{theme}",
        fork=fork_name,
        block=block,
        accounts=accounts,
        transactions=transactions,
        split=choose.random() < 0.3,
    )


def _precompiles(fork: Fork, osaka: bool) -> list[int]:
    last = 17 if fork.since(PRAGUE) else 10 if fork.since(CANCUN) else 9
    usual = list(range(1, last + 1))
    cheap = [number for number in usual if number not in (8, 10, 12, 14, 15, 17)]
    return [*usual, *cheap, *((P256VERIFY, P256VERIFY) if osaka else ())]


# Accounts.


def _accounts(choose: Random, scene: programs.Scene, theme: str) -> dict[bytes, Account]:
    accounts = {address: Account(balance=10**6 * ETHER) for address in SENDERS}
    accounts[SENDERS[1]] = Account(balance=10**6 * ETHER, nonce=choose.choice((1, 7, 2**32)))
    accounts[SENDERS[2]] = Account(
        balance=choose.choice((0, ETHER, 10**6 * ETHER)),
        nonce=choose.choice((1, 1, 2**64 - 2, 2**64 - 1)),
    )
    for place, address in enumerate(CONTRACTS[: choose.choice((2, 3, 4, 5))]):
        accounts[address] = Account(
            balance=choose.choice((0, 0, 1, 1000, ETHER)),
            nonce=choose.choice((1, 1, 1, 1, 1, 2**64 - 2, 2**64 - 1)),
            code=_code(choose, scene, theme, place),
            storage=tuple(
                (slot, choose.choice((1, 2, 3, 2**256 - 1)))
                for slot in (0, 1, 2, 3, 2**256 - 1)
                if choose.random() < 0.4
            ),
        )
    if theme == "create" or choose.random() < 0.1:
        for creator in (CONTRACTS[0], CONTRACTS[1], SENDERS[0]):
            if choose.random() < 0.5:
                accounts[create_address(creator, accounts[creator].nonce)] = choose.choice(
                    (
                        Account(balance=1),
                        Account(nonce=1),
                        Account(nonce=1, code=b"\x00"),
                        Account(balance=1, storage=((0, 1),)),
                        Account(balance=2**128, storage=((1, 2), (2**256 - 1, 3))),
                    )
                )
    if scene.fork.since(PRAGUE) and (theme == "delegation" or choose.random() < 0.1):
        accounts |= {address: _delegated(choose, address) for address in AUTHORITIES}
    return accounts


def _code(choose: Random, scene: programs.Scene, theme: str, place: int) -> bytes:
    if theme == "noise":
        return programs.noise(choose)
    if theme == "journal" and place < 3:
        return programs.journal(choose, scene)
    if theme == "deep" and place == 0:
        return programs.recursive(choose, scene)
    if theme == "static" and choose.random() < 0.5:
        return programs.writer(choose, scene)
    roll = choose.random()
    if roll < 0.05:
        return programs.writer(choose, scene)
    if roll < 0.07:
        return programs.recursive(choose, scene)
    if roll < 0.09:
        return programs.noise(choose)
    return programs.program(choose, scene)


def _delegate(choose: Random, own: bytes) -> bytes:
    """Return whom an account lets run as its own: a contract, a chain's next link, a precompile."""
    precompile = bytes(18) + choose.choice((1, 2, 4, 17, P256VERIFY)).to_bytes(2, "big")
    other = choose.choice((*AUTHORITIES, SENDERS[0], NOBODY))
    return choose.choice((*CONTRACTS[:3], *CONTRACTS[:3], precompile, own, other, bytes(20)))


def _delegated(choose: Random, own: bytes) -> Account:
    roll = choose.random()
    if roll < 0.3:
        return Account(balance=choose.choice((1, ETHER)), nonce=choose.choice((0, 1)))
    if roll < 0.4:
        return Account(nonce=1, code=choose.choice((b"\xfe", b"\xef\x01\x00" + bytes(19))))
    return Account(
        balance=choose.choice((0, 1, ETHER)),
        nonce=choose.choice((1, 1, 2)),
        code=DELEGATION_PREFIX + _delegate(choose, own),
        storage=((0, 1),) if choose.random() < 0.5 else (),
    )


# Transactions.


def _transaction(
    choose: Random, scene: programs.Scene, block: Block, theme: str, nonces: dict[bytes, int]
) -> Signed:
    fork = scene.fork
    place = choose.choices((0, 1, 2), (16, 3, 1))[0]
    sender, key = SENDERS[place], SENDER_KEYS[place]
    kinds = [LEGACY, *((ACCESS_LIST,) if fork.since(BERLIN) else ())]
    kinds += [DYNAMIC_FEE] if fork.since(LONDON) else []
    kinds += [BLOB] if fork.since(CANCUN) else []
    kinds += [SET_CODE] * (8 if theme == "delegation" else 1) if fork.since(PRAGUE) else []
    kind = choose.choice(kinds)
    price = block.base_fee + choose.choice((0, 0, 1, 1000))
    creates = kind < BLOB and theme not in ("deep", "journal") and choose.random() < 0.15
    made: dict[str, Any] = {
        "type": kind,
        "chain_id": CHAIN_ID if kind != LEGACY or choose.random() < 0.5 else None,
        "nonce": nonces[sender],
        "to": b"" if creates else _recipient(choose, scene, theme),
        "value": choose.choice((0, 0, 0, 0, 1, 1000, ETHER)),
        "data": programs.initcode(choose, scene) if creates else _call_data(choose, scene, theme),
        "gas_price": price,
        "max_fee_per_gas": price,
        "max_priority_fee_per_gas": price,
    }
    if kind >= DYNAMIC_FEE:
        made["max_priority_fee_per_gas"] = choose.choice((0, 1, price))
        made["max_priority_fee_per_gas"] = min(made["max_priority_fee_per_gas"], price)
    if kind != LEGACY:
        made["access_list"] = _access_list(choose, scene)
    if kind == BLOB:
        count = choose.choice((1, 1, 2, 6))
        hashes = tuple(b"\x01" + choose.randbytes(31) for _ in range(count))
        made |= {"blob_versioned_hashes": hashes, "max_fee_per_blob_gas": 100}
    if kind == SET_CODE:
        made["authorization_list"] = _authorizations(choose, nonces, sender)
    fields = Fields(gas=0, **made)
    fields = Fields(**{**fields.__dict__, "gas": _gas(choose, fields, scene, theme)})
    signed = Signed(fields=fields, key=key)
    if choose.random() < 0.05:
        return _spoilt(choose, signed, block)
    nonces[sender] += 1
    return signed


def _recipient(choose: Random, scene: programs.Scene, theme: str) -> bytes:
    if theme == "deep":
        return CONTRACTS[0]
    if theme == "delegation" and choose.random() < 0.6:
        return choose.choice(AUTHORITIES)
    roll = choose.random()
    if roll < 0.9:
        return choose.choice(CONTRACTS[:2])
    if roll < 0.95:
        return choose.choice(scene.addresses)
    return choose.choice(scene.precompiles).to_bytes(20, "big")


def _call_data(choose: Random, scene: programs.Scene, theme: str) -> bytes:
    if theme == "journal":
        return bytes(choose.choice((4, 4, 4, 3, 2)))
    roll = choose.random()
    if roll < 0.4:
        return b""
    if roll < 0.6:
        return choose.randbytes(choose.randrange(1, 100))
    if roll < 0.62:
        return bytes(choose.randrange(1000))
    p = programs.Program(choose, scene)
    return b"".join(p.word().to_bytes(32, "big") for _ in range(choose.choice((1, 2, 4))))


def _access_list(
    choose: Random, scene: programs.Scene
) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    return tuple(
        (
            choose.choice(scene.addresses),
            tuple(choose.choice((0, 1, 2, 2**256 - 1)) for _ in range(choose.choice((0, 1, 3)))),
        )
        for _ in range(choose.choice((0, 1, 2)))
    )


def _authorizations(
    choose: Random, nonces: dict[bytes, int], sender: bytes
) -> tuple[Authorization, ...]:
    made = []
    for _ in range(choose.choice((1, 1, 2, 3))):
        place = choose.randrange(4)
        if place == 3:  # The sender's own: its nonce has gone up by then.
            key, own, nonce = SENDER_KEYS[0], SENDERS[0], nonces[SENDERS[0]]
            nonce += sender == own
            nonces[own] += choose.random() < 0.9
        else:
            key, own = AUTHORITY_KEYS[place], AUTHORITIES[place]
            nonce = choose.choice((0, 1, 1, 1, 2))
        chain_id = choose.choice((CHAIN_ID, CHAIN_ID, CHAIN_ID, 0, 0, 2, 2**256 - 1))
        if choose.random() < 0.05:
            nonce = 2**64 - 1
        address = _delegate(choose, own)
        y_parity, r, s = sign(authorization_digest(chain_id, address, nonce), key)
        if choose.random() < 0.1:
            y_parity, r, s = choose.choice(
                ((1 - y_parity, r, s), (y_parity, 0, s), (255, r, s), (y_parity, r, 2**256 - 1 - s))
            )
        made.append(
            Authorization(
                chain_id=chain_id, address=address, nonce=nonce, y_parity=y_parity, r=r, s=s
            )
        )
    return tuple(made)


def _gas(choose: Random, fields: Fields, scene: programs.Scene, theme: str) -> int:
    if theme == "deep":
        return TX_GAS_MAX_OSAKA if scene.clz else DEEP_GAS
    needed = intrinsic(fields, scene.fork)
    least = max(needed.gas, needed.floor)
    roll = choose.random()
    if roll < 0.03:
        return least
    if roll < (0.05 if theme in RICH else 0.2):
        return least + choose.randrange(60_000)
    if roll < 0.97 and theme not in RICH:
        return least + choose.choice((100_000, 200_000, 400_000, 800_000))
    return least + 2_000_000


def _spoilt(choose: Random, tx: Signed, block: Block) -> Signed:
    """Return the transaction with one thing wrong, or nearly so: most of these are refused."""
    fields = tx.fields
    changes: list[dict[str, Any]] = [
        {"nonce": fields.nonce + 1},
        {"nonce": max(fields.nonce - 1, 0)},
        {"gas": 21_000},
        {"gas": 20_999},
        {"gas": block.gas_limit},
        {"gas": block.gas_limit + 1},
        {"gas": TX_GAS_MAX_OSAKA},
        {"gas": TX_GAS_MAX_OSAKA + 1},
        {"value": 2**256 - 1},
        {"value": 10**6 * ETHER},
        {"gas_price": 0, "max_fee_per_gas": 0, "max_priority_fee_per_gas": 0},
        {"max_priority_fee_per_gas": fields.max_fee_per_gas + 1},
    ]
    if fields.type != LEGACY:
        changes.append({"chain_id": 2})
    if not fields.to:
        sizes = INITCODE_SIZE_MAX, INITCODE_SIZE_MAX + 1
        changes += [{"data": bytes(size), "gas": 5_000_000} for size in sizes]
    if fields.type == BLOB:
        hashes = fields.blob_versioned_hashes
        changes += [
            {"blob_versioned_hashes": ()},
            {"blob_versioned_hashes": (b"\x02" + bytes(31),)},
            {"blob_versioned_hashes": hashes * 7},
            {"blob_versioned_hashes": (hashes * 9)[:9]},
            {"blob_versioned_hashes": (hashes * 7)[:7]},
            {"max_fee_per_blob_gas": 0},
        ]
    if fields.type == SET_CODE:
        changes.append({"authorization_list": ()})
    return tx.but(**choose.choice(changes))
