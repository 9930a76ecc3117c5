"""The contracts of docs/graph.md that read feeds, and the module they read with."""

from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from coincurve import PrivateKey
from eth_utils import keccak

from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.graph.feeds.contract import ADDRESS as FEEDS

KEYS = [PrivateKey(keccak(text=f"reporter {n}")) for n in range(4)]
SIGNERS = [keccak(key.public_key.format(compressed=False)[1:])[-20:] for key in KEYS]
CREATE = "createFeed(string,uint8,uint8,bytes[],uint8,uint8,int192,int192,uint32,uint16)"
CONTEXT = "bytes32[3]"
UNIT = 10**8


def sent(chain: LocalChain, signature: str, *arguments: Any) -> None:
    data = encoded(signature, *arguments)
    chain.send(CallRequest(sender=chain.accounts[0], to=FEEDS, data=data))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 1


def asked(chain: LocalChain, signature: str, *arguments: Any) -> bytes:
    data = encoded(signature, *arguments)
    result = chain.call(CallRequest(sender=chain.accounts[0], to=FEEDS, data=data))
    assert result.success
    return result.output


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


def make_feed(chain: LocalChain, name: str) -> bytes:
    sent(chain, CREATE, name, 8, 1, SIGNERS, 4, 1, -(10**20), 10**20, 3600, 50)
    identifier: bytes = keccak(chain.accounts[0] + name.encode())
    return identifier


def signed(
    chain: LocalChain, feed: bytes, answers: list[int], number: int, observed_at: int
) -> bytes:
    """A signed report, as updateFeeds takes it."""
    digest = asked(chain, "configOf(bytes32)", feed)[:32]
    types = ["bytes32", "bytes32", "uint40", "uint32", "bytes32", "int192[]"]
    who = bytes(range(len(answers))).ljust(32, b"\0")
    report = eth_abi.encode(types, [digest, feed, number, observed_at, who, answers])
    context = [digest, number.to_bytes(32, "big"), bytes(32)]
    hashed = keccak(eth_abi.encode(["bytes32", CONTEXT], [keccak(report), context]))
    made = [key.sign_recoverable(hashed, hasher=None) for key in KEYS[:2]]
    signatures = [each[:64] + bytes([27 + each[64]]) for each in made]
    return eth_abi.encode(
        [CONTEXT, "bytes", "bytes[]", "bytes[]"], [context, report, [], signatures]
    )


def test_treasury(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    chain: LocalChain,
) -> None:
    feed = make_feed(chain, "GOLD / USD")
    sent(chain, "createAdapter(bytes32)", feed)
    (adapter,) = eth_abi.decode(["address"], asked(chain, "adapterOf(bytes32)", feed))
    treasury = deploy(*vyper(documented("graph.md", "Treasury.vy")), adapter)
    treasury.refusal("worth", 1)  # No answer yet.

    now = chain.head.header.timestamp
    answers = [1_900 * UNIT, 2_000 * UNIT, 10**20]
    sent(chain, "updateFeeds(bytes[])", [signed(chain, feed, answers, 1, now)])
    assert treasury.call("worth", 3) == 6_000
    # It may be an hour old, to the second.
    chain.set_next_timestamp(now + 3_600)
    chain.mine()
    assert treasury.call("worth", 3) == 6_000
    chain.set_next_timestamp(now + 3_601)
    chain.mine()
    assert b"fresh_price: stale" in treasury.refusal("worth", 3)
    # What was observed long ago stays old, even if it is written only now.
    sent(chain, "updateFeeds(bytes[])", [signed(chain, feed, answers, 2, now)])
    assert b"fresh_price: stale" in treasury.refusal("worth", 3)
    below_zero = [-5, -4, -3]
    sent(chain, "updateFeeds(bytes[])", [signed(chain, feed, below_zero, 3, now + 3_601)])
    assert b"fresh_price: no price" in treasury.refusal("worth", 3)


ANY_FEED = """
# pragma version ^0.4.3
round: uint80
answer: int256
started: uint256
updated: uint256
answered: uint80

@deploy
def __init__(round: uint80, answer: int256, started: uint256, updated: uint256, answered: uint80):
    self.round = round
    self.answer = answer
    self.started = started
    self.updated = updated
    self.answered = answered

@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return self.round, self.answer, self.started, self.updated, self.answered
"""


