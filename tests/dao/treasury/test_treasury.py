"""The treasury: tiers by vote, class and signers, operations, reserves, mix, reports."""

import ape
import pytest

NATIVE = "0x" + 40 * "0"
USD = 10**8
WHOLE = 10**18
DAY = 86400
MAIN, OPERATIONS, GRANTS, EMERGENCY = range(4)
NONE = bytes(32)


# --- Tiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wei", "tier"),
    [
        (1, 1),
        (10_000 * WHOLE - 1, 2),  # a wei less than 10,000 USD rounds up to 10,000
        (10_000 * WHOLE - 10**10, 1),
        (10_000 * WHOLE, 2),
        (100_000 * WHOLE - 10**10, 2),
        (100_000 * WHOLE, 3),
    ],
)
def test_tiers_at_their_edges(world, wei, tier):
    assert world.treasury.tierOf(NATIVE, wei) == tier


@pytest.mark.parametrize(
    ("whole", "voted", "reason"),
    [
        (9_999, 0, None),
        (10_000, 0, "treasury: class below the tier"),
        (10_000, 1, None),
        (99_999, 1, None),
        (100_000, 1, "treasury: class below the tier"),
        (100_000, 2, None),
        (1, 2, None),
        (1, 3, "treasury: class may not spend"),
    ],
)
def test_class_of_the_proposal(spend, receiver, whole, voted, reason):
    before = receiver.balance
    if reason is None:
        spend(receiver, whole, voted)
        assert receiver.balance == before + whole * WHOLE
    else:
        with ape.reverts(reason):
            spend(receiver, whole, voted)


@pytest.mark.parametrize(
    ("whole", "signers", "enough"),
    [(1, 2, False), (1, 3, True), (10_000, 3, True), (100_000, 3, False), (100_000, 4, True)],
)
def test_signers_of_the_tier(spend, receiver, whole, signers, enough):
    if enough:
        spend(receiver, whole, 2, signers=signers)
    else:
        with ape.reverts("treasury: too few endorsements"):
            spend(receiver, whole, 2, signers=signers)


def test_spending_tells_all(world, spend, receiver):
    (event,) = spend(receiver, 5).decode_logs(world.treasury.Spent)
    assert (event.vault, event.to, event.asset) == (MAIN, receiver, NATIVE)
    assert (event.amount, event.usd, event.tier) == (5 * WHOLE, 5 * USD, 1)
    assert world.treasury.paid(event.payment)
    assert world.treasury.endorsementsOf(event.payment) == 4


def test_endorsed_by_who_left(world, owners, spend, receiver, deployer):
    asked = (MAIN, NATIVE, receiver, 1, NONE)
    payment = world.treasury.paymentId(*asked)
    for owner in owners[:3]:
        world.treasury.endorse(payment, sender=owner)
    sentinel = "0x" + 39 * "0" + "1"
    for function, arguments in (
        ("removeOwner", (sentinel, owners[0], 3)),
        ("addOwnerWithThreshold", (owners[0], 3)),
    ):
        world.vote(world.safe, function, *arguments)

    assert world.treasury.endorsementsOf(payment) == 2
    with ape.reverts("treasury: too few endorsements"):
        world.vote(world.treasury, "spend", *asked)


def test_only_a_vote_spends(world, receiver, deployer, stranger):
    asked = (MAIN, NATIVE, receiver, 1, NONE)
    with ape.reverts("treasury: only the dao"):
        world.treasury.spend(*asked, sender=stranger)
    data = world.treasury.spend.encode_input(*asked)
    with ape.reverts("treasury: no proposal runs"):
        world.timelock.unvoted(world.safe, world.treasury, data, sender=deployer)


def test_only_owners_endorse(world, stranger):
    with ape.reverts("treasury: only an owner"):
        world.treasury.endorse(NONE, sender=stranger)


