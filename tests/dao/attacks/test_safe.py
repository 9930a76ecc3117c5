"""Attacks on the safe, its guard and its pause, by the numbers of docs/safe.md."""

import runpy
from pathlib import Path

import ape
import pytest
from eth_account import Account
from eth_utils import keccak

# The fixtures are those of the safe's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "safe" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NOBODY = "0x" + 40 * "0"
SENTINEL = "0x" + 39 * "0" + "1"
HOUR = 3600
DAY = 24 * HOUR


def in_order(accounts):
    return sorted(accounts, key=lambda each: int(each.address, 16))


def packed(owner, s=0, v=1):
    """A signature that names its owner: an approved hash, or a contract's."""
    return bytes(12) + bytes.fromhex(str(owner)[2:]) + s.to_bytes(32) + bytes([v])


# --- 29: freeze -----------------------------------------------------------------------------


def test_attack_29_outsider_resets_no_freeze_votes(dao, accounts, stranger, later):
    dao.votes.give(accounts[0], 9, sender=stranger)
    dao.votes.give(accounts[1], 91, sender=stranger)
    dao.guard.castFreezeVote(sender=accounts[0])
    counted = dao.guard.freezeRound()

    with ape.reverts("guard: no voting power"):
        dao.guard.castFreezeVote(sender=stranger)
    with ape.reverts("guard: already voted"):
        dao.guard.castFreezeVote(sender=accounts[0])
    later(6 * DAY)
    with ape.reverts("guard: no voting power"):
        dao.guard.castFreezeVote(sender=stranger)
    assert dao.guard.freezeRound() == counted


def test_attack_29_the_guarded_remove_no_guard(dao, owners, execute):
    for function in ("setGuard", "setModuleGuard"):
        data = getattr(dao.safe, function).encode_input(NOBODY)
        with ape.reverts("guard: protected target"):
            execute(dao.safe, owners, dao.safe, 0, data)
    assert dao.safe.getGuard() == dao.guard


def test_attack_29_signers_alone_remove_no_guard_without_it(make_safe, owners, itself):
    safe = make_safe(governed=True)
    for function in ("setGuard", "setModuleGuard"):
        with ape.reverts("safe: only through a module"):
            itself(safe, owners, function, NOBODY)


def test_attack_29_a_module_removes_no_guard_while_frozen(dao, accounts, module, stranger):
    dao.votes.give(accounts[0], 1, sender=stranger)
    dao.guard.castFreezeVote(sender=accounts[0])
    data = dao.safe.setGuard.encode_input(NOBODY)
    with ape.reverts("guard: frozen"):
        dao.safe.execTransactionFromModule(dao.safe, 0, data, 0, sender=module)


def test_attack_29_freeze_ends_and_rests(dao, accounts, stranger, at):
    dao.votes.give(accounts[0], 1, sender=stranger)
    dao.guard.castFreezeVote(sender=accounts[0])
    until = dao.guard.frozenUntil()
    at(until)
    with ape.reverts("guard: resting after a freeze"):
        dao.guard.castFreezeVote(sender=accounts[0])
    assert not dao.guard.frozen()


# --- 32: the emergency track ----------------------------------------------------------------


def test_attack_32_one_of_five(dao, owners, later):
    dao.pause.pause("", sender=owners[0])
    with ape.reverts("pause: already asked"):
        dao.pause.pause("", sender=owners[0])
    later(HOUR + 1)
    dao.pause.pause("", sender=owners[0])
    assert not dao.pause.paused()


def test_attack_32_a_stranger_is_no_owner(dao, stranger, owners):
    dao.pause.pause("", sender=owners[0])
    with ape.reverts("pause: only an owner"):
        dao.pause.pause("", sender=stranger)


def test_attack_32_who_left_since_does_not_count(dao, owners, by_module):
    dao.pause.pause("", sender=owners[0])
    by_module(dao.safe, dao.safe, "removeOwner", SENTINEL, owners[0], 3)
    dao.pause.pause("", sender=owners[1])
    assert not dao.pause.paused()


