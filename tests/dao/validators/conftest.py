"""A registry of validators, and accounts that could be: one more than there is place for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PrivateKey
from eth_utils import keccak, to_checksum_address
from vyper.compiler import compile_code

PARS = 10**18
STAKE = 15_000 * PARS
DAY = 86_400
MINIMUM = 21
MAXIMUM = 100

PAUSER = """
# pragma version 0.4.3
paused: public(bool)

@external
def set(paused: bool):
    self.paused = paused
"""


@dataclass(frozen=True, kw_only=True)
class Validators:
    """A registry, accounts for validators in the order of their addresses, and their keys."""

    contract: Any
    pauser: Any
    treasury: Any
    outsider: Any
    chain: Any
    accounts: tuple[Any, ...]
    keys: tuple[MLDSA87PrivateKey, ...]

    def register(self, place: int, **options: Any) -> Any:
        account, key = self.accounts[place], self.keys[options.pop("key", place)]
        proof = key.sign(self.contract.possessionMessage(account))
        public = key.public_key().public_bytes_raw()
        options = {"value": STAKE, "sender": account, **options}
        return self.contract.register(public, proof, **options)

    def activate(self, *places: int) -> None:
        """Register validators, and activate them a day later."""
        for place in places:
            self.register(place)
        self.chain.pending_timestamp += DAY
        for place in places:
            self.contract.activate(sender=self.accounts[place])

    def state(self, place: int) -> int:
        return self.contract.validator(self.accounts[place])[0]

    def stake(self, place: int) -> int:
        return self.contract.validator(self.accounts[place])[1]

    def time(self, place: int) -> int:
        return self.contract.validator(self.accounts[place])[2]

    def today(self) -> int:
        return self.chain.pending_timestamp // DAY

    def equivocation(self, place: int, height: int = 7, **other: Any) -> list[Any]:
        """Return the evidence that a validator voted for two blocks."""
        at = (height, other.get("round", 0), other.get("phase", 1))
        hashes = other.get("hashes", (b"\1" * 32, b"\2" * 32))
        key = self.keys[other.get("key", place)]
        signatures = [key.sign(self.contract.voteMessage(*at, each)) for each in hashes]
        return [self.accounts[place], *at, *hashes, *signatures]

    def downtime(
        self,
        place: int,
        epoch: int,
        grade: int,
        signers: Iterable[int] = range(15),
        keys: Iterable[int] | None = None,
    ) -> list[Any]:
        """Return what certifies that a validator was away."""
        message = self.contract.downtimeMessage(self.accounts[place], epoch, grade)
        signers = list(signers)
        signatures = [self.keys[each].sign(message) for each in keys or signers]
        people = [self.accounts[each] for each in signers]
        return [self.accounts[place], epoch, grade, people, signatures]

    def key_hash(self, key: int) -> bytes:
        return keccak(self.keys[key].public_key().public_bytes_raw())


def container(source: str) -> Any:
    # Imported late: Ape's plugin has loaded web3 by then, which warns when it is loaded.
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    made = compile_code(source, output_formats=["abi", "bytecode"])
    return ContractContainer(
        ContractType(abi=made["abi"], deploymentBytecode={"bytecode": made["bytecode"]})
    )


@pytest.fixture(scope="session")
def lattice_keys() -> tuple[MLDSA87PrivateKey, ...]:
    seeds = [bytes([place]) * 32 for place in range(MAXIMUM + 1)]
    return tuple(MLDSA87PrivateKey.from_seed_bytes(seed) for seed in seeds)


@pytest.fixture(scope="session")
def people(accounts: Any) -> tuple[Any, ...]:
    addresses = sorted(keccak(bytes([place]))[:20] for place in range(MAXIMUM + 1))
    people = tuple(accounts[to_checksum_address(each)] for each in addresses)
    for each in people:
        each.balance = 10**7 * PARS
    return people


@pytest.fixture(scope="module")
def empty(accounts: Any, chain: Any, project: Any, people: Any, lattice_keys: Any) -> Validators:
    """A registry of nobody."""
    pauser = accounts[0].deploy(container(PAUSER))
    arguments = (pauser, accounts[1], MINIMUM, STAKE)
    return Validators(
        contract=accounts[0].deploy(project.ValidatorRegistry, *arguments),
        pauser=pauser,
        treasury=accounts[1],
        outsider=accounts[2],
        chain=chain,
        accounts=people,
        keys=lattice_keys,
    )
