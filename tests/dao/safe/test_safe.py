"""The safe: setting up, executing, signatures of every kind, owners, modules, reading."""

import ape
import pytest
from eth_utils import keccak

NOBODY = "0x" + 40 * "0"
SENTINEL = "0x" + 39 * "0" + "1"
MAGIC = bytes.fromhex("1626ba7e")


def logs(receipt, event):
    return list(receipt.decode_logs(event))


# --- Setting up -----------------------------------------------------------------------------


def test_setup(safe, owners, module):
    assert safe.getOwners() == owners
    assert safe.getThreshold() == 3
    assert all(safe.isOwner(owner) for owner in owners)
    assert safe.getModulesPaginated(SENTINEL, 10) == ([module], SENTINEL)
    assert not safe.isGoverned()


def test_setup_is_for_the_deployer_and_once(project, safe, owners, deployer, stranger):
    fresh = deployer.deploy(project.Safe, deployer)

    with ape.reverts("safe: only the deployer"):
        fresh.setup(owners, 3, [], NOBODY, NOBODY, False, sender=stranger)
    with ape.reverts("safe: already set up"):
        safe.setup(owners, 3, [], NOBODY, NOBODY, False, sender=deployer)


@pytest.mark.parametrize(
    ("pick", "threshold", "governed", "reason"),
    [
        ([], 1, False, "safe: no owners"),
        ([0, 1], 0, False, "safe: threshold is zero"),
        ([0, 1], 3, False, "safe: threshold above owners"),
        ([0, 1], 2, True, "safe: governed by no module"),
        ([0, 0], 1, False, "safe: already an owner"),
        ([NOBODY], 1, False, "safe: owner is zero"),
        ([SENTINEL], 1, False, "safe: owner is the sentinel"),
    ],
)
def test_setup_refuses(project, owners, deployer, pick, threshold, governed, reason):
    fresh = deployer.deploy(project.Safe, deployer)
    chosen = [owners[each] if isinstance(each, int) else each for each in pick]

    with ape.reverts(reason):
        fresh.setup(chosen, threshold, [], NOBODY, NOBODY, governed, sender=deployer)


def test_nobody_deploys_it(project, deployer):
    with ape.reverts("safe: no deployer"):
        deployer.deploy(project.Safe, NOBODY)


def test_before_setup_nothing_executes(project, deployer, transaction, stranger):
    fresh = deployer.deploy(project.Safe, deployer)

    with ape.reverts("safe: no signatures required"):
        fresh.execTransaction(*transaction(stranger), b"", sender=stranger)
    with ape.reverts("safe: only a module"):
        fresh.execTransactionFromModule(stranger, 0, b"", 0, sender=stranger)


# --- Executing ------------------------------------------------------------------------------


def test_three_of_five_send_value(safe, owners, receiver, execute, nonce_of):
    before = receiver.balance
    receipt = execute(safe, owners[:3], receiver, 10**18)

    assert receiver.balance == before + 10**18
    assert nonce_of(safe) == 1
    assert [each.payment for each in logs(receipt, safe.ExecutionSuccess)] == [0]


def test_two_of_five_are_too_few(safe, owners, receiver, execute):
    with ape.reverts("safe: too few signatures"):
        execute(safe, owners[:2], receiver, 10**18)


def test_signatures_are_for_one_nonce(safe, owners, receiver, sign, transaction, stranger):
    asked = transaction(receiver, 1)
    signatures = sign(safe.getTransactionHash(*asked, 0), *owners[:3])
    safe.execTransaction(*asked, signatures, sender=stranger)

    with ape.reverts():
        safe.execTransaction(*asked, signatures, sender=stranger)


def test_an_owner_who_sends_needs_no_signature(safe, owners, receiver, sign, transaction):
    sender, *others = sorted(owners, key=lambda each: int(each.address, 16))[:3]
    asked = transaction(receiver, 1)
    digest = safe.getTransactionHash(*asked, 0)
    own = bytes(12) + bytes.fromhex(sender.address[2:]) + bytes(32) + b"\x01"

    safe.execTransaction(*asked, own + sign(digest, *others), sender=sender)


