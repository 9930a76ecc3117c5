"""A bridge of seven guardians, five of whom must attest, three of them by ML-DSA-87."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PrivateKey
from eth_utils import keccak
from vyper.compiler import compile_code

PARS = 10**18
CAP = 100_000 * PARS
DAILY = 1_000_000 * PARS
FEE = 10  # basis points
HELD = 10**8 * PARS
OTHER_CHAIN = 1
REMOTE = b"\x11" * 32
COUNTERPART = b"\x22" * 32
GUARDIANS = 7
THRESHOLD = 5
LATTICE = 3

TOKEN = """
# pragma version 0.4.3
balanceOf: public(HashMap[address, uint256])
fee: public(uint256)  # in percent, taken from what is transferred
refuses: public(address)
answers: bool
calls: address
data: Bytes[1024]

@deploy
def __init__():
    self.answers = True

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def behave(fee: uint256, refuses: address, answers: bool):
    self.fee = fee
    self.refuses = refuses
    self.answers = answers

@external
def callBack(to: address, data: Bytes[1024]):
    self.calls = to
    self.data = data

@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return self.answers

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self._move(owner, to, amount)
    return self.answers

@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != self.refuses, "token: refused"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount * (100 - self.fee) // 100
    if self.calls != empty(address):
        raw_call(self.calls, self.data)
"""

SILENT_TOKEN = """
# pragma version 0.4.3
balanceOf: public(HashMap[address, uint256])

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def transfer(to: address, amount: uint256):
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount

@external
def transferFrom(owner: address, to: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
"""

PAUSER = """
# pragma version 0.4.3
paused: public(bool)

@external
def set(paused: bool):
    self.paused = paused
"""


def container(source: str) -> Any:
    # Imported late: Ape's plugin has loaded web3 by then, which warns when it is loaded.
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    made = compile_code(source, output_formats=["abi", "bytecode"])
    return ContractContainer(
        ContractType(abi=made["abi"], deploymentBytecode={"bytecode": made["bytecode"]})
    )


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """A bridge with what it needs, and words for what is done with it often."""

    contract: Any
    chain: Any
    token: Any
    pauser: Any
    dao: Any
    treasury: Any
    user: Any
    guardians: tuple[Any, ...]
    keys: tuple[MLDSA87PrivateKey, ...]

    def transfer(self, nonce: int, amount: int = PARS, **other: Any) -> dict[str, Any]:
        """Say that so much comes back to the user."""
        return {
            "chain": OTHER_CHAIN,
            "remote": REMOTE,
            "nonce": nonce,
            "token": self.token.address,
            "account": self.user.address,
            "counterpart": COUNTERPART,
            "amount": amount,
            **other,
        }

    def attestations(
        self,
        transfer: dict[str, Any],
        lattice: Iterable[int] = (0, 1, 2),
        classical: Iterable[int] = (3, 4),
        digest: bytes | None = None,
    ) -> list[tuple[int, bytes]]:
        """Sign by these guardians, in the order of their numbers."""
        digest = digest or self.contract.digest(transfer)
        made = [(place, self.keys[place].sign(digest)) for place in lattice]
        made += [(place, self.signed(place, digest)) for place in classical]
        return sorted(made)

    def signed(self, place: int, digest: bytes) -> bytes:
        signature = self.guardians[place].sign_raw_msghash(digest)
        return bytes(signature.encode_rsv())

    def release(self, transfer: dict[str, Any], **signers: Any) -> Any:
        attestations = self.attestations(transfer, **signers)
        return self.contract.release(transfer, attestations, sender=self.user)

    def send(self, amount: int = PARS, may_wait: bool = False, **options: Any) -> Any:
        return self.contract.send(
            OTHER_CHAIN,
            self.token,
            amount,
            COUNTERPART,
            may_wait,
            **{"sender": self.user, **options},
        )

    def queued(self, receipt: Any) -> dict[str, Any]:
        """Return the transfer that a receipt says is queued."""
        (event,) = receipt.events.filter(self.contract.Queued)
        return {name: getattr(event, name) for name in self.transfer(0)}

    def members(self, places: Iterable[int]) -> list[tuple[str, bytes]]:
        return [(self.guardians[place].address, key_hash(self.keys[place])) for place in places]

    def with_token(self, token: Any) -> "Bridge":
        return replace(self, token=token)


def key_hash(key: MLDSA87PrivateKey) -> bytes:
    return keccak(key.public_key().public_bytes_raw())


@pytest.fixture(scope="session")
def containers() -> dict[str, Any]:
    sources = {"token": TOKEN, "silent": SILENT_TOKEN, "pauser": PAUSER}
    return {name: container(source) for name, source in sources.items()}


@pytest.fixture(scope="session")
def lattice_keys() -> tuple[MLDSA87PrivateKey, ...]:
    seeds = [bytes([place]) * 32 for place in range(GUARDIANS)]
    return tuple(MLDSA87PrivateKey.from_seed_bytes(seed) for seed in seeds)


@pytest.fixture(scope="session")
def guardians(accounts: Any) -> tuple[Any, ...]:
    return tuple(sorted(accounts[3 : 3 + GUARDIANS], key=lambda each: int(each.address, 16)))


@pytest.fixture(scope="module")
def arguments(accounts: Any, containers: Any, guardians: Any, lattice_keys: Any) -> dict[str, Any]:
    """The constructor's arguments by name."""
    members = [
        (account.address, key_hash(key))
        for account, key in zip(guardians, lattice_keys, strict=True)
    ]
    return {
        "dao": accounts[0].address,
        "pauser": accounts[0].deploy(containers["pauser"]).address,
        "treasury": accounts[1].address,
        "members": members,
        "threshold": THRESHOLD,
        "lattice": LATTICE,
        "token": accounts[0].deploy(containers["token"]).address,
        "per_transfer": CAP,
        "daily": DAILY,
        "fee": FEE,
        "routes": [(OTHER_CHAIN, REMOTE)],
    }


@pytest.fixture(scope="module")
def bridge(
    accounts: Any,
    chain: Any,
    project: Any,
    containers: Any,
    arguments: dict[str, Any],
    guardians: Any,
    lattice_keys: Any,
) -> Bridge:
    contract = accounts[0].deploy(project.BridgeGuard, *arguments.values())
    for key in lattice_keys:
        contract.storeKey(key.public_key().public_bytes_raw(), sender=accounts[9])
    token = containers["token"].at(arguments["token"])
    token.mint(accounts[2], HELD, sender=accounts[0])
    return Bridge(
        contract=contract,
        chain=chain,
        token=token,
        pauser=containers["pauser"].at(arguments["pauser"]),
        dao=accounts[0],
        treasury=accounts[1],
        user=accounts[2],
        guardians=guardians,
        keys=lattice_keys,
    )
