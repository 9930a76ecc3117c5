"""What tests of contracts share: two compilers, a chain, and contracts to talk to.

A test of a documented example is three lines: take its source by name, compile, deploy, ask.

    def test_sealed_vote(documented, vyper, deploy):
        contract = deploy(*vyper(documented("privacy.md", "SealedVote.vy")))
        contract.send("vote", 1)
        assert contract.call("votes") == 1
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from vyper.compiler import compile_code
from vyper.compiler.input_bundle import FilesystemInputBundle

from chain.accounts import DevAccount, dev_accounts
from chain.blocks import Receipt
from chain.calls import CallRequest, CallResult
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain

ROOT = Path(__file__).parents[2]
INTERFACES = ROOT / "contracts" / "interfaces"
DOCS = ROOT / "docs"
COMPILE_SECONDS = 60
FENCE = re.compile(r"(?ms)^```(vyper|solidity)\n(.*?)^```$")

Compiled = tuple[list[dict[str, Any]], bytes]


# --- Compilers ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def vyper() -> Callable[[str], Compiled]:
    """Compile a Vyper source, `vyper(source) -> (abi, bytecode)`.

    It may import any interface by its name, and modules of contracts/ by their folder.
    """
    bundle = FilesystemInputBundle([INTERFACES, INTERFACES.parent])

    def run(source: str) -> Compiled:
        made = compile_code(source, input_bundle=bundle, output_formats=["abi", "bytecode"])
        return made["abi"], bytes.fromhex(made["bytecode"].removeprefix("0x"))

    return run


@pytest.fixture(scope="session")
def solidity(npm: Callable[[Path], Path]) -> Iterator[Callable[[str], Compiled]]:
    """Compile a Solidity source, `solidity(source) -> (abi, bytecode)` of its last contract.

    It imports interfaces by bare name: `import "IMLDSA.sol";`. A warning is a failure. Skips
    where Node.js or its packages are not at hand.
    """
    folder = npm(Path(__file__).parent / "node")
    process = subprocess.Popen(
        ["node", "compile.mjs", str(INTERFACES)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(source: str) -> Compiled:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"name": "Source.sol", "content": source}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["messages"] == [], "\n".join(answer["messages"])
        made = answer["contracts"][-1]
        return made["abi"], bytes.fromhex(made["bytecode"])

    with process:
        yield run
        assert process.stdin is not None
        process.stdin.close()
        process.wait(COMPILE_SECONDS)


# --- Documented examples --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Example:
    """One whole contract in a page of docs/. `name` is the file name in its first line."""

    page: str
    language: str
    name: str
    source: str


def examples() -> list[Example]:
    """Return every fenced contract of every page."""
    found = []
    for page in sorted(DOCS.glob("*.md")):
        for language, source in FENCE.findall(page.read_text("utf-8")):
            name = re.sub(r"^(#|//)\s*", "", source.splitlines()[0])
            found.append(Example(page=page.name, language=language, name=name, source=source))
    return found


@pytest.fixture(scope="session")
def documented() -> Callable[[str, str], str]:
    """Return the source of an example: `documented("pq.md", "SealedVote.vy")`."""
    sources = {(each.page, each.name): each.source for each in examples()}
    return lambda page, name: sources[page, name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        found = examples()
        metafunc.parametrize("example", found, ids=[f"{each.page}-{each.name}" for each in found])


# --- The chain ------------------------------------------------------------------------------


def types(parameters: Sequence[dict[str, Any]]) -> list[str]:
    """Return the canonical types of a list of ABI parameters."""
    return [
        parameter["type"].replace("tuple", f"({','.join(types(parameter['components']))})")
        if parameter["type"].startswith("tuple")
        else parameter["type"]
        for parameter in parameters
    ]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A deployed contract. A function is asked for by name, or by `name(types)` if overloaded."""

    chain: LocalChain
    address: bytes
    abi: list[dict[str, Any]]

    def call(self, function: str, *arguments: Any, **options: Any) -> Any:
        """Ask by eth_call; return the one output, or a tuple of them."""
        result = self.ask(function, *arguments, **options)
        assert result.success, f"{function} failed: 0x{result.output.hex()}"
        outputs = eth_abi.decode(types(self.declared(function)["outputs"]), result.output)
        return outputs[0] if len(outputs) == 1 else outputs

    def refusal(self, function: str, *arguments: Any, **options: Any) -> bytes:
        """Ask by eth_call what must revert; return the payload."""
        result = self.ask(function, *arguments, **options)
        assert result.reverted, f"{function} did not revert"
        return result.output

    def send(self, function: str, *arguments: Any, **options: Any) -> Receipt:
        """Send a transaction that must succeed; return its receipt."""
        return send(self.chain, to=self.address, data=self.encoded(function, arguments), **options)

    def ask(self, function: str, *arguments: Any, **options: Any) -> CallResult:
        """Ask by eth_call, whatever comes. `options` are those of CallRequest."""
        data = self.encoded(function, arguments)
        options = {"sender": self.chain.accounts[0], **options}
        return self.chain.call(CallRequest(to=self.address, data=data, **options))

    def declared(self, function: str) -> dict[str, Any]:
        found = [
            each
            for each in self.abi
            if each["type"] == "function"
            and function in (each["name"], f"{each['name']}({','.join(types(each['inputs']))})")
        ]
        assert len(found) == 1, f"{len(found)} functions are {function}"
        return found[0]

    def encoded(self, function: str, arguments: Sequence[Any]) -> bytes:
        declared = self.declared(function)
        inputs = types(declared["inputs"])
        selector = keccak(text=f"{declared['name']}({','.join(inputs)})")[:4]
        return selector + eth_abi.encode(inputs, arguments)