def test_failing_call_reverts_all_without_safe_gas(safe, owners, execute, nonce_of):
    data = safe.changeThreshold.encode_input(6)

    with ape.reverts("safe: threshold above owners"):
        execute(safe, owners[:3], safe, 0, data)
    assert nonce_of(safe) == 0


def test_failing_call_uses_the_nonce_with_safe_gas(safe, owners, execute, nonce_of):
    data = safe.changeThreshold.encode_input(6)
    receipt = execute(safe, owners[:3], safe, 0, data, safe_gas=100_000)

    assert len(logs(receipt, safe.ExecutionFailure)) == 1
    assert nonce_of(safe) == 1
    assert safe.getThreshold() == 3


def test_unknown_operation(safe, owners, receiver, execute):
    with ape.reverts("safe: unknown operation"):
        execute(safe, owners[:3], receiver, 0, b"", operation=2)


# --- Signatures -----------------------------------------------------------------------------


def test_eth_sign(safe, owners, receiver, key_of, sign, transaction, stranger):
    asked = transaction(receiver, 1)
    digest = bytes(safe.getTransactionHash(*asked, 0))
    prefixed = keccak(b"\x19Ethereum Signed Message:\n32" + digest)
    blob = sign(prefixed, *owners[:3])
    parts = [blob[at : at + 64] + bytes([blob[at + 64] + 4]) for at in range(0, 195, 65)]

    safe.execTransaction(*asked, b"".join(parts), sender=stranger)


def test_approved_hashes(safe, owners, receiver, transaction, stranger):
    asked = transaction(receiver, 1)
    digest = safe.getTransactionHash(*asked, 0)
    signers = sorted(owners, key=lambda each: int(each.address, 16))[:3]
    blob = b"".join(
        bytes(12) + bytes.fromhex(each.address[2:]) + bytes(32) + b"\x01" for each in signers
    )
    for each in signers[:2]:
        safe.approveHash(digest, sender=each)
    with ape.reverts("safe: hash not approved"):
        safe.execTransaction(*asked, blob, sender=stranger)

    safe.approveHash(digest, sender=signers[2])
    assert safe.approvedHashes(signers[2], digest) == 1
    safe.execTransaction(*asked, blob, sender=stranger)


def test_only_owners_approve(safe, stranger):
    with ape.reverts("safe: only an owner"):
        safe.approveHash(b"\x01" * 32, sender=stranger)


@pytest.fixture
def nested(make_safe, owners):
    """A safe of two owners, one of which is a safe of three; and the inner one."""
    inner = make_safe(of=owners[:3], threshold=2)
    return make_safe(of=[inner, owners[4]], threshold=2), inner


@pytest.fixture
def nested_blob(nested, owners, sign):
    """The signatures of a digest: by the inner safe behind the offset, and by an account."""

    def run(digest, signers, offset=130, size=None):
        _, inner = nested
        message = inner.getMessageHash(bytes(digest))
        content = sign(message, *signers)
        of_safe = bytes(12) + bytes.fromhex(inner.address[2:]) + offset.to_bytes(32) + b"\0"
        parts = [(inner, of_safe), (owners[4], sign(digest, owners[4]))]
        parts.sort(key=lambda each: int(each[0].address, 16))
        length = len(content) if size is None else size
        return b"".join(blob for _, blob in parts) + length.to_bytes(32) + content

    return run


def test_contract_signature(nested, nested_blob, owners, receiver, transaction, stranger):
    outer, _ = nested
    asked = transaction(receiver, 1)
    digest = outer.getTransactionHash(*asked, 0)

    outer.execTransaction(*asked, nested_blob(digest, owners[:2]), sender=stranger)


def test_contract_that_refuses(nested, nested_blob, owners, receiver, transaction, stranger):
    outer, _ = nested
    asked = transaction(receiver, 1)
    digest = outer.getTransactionHash(*asked, 0)

    with ape.reverts("safe: too few signatures"):
        outer.execTransaction(*asked, nested_blob(digest, owners[:1]), sender=stranger)