def test_a_payment_is_made_once(world, owners, receiver):
    asked = (MAIN, NATIVE, receiver, 1, NONE)
    for owner in owners[:3]:
        world.treasury.endorse(world.treasury.paymentId(*asked), sender=owner)
    world.vote(world.treasury, "spend", *asked)
    with ape.reverts("treasury: already paid"):
        world.vote(world.treasury, "spend", *asked)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({0: OPERATIONS}, "treasury: unknown vault"),
        ({0: 4}, "treasury: unknown vault"),
        ({0: GRANTS}, "treasury: vault holds less"),
        ({1: "token"}, "treasury: asset not listed"),
        ({2: NATIVE}, "treasury: no recipient"),
        ({2: "treasury"}, "treasury: recipient is treasury"),
        ({3: 0}, "treasury: amount is zero"),
        ({3: 400_001 * WHOLE}, "treasury: vault holds less"),
    ],
)
def test_spending_refuses(world, owners, receiver, token, changed, reason):
    named = {"token": token, "treasury": world.treasury}
    asked = {0: MAIN, 1: NATIVE, 2: receiver, 3: 1, 4: NONE} | {
        key: named.get(each, each) if isinstance(each, str) else each
        for key, each in changed.items()
    }
    payment = world.treasury.paymentId(*asked.values())
    for owner in owners[:4]:
        world.treasury.endorse(payment, sender=owner)
    with ape.reverts(reason):
        world.vote(world.treasury, "spend", *asked.values())


def test_paused(world, spend, receiver, halt, owners):
    halt()
    with ape.reverts("treasury: paused"):
        spend(receiver, 1)
    with ape.reverts("treasury: paused"):
        world.treasury.spendOperations(NATIVE, receiver, 1, NONE, sender=owners[0])


# --- Vaults ---------------------------------------------------------------------------------


def test_allotting(world, fund, deployer):
    fund(GRANTS, 1_000)
    assert world.treasury.held(GRANTS, NATIVE) == 1_000 * WHOLE
    assert world.treasury.held(MAIN, NATIVE) == 399_000 * WHOLE
    world.vote(world.treasury, "release", GRANTS, NATIVE, 400 * WHOLE)
    assert world.treasury.held(GRANTS, NATIVE) == 600 * WHOLE

    with ape.reverts("treasury: vault holds less"):
        world.vote(world.treasury, "release", GRANTS, NATIVE, 600 * WHOLE + 1)
    with ape.reverts("treasury: main holds less"):
        world.vote(world.treasury, "allot", GRANTS, NATIVE, 399_400 * WHOLE + 1)
    for vault in (MAIN, 4):
        with ape.reverts("treasury: unknown vault"):
            world.vote(world.treasury, "allot", vault, NATIVE, 1)
    with ape.reverts("treasury: only the dao"):
        world.treasury.allot(GRANTS, NATIVE, 1, sender=deployer)


def test_grants_are_spent_from_grants(world, fund, spend, receiver):
    fund(GRANTS, 100)
    spend(receiver, 40, vault=GRANTS)
    assert world.treasury.held(GRANTS, NATIVE) == 60 * WHOLE
    assert world.treasury.held(MAIN, NATIVE) == 399_900 * WHOLE


# --- Operations -----------------------------------------------------------------------------


def operate(world, signers, to, wei, reference=NONE):
    receipts = [
        world.treasury.spendOperations(NATIVE, to, wei, reference, sender=signer)
        for signer in signers
    ]
    return receipts[-1]


def test_two_owners_spend_from_operations(world, fund, owners, receiver):
    fund(OPERATIONS, 20_000)
    before = receiver.balance
    (asked,) = operate(world, owners[:1], receiver, 10_000 * WHOLE).decode_logs(
        world.treasury.OperationsProposed
    )
    assert (asked.owner, asked.to, asked.amount) == (owners[0], receiver, 10_000 * WHOLE)
    assert receiver.balance == before
    receipt = operate(world, owners[1:2], receiver, 10_000 * WHOLE)

    (event,) = receipt.decode_logs(world.treasury.OperationsSpent)
    assert (event.to, event.usd) == (receiver, 10_000 * USD)
    assert receiver.balance == before + 10_000 * WHOLE
    assert world.treasury.spentInWindow()[0] == 10_000 * USD


def test_the_same_owner_twice_is_one(world, fund, owners, receiver, later):
    fund(OPERATIONS, 10)
    for _ in range(2):
        operate(world, owners[:1], receiver, WHOLE)
    later(7 * DAY + 1)
    operate(world, owners[1:2], receiver, WHOLE)
    assert world.treasury.held(OPERATIONS, NATIVE) == 10 * WHOLE


def test_operations_are_limited_over_30_days(world, fund, owners, receiver, later):
    fund(OPERATIONS, 20_000)
    operate(world, owners[:2], receiver, 10_000 * WHOLE)
    with ape.reverts("treasury: above monthly limit"):
        operate(world, owners[:2], receiver, 1)
    later(30 * DAY)
    with ape.reverts("treasury: above monthly limit"):
        operate(world, owners[:2], receiver, 1)
    later(DAY)
    operate(world, owners[:2], receiver, 10_000 * WHOLE, (1).to_bytes(32))


