"""Feeds, composites and pools' ticks by transactions, on both engines, which must agree."""

from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from coincurve import PrivateKey
from eth_utils import keccak

from chain.calls import CallRequest
from chain.local_chain import LocalChain

FEEDS, AGGREGATION, MANAGER = (
    bytes.fromhex(each).rjust(20, b"\0") for each in ("0510", "0511", "0400")
)
KEY = PrivateKey(keccak(text="reporter"))
SIGNER = keccak(KEY.public_key.format(compressed=False)[1:])[-20:]
CONFIG = "uint8,bytes[],uint8,uint8,int192,int192,uint32,uint16"
COMPOSITE = "createComposite(string,bytes32[],uint32[],uint32,uint8,uint32,uint16)"
POOL_KEY = "(address,address,uint24,int24,address)"
START = 1_900_000_000


class Played:
    """A chain, and blocks at chosen times with one transaction each."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain, self.sender = chain, chain.accounts[0]

    def encoded(self, signature: str, types: str, *arguments: Any) -> bytes:
        listed = types.split(",") if "(" not in types else split(types)
        return keccak(text=signature)[:4] + eth_abi.encode(listed if types else [], arguments)

    def send(self, now: int, to: bytes, name: str, types: str, *arguments: Any) -> tuple[Any, ...]:
        """Return the logs of a transaction that must succeed."""
        data = self.encoded(f"{name}({types})", types, *arguments)
        self.chain.set_next_timestamp(now)
        self.chain.send(CallRequest(sender=self.sender, to=to, data=data, gas=3_000_000))
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        assert receipt.status == 1, name
        return tuple(receipt.logs)

    def ask(self, to: bytes, name: str, types: str, returned: list[str], *arguments: Any) -> Any:
        data = self.encoded(f"{name}({types})", types, *arguments)
        result = self.chain.call(CallRequest(sender=self.sender, to=to, data=data))
        assert result.success, (name, result.output.hex())
        decoded = eth_abi.decode(returned, result.output)
        return decoded[0] if len(decoded) == 1 else decoded

    def refused(self, to: bytes, name: str, types: str, *arguments: Any) -> bytes:
        data = self.encoded(f"{name}({types})", types, *arguments)
        result = self.chain.call(CallRequest(sender=self.sender, to=to, data=data))
        assert result.reverted
        return result.output[:4]

    def make_feed(self, name: str) -> bytes:
        values = (name, 8, 1, [SIGNER], 1, 0, -(10**9), 10**9, 60, 0)
        self.send(START, FEEDS, "createFeed", f"string,uint8,{CONFIG}", *values)
        identifier: bytes = keccak(self.sender + name.encode())
        return identifier

    def report(self, now: int, feed: bytes, answer: int, number: int) -> None:
        types = ["bytes32", "uint32", "uint8", "uint8", "uint8", "int192", "int192", "uint32"]
        digest = self.ask(FEEDS, "configOf", "bytes32", types, feed)[0]
        fields = ["bytes32", "bytes32", "uint40", "uint32", "bytes32", "int192[]"]
        report = eth_abi.encode(fields, [digest, feed, number, now, bytes(32), [answer]])
        context = [digest, number.to_bytes(32, "big"), bytes(32)]
        hashed = keccak(keccak(report) + b"".join(context))
        made = KEY.sign_recoverable(hashed, hasher=None)
        types_ = "bytes32[3],bytes,bytes32[],bytes32[],bytes32"
        vs = made[64:].ljust(32, b"\0")
        logs = self.send(
            now, FEEDS, "transmit", types_, context, report, [made[:32]], [made[32:64]], vs
        )
        updated = keccak(text="AnswerUpdated(bytes32,int256,uint256,uint256)")
        assert [log.topics[0] for log in logs][1] == updated


def split(types: str) -> list[str]:
    """Split types of which one is a tuple."""
    end = types.index(")") + 1
    return [types[:end], *types[end + 1 :].split(",")]


def play(chain: LocalChain) -> bytes:
    """Two feeds, a composite of them, and a pool; return the state that they end in."""
    played = Played(chain)
    first, second = played.make_feed("a"), played.make_feed("b")
    played.report(START + 10, first, 1_000, 1)
    played.report(START + 20, second, 1_100, 1)
    values = ("both", [first, second], [1, 1], 60, 2, 0, 0)
    types = COMPOSITE[COMPOSITE.index("(") + 1 : -1]
    played.send(START + 20, AGGREGATION, "createComposite", types, *values)
    both = keccak(b"composite" + played.sender + b"both")
    played.send(START + 20, AGGREGATION, "createAdapter", "bytes32", both)
    adapter = played.ask(AGGREGATION, "adapterOf", "bytes32", ["address"], both)
    played.send(START + 30, AGGREGATION, "refresh", "bytes32", both)
    played.report(START + 40, first, 1_200, 2)
    played.send(START + 50, AGGREGATION, "refresh", "bytes32", both)

    round_types = ["uint80", "int256", "uint256", "uint256", "uint80"]
    expected = (2, 1_100, START + 20, START + 50, 2)
    at = bytes.fromhex(adapter[2:])
    assert played.ask(at, "latestRoundData", "", round_types) == expected
    assert played.ask(AGGREGATION, "latest", "bytes32", ["int256", "uint256"], both) == (
        1_100,
        START + 20,
    )
    played.send(START + 60, AGGREGATION, "refresh", "bytes32", both)  # Nothing moved: no round.
    # Twenty seconds of 1,000, ten of 1,100; and of the feed thirty of 1,000, twenty of 1,200.
    mean = ("twap", "bytes32,uint32", ["int256"])
    assert played.ask(AGGREGATION, *mean, both, 30) == 1_033
    assert played.ask(AGGREGATION, *mean, first, 50) == 1_080
    assert (
        played.refused(AGGREGATION, "twap", "bytes32,uint32", first, 51)
        == (keccak(text="NoHistory(uint256,uint256)")[:4])
    )

    observe_pool(played)
    return chain.head.header.state_root


def observe_pool(played: Played) -> None:
    """Two pools of the pool manager, where they begin."""
    tokens = [bytes(20), b"\x11" * 20]
    ticks = []
    for number, spacing in enumerate((1, 10)):
        key = (*tokens, 3_000, spacing, bytes(20))
        pool = keccak(eth_abi.encode(split(POOL_KEY)[:1], [key]))
        price = (1 << 96) * (number + 1)  # Its square root.
        arguments = (key, price)
        played.send(START + 80, MANAGER, "initialize", f"{POOL_KEY},uint160", *arguments)
        played.send(START + 80, AGGREGATION, "observe", "bytes32", pool)
        facts = played.ask(
            AGGREGATION,
            "latestObservation",
            "bytes32",
            ["uint256", "int24", "int128", "uint256"],
            pool,
        )
        ticks.append(facts[1])
        assert facts == (1, facts[1], 0, START + 80)
        assert (
            played.refused(AGGREGATION, "consult", "bytes32,uint32", pool, 1)
            == (keccak(text="NoHistory(uint256,uint256)")[:4])
        )
    # The price 1 is tick 0; 4 is the square of 2, and 1.0001 ** 13863 < 4 < 1.0001 ** 13864.
    assert ticks == [0, 13_863]
    logs = played.send(START + 90, AGGREGATION, "observe", "bytes32", pool)
    assert logs == ()
    consult = ("consult", "bytes32,uint32", ["int24"])
    assert played.ask(AGGREGATION, *consult, pool, 10) == 13_863


@pytest.mark.parametrize("engine", ["core", "py"])
def test_what_transactions_leave(new_chain: Callable[..., LocalChain], engine: str) -> None:
    play(new_chain(engine=engine))


def test_both_engines_end_in_the_same_state(new_chain: Callable[..., LocalChain]) -> None:
    assert play(new_chain(engine="core")) == play(new_chain(engine="py"))