def test_attack_32_lapses_at_72_hours_and_rests(dao, owners, at):
    for owner in owners[:2]:
        receipt = dao.pause.pause("", sender=owner)
    until = receipt.timestamp + 72 * HOUR
    at(until - 1)
    with ape.reverts("pause: already paused"):
        dao.pause.pause("", sender=owners[2])
    at(until)
    with ape.reverts("pause: resting until a vote"):
        dao.pause.pause("", sender=owners[2])
    assert not dao.pause.paused()
    at(until + 14 * DAY - 1)
    with ape.reverts("pause: resting until a vote"):
        dao.pause.pause("", sender=owners[2])
    at(until + 14 * DAY)
    dao.pause.pause("", sender=owners[2])


def test_attack_32_lifting_does_not_arm(dao, owners, execute):
    for owner in owners[:2]:
        dao.pause.pause("", sender=owner)
    execute(dao.safe, owners[:3], dao.pause, 0, dao.pause.lift.encode_input())
    with ape.reverts("pause: resting until a vote"):
        dao.pause.pause("", sender=owners[3])


def test_attack_32_the_pause_can_only_pause(project):
    changing = [each for each in project.Pause.contract_type.mutable_methods if not each.is_payable]
    assert {each.name for each in changing} == {"pause", "lift", "extend", "rearm"}
    assert len(changing) == len(project.Pause.contract_type.mutable_methods)


# --- 33, 34: signatures ---------------------------------------------------------------------


def test_attack_33_high_s(safe, owners, receiver, sign, transaction, stranger):
    asked = transaction(receiver, 1)
    blob = sign(safe.getTransactionHash(*asked, 0), *owners[:3])
    s, v = int.from_bytes(blob[32:64]), blob[64]
    malleated = blob[:32] + (ORDER - s).to_bytes(32) + bytes([55 - v]) + blob[65:]

    with ape.reverts("ecdsa: high s"):
        safe.execTransaction(*asked, malleated, sender=stranger)
    safe.execTransaction(*asked, blob, sender=stranger)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (lambda a, b, c: a + a + b, "safe: signers not in order"),
        (lambda a, b, c: a + c + b, "safe: signers not in order"),
        (lambda a, b, c: packed(NOBODY) + a + b, "safe: hash not approved"),
        (lambda a, b, c: packed(SENTINEL) + a + b, "safe: hash not approved"),
        (lambda a, b, c: a + b + bytes(64) + b"\x1b", "ecdsa: no signer"),
        (lambda a, b, c: a + b + c[:64] + b"\x02", "ecdsa: no signer"),
        (lambda a, b, c: a + b + c[:64] + b"\x1e", "ecdsa: no signer"),
        (lambda a, b, c: a + b + c[:64] + b"\xff", "ecdsa: no signer"),
        (lambda a, b, c: a + b + c[:64], "safe: too few signatures"),
    ],
)
def test_attack_34_blobs(safe, owners, receiver, sign, transaction, stranger, arrange, reason):
    asked = transaction(receiver, 1)
    digest = safe.getTransactionHash(*asked, 0)
    each = [sign(digest, owner) for owner in in_order(owners)[:3]]

    with ape.reverts(reason):
        safe.execTransaction(*asked, arrange(*each), sender=stranger)


@pytest.mark.parametrize("sender", ["zero", "sentinel"])
def test_attack_34_zero_and_sentinel_are_no_owners(safe, owners, sign, sender, networks):
    """Even as the executor, who signs by acting."""
    digest = keccak(b"anything")
    account = {"zero": NOBODY, "sentinel": SENTINEL}[sender]
    blob = packed(account) + sign(digest, *in_order(owners)[:2])
    reason = {"zero": "safe: signers not in order", "sentinel": "safe: signer is no owner"}

    with ape.reverts(reason[sender]):
        safe.checkSignatures(account, digest, blob)