def test_operations_hold_less(world, fund, owners, receiver):
    fund(OPERATIONS, 1)
    with ape.reverts("treasury: vault holds less"):
        operate(world, owners[:2], receiver, WHOLE + 1)
    operate(world, owners[:2], receiver, WHOLE)
    with ape.reverts("treasury: already paid"):
        operate(world, owners[:2], receiver, WHOLE)


def test_strangers_operate_nothing(world, stranger, receiver):
    with ape.reverts("treasury: only an owner"):
        operate(world, [stranger], receiver, 1)


# --- Reserves and mix -----------------------------------------------------------------------


def test_reserves(world):
    assert world.treasury.reserves() == (
        1_000_000 * USD,
        400_000 * USD,
        100_000 * USD,
        True,
    )


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("setMonthlyBurn", (170_000 * USD,)),  # six months are 1,020,000
        ("release", (EMERGENCY, "stable", 1)),
    ],
)
def test_low_reserves_suspend_tiers_2_and_3(world, spend, receiver, function, arguments):
    chosen = [world.stable if each == "stable" else each for each in arguments]
    world.vote(world.treasury, function, *chosen)
    assert not world.treasury.reserves()[3]
    for whole in (10_000, 100_000):
        with ape.reverts("treasury: reserves too low"):
            spend(receiver, whole, 2)
    spend(receiver, 9_999)


def test_refilled_reserves_let_them_go_on(world, spend, receiver):
    world.vote(world.treasury, "release", EMERGENCY, world.stable, 1)
    world.vote(world.treasury, "allot", EMERGENCY, world.stable, 1)
    spend(receiver, 10_000, 1)


@pytest.mark.parametrize(("burn", "enough"), [(138_000, True), (139_000, False)])
def test_stable_share_of_the_runway(world, spend, receiver, burn, enough):
    """250,000 of stable tokens are 30 percent of a runway of 833,333 USD."""
    world.vote(world.treasury, "setAsset", world.other, 1, NATIVE, 0, USD)
    world.vote(world.treasury, "setMonthlyBurn", burn * USD)
    if enough:
        spend(receiver, 10_000, 1)
    else:
        with ape.reverts("treasury: reserves too low"):
            spend(receiver, 10_000, 1)


def test_stable_share_after_spending(world, spend, receiver):
    """250,000 of 1,000,000 USD are stable: 62,500 fewer are a fifth of the rest."""
    world.vote(world.treasury, "setMonthlyBurn", 0)
    world.vote(world.treasury, "setAsset", world.other, 1, NATIVE, 0, USD)
    with ape.reverts("treasury: too little stable"):
        spend(receiver, 62_501, 1, asset=world.stable, unit=10**6)
    spend(receiver, 62_500, 1, asset=world.stable, unit=10**6)


def test_pars_may_fall_to_any_share(spend, receiver):
    spend(receiver, 150_000, 2)


def test_all_of_an_asset_may_go(world, spend, receiver):
    spend(receiver, 1_000, 2, asset=world.oil)
    assert world.oil.balanceOf(receiver) == 1_000 * WHOLE


def test_a_share_that_is_too_large_gets_no_larger(world, spend, receiver, deployer):
    """700,000 of 1,300,000 USD are PARS: oil may not go, PARS may."""
    world.vote(world.treasury, "setMonthlyBurn", 0)
    deployer.balance += 300_000 * WHOLE
    deployer.transfer(world.treasury, 300_000 * WHOLE)
    with ape.reverts("treasury: too much pars"):
        spend(receiver, 1, 0, asset=world.oil)
    spend(receiver, 1, 0)


def test_one_asset_is_at_most_30_percent(world, spend, receiver, deployer):
    """Gold of 450,000 of 1,300,000 USD: PARS may not go, gold may."""
    world.gold.mint(world.treasury, 3_000 * WHOLE, sender=deployer)
    with ape.reverts("treasury: too much of one asset"):
        spend(receiver, 1)
    spend(receiver, 1, asset=world.gold)


# --- Assets ---------------------------------------------------------------------------------

FEED = """
answer: public(int256)
updated: uint256

@external
def set(answer: int256, updated: uint256):
    self.answer = answer
    self.updated = updated

@view
@external
def decimals() -> uint8:
    return 6

@view
@external
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return 1, self.answer, self.updated, self.updated, 1
"""


