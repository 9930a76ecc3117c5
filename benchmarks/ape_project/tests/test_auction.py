"""Tests of an auction: the chain's own coin, and time that passes."""

import ape
import pytest

COIN = 10**18
BIDS = [1, 10**9, COIN, 3 * COIN, 100 * COIN]
HOUR = 3600


def test_starts_open(auction, owner):
    assert auction.BENEFICIARY() == owner
    assert not auction.closed()


@pytest.mark.parametrize("value", BIDS)
def test_bid(auction, alice, value):
    auction.bid(sender=alice, value=value)
    assert auction.highestBidder() == alice
    assert auction.highestBid() == auction.balance == value


@pytest.mark.parametrize("value", BIDS)
def test_bid_tells(auction, alice, value):
    receipt = auction.bid(sender=alice, value=value)
    assert receipt.events == [auction.Bid(alice, value)]


@pytest.mark.parametrize("value", BIDS)
def test_equal_bid(auction, alice, bob, value):
    auction.bid(sender=alice, value=value)
    with ape.reverts("auction: bid too low"):
        auction.bid(sender=bob, value=value)


@pytest.mark.parametrize("value", BIDS)
def test_outbid(auction, alice, bob, value):
    auction.bid(sender=alice, value=value)
    auction.bid(sender=bob, value=value + 1)
    assert auction.highestBidder() == bob
    assert auction.refunds(alice) == value


@pytest.mark.parametrize("value", BIDS)
def test_refund(auction, alice, bob, value):
    auction.bid(sender=alice, value=value)
    auction.bid(sender=bob, value=value + 1)
    auction.claim(sender=alice)
    assert auction.balance == value + 1
    assert auction.refunds(alice) == 0


@pytest.mark.parametrize("value", BIDS)
def test_refund_is_paid_once(auction, alice, bob, value):
    auction.bid(sender=alice, value=value)
    auction.bid(sender=bob, value=value + 1)
    auction.claim(sender=alice)
    with ape.reverts("auction: nothing to claim"):
        auction.claim(sender=alice)


@pytest.mark.parametrize("who", range(5))
def test_nothing_to_claim(auction, accounts, who):
    with ape.reverts("auction: nothing to claim"):
        auction.claim(sender=accounts[who])


@pytest.mark.parametrize("value", BIDS)
def test_bid_too_late(chain, auction, alice, value):
    chain.mine(deltatime=HOUR)
    with ape.reverts("auction: over"):
        auction.bid(sender=alice, value=value)


@pytest.mark.parametrize("seconds", [1, 60, 600, 3000, 3500])
def test_close_too_early(chain, auction, owner, seconds):
    chain.mine(deltatime=seconds)
    with ape.reverts("auction: not over"):
        auction.close(sender=owner)


@pytest.mark.parametrize("value", BIDS)
def test_close(chain, auction, alice, bob, owner, value):
    auction.bid(sender=alice, value=value)
    chain.mine(deltatime=HOUR)
    before = owner.balance
    receipt = auction.close(sender=bob)
    assert auction.closed()
    assert owner.balance == before + value
    assert receipt.events == [auction.Closed(alice, value)]


@pytest.mark.parametrize("value", BIDS)
def test_close_twice(chain, auction, alice, bob, value):
    auction.bid(sender=alice, value=value)
    chain.mine(deltatime=HOUR)
    auction.close(sender=bob)
    with ape.reverts("auction: closed"):
        auction.close(sender=bob)


@pytest.mark.parametrize("count", [2, 3, 4, 6, 8])
def test_many_bidders(auction, accounts, count):
    for place in range(count):
        auction.bid(sender=accounts[place], value=COIN + place)
    assert auction.highestBidder() == accounts[count - 1]
    assert sum(auction.refunds(account) for account in accounts[: count - 1]) == (
        auction.balance - auction.highestBid()
    )


@pytest.mark.parametrize("value", BIDS)
def test_seller_is_paid_the_highest_bid_only(chain, auction, alice, bob, owner, value):
    auction.bid(sender=alice, value=value)
    auction.bid(sender=bob, value=2 * value)
    chain.mine(deltatime=HOUR)
    before = owner.balance
    auction.close(sender=alice)
    assert owner.balance - before == 2 * value
    assert auction.balance == auction.refunds(alice) == value


@pytest.mark.parametrize("seconds", [1, 60, 600, 3000, 3500])
def test_bid_in_time(chain, auction, alice, seconds):
    chain.mine(deltatime=seconds)
    auction.bid(sender=alice, value=COIN)
    assert auction.highestBidder() == alice
