"""Uniswap's own periphery, unmodified, on top of our pool manager and on top of theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from pool_scene import KEY, NATIVE, OURS, Key, Scene, code_of, encoded, pool_id

from chain.calls import CallRequest

ONE = 1 << 96
LIQUIDITY = 10**21
MAX = (1 << 256) - 1
SALT = b"\5" * 32
CHANGE = "(int24,int24,int256,bytes32)"
PATH = "(address,uint24,int24,address,bytes)"
SINGLE = f"({KEY},bool,uint128,bytes)"
MANY = f"(address,{PATH}[],uint128)"
SWAP_IN_SINGLE, SWAP_IN, SWAP_OUT_SINGLE, SWAP_OUT, SETTLE_ALL, TAKE_ALL = (
    *(0x06, 0x07, 0x08, 0x09, 0x0C, 0x0F),
)


@dataclass(kw_only=True)
class Periphery:
    """The contracts around one manager."""

    manager: bytes
    view: bytes
    quoter: bytes
    router: bytes
    liquidity: bytes


@dataclass(kw_only=True)
class Market:
    """Three tokens and the native currency, with pools between neighbours, at both managers."""

    scene: Scene
    currencies: list[bytes]
    keys: list[Key]
    sides: list[Periphery]

    def ask(self, to: bytes, data: bytes) -> tuple[bool, bytes]:
        request = CallRequest(sender=self.scene.sender, to=to, data=data, gas=16_000_000)
        result = self.scene.chain.call(request)
        return result.success, result.output


@pytest.fixture
def market(new_scene: Callable[[str], Scene], artefact: Callable[[str], dict[str, Any]]) -> Market:
    scene = new_scene("core")

    def made(name: str, types: list[str], *values: Any) -> bytes:
        return scene.deploy(code_of(artefact(name)) + eth_abi.encode(types, values))

    names = ["string", "string", "uint8"]
    tokens = sorted(
        made("v4-core/out/mocks/MockERC20.sol/MockERC20", names, "T", "T", 18) for _ in range(3)
    )
    currencies = [NATIVE, *tokens]
    sides = [
        Periphery(
            manager=manager,
            view=made("v4-periphery/foundry-out/StateView.sol/StateView", ["address"], manager),
            quoter=made("v4-periphery/foundry-out/V4Quoter.sol/V4Quoter", ["address"], manager),
            router=made(
                "v4-periphery/foundry-out/MockV4Router.sol/MockV4Router", ["address"], manager
            ),
            liquidity=made(
                "v4-core/out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest",
                ["address"],
                manager,
            ),
        )
        for manager in (OURS, scene.genuine)
    ]
    for token in tokens:
        assert scene.send(token, encoded("mint(address,uint256)", scene.sender, 1 << 200)).status
        for side in sides:
            for spender in (side.router, side.liquidity):
                scene.send(token, encoded("approve(address,uint256)", spender, MAX))
    keys: list[Key] = [(*pair, 3_000, 60, NATIVE) for pair in pairwise(currencies)]
    for side in sides:
        for key in keys:
            start = encoded(f"initialize({KEY},uint160)", key, ONE)
            assert scene.send(side.manager, start).status == 1
            for lower, upper in ((-6_000, 6_000), (-600, 60)):
                data = encoded(
                    f"modifyLiquidity({KEY},{CHANGE},bytes)",
                    key,
                    (lower, upper, LIQUIDITY, SALT),
                    b"",
                )
                assert scene.send(side.liquidity, data, value=10**21).status == 1
    return Market(scene=scene, currencies=currencies, keys=keys, sides=sides)


def path(market: Market, currencies: list[bytes]) -> list[tuple[Any, ...]]:
    return [(currency, 3_000, 60, NATIVE, b"") for currency in currencies]


def quotes(market: Market) -> list[bytes]:
    """Calls of the quoter, good and bad."""
    native, first, second, third = market.currencies
    key = market.keys[0]
    calls = []
    for way in ("Input", "Output"):
        for amount in (1, 10**18, 10**21, (1 << 127) - 1, 1 << 127):
            for zero_for_one in (True, False):
                single = (key, zero_for_one, amount, b"")
                calls.append(encoded(f"quoteExact{way}Single({SINGLE})", single))
        forward = path(market, [first, second, third])
        back = path(market, [native, first, second])
        for amount in (10**15, 10**20):
            data = (native, forward, amount) if way == "Input" else (third, back, amount)
            calls.append(encoded(f"quoteExact{way}({MANY})", data))
    unknown = (*key[:2], 500, 10, NATIVE)
    calls.append(encoded(f"quoteExactInputSingle({SINGLE})", (unknown, True, 1, b"")))
    return calls


def test_the_quoter_quotes_the_same(market: Market) -> None:
    """All but the gas, which is the last word of a quote."""
    succeeded = 0
    for data in quotes(market):
        (ours, said), (genuine, theirs) = (market.ask(s.quoter, data) for s in market.sides)
        assert ours == genuine
        assert said[:-32] == theirs[:-32] if ours else said == theirs
        succeeded += ours
    assert 10 < succeeded < len(quotes(market))


def routes(market: Market) -> list[tuple[list[int], list[bytes], int]]:
    """Actions of the router, their arguments, and the value to send along."""
    native, first, second, third = market.currencies
    single = f"({KEY},bool,uint128,uint128,bytes)"
    many = f"(address,{PATH}[],uint128,uint128)"
    settle, amount = ["address", "uint256"], 10**18

    def finish(paid: bytes, got: bytes) -> list[bytes]:
        return [eth_abi.encode(settle, [paid, MAX >> 1]), eth_abi.encode(settle, [got, 0])]

    back = [SETTLE_ALL, TAKE_ALL]
    forward = path(market, [first, second, third])
    backward = path(market, [native, first, second])
    key = market.keys[1]
    return [
        (
            [SWAP_IN_SINGLE, *back],
            [eth_abi.encode([single], [(key, True, amount, 1, b"")]), *finish(first, second)],
            0,
        ),
        (
            [SWAP_OUT_SINGLE, *back],
            [
                eth_abi.encode([single], [(key, False, amount, 2 * amount, b"")]),
                *finish(second, first),
            ],
            0,
        ),
        (
            [SWAP_IN, *back],
            [
                eth_abi.encode([many], [(native, forward, amount, 1)]),
                *finish(native, third),
            ],
            amount,
        ),
        (
            [SWAP_OUT, *back],
            [
                eth_abi.encode([many], [(third, backward, amount, 2 * amount)]),
                *finish(native, third),
            ],
            2 * amount,
        ),
        (
            [SWAP_IN_SINGLE, *back],
            [
                eth_abi.encode([single], [(key, True, amount, amount, b"")]),
                *finish(first, second),
            ],
            0,
        ),
    ]


def pools(market: Market, side: Periphery) -> list[tuple[bool, bytes]]:
    """Price, fee growth and liquidity of every pool; positions have other owners."""
    run = "extsload(bytes32,uint256)"
    slots = [keccak(pool_id(key) + (6).to_bytes(32, "big")) for key in market.keys]
    return [market.ask(side.manager, encoded(run, slot, 4)) for slot in slots]


def test_the_router_swaps_the_same(market: Market) -> None:
    scene = market.scene
    statuses = []
    for actions, arguments, value in routes(market):
        plan = eth_abi.encode(["bytes", "bytes[]"], [bytes(actions), arguments])
        data = encoded("executeActionsAndSweepExcessETH(bytes)", plan)
        answers = [market.ask(side.router, data)[1] for side in market.sides]
        receipts = [scene.send(side.router, data, value=value) for side in market.sides]
        assert receipts[0].status == receipts[1].status
        assert len(receipts[0].logs) == len(receipts[1].logs)
        assert answers[0] == answers[1]
        assert pools(market, market.sides[0]) == pools(market, market.sides[1])
        assert receipts[0].gas_used <= receipts[1].gas_used
        statuses.append(receipts[0].status)
    assert statuses == [1, 1, 1, 1, 0]


def test_the_state_view_sees_the_same(market: Market) -> None:
    """After swaps, so that there are fees and a price to see."""
    for actions, arguments, value in routes(market)[:4]:
        plan = eth_abi.encode(["bytes", "bytes[]"], [bytes(actions), arguments])
        data = encoded("executeActionsAndSweepExcessETH(bytes)", plan)
        for side in market.sides:
            assert market.scene.send(side.router, data, value=value).status == 1
    seen = set()
    for key in market.keys:
        name = pool_id(key)
        asked: list[tuple[str, tuple[Any, ...]]] = [
            ("getSlot0(bytes32)", (name,)),
            ("getLiquidity(bytes32)", (name,)),
            ("getFeeGrowthGlobals(bytes32)", (name,)),
            ("getTickBitmap(bytes32,int16)", (name, -1)),
        ]
        for tick in (-6_000, -600, 60, 6_000, 120):
            asked += [
                ("getTickInfo(bytes32,int24)", (name, tick)),
                ("getTickLiquidity(bytes32,int24)", (name, tick)),
                ("getTickFeeGrowthOutside(bytes32,int24)", (name, tick)),
            ]
        for lower, upper in ((-6_000, 6_000), (-600, 60), (-60, 0), (60, 6_000)):
            asked.append(("getFeeGrowthInside(bytes32,int24,int24)", (name, lower, upper)))
        for signature, arguments in asked:
            data = encoded(signature, *arguments)
            answers = {market.ask(side.view, data) for side in market.sides}
            assert len(answers) == 1, signature
            seen |= answers
        info = "getPositionInfo(bytes32,address,int24,int24,bytes32)"
        positions = {
            market.ask(side.view, encoded(info, name, side.liquidity, -600, 60, SALT))
            for side in market.sides
        }
        assert len(positions) == 1
    assert len(seen) > 10
    assert all(success for success, _ in seen)


def test_the_artefacts_are_those_of_the_packages(uniswap: Path) -> None:
    for package, version in (("v4-core", "1.0.2"), ("v4-periphery", "1.0.3")):
        text = (uniswap / package / "package.json").read_text("utf-8")
        assert f'"version": "{version}"' in text