@pytest.fixture
def feed(compiled, deployer, chain):
    made = deployer.deploy(compiled(FEED))
    made.set(3 * 10**6, chain.blocks.head.timestamp, sender=deployer)
    return made


def test_prices_of_feeds(world, feed, later):
    world.vote(world.treasury, "setAsset", NATIVE, 3, feed, 3600, 0)
    assert world.treasury.valueOf(NATIVE, WHOLE) == 3 * USD
    later(3601)
    with ape.reverts("fresh_price: stale"):
        world.vote(world.treasury, "spend", MAIN, NATIVE, world.oil, 1, NONE)


def test_values_round_up(world):
    assert world.treasury.valueOf(NATIVE, 1) == 1
    assert world.treasury.valueOf(NATIVE, 10**10) == 1
    assert world.treasury.valueOf(NATIVE, 10**10 + 1) == 2
    assert world.treasury.valueOf(world.stable, 1) == 100
    with ape.reverts("treasury: asset not listed"):
        world.treasury.valueOf(world.treasury, 1)


def test_list_of_assets(world, token):
    listed = [NATIVE, world.stable, world.other, world.gold, world.oil]
    assert world.treasury.assetsListed() == listed
    world.vote(world.treasury, "setAsset", token, 1, NATIVE, 0, USD)
    world.vote(world.treasury, "setAsset", world.gold, 0, NATIVE, 0, 0)
    assert world.treasury.assetsListed() == [NATIVE, world.stable, world.other, token, world.oil]
    assert world.treasury.kindOf(world.gold) == 0
    world.vote(world.treasury, "setAsset", world.oil, 0, NATIVE, 0, 0)
    assert world.treasury.assetsListed() == [NATIVE, world.stable, world.other, token]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("gold", 4, NATIVE, 0, USD), "treasury: unknown kind"),
        (("gold", 1, NATIVE, 0, 0), "treasury: price is zero"),
        (("gold", 1, NATIVE, 0, 2**64), "treasury: price too large"),
        (("gold", 1, "feed", 3600, 1), "treasury: feed and price"),
        (("gold", 1, "feed", 0, 0), "treasury: age is zero"),
        (("gold", 1, "feed", 7 * DAY + 1, 0), "treasury: age too large"),
        (("odd", 1, NATIVE, 0, USD), "treasury: too many decimals"),
        (("odd", 0, NATIVE, 0, 0), "treasury: asset not listed"),
        (("stable", 0, NATIVE, 0, 0), "treasury: asset is allotted"),
    ],
)
def test_listing_refuses(world, make_token, feed, arguments, reason):
    named = {"gold": world.gold, "stable": world.stable, "feed": feed, "odd": make_token(53)}
    chosen = [named.get(each, each) if isinstance(each, str) else each for each in arguments]
    with ape.reverts(reason):
        world.vote(world.treasury, "setAsset", *chosen)


def test_at_most_16_assets(world, make_token):
    for _ in range(11):
        world.vote(world.treasury, "setAsset", make_token(), 1, NATIVE, 0, USD)
    with ape.reverts("treasury: too many assets"):
        world.vote(world.treasury, "setAsset", make_token(), 1, NATIVE, 0, USD)


def test_settings_are_the_daos(world, deployer, stranger):
    for function, arguments in (
        ("setAsset", (NATIVE, 3, NATIVE, 0, 1)),
        ("setMonthlyBurn", (0,)),
        ("setSigners", (1, 0)),
        ("release", (EMERGENCY, world.stable, 1)),
        ("recallVault", (stranger, 1)),
    ):
        with ape.reverts("treasury: only the dao"):
            getattr(world.treasury, function)(*arguments, sender=stranger)


def test_signers_are_set_by_tier(world, spend, receiver):
    world.vote(world.treasury, "setSigners", 1, 0)
    spend(receiver, 1, signers=0)
    for tier in (0, 4):
        with ape.reverts("treasury: unknown tier"):
            world.vote(world.treasury, "setSigners", tier, 1)
    with ape.reverts("treasury: too many signers"):
        world.vote(world.treasury, "setSigners", 1, 33)


# --- Streams, reports, receiving ------------------------------------------------------------


def endorse(world, owners, payment):
    for owner in owners[:4]:
        world.treasury.endorse(payment, sender=owner)