OTHER_MAGIC = """
@external
@view
def isValidSignature(hash: bytes32, signature: Bytes[64]) -> bytes4:
    return 0x20c13b0b
"""


def test_contract_that_answers_otherwise(make_safe, module, compiled, deployer):
    odd = deployer.deploy(compiled(OTHER_MAGIC))
    outer = make_safe(of=[odd], threshold=1)
    digest = b"\x01" * 32
    blob = bytes(12) + bytes.fromhex(odd.address[2:]) + (65).to_bytes(32) + b"\0" + bytes(32)

    with ape.reverts("safe: contract refuses"):
        outer.checkSignatures(module, digest, blob)


def test_messages_by_erc_1271(safe, owners, sign):
    digest = keccak(b"a message")
    message = safe.getMessageHash(digest)

    assert safe.isValidSignature(digest, sign(message, *owners[:3])) == MAGIC
    with ape.reverts("safe: too few signatures"):
        safe.isValidSignature(digest, b"")
    with ape.reverts("safe: signer is no owner"):
        safe.isValidSignature(digest, sign(digest, *owners[:3]))


def test_more_signatures_than_owners(safe, owners, sign):
    with ape.reverts("safe: more than all owners"):
        safe.checkNSignatures(owners[0], bytes(32), b"", 33)


# --- Owners ---------------------------------------------------------------------------------


def test_owners_change_by_the_safe_only(safe, owners, stranger):
    for sender in (stranger, owners[0]):
        with ape.reverts("safe: only the safe itself"):
            safe.addOwnerWithThreshold(stranger, 1, sender=sender)
        with ape.reverts("safe: only the safe itself"):
            safe.setGuard(NOBODY, sender=sender)


def test_add_remove_swap(safe, owners, stranger, receiver, itself):
    itself(safe, owners[:3], "addOwnerWithThreshold", stranger, 4)
    assert safe.getOwners() == [stranger, *owners]
    assert safe.getThreshold() == 4

    itself(safe, owners[:4], "swapOwner", owners[0], owners[1], receiver)
    assert safe.getOwners() == [stranger, owners[0], receiver, *owners[2:]]
    assert not safe.isOwner(owners[1])

    itself(safe, [owners[0], *owners[2:]], "removeOwner", SENTINEL, stranger, 2)
    assert safe.getOwners() == [owners[0], receiver, *owners[2:]]
    assert safe.getThreshold() == 2


@pytest.mark.parametrize(
    ("before", "owner", "reason"),
    [
        (0, 2, "safe: wrong previous owner"),
        (0, NOBODY, "safe: not an owner"),
        (4, SENTINEL, "safe: not an owner"),
    ],
)
def test_remove_refuses(safe, owners, itself, before, owner, reason):
    gone = owners[owner] if isinstance(owner, int) else owner
    with ape.reverts(reason):
        itself(safe, owners[:3], "removeOwner", owners[before], gone, 1)


def test_owners_are_at_most_32(make_safe, owners, itself, stranger):
    many = [f"0x{number:040x}" for number in range(0x1000, 0x1000 + 31)]
    safe = make_safe(of=[owners[0], *many], threshold=1)

    with ape.reverts("safe: too many owners"):
        itself(safe, owners[:1], "addOwnerWithThreshold", stranger, 1)
    itself(safe, owners[:1], "swapOwner", owners[0], many[0], stranger)
    assert len(safe.getOwners()) == 32


# --- Modules and guards ---------------------------------------------------------------------


def test_module_executes(safe, module, receiver, stranger):
    before = receiver.balance
    receipt = safe.execTransactionFromModule(receiver, 5, b"", 0, sender=module)

    assert receiver.balance == before + 5
    assert len(logs(receipt, safe.ExecutionFromModuleSuccess)) == 1
    with ape.reverts("safe: only a module"):
        safe.execTransactionFromModule(receiver, 5, b"", 0, sender=stranger)


def test_module_is_told_of_failure(safe, module):
    data = safe.changeThreshold.encode_input(6)
    receipt = safe.execTransactionFromModule(safe, 0, data, 0, sender=module)

    assert len(logs(receipt, safe.ExecutionFromModuleFailure)) == 1
    assert safe.getThreshold() == 3


