"""A deployment as data: what is created where, and what is set afterwards.

Addresses follow from the code, its arguments and a salt (EIP-1014), so all of it is known, encoded
and checked before anything is sent, and the same plan finds what an earlier run has done.
The salt has the chain's id: nobody can repeat the deployment elsewhere, at the same addresses, with
other hands on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode

from precompiles import abi
from precompiles.backends.keccak import keccak256
from precompiles.precompile import Precompile

from ..genesis import CREATE2_DEPLOYER
from ..remote import call_data, method_of
from .artifacts import Artifact, artifacts, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A contract to be put at its address."""

    name: str
    """What this one is called; several may be of one contract."""
    artifact: Artifact
    arguments: tuple[Any, ...]
    address: bytes
    salt: bytes
    init_code: bytes

    @property
    def data(self) -> bytes:
        """What the CREATE2 deployer takes."""
        return self.salt + self.init_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A call to make once, and the question whose answer says that it was made."""

    name: str
    function: str
    arguments: tuple[Any, ...]
    to: bytes
    data: bytes
    question: bytes
    answer: bytes | None
    """What it says; None for anything but zeros."""


Step = Creation | Setting


@dataclass(slots=True, kw_only=True)
class Plan:
    """Steps in their order, and where everything will stand."""

    chain_id: int
    label: str
    steps: list[Step] = field(default_factory=list)
    addresses: dict[str, bytes] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)

    def create(self, contract: str, *arguments: Any, name: str | None = None) -> bytes:
        """Add a contract; return its address."""
        name = name or contract
        if name in self.addresses:
            raise ValueError(f"{name} stands in the plan already")
        artifact = artifacts()[contract]
        init_code = artifact.init_code(arguments)
        salt = keccak256(encode(["uint256", "string"], [self.chain_id, self.label + name]))
        address = keccak256(b"\xff" + CREATE2_DEPLOYER + salt + keccak256(init_code))[12:]
        self.addresses[name] = address
        self.artifacts[name] = artifact
        self.steps.append(
            Creation(
                name=name,
                artifact=artifact,
                arguments=arguments,
                address=address,
                salt=salt,
                init_code=init_code,
            )
        )
        return address

    def set(
        self, name: str, function: str, *arguments: Any, asking: Sequence[Any], answer: Any
    ) -> None:
        """Add a call of `function`, unless `asking` (a function, arguments) answers `answer`.

        None as the answer is anything but zeros.
        """
        artifact = self.artifacts[name]
        asked, *given = asking
        outputs = canonical(artifact.function(asked)["outputs"])
        self.steps.append(
            Setting(
                name=name,
                function=function,
                arguments=arguments,
                to=self.addresses[name],
                data=artifact.call_data(function, arguments),
                question=artifact.call_data(asked, given),
                answer=None if answer is None else encode(outputs, [answer]),
            )
        )

    def register(
        self, entry: Precompile, method: str, *arguments: Any, asking: Sequence[Any], answer: Any
    ) -> None:
        """Add the same for a precompile."""
        asked = method_of(entry, asking[0])
        self.steps.append(
            Setting(
                name=entry.name,
                function=method,
                arguments=arguments,
                to=entry.address,
                data=call_data(method_of(entry, method), arguments),
                question=call_data(asked, asking[1:]),
                answer=abi.encode(asked.signature.outputs, [answer]),
            )
        )