def test_opens_a_stream_that_the_dao_cancels(world, fund, owners, receiver, chain):
    fund(GRANTS, 1_000)
    start = chain.blocks.head.timestamp + DAY
    terms = (receiver, start, start, start + 100 * DAY, NONE)
    reference = world.treasury.streamReference(*terms)
    amount = 1_000 * WHOLE
    endorse(
        world, owners, world.treasury.paymentId(GRANTS, NATIVE, world.streams, amount, reference)
    )
    asked = (NATIVE, receiver, amount, *terms[1:])
    receipt = world.vote(world.treasury, "openStream", *asked, voted=0)
    assert [each.stream for each in receipt.decode_logs(world.treasury.StreamOpened)] == [1]

    before = world.treasury.balance
    chain.mine(timestamp=start + 25 * DAY - 1)
    world.vote(world.streams, "cancelStream", 1)
    stream = world.streams.stream(1)
    assert stream.payer == world.treasury
    assert world.treasury.balance == before + stream.returned
    assert stream.returned + world.streams.claimable(1) == amount


def test_opens_a_grant(world, fund, owners, receiver, chain):
    fund(GRANTS, 30)
    now = chain.blocks.head.timestamp
    milestones = [(10 * WHOLE, now + DAY), (20 * WHOLE, now + 2 * DAY)]
    reference = world.treasury.grantReference(receiver, milestones, NONE)
    payment = world.treasury.paymentId(GRANTS, NATIVE, world.streams, 30 * WHOLE, reference)
    endorse(world, owners, payment)
    world.vote(world.treasury, "openGrant", NATIVE, receiver, milestones, NONE, voted=0)
    assert world.streams.stream(1).funded == 30 * WHOLE


def test_opens_a_stream_of_a_token(world, owners, receiver, chain):
    world.vote(world.treasury, "allot", GRANTS, world.gold, WHOLE)
    start = chain.blocks.head.timestamp
    terms = (start, start, start + DAY, NONE)
    reference = world.treasury.streamReference(receiver, *terms)
    endorse(
        world, owners, world.treasury.paymentId(GRANTS, world.gold, world.streams, WHOLE, reference)
    )
    world.vote(world.treasury, "openStream", world.gold, receiver, WHOLE, *terms, voted=0)
    assert world.gold.balanceOf(world.streams) == WHOLE


def test_two_owners_report_once(world, owners, stranger):
    digest = b"\x01" * 32
    with ape.reverts("treasury: only an owner"):
        world.treasury.report(8104, digest, sender=stranger)
    with ape.reverts("treasury: empty report"):
        world.treasury.report(8104, NONE, sender=owners[0])
    world.treasury.report(8104, digest, sender=owners[0])
    world.treasury.report(8104, b"\x02" * 32, sender=owners[1])
    assert world.treasury.reports(8104) == NONE
    world.treasury.report(8104, digest, sender=owners[2])
    assert world.treasury.reports(8104) == digest
    with ape.reverts("treasury: already reported"):
        world.treasury.report(8104, digest, sender=owners[3])


def test_receives(world, stranger):
    receipt = stranger.transfer(world.treasury, 7)
    assert [each.amount for each in receipt.decode_logs(world.treasury.Received)] == [7]
    with ape.reverts("treasury: no such function"):
        stranger.transfer(world.treasury, 0, data=b"\x01\x02\x03\x04")


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (0, "treasury: no dao"),
        (1, "treasury: no timelock"),
        (2, "treasury: no pause"),
        (3, "treasury: no streams"),
    ],
)
def test_nobody_deploys_it(project, deployer, world, index, reason):
    right = [world.safe, world.timelock, world.pause, world.streams, [3, 3, 4], 0]
    right[index] = NATIVE
    with ape.reverts(reason):
        deployer.deploy(project.Treasury, *right)


def test_a_token_that_says_no(world, spend, receiver, deployer):
    world.gold.misbehave(0, True, NATIVE, b"", sender=deployer)
    with ape.reverts("treasury: transfer failed"):
        spend(receiver, 1, asset=world.gold)


def test_a_token_that_lets_nobody_take_it(world, owners, receiver, deployer, chain):
    world.vote(world.treasury, "allot", GRANTS, world.gold, WHOLE)
    world.gold.misbehave(0, True, NATIVE, b"", sender=deployer)
    start = chain.blocks.head.timestamp
    terms = (start, start, start + DAY, NONE)
    reference = world.treasury.streamReference(receiver, *terms)
    endorse(
        world, owners, world.treasury.paymentId(GRANTS, world.gold, world.streams, WHOLE, reference)
    )
    with ape.reverts("treasury: approval failed"):
        world.vote(world.treasury, "openStream", world.gold, receiver, WHOLE, *terms, voted=0)