def test_module_gets_what_was_returned(safe, module):
    asked = (safe, 0, safe.getThreshold.encode_input(), 0)
    assert safe.execTransactionFromModuleReturnData.call(*asked, sender=module) == (
        True,
        (3).to_bytes(32),
    )


def test_modules_are_a_list(safe, module, stranger, receiver, owners, itself):
    itself(safe, owners[:3], "enableModule", stranger)
    itself(safe, owners[:3], "enableModule", receiver)
    assert safe.getModulesPaginated(SENTINEL, 2) == ([receiver, stranger], stranger)
    assert safe.getModulesPaginated(stranger, 2) == ([module], SENTINEL)

    itself(safe, owners[:3], "disableModule", receiver, stranger)
    assert not safe.isModuleEnabled(stranger)
    assert safe.getModulesPaginated(SENTINEL, 9) == ([receiver, module], SENTINEL)
    with ape.reverts("safe: not a module"):
        safe.getModulesPaginated(stranger, 1)
    with ape.reverts("safe: empty page"):
        safe.getModulesPaginated(SENTINEL, 0)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        ("enableModule", (NOBODY,), "safe: not a module"),
        ("enableModule", (SENTINEL,), "safe: not a module"),
        ("enableModule", ("module",), "safe: already a module"),
        ("disableModule", (SENTINEL, NOBODY), "safe: not a module"),
        ("disableModule", ("module", "module"), "safe: wrong previous module"),
        ("setGuard", ("other",), "safe: not a guard"),
        ("setModuleGuard", ("other",), "safe: not a module guard"),
    ],
)
def test_settings_refuse(safe, module, owners, make_safe, itself, function, arguments, reason):
    named = {"module": module, "other": make_safe()}
    with ape.reverts(reason):
        itself(safe, owners[:3], function, *(named.get(each, each) for each in arguments))


def test_modules_are_at_most_16(safe, owners, make_safe, itself):
    full = make_safe(modules=[f"0x{number:040x}" for number in range(0x1000, 0x1010)])
    with ape.reverts("safe: too many modules"):
        itself(full, owners[:3], "enableModule", "0x" + 40 * "9")


# --- Governed -------------------------------------------------------------------------------


def test_governed_settings_change_through_the_module(make_safe, owners, stranger, itself, module):
    safe = make_safe(governed=True)
    with ape.reverts("safe: only through a module"):
        itself(safe, owners, "addOwnerWithThreshold", stranger, 1)

    data = safe.addOwnerWithThreshold.encode_input(stranger, 3)
    safe.execTransactionFromModule(safe, 0, data, 0, sender=module)
    assert safe.isOwner(stranger)


def test_last_module_of_governance_stays(make_safe, module):
    safe = make_safe(governed=True)
    data = safe.disableModule.encode_input(SENTINEL, module)
    answer = safe.execTransactionFromModuleReturnData.call(safe, 0, data, 0, sender=module)

    assert answer[0] is False
    assert b"safe: last module of governance" in answer[1]


# --- Receiving ------------------------------------------------------------------------------


def test_receives(safe, stranger):
    receipt = stranger.transfer(safe, 7)
    assert [each.value for each in logs(receipt, safe.SafeReceived)] == [7]
    with ape.reverts("safe: no such function"):
        stranger.transfer(safe, 0, data=b"\x01\x02\x03\x04")


def test_takes_tokens_of_erc_721_and_1155(safe, stranger):
    one = (stranger, stranger, 1)
    answers = [
        safe.onERC721Received.call(*one, b"", sender=stranger),
        safe.onERC1155Received.call(*one, 1, b"", sender=stranger),
        safe.onERC1155BatchReceived.call(stranger, stranger, [1], [1], b"", sender=stranger),
    ]
    assert [bytes(each).hex() for each in answers] == ["150b7a02", "f23a6e61", "bc197c81"]
    for identifier in ("01ffc9a7", "150b7a02", "4e2312e0"):
        assert safe.supportsInterface(bytes.fromhex(identifier))
    assert not safe.supportsInterface(b"\xff\xff\xff\xff")
