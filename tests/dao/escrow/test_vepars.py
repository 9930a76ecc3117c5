"""Locks, power and delegation of VePARS."""

PARS = 10**18
DAY = 86_400
YEAR = 365 * DAY
MAXTIME = 4 * YEAR


def test_thousand_pars_for_four_years(escrow, lock, accounts, chain):
    """F-260: 1000 at first, 500 after two years, 0 at the end, and past reads agree."""
    lock_id = lock(accounts[0], 1000 * PARS, MAXTIME)
    start = chain.blocks.head.timestamp

    assert escrow.votingPower(accounts[0]) == 1000 * PARS
    assert escrow.votingPowerAt(accounts[0], start + 2 * YEAR) == 500 * PARS

    chain.mine(timestamp=start + 2 * YEAR)
    assert escrow.getVotes(accounts[0]) == 500 * PARS
    assert escrow.totalSupply() == 500 * PARS
    assert escrow.getPastVotes(accounts[0], start) == 1000 * PARS

    chain.mine(timestamp=start + MAXTIME - 1)
    assert escrow.getVotes(accounts[0]) == 1000 * PARS // MAXTIME
    chain.mine(timestamp=start + MAXTIME)
    assert escrow.getVotes(accounts[0]) == 0

    escrow.withdraw(lock_id, sender=accounts[0])
    assert escrow.getPastVotes(accounts[0], start + YEAR) == 750 * PARS
    assert escrow.locksOf(accounts[0]) == []