@pytest.mark.parametrize(
    ("offset", "tail", "reason"),
    [
        (0, b"", "safe: offset in static part"),
        (64, bytes(64), "safe: offset in static part"),
        (65, b"", "safe: offset outside"),
        (65, bytes(31), "safe: offset outside"),
        (66, bytes(32), "safe: offset outside"),
        (2**256 - 32, bytes(32), "safe: offset outside"),
        (65, (1).to_bytes(32), "safe: signature outside"),
        (65, (2**256 - 1).to_bytes(32), "safe: signature outside"),
        (65, bytes(32), "safe: too few signatures"),
    ],
)
def test_attack_34_offsets(make_safe, owners, stranger, offset, tail, reason):
    inner = make_safe()
    outer = make_safe(of=[inner, owners[0]], threshold=1)

    with ape.reverts(reason):
        outer.checkSignatures(stranger, bytes(32), packed(inner.address, offset, 0) + tail)


def test_attack_34_contract_signature_of_an_account(safe, owners, stranger):
    single = packed(owners[0].address, 65, 0) + bytes(32)
    with ape.reverts("safe: signer has no code"):
        safe.checkNSignatures(stranger, bytes(32), single, 1)


def test_attack_34_approved_hash_after_removal(safe, owners, receiver, transaction, itself):
    first, _, third = in_order(owners)[:3]
    others = [owner for owner in owners if owner != first]
    asked = transaction(receiver, 1)
    digest = safe.getTransactionHash(*asked, 1)
    safe.approveHash(digest, sender=first)
    before = ([SENTINEL, *owners])[owners.index(first)]
    itself(safe, others[:3], "removeOwner", before, first, 3)

    assert safe.approvedHashes(first, digest) == 0
    with ape.reverts("safe: hash not approved"):
        safe.checkNSignatures(third, digest, packed(first.address), 1)


def test_attack_34_eth_sign_digest_is_no_plain_one(safe, owners, key_of, stranger):
    digest = keccak(b"anything")
    prefixed = keccak(b"\x19Ethereum Signed Message:\n32" + digest)
    signed = bytes(Account.unsafe_sign_hash(prefixed, key_of(owners[0])).signature)

    with ape.reverts("safe: signer is no owner"):
        safe.checkNSignatures(stranger, digest, signed, 1)


# --- 35: owners -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        ("removeOwner", lambda o, _: (SENTINEL, o[0], 5), "safe: threshold above owners"),
        ("removeOwner", lambda o, _: (SENTINEL, o[0], 0), "safe: threshold is zero"),
        ("changeThreshold", lambda *_: (0,), "safe: threshold is zero"),
        ("changeThreshold", lambda *_: (6,), "safe: threshold above owners"),
        ("swapOwner", lambda o, _: (SENTINEL, o[0], o[0]), "safe: already an owner"),
        ("swapOwner", lambda o, _: (SENTINEL, o[0], o[1]), "safe: already an owner"),
        ("swapOwner", lambda o, _: (o[1], o[0], o[2]), "safe: already an owner"),
        ("swapOwner", lambda o, _: (SENTINEL, o[0], NOBODY), "safe: owner is zero"),
        ("swapOwner", lambda o, _: (SENTINEL, o[0], SENTINEL), "safe: owner is the sentinel"),
        ("swapOwner", lambda o, s: (SENTINEL, o[0], s), "safe: owner is the safe"),
        ("addOwnerWithThreshold", lambda o, _: (o[0], 1), "safe: already an owner"),
        ("addOwnerWithThreshold", lambda _, s: (s, 1), "safe: owner is the safe"),
    ],
)
def test_attack_35_owners(safe, owners, itself, function, arguments, reason):
    with ape.reverts(reason):
        itself(safe, owners[:3], function, *arguments(owners, safe))
    assert safe.getOwners() == owners


def test_attack_35_approval_of_one_who_came_back(safe, owners, receiver, transaction, itself):
    gone = owners[0]
    asked = transaction(receiver, 1)
    digest = safe.getTransactionHash(*asked, 2)
    safe.approveHash(digest, sender=gone)
    itself(safe, owners[1:4], "removeOwner", SENTINEL, gone, 3)
    itself(safe, owners[1:4], "addOwnerWithThreshold", gone, 3)

    assert safe.isOwner(gone)
    assert safe.approvedHashes(gone, digest) == 0
    with ape.reverts("safe: hash not approved"):
        safe.checkNSignatures(receiver, digest, packed(gone.address), 1)
    safe.approveHash(digest, sender=gone)
    assert safe.approvedHashes(gone, digest) == 1