@pytest.mark.parametrize(
    ("round_id", "answer", "started", "updated", "answered", "reason"),
    [
        (5, 7 * UNIT, 0, 0, 5, b""),
        (5, 0, 0, 0, 5, b"no price"),
        (5, -1, 0, 0, 5, b"no price"),
        (5, 7 * UNIT, 0, 0, 4, b"carried over"),
        (5, 7 * UNIT, None, 0, 5, b"no time"),
        (5, 7 * UNIT, 0, -1, 5, b"no time"),
        (5, 7 * UNIT, 0, 10**6, 5, b"of the future"),
        (5, 7 * UNIT, -3_601, 0, 5, b"stale"),
    ],
)
def test_a_feed_that_tells_nonsense_is_refused(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    chain: LocalChain,
    round_id: int,
    answer: int,
    started: int | None,
    updated: int,
    answered: int,
    reason: bytes,
) -> None:
    """Times are seconds from now; None is 0."""
    treasury_code = vyper(documented("graph.md", "Treasury.vy"))
    now = chain.head.header.timestamp
    start = 0 if started is None else now + started
    feed = deploy(*vyper(ANY_FEED), round_id, answer, start, now + updated, answered)
    address = f"0x{feed.address.hex()}"
    treasury = deploy(*treasury_code, address)
    if reason:
        assert b"fresh_price: " + reason in treasury.refusal("worth", 2)
    else:
        assert treasury.call("worth", 2) == 14


def test_bet(
    documented: Callable[..., str],
    solidity: Callable[..., Any],
    deploy: Callable[..., Any],
    chain: LocalChain,
) -> None:
    feed = make_feed(chain, "OIL / USD")
    bet = deploy(*solidity(documented("graph.md", "Bet.sol")), feed, 80 * UNIT)
    now = chain.head.header.timestamp
    near = [82 * UNIT - UNIT // 2, 82 * UNIT, 82 * UNIT]
    far = [50 * UNIT, 82 * UNIT, 150 * UNIT]
    old = signed(chain, feed, near, 1, now - 1_000)
    assert bet.refusal("settle", [])[:4] == keccak(text="UnknownRound(uint256)")[:4]
    assert bet.refusal("settle", [old])[:4] == keccak(text="StaleAnswer(uint256,uint256)")[:4]
    assert b"uncertain" in bet.refusal("settle", [signed(chain, feed, far, 1, now)])
    forged = signed(chain, feed, near, 1, now)[:-1] + b"\1"
    assert bet.refusal("settle", [forged])[:4] == keccak(text="InvalidReport(bytes)")[:4]
    bet.send("settle", [old, signed(chain, feed, near, 2, now)])
    assert bet.call("above") is True
    assert b"settled" in bet.refusal("settle", [])


def test_observing_hook(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    make_pool: Callable[[bytes], tuple[Any, ...]],
    chain: LocalChain,
) -> None:
    """Every swap is seen, so the mean is that of the ticks that the pool had."""
    hook = deploy(*vyper(documented("graph.md", "ObservingHook.vy")))
    # An address with the flag of afterSwap, 64, and no other.
    hooks = keccak(text="a mined salt")[:18] + (64).to_bytes(2, "big")
    chain.set_code(hooks, chain.state().code(hook.address))
    key, first, second = make_pool(hooks)
    pool = keccak(eth_abi.encode(["(address,address,uint24,int24,address)"], [key]))
    swapper = deploy(*vyper(documented("dex.md", "Swapper.vy")))
    for token in (first, second):
        token.send("mint", swapper.address, 10**24)

    start = chain.head.header.timestamp + 10
    ticks = []
    for seconds, amount in ((0, 10**18), (7, 10**19), (20, 5 * 10**19)):
        chain.set_next_timestamp(start + seconds)
        # More than an estimate: a new second takes a new slot.
        swapper.send("swap", key, seconds != 7, amount, 1, gas=1_000_000)
        types = ["uint256", "int24", "int128", "uint256"]
        output = read(chain, "latestObservation(bytes32)", pool)
        number, tick, _, time = eth_abi.decode(types, output)
        assert (number, time) == (len(ticks) + 1, start + seconds)
        ticks.append(tick)
    chain.set_next_timestamp(start + 30)
    chain.mine()

    assert ticks[0] < 0 < ticks[1]
    mean = (ticks[0] * 7 + ticks[1] * 13 + ticks[2] * 10) // 30
    assert eth_abi.decode(["int24"], read(chain, "consult(bytes32,uint32)", pool, 30)) == (mean,)


def read(chain: LocalChain, signature: str, *arguments: Any) -> bytes:
    data = encoded(signature, *arguments)
    to = (0x0511).to_bytes(20, "big")
    result = chain.call(CallRequest(sender=chain.accounts[0], to=to, data=data))
    assert result.success
    return result.output
