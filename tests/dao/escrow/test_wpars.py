"""WPARS: wrapping, moving, and permits."""

import ape
import pytest

PARS = 10**18
ZERO = "0x0000000000000000000000000000000000000000"


@pytest.fixture
def rich(wpars, accounts):
    wpars.deposit(sender=accounts[1], value=5 * PARS)
    return accounts[1]


def test_wrap_and_unwrap(wpars, rich, chain):
    held = wpars.totalSupply()
    before = rich.balance
    receipt = wpars.withdraw(2 * PARS, sender=rich)

    assert wpars.balanceOf(rich) == 3 * PARS
    assert rich.balance == before + 2 * PARS - receipt.total_fees_paid
    assert wpars.totalSupply() == wpars.balance == held - 2 * PARS
    assert receipt.events == [
        wpars.Withdrawal(account=rich, amount=2 * PARS),
        wpars.Transfer(sender=rich, receiver=ZERO, value=2 * PARS),
    ]


def test_plain_transfer_wraps(wpars, accounts):
    receipt = accounts[2].transfer(wpars, 7)

    assert wpars.balanceOf(accounts[2]) == 7
    assert receipt.events == [
        wpars.Deposit(account=accounts[2], amount=7),
        wpars.Transfer(sender=ZERO, receiver=accounts[2], value=7),
    ]


def test_unwrap_too_much(wpars, rich):
    with ape.reverts("WPARS: balance too low"):
        wpars.withdraw(5 * PARS + 1, sender=rich)


def test_transfer(wpars, rich, accounts):
    receipt = wpars.transfer(accounts[3], PARS, sender=rich)

    assert receipt.events == [wpars.Transfer(sender=rich, receiver=accounts[3], value=PARS)]
    assert wpars.balanceOf(rich) == 4 * PARS
    assert wpars.balanceOf(accounts[3]) == PARS
    with ape.reverts("WPARS: balance too low"):
        wpars.transfer(accounts[3], 4 * PARS + 1, sender=rich)


def test_transfer_to_oneself(wpars, rich):
    wpars.transfer(rich, 5 * PARS, sender=rich)

    assert wpars.balanceOf(rich) == 5 * PARS


@pytest.mark.parametrize("receiver", ["zero", "token"])
def test_receivers_that_lose(wpars, rich, receiver):
    to = {"zero": ZERO, "token": wpars}[receiver]
    with ape.reverts("WPARS: no such receiver"):
        wpars.transfer(to, 1, sender=rich)


def test_allowance(wpars, rich, accounts):
    spender, to = accounts[2], accounts[3]
    wpars.approve(spender, 2 * PARS, sender=rich)
    wpars.transferFrom(rich, to, PARS, sender=spender)

    assert wpars.allowance(rich, spender) == PARS
    with ape.reverts("WPARS: allowance too low"):
        wpars.transferFrom(rich, to, PARS + 1, sender=spender)

    wpars.approve(spender, 2**256 - 1, sender=rich)
    wpars.transferFrom(rich, to, PARS, sender=spender)
    assert wpars.allowance(rich, spender) == 2**256 - 1
    with ape.reverts("WPARS: no such spender"):
        wpars.approve(ZERO, 1, sender=rich)


@pytest.fixture
def signed(wpars, chain, sign_typed):
    """Sign a permit: `signed(owner, spender, amount, nonce, deadline)`, as v, r, s."""

    def sign(owner, spender, amount, nonce, deadline, contract=wpars, chain_id=None):
        domain = {
            "name": "Wrapped PARS",
            "version": "1",
            "chainId": chain_id or chain.chain_id,
            "verifyingContract": contract.address,
        }
        types = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
        values = (owner.address, spender.address, amount, nonce, deadline)
        return sign_typed(owner, domain, "Permit", types, values)

    return sign


def test_permit(wpars, rich, accounts, chain, signed):
    """Anybody may bring it, once."""
    spender, relayer = accounts[2], accounts[4]
    deadline = chain.pending_timestamp + 60
    signature = signed(rich, spender, PARS, 0, deadline)
    wpars.permit(rich, spender, PARS, deadline, *signature, sender=relayer)

    assert wpars.allowance(rich, spender) == PARS
    assert wpars.nonces(rich) == 1
    with ape.reverts("WPARS: not the owner's permit"):
        wpars.permit(rich, spender, PARS, deadline, *signature, sender=relayer)


def test_permit_at_its_last_second(wpars, rich, accounts, chain, signed):
    deadline = chain.pending_timestamp + 60
    signature = signed(rich, accounts[2], PARS, 0, deadline)
    with chain.isolate():
        chain.pending_timestamp = deadline + 1
        with ape.reverts("WPARS: permit expired"):
            wpars.permit(rich, accounts[2], PARS, deadline, *signature, sender=rich)
    chain.pending_timestamp = deadline
    wpars.permit(rich, accounts[2], PARS, deadline, *signature, sender=rich)


@pytest.mark.parametrize("fault", ["signer", "amount", "nonce", "chain", "contract", "high s"])
def test_permits_that_are_none(wpars, rich, accounts, chain, signed, escrow, fault):
    deadline = chain.pending_timestamp + 60
    signer = accounts[4] if fault == "signer" else rich
    v, r, s = signed(
        signer,
        accounts[2],
        PARS + (fault == "amount"),
        1 if fault == "nonce" else 0,
        deadline,
        contract=escrow if fault == "contract" else wpars,
        chain_id=6134 if fault == "chain" else None,
    )
    if fault == "high s":
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        v, s = 55 - v, (order - int.from_bytes(s)).to_bytes(32)
    with ape.reverts("WPARS: not the owner's permit"):
        wpars.permit(rich, accounts[2], PARS, deadline, v, r, s, sender=rich)


def test_permit_of_nobody(wpars, accounts, chain):
    """A signature that recovers nobody is not the zero address's."""
    with ape.reverts("WPARS: not the owner's permit"):
        wpars.permit(
            *(ZERO, accounts[2], PARS, 2**255, 27, bytes(32), bytes(32)), sender=accounts[2]
        )


def test_domain(wpars, chain):
    assert tuple(wpars.eip712Domain())[1:5] == ("Wrapped PARS", "1", chain.chain_id, wpars.address)
    assert (wpars.name(), wpars.symbol(), wpars.decimals()) == ("Wrapped PARS", "WPARS", 18)