# --- 36: foreign code, modules --------------------------------------------------------------

WRITER = """
slot: uint256

@external
def spoil():
    self.slot = max_value(uint256)
"""


@pytest.mark.parametrize("by", ["signers", "module"])
def test_attack_36_delegatecall_is_off(safe, owners, execute, compiled, deployer, module, by):
    writer = deployer.deploy(compiled(WRITER))
    data = writer.spoil.encode_input()
    with ape.reverts("safe: delegate not listed"):
        if by == "signers":
            execute(safe, owners[:3], writer, 0, data, operation=1)
        else:
            safe.execTransactionFromModule(writer, 0, data, 1, sender=module)


TOOL = """
@external
def run() -> address:
    return self
"""


def test_attack_36_delegatecall_to_what_is_listed(
    safe, owners, execute, itself, compiled, deployer, module, stranger
):
    tool = deployer.deploy(compiled(TOOL))
    with ape.reverts("safe: only the safe itself"):
        safe.setDelegateTarget(tool, True, sender=owners[0])
    with ape.reverts("safe: delegate has no code"):
        itself(safe, owners[:3], "setDelegateTarget", stranger, True)
    itself(safe, owners[:3], "setDelegateTarget", tool, True)
    execute(safe, owners[:3], tool, 0, tool.run.encode_input(), operation=1)
    answer = safe.execTransactionFromModuleReturnData.call(
        tool, 0, tool.run.encode_input(), 1, sender=module
    )
    assert answer == (True, bytes(12) + bytes.fromhex(safe.address[2:]))

    itself(safe, owners[:3], "setDelegateTarget", tool, False)
    with ape.reverts("safe: delegate not listed"):
        execute(safe, owners[:3], tool, 0, tool.run.encode_input(), operation=1)


def test_attack_36_listed_code_that_changed(
    safe, owners, execute, itself, compiled, deployer, networks
):
    tool = deployer.deploy(compiled(TOOL))
    writer = deployer.deploy(compiled(WRITER))
    itself(safe, owners[:3], "setDelegateTarget", tool, True)
    code = bytes(networks.provider.get_code(writer.address))
    networks.provider.chain.set_code(bytes.fromhex(tool.address[2:]), code)

    with ape.reverts("safe: delegate has changed"):
        execute(safe, owners[:3], tool, 0, writer.spoil.encode_input(), operation=1)


def test_attack_36_the_guard_sees_modules(dao, module, receiver, owners):
    for owner in owners[:2]:
        dao.pause.pause("", sender=owner)
    with ape.reverts("guard: paused"):
        dao.safe.execTransactionFromModule(receiver, 1, b"", 0, sender=module)
    with ape.reverts("guard: paused"):
        dao.safe.execTransactionFromModuleReturnData(receiver, 1, b"", 0, sender=module)


def test_attack_36_a_module_enables_no_module_by_itself(dao, module, stranger):
    """Only by the safe's call to itself, which the timelock alone can start."""
    with ape.reverts("safe: only the safe itself"):
        dao.safe.enableModule(stranger, sender=module)
    with ape.reverts("safe: only a module"):
        dao.safe.execTransactionFromModule(
            dao.safe, 0, dao.safe.enableModule.encode_input(stranger), 0, sender=stranger
        )


REENTRANT = """
interface ISafe:
    def execTransaction(
        to: address, amount: uint256, data: Bytes[256], operation: uint8, a: uint256, b: uint256,
        c: uint256, d: address, e: address, signatures: Bytes[256]
    ) -> bool: payable

asked: Bytes[256]
signatures: Bytes[256]

@external
def prepare(asked: Bytes[256], signatures: Bytes[256]):
    self.asked = asked
    self.signatures = signatures

@external
def reenter(safe: address):
    extcall ISafe(safe).execTransaction(
        safe, 0, self.asked, 0, 0, 0, 0, empty(address), empty(address), self.signatures
    )
"""


