"""Safe 1.5.0 beside ours, at one address: the same hashes, the same signatures, less gas.

Nothing of it is in this repository: npm brings what its authors compiled, or `SAFE_CONTRACTS` names
a folder that has it.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from eth_utils import keccak

PLACE = bytes.fromhex("5afe" * 10)
NOBODY = "0x" + 40 * "0"
SENTINEL = "0x" + 39 * "0" + "1"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
INSTALL_SECONDS = 240
NPM = "npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel error"


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory):
    """Where the compiled contracts of the package are."""
    named = os.environ.get("SAFE_CONTRACTS")
    if named is not None:
        return Path(named)
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(Path(__file__).parent / "node" / "package.json", folder)
    try:
        done = subprocess.run(
            NPM.split(),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish")
    if done.returncode:
        pytest.skip(f"npm cannot install the package: {done.stderr.strip()[-200:]}")
    return folder / "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts"


@pytest.fixture(scope="session")
def foreign(artefacts):
    """A contract of the package: `foreign('Safe.sol/Safe')`, to deploy, and its code."""
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    def run(name):
        made = json.loads((artefacts / f"{name}.json").read_text("utf-8"))
        return ContractContainer(
            ContractType(
                contractName=made["contractName"],
                abi=made["abi"],
                deploymentBytecode={"bytecode": made["bytecode"]},
                runtimeBytecode={"bytecode": made["deployedBytecode"]},
            )
        )

    return run


@pytest.fixture
def put(networks):
    """Let a contract be at the one address, with storage as it is: nothing."""

    def run(container, code):
        networks.provider.chain.set_code(PLACE, bytes(code))
        return container.at("0x" + PLACE.hex(), fetch_from_explorer=False)

    return run


@pytest.fixture
def theirs(foreign, put, owners, deployer, chain):
    """What Safe answers: `theirs(question)`, with the chain as it was before."""

    def run(question):
        container = foreign("Safe.sol/Safe")
        with chain.isolate():
            safe = put(
                container, bytes.fromhex(container.contract_type.runtime_bytecode.bytecode[2:])
            )
            nothing = (NOBODY, b"", NOBODY, NOBODY, 0, NOBODY)
            safe.setup(owners, 3, *nothing, sender=deployer)
            deployer.transfer(safe, "1 ether")
            return question(safe)

    return run


@pytest.fixture
def ours(project, put, owners, deployer, chain, networks):
    """What ours answers."""

    def run(question):
        with chain.isolate():
            model = deployer.deploy(project.Safe, deployer)
            safe = put(project.Safe, networks.provider.get_code(model.address))
            safe.setup(owners, 3, [], NOBODY, NOBODY, False, sender=deployer)
            deployer.transfer(safe, "1 ether")
            return question(safe)

    return run


@pytest.mark.parametrize("number", range(8))
def test_same_transaction_hashes(theirs, ours, number):
    seed = keccak(number.to_bytes(1))
    address = "0x" + seed[:20].hex()
    asked = (
        address,
        int.from_bytes(seed) >> number,
        seed * number,
        number % 2,
        number,
        *(int.from_bytes(keccak(seed)) >> shift for shift in (number, 100)),
        address,
        NOBODY,
        number**9,
    )

    def question(safe):
        return safe.getTransactionHash(*asked), safe.domainSeparator()

    assert theirs(question) == ours(question)


def raised(call):
    """Say whether a call is refused."""
    from ape.exceptions import ContractLogicError

    try:
        call()
    except ContractLogicError:
        return True
    return False


def named(owner, s=0, v=1):
    return bytes(12) + bytes.fromhex(owner.address[2:]) + s.to_bytes(32) + bytes([v])


def high_s(one):
    s, v = int.from_bytes(one[32:64]), one[64]
    return one[:32] + (ORDER - s).to_bytes(32) + bytes([55 - v])


def with_v(one, v):
    return one[:64] + bytes([v])


BLOBS = {
    "three": lambda each, _: b"".join(each[:3]),
    "five": lambda each, _: b"".join(each),
    "two": lambda each, _: b"".join(each[:2]),
    "last byte missing": lambda each, _: b"".join(each[:3])[:-1],
    "a byte more": lambda each, _: b"".join(each[:3]) + b"\x01",
    "none": lambda *_: b"",
    "twice": lambda each, _: each[0] + each[0] + each[1],
    "not in order": lambda each, _: each[1] + each[0] + each[2],
    "approved by nobody": lambda each, owners: named(owners[0]) + each[1] + each[2],
    "approved by the sender": lambda each, owners: each[0] + named(owners[1]) + each[2],
    "contract without code": lambda each, owners: named(owners[0], 195, 0) + each[1] + each[2],
    "offset inside": lambda each, owners: named(owners[0], 194, 0) + each[1] + each[2] + bytes(99),
    "zeros": lambda *_: bytes(195),
    **{
        f"v is {v}": lambda each, _, v=v: each[0] + each[1] + with_v(each[2], v)
        for v in (2, 26, 29, 30, 31, 32, 33, 255)
    },
}


@pytest.fixture
def accepts(transaction, sign, owners, receiver):
    """Whether a safe executes with a blob, sent by the second of the owners."""
    ordered = sorted(owners, key=lambda each: int(each.address, 16))

    def run(arrange):
        def question(safe):
            asked = transaction(receiver, 1)
            digest = safe.getTransactionHash(*asked, 0)
            blob = arrange([sign(digest, owner) for owner in ordered], ordered)
            return not raised(lambda: safe.execTransaction(*asked, blob, sender=ordered[1]))

        return question

    return run


@pytest.mark.parametrize("name", BLOBS)
def test_same_signatures(theirs, ours, accepts, name):
    answer = accepts(BLOBS[name])
    assert theirs(answer) == ours(answer)


def test_high_s_is_the_difference(theirs, ours, accepts):
    answer = accepts(lambda each, _: each[0] + each[1] + high_s(each[2]))
    assert theirs(answer)
    assert not ours(answer)


def test_eth_sign_by_both(theirs, ours, transaction, sign, owners, receiver, stranger):
    def question(safe):
        asked = transaction(receiver, 1)
        digest = bytes(safe.getTransactionHash(*asked, 0))
        blob = sign(keccak(b"\x19Ethereum Signed Message:\n32" + digest), *owners[:3])
        each = [with_v(blob[at : at + 65], blob[at + 64] + 4) for at in (0, 65, 130)]
        return not raised(lambda: safe.execTransaction(*asked, b"".join(each), sender=stranger))

    assert theirs(question)
    assert ours(question)


def test_same_owner_and_module_lists(theirs, ours, owners, itself, stranger, receiver):
    def question(safe):
        itself(safe, owners[:3], "addOwnerWithThreshold", stranger, 4)
        itself(safe, owners[:4], "swapOwner", owners[1], owners[2], receiver)
        itself(safe, [owners[0], owners[1], *owners[3:]], "removeOwner", SENTINEL, stranger, 2)
        itself(safe, owners[:2], "enableModule", stranger)
        itself(safe, owners[:2], "enableModule", receiver)
        pages = [safe.getModulesPaginated(start, 1) for start in (SENTINEL, receiver)]
        return safe.getOwners(), safe.getThreshold(), pages

    assert theirs(question) == ours(question)


def test_less_gas(
    project, foreign, owners, deployer, make_safe, execute, itself, target, module, stranger
):
    """Creating, and reaching a slot that is written already: by three of five, and by a module."""
    ours = deployer.deploy(
        project.SafeFactory, project.Safe.contract_type.deployment_bytecode.bytecode
    )
    settings = (owners, 3, [], NOBODY, NOBODY, False, 1)
    singleton = deployer.deploy(foreign("Safe.sol/Safe"))
    theirs = deployer.deploy(foreign("proxies/SafeProxyFactory.sol/SafeProxyFactory"))
    begin = singleton.setup.encode_input(owners, 3, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY)
    foreseen = theirs.createProxyWithNonce.call(singleton, begin, 1, sender=stranger)
    created = [
        ours.createSafe(*settings, sender=stranger).gas_used,
        theirs.createProxyWithNonce(singleton, begin, 1, sender=stranger).gas_used,
    ]
    places = {
        "whole": make_safe(modules=[]),
        "proxy": project.Safe.at(ours.safeAddress(*settings)),
        "theirs": foreign("Safe.sol/Safe").at(foreseen, fetch_from_explorer=False),
    }
    target.reach(sender=deployer)
    data = target.reach.encode_input()
    used = {}
    for name, safe in places.items():
        signed = [execute(safe, owners[:3], target, 0, data).gas_used for _ in range(2)]
        itself(safe, owners[:3], "enableModule", module)
        sent = safe.execTransactionFromModule(target, 0, data, 0, sender=module)
        used[name] = (*signed, sent.gas_used)

    assert created[0] < created[1]
    for whole, other in zip(used["whole"], used["theirs"], strict=True):
        assert whole < other
    for proxy, other in zip(used["proxy"][:2], used["theirs"][:2], strict=True):
        assert proxy < other