def send(chain: LocalChain, **request: Any) -> Receipt:
    """Send a transaction that must succeed, from the first account unless told otherwise."""
    chain.send(CallRequest(**{"sender": chain.accounts[0], **request}))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 1, "the transaction failed"
    return receipt


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts(count=4)


@pytest.fixture(scope="module")
def chain(accounts: tuple[DevAccount, ...]) -> Iterator[LocalChain]:
    """A chain of the mainnet's rules: secret operations answer in calls only. One per file."""
    genesis = pars_genesis(6133, [account.address for account in accounts])
    opened = LocalChain.open(genesis, accounts=accounts, loud=True)
    yield opened
    opened.close()


@pytest.fixture
def deploy(chain: LocalChain) -> Callable[..., Contract]:
    """Deploy what a compiler returned: `deploy(*vyper(source), *constructor_arguments)`."""

    def run(abi: list[dict[str, Any]], bytecode: bytes, *arguments: Any) -> Contract:
        constructors = [each["inputs"] for each in abi if each["type"] == "constructor"]
        inputs = types(constructors[0]) if constructors else []
        receipt = send(chain, data=bytecode + eth_abi.encode(inputs, arguments))
        assert receipt.contract_address is not None
        return Contract(chain=chain, address=receipt.contract_address, abi=abi)

    return run


# --- A pool ---------------------------------------------------------------------------------

HELD = 10**24
"""What a pool's provider has of each token."""

TOKEN = """
# pragma version 0.4.3
balanceOf: public(HashMap[address, uint256])

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def transfer(to: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    return True
"""

PROVIDER = """
# pragma version 0.4.3
# Adds liquidity and leaves its tokens with the manager: enough for a pool to swap in.
import IPoolManager

MANAGER: constant(address) = 0x0000000000000000000000000000000000000400

interface IToken:
    def transfer(to: address, amount: uint256) -> bool: nonpayable

@external
def provide(key: IPoolManager.PoolKey, liquidity: int256):
    extcall IPoolManager(MANAGER).initialize(key, 2**96)
    extcall IPoolManager(MANAGER).unlock(abi_encode(key, liquidity))

@external
def unlockCallback(data: Bytes[192]) -> Bytes[32]:
    key: IPoolManager.PoolKey = empty(IPoolManager.PoolKey)
    liquidity: int256 = 0
    key, liquidity = abi_decode(data, (IPoolManager.PoolKey, int256))
    params: IPoolManager.ModifyLiquidityParams = IPoolManager.ModifyLiquidityParams(
        tickLower=-600, tickUpper=600, liquidityDelta=liquidity, salt=empty(bytes32)
    )
    both: (int256, int256) = extcall IPoolManager(MANAGER).modifyLiquidity(key, params, b"")
    high: int256 = both[0] >> 128
    low: int256 = both[0] - (high << 128) - 2**128
    for currency: address in [key.currency0, key.currency1]:
        owed: int256 = high if currency == key.currency0 else low
        extcall IPoolManager(MANAGER).sync(currency)
        extcall IToken(currency).transfer(MANAGER, convert(-owed, uint256))
        extcall IPoolManager(MANAGER).settle()
    return b""
"""


@pytest.fixture
def make_pool(
    vyper: Callable[..., Any], deploy: Callable[..., Any]
) -> Callable[[bytes], tuple[Any, ...]]:
    """Make a pool of two tokens at price 1, with these hooks: its key, and both tokens."""

    def make(hooks: bytes) -> tuple[Any, ...]:
        compiled = vyper(TOKEN)
        tokens = sorted((deploy(*compiled) for _ in range(2)), key=lambda each: each.address)
        provider = deploy(*vyper(PROVIDER))
        key = (*(token.address for token in tokens), 3_000, 60, hooks)
        for token in tokens:
            token.send("mint", provider.address, HELD)
        provider.send("provide", key, 10**22)
        return key, *tokens

    return make