def test_attack_36_signers_do_not_ride_on_a_module(
    make_safe, owners, module, sign, transaction, compiled, deployer, stranger
):
    """A module's call reaches a contract that brings a transaction of signers along."""
    safe = make_safe(governed=True)
    rider = deployer.deploy(compiled(REENTRANT))
    data = safe.addOwnerWithThreshold.encode_input(stranger, 1)
    digest = safe.getTransactionHash(*transaction(safe, 0, data), 0)
    rider.prepare(data, sign(digest, *owners[:3]), sender=stranger)
    ridden = rider.reenter.encode_input(safe)

    answer = safe.execTransactionFromModuleReturnData.call(rider, 0, ridden, 0, sender=module)
    assert answer[0] is False
    safe.execTransactionFromModule(rider, 0, ridden, 0, sender=module)
    assert not safe.isOwner(stranger)


# --- 37: refunds and gas --------------------------------------------------------------------


def test_attack_37_refunds(safe, owners, receiver, sign, transaction, stranger):
    asked = transaction(receiver, 1, price=1, base_gas=10**6)
    blob = sign(safe.getTransactionHash(*asked, 0), *owners[:3])
    with ape.reverts("safe: refunds are refused"):
        safe.execTransaction(*asked, blob, sender=stranger)


@pytest.mark.parametrize("enough", [False, True])
def test_attack_37_the_sender_gives_too_little_gas(
    safe, owners, sign, transaction, receiver, stranger, nonce_of, enough
):
    asked = transaction(receiver, 1, safe_gas=1_000_000)
    blob = sign(safe.getTransactionHash(*asked, 0), *owners[:3])
    if enough:
        safe.execTransaction(*asked, blob, sender=stranger, gas=1_200_000)
    else:
        with ape.reverts("safe: too little gas"):
            safe.execTransaction(*asked, blob, sender=stranger, gas=1_000_000)
    assert nonce_of(safe) == enough


@pytest.mark.parametrize("safe_gas", [2**256 - 1, 2**250])
def test_attack_37_absurd_safe_gas(safe, owners, receiver, sign, transaction, stranger, safe_gas):
    asked = transaction(receiver, 1, safe_gas=safe_gas)
    blob = sign(safe.getTransactionHash(*asked, 0), *owners[:3])
    with ape.reverts("safe: too little gas"):
        safe.execTransaction(*asked, blob, sender=stranger, gas=1_000_000)


# --- 38: another chain ----------------------------------------------------------------------


def test_attack_38_replayed_deployment(project, owners, deployer):
    """The same factory, made by the same account on both chains, makes no safe at one address."""
    import eth_abi

    from chain.accounts import dev_accounts
    from chain.calls import CallRequest
    from chain.genesis import pars_genesis
    from chain.local_chain import LocalChain

    code = project.Safe.contract_type.deployment_bytecode.bytecode
    factory = project.SafeFactory
    init_code = bytes.fromhex(
        factory.contract_type.deployment_bytecode.bytecode.removeprefix("0x")
    ) + eth_abi.encode(["bytes"], [bytes.fromhex(code.removeprefix("0x"))])
    places = []
    for chain_id in (6133, 6134):
        accounts = dev_accounts()
        genesis = pars_genesis(chain_id, [each.address for each in accounts])
        opened = LocalChain.open(genesis, accounts=accounts)
        opened.send(CallRequest(sender=accounts[0].address, data=init_code))
        (receipt,) = opened.receipts(opened.head.hash)
        at = factory.at("0x" + receipt.contract_address.hex(), fetch_from_explorer=False)
        data = at.safeAddress.encode_input(owners, 3, [], NOBODY, NOBODY, False, 7)
        answer = opened.call(CallRequest(to=receipt.contract_address, data=bytes(data)))
        places.append((receipt.contract_address, answer.output[12:]))
        opened.close()

    assert places[0][0] == places[1][0], "the factory is at one address"
    assert places[0][1] != places[1][1], "its safes are not"


def test_attack_38_signatures_are_for_one_chain_and_one_safe(make_safe, owners, transaction):
    asked = transaction(owners[0], 1)
    one, other = make_safe(), make_safe()
    domain = keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
    for safe in (one, other):
        word = bytes(12) + bytes.fromhex(safe.address[2:])
        assert safe.domainSeparator() == keccak(domain + (6133).to_bytes(32) + word)
    assert one.getTransactionHash(*asked, 0) != other.getTransactionHash(*asked, 0)
