"""The contracts of contracts/examples/ on a chain, beside what the precompiles say themselves."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from vyper.cli.vyper_compile import compile_files

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from precompiles.registry import find

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "contracts" / "examples"
TOKEN = ROOT / "tests" / "precompiles" / "vectors" / "token.vy"

MANAGER, QUOTER, HOOKS, VAULTS = (
    find(name).address for name in ("pool_manager", "quoter", "hooks", "vaults")
)
NATIVE = bytes(20)
E18 = 10**18
MUCH = 10**27
LATER = 2**40
PRICE_1 = 2**96
DYNAMIC = 0x800000
HOOK_FLAGS = 0x1080
KEY = "(address,address,uint24,int24,address)"
Key = tuple[bytes, bytes, int, int, bytes]


def selector_call(signature: str, types: list[str], *arguments: Any) -> bytes:
    return keccak(text=signature)[:4] + encode(types, arguments)


@pytest.fixture(scope="session")
def shipped() -> Callable[[str], tuple[list[dict[str, Any]], bytes]]:
    """Compile an example, or the token of the tests; each once."""

    @cache
    def run(name: str) -> tuple[list[dict[str, Any]], bytes]:
        path = TOKEN if name == "token" else EXAMPLES / f"{name}.vy"
        (made,) = compile_files([path], ["abi", "bytecode"]).values()
        return made["abi"], bytes.fromhex(made["bytecode"].removeprefix("0x"))

    return run


@pytest.fixture(params=("core", "py"))
def chain(request: pytest.FixtureRequest, accounts: tuple[DevAccount, ...]) -> Iterator[LocalChain]:
    """A chain of its own for each test, on either engine."""
    genesis = pars_genesis(6133, [account.address for account in accounts])
    opened = LocalChain.open(genesis, accounts=accounts, loud=True, engine=request.param)
    yield opened
    opened.close()


@dataclass(frozen=True, kw_only=True)
class Market:
    """Three tokens in order, which everybody has and has allowed a spender to take."""

    chain: LocalChain
    tokens: tuple[Any, ...]

    @property
    def addresses(self) -> tuple[bytes, ...]:
        return tuple(token.address for token in self.tokens)

    def allow(self, spender: bytes) -> None:
        for token in self.tokens:
            for account in self.chain.accounts[:2]:
                token.send("approve", spender, 2**256 - 1, sender=account)

    def initialize(self, key: Key, price: int = PRICE_1) -> None:
        data = selector_call(f"initialize({KEY},uint160)", [KEY, "uint160"], key, price)
        self.send(MANAGER, data)

    def send(self, to: bytes, data: bytes) -> None:
        self.chain.send(CallRequest(sender=self.chain.accounts[0], to=to, data=data))
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        assert receipt.status == 1

    def balance(self, token: bytes, owner: bytes) -> int:
        if token == NATIVE:
            return self.chain.state().balance(owner)
        found = next(each for each in self.tokens if each.address == token)
        # The token of the tests encodes what it returns itself.
        return int.from_bytes(found.ask("balanceOf", owner).output, "big")


@pytest.fixture
def market(shipped: Any, deploy: Callable[..., Any], chain: LocalChain) -> Market:
    made = sorted((deploy(*shipped("token")) for _ in range(3)), key=lambda each: each.address)
    for token in made:
        for account in chain.accounts[:2]:
            token.send("mint", account, MUCH)
    return Market(chain=chain, tokens=tuple(made))


def quoted(chain: LocalChain, side: str, currency: bytes, path: list[Any], amount: int) -> int:
    route = "(address,(address,uint24,int24,address,bytes)[],uint128)"
    hops = [(*hop, b"") for hop in path]
    data = selector_call(f"quoteExact{side}({route})", [route], (currency, hops, amount))
    result = chain.call(CallRequest(to=QUOTER, data=data))
    assert result.success, result.output.hex()
    return int.from_bytes(result.output[:32], "big")


# --- The router -----------------------------------------------------------------------------


@pytest.fixture
def router(shipped: Any, deploy: Callable[..., Any], market: Market) -> Any:
    """A router, and pools native-A, A-B and B-C with liquidity of the first account."""
    made = deploy(*shipped("Router"))
    market.allow(made.address)
    a, b, c = market.addresses
    for key in (pool(NATIVE, a), pool(a, b), pool(b, c)):
        market.initialize(key)
        value = MUCH if key[0] == NATIVE else 0
        market.chain.set_balance(market.chain.accounts[0], 2 * MUCH)
        made.send("addLiquidity", key, -6_000, 6_000, 10**21, MUCH, MUCH, LATER, value=value)
    return made


def pool(first: bytes, second: bytes, hook: bytes = bytes(20)) -> Key:
    return first, second, DYNAMIC if any(hook) else 3_000, 60, hook


def hop(to: bytes, hook: bytes = bytes(20)) -> tuple[bytes, int, int, bytes]:
    return to, DYNAMIC if any(hook) else 3_000, 60, hook


def test_swaps_along_a_path(router: Any, market: Market) -> None:
    chain, sender = market.chain, market.chain.accounts[1]
    a, b, c = market.addresses
    for start, path in (
        (a, [hop(b)]),
        (b, [hop(a)]),
        (a, [hop(b), hop(c)]),
        (c, [hop(b), hop(a)]),
    ):
        last = path[-1][0]
        for exact_in in (True, False):
            side = "Input" if exact_in else "Output"
            before = market.balance(start, sender), market.balance(last, sender)
            amount = 3 * E18
            back = [start, *(each[0] for each in path[:-1])]
            asked = (
                path if exact_in else [(at, *each[1:]) for at, each in zip(back, path, strict=True)]
            )
            other = quoted(chain, side, start if exact_in else last, asked, amount)
            arguments = (start, path, amount, other, LATER)
            name = f"exact{side}"
            worse = other + 1 if exact_in else other - 1
            router.refusal(name, *arguments[:3], worse, LATER, sender=sender)
            late = chain.head.header.timestamp - 1
            router.refusal(name, *arguments[:4], late, sender=sender)
            router.send(name, *arguments, sender=sender)
            paid, got = (amount, other) if exact_in else (other, amount)
            assert market.balance(start, sender) == before[0] - paid
            assert market.balance(last, sender) == before[1] + got
    assert not any(market.balance(token, router.address) for token in market.addresses)


def test_native_currency_in_and_out(router: Any, market: Market) -> None:
    chain, sender = market.chain, market.chain.accounts[1]
    a, b, _ = market.addresses
    chain.set_balance(sender, 100 * E18)
    before = market.balance(b, sender)
    path = [hop(a), hop(b)]
    expected = quoted(chain, "Input", NATIVE, path, E18)
    # Ten times what is needed is sent; the rest comes back.
    arguments = (NATIVE, path, E18, expected, LATER)
    router.send("exactInput", *arguments, sender=sender, value=10 * E18)
    assert market.balance(b, sender) - before == expected
    assert 98 * E18 < chain.state().balance(sender) <= 99 * E18
    assert chain.state().balance(router.address) == 0
    router.refusal("exactInput", *arguments, sender=sender, value=E18 - 1)
    holds = chain.state().balance(sender)
    router.send("exactOutput", b, [hop(a), hop(NATIVE)], E18, 2 * E18, LATER, sender=sender)
    assert E18 * 99 // 100 < chain.state().balance(sender) - holds <= E18


def test_liquidity_in_and_out(router: Any, market: Market) -> None:
    sender = market.chain.accounts[1]
    a, b, _ = market.addresses
    key = pool(a, b)
    start = market.balance(a, sender), market.balance(b, sender)
    place = (key, -600, 600)
    cost = router.call("addLiquidity", *place, 10**20, MUCH, MUCH, LATER, sender=sender)
    limits = (cost[0] - 1, cost[1])
    router.refusal("addLiquidity", *place, 10**20, *limits, LATER, sender=sender)
    router.refusal("addLiquidity", *place, 10**20, *cost, 1, sender=sender)
    router.send("addLiquidity", *place, 10**20, *cost, LATER, sender=sender)
    assert market.balance(a, sender) == start[0] - cost[0]
    router.send("exactInput", a, [hop(b)], E18, 0, LATER)
    router.send("exactInput", b, [hop(a)], E18, 0, LATER)
    # It is this account's position, and no other's.
    router.refusal("removeLiquidity", *place, 10**20, 0, 0, LATER)
    back = router.call("removeLiquidity", *place, 10**20, 0, 0, LATER, sender=sender)
    router.refusal("removeLiquidity", *place, 10**20, back[0], back[1] + 1, LATER, sender=sender)
    router.send("removeLiquidity", *place, 10**20, *back, LATER, sender=sender)
    assert market.balance(a, sender) == start[0] - cost[0] + back[0]
    assert market.balance(b, sender) == start[1] - cost[1] + back[1]
    assert sum(back) > sum(cost), "there were fees"


def test_nobody_else_calls_back(router: Any) -> None:
    assert b"only the pool manager" in router.refusal("unlockCallback", b"")


# --- Hooks ----------------------------------------------------------------------------------


@pytest.fixture
def hooked(
    router: Any, market: Market, shipped: Any, deploy: Callable[..., Any]
) -> Callable[[str], tuple[Any, Key]]:
    """Deploy a hook where 0x0403 finds a place for it, and open a pool of A and B with it."""

    def make(name: str) -> tuple[Any, Key]:
        abi, code = shipped(name)
        deployer = deploy(*shipped("HookDeployer"))
        types = ["address", "uint16", "bytes32", "uint256", "uint256"]
        signature = f"find({','.join(types)})"
        arguments = (deployer.address, HOOK_FLAGS, keccak(code), 0, 1 << 18)
        data = selector_call(signature, types, *arguments)
        result = market.chain.call(CallRequest(to=HOOKS, data=data))
        assert result.success
        salt, address = result.output[32:64], result.output[76:96]
        deployer.refusal("deploy", code, bytes(31) + b"\1")  # elsewhere it refuses to be
        deployer.send("deploy", code, salt)
        a, b, _ = market.addresses
        key = pool(a, b, address)
        market.initialize(key)
        router.send("addLiquidity", key, -60_000, 60_000, 10**22, MUCH, MUCH, LATER)
        return type(deployer)(chain=market.chain, address=address, abi=abi), key

    return make


def pass_time(chain: LocalChain, seconds: int) -> None:
    chain.increase_time(seconds)
    chain.mine()


def test_fees_rise_with_volatility_and_fall_again(
    hooked: Callable[[str], tuple[Any, Key]], router: Any, market: Market
) -> None:
    hook, key = hooked("VolatilityFee")
    a, b, _ = market.addresses
    chain, sender = market.chain, market.chain.accounts[0]
    pool_id = keccak(encode([KEY], [key]))
    assert hook.call("feeOf", pool_id) == 500
    fees = []
    for _ in range(4):
        expected = quoted(chain, "Input", a, [hop(b, key[4])], 50 * E18)
        before = market.balance(b, sender)
        # The clock may go on between the two, and the fee falls with it.
        least = expected * 999 // 1_000
        arguments = (a, [hop(b, key[4])], 50 * E18, least, LATER)
        router.send("exactInput", *arguments, gas=2_000_000)
        assert least <= market.balance(b, sender) - before <= expected * 1_001 // 1_000
        fees.append(hook.call("feeOf", pool_id))
    assert fees == sorted(set(fees))
    assert 500 < fees[0] < fees[-1] <= 10_000
    pass_time(chain, 300)
    calmer = hook.call("feeOf", pool_id)
    assert 500 < calmer < fees[-1]
    answer = hook.refusal("beforeSwap", sender, key, (True, -1, PRICE_1), b"")
    assert b"only the pool manager" in answer


def test_prices_are_remembered(
    hooked: Callable[[str], tuple[Any, Key]], router: Any, market: Market
) -> None:
    """Against sums made here of the ticks that the state view told, second by second."""
    hook, key = hooked("PriceHistory")
    a, b, _ = market.addresses
    chain = market.chain
    pool_id = keccak(encode([KEY], [key]))
    data = keccak(text="getSlot0(bytes32)")[:4] + pool_id

    def tick() -> int:
        output = chain.call(CallRequest(to=QUOTER, data=data)).output
        return int.from_bytes(output[32:64], "big", signed=True)

    known = [(chain.head.header.timestamp, tick())]
    choose = random.Random(20)
    for _ in range(8):
        pass_time(chain, choose.randrange(1, 40))
        first, second = choose.sample((a, b), 2)
        amount = choose.randrange(1, 90) * E18
        arguments = (first, [hop(second, key[4])], amount, 0, LATER)
        router.send("exactInput", *arguments, gas=2_000_000)
        known.append((chain.head.header.timestamp, tick()))
    pass_time(chain, 30)
    asked_at = chain.head.header.timestamp
    lasting = [
        tick
        for (start, tick), end in zip(known, [*(t for t, _ in known[1:]), asked_at], strict=True)
        for _ in range(end - start)
    ]
    for seconds in (1, 7, 30, 60, len(lasting)):
        found = hook.call("meanTick", pool_id, seconds)
        assert abs(found - sum(lasting[-seconds:]) / seconds) <= 1
    hook.refusal("meanTick", pool_id, 10**6)
    hook.refusal("meanTick", pool_id, 0)


# --- The token of a vault -------------------------------------------------------------------


@pytest.fixture
def vault(shipped: Any, deploy: Callable[..., Any], market: Market) -> Any:
    """A vault of the first token as an ERC-4626, at an uneven price."""
    asset = market.addresses[0]
    market.send(VAULTS, selector_call("createVault(address)", ["address"], asset))
    made = deploy(*shipped("VaultToken"), 1, "Vault of A", "vA")
    market.allow(made.address)
    market.allow(VAULTS)
    made.send("deposit", 10**18 + 7, market.chain.accounts[0])
    gift = selector_call("contribute(uint256,uint256)", ["uint256", "uint256"], 1, 333 * 10**15)
    market.send(VAULTS, gift)
    return made


ROUND_TRIPS = (
    ("deposit", "redeem"),
    ("deposit", "withdraw"),
    ("mint", "redeem"),
    ("mint", "withdraw"),
)


@pytest.mark.parametrize(("enter", "leave"), ROUND_TRIPS)
def test_round_trips_never_profit(vault: Any, market: Market, enter: str, leave: str) -> None:
    """The round trips of a16z's ERC-4626 properties, into the vault and out of it."""
    asset, sender = market.addresses[0], market.chain.accounts[1]
    choose = random.Random(f"{enter}{leave}")
    for _ in range(4):
        amount = choose.randrange(1, 10 ** choose.randrange(2, 20))
        start = market.balance(asset, sender)
        vault.send(enter, amount, sender, sender=sender)
        shares = vault.call("balanceOf", sender)
        out = shares
        if leave == "withdraw":
            out = vault.call("maxWithdraw", sender)
        vault.send(leave, out, sender, sender, sender=sender)
        assert market.balance(asset, sender) <= start
        rest = vault.call("balanceOf", sender)
        vault.send("transfer", market.chain.accounts[0], rest, sender=sender)


@pytest.mark.parametrize(("leave", "enter"), [trip[::-1] for trip in ROUND_TRIPS])
def test_round_trips_from_inside_never_profit(
    vault: Any, market: Market, leave: str, enter: str
) -> None:
    """Out of the vault and into it again: fewer shares for the same assets, or dearer ones."""
    asset, sender = market.addresses[0], market.chain.accounts[1]
    vault.send("deposit", 10**20, sender, sender=sender)
    choose = random.Random(f"{leave}{enter}")
    for _ in range(4):
        amount = choose.randrange(1, 10 ** choose.randrange(2, 19))
        start = market.balance(asset, sender), vault.call("balanceOf", sender)
        vault.send(leave, amount, sender, sender, sender=sender)
        got = market.balance(asset, sender) - start[0]
        burnt = start[1] - vault.call("balanceOf", sender)
        vault.send(enter, got if enter == "deposit" else burnt, sender, sender=sender)
        end = market.balance(asset, sender), vault.call("balanceOf", sender)
        assert end[0] <= start[0]
        assert end[1] <= start[1]


def test_previews_and_limits_are_exact(vault: Any, market: Market) -> None:
    """Each preview is what the call does; each maximum is accepted, and one more is not."""
    asset, sender = market.addresses[0], market.chain.accounts[1]
    for name, amount in (("deposit", 10**17), ("mint", 10**21)):
        before = market.balance(asset, sender), vault.call("balanceOf", sender)
        preview = vault.call(f"preview{name.capitalize()}", amount)
        vault.send(name, amount, sender, sender=sender)
        paid, made = (amount, preview) if name == "deposit" else (preview, amount)
        assert market.balance(asset, sender) == before[0] - paid
        assert vault.call("balanceOf", sender) == before[1] + made
    for name, amount in (("withdraw", 10**16), ("redeem", 10**20)):
        before = market.balance(asset, sender), vault.call("balanceOf", sender)
        preview = vault.call(f"preview{name.capitalize()}", amount)
        vault.send(name, amount, sender, sender, sender=sender)
        got, burnt = (amount, preview) if name == "withdraw" else (preview, amount)
        assert market.balance(asset, sender) == before[0] + got
        assert vault.call("balanceOf", sender) == before[1] - burnt
    for name in ("Withdraw", "Redeem"):
        most = vault.call(f"max{name}", sender)
        arguments = (most + 1, sender, sender)
        vault.refusal(name.lower(), *arguments, sender=sender)
        assert vault.ask(name.lower(), most, sender, sender, sender=sender).success
    total = vault.call("totalSupply")
    assert vault.call("totalAssets") == vault.call("convertToAssets", total)
    assert vault.call("decimals") == 24
    assert vault.call("asset") == "0x" + asset.hex()


def test_shares_are_an_erc20(vault: Any, market: Market) -> None:
    owner, other = market.chain.accounts[:2]
    held = vault.call("balanceOf", owner)
    vault.send("transfer", other, 1_000)
    assert vault.call("balanceOf", other) == 1_000
    vault.refusal("transferFrom", owner, other, 1, sender=other)
    vault.send("approve", other, 50)
    vault.send("transferFrom", owner, other, 50, sender=other)
    vault.refusal("transferFrom", owner, other, 1, sender=other)
    vault.refusal("redeem", 1, other, owner, sender=other)
    vault.send("approve", other, 10**24)
    vault.send("redeem", 10**6, other, owner, sender=other)
    assert vault.call("balanceOf", owner) == held - 1_050 - 10**6
    # Out of the contract and in again: the same shares under the vaults' own address.
    vault.send("unwrap", 1_000, sender=other)
    types = ["address", "uint256"]
    data = selector_call("balanceOf(address,uint256)", types, other, 1)
    kept = market.chain.call(CallRequest(to=VAULTS, data=data)).output
    assert int.from_bytes(kept, "big") == 1_000
    vault.refusal("wrap", 1_000, sender=other)
    allow = selector_call(
        "approve(address,uint256,uint256)",
        ["address", "uint256", "uint256"],
        vault.address,
        1,
        1_000,
    )
    market.chain.send(CallRequest(sender=other, to=VAULTS, data=allow))
    vault.send("wrap", 1_000, sender=other)
    assert vault.call("balanceOf", other) == 1_050


def test_a_fee_of_the_token_falls_on_who_pays(vault: Any, market: Market) -> None:
    asset, sender = market.addresses[0], market.chain.accounts[1]
    market.tokens[0].send("behave", 3, NATIVE, b"")
    held = vault.call("balanceOf", sender)
    vault.send("deposit", 10**18, sender, sender=sender)
    worth = vault.call("convertToAssets", vault.call("balanceOf", sender) - held)
    assert 97 * 10**16 < worth < 99 * 10**16
    vault.refusal("mint", 10**18, sender, sender=sender)
    assert market.balance(asset, vault.address) == 0


# --- Vaults of liquidity ---------------------------------------------------------------------


def test_a_vault_of_liquidity_through_transactions(router: Any, market: Market) -> None:
    """Two holders, trades, compounding, and out again; what is logged is what moved."""
    chain = market.chain
    alice, bob = chain.accounts[:2]
    a, b, _ = market.addresses
    market.allow(VAULTS)
    (interface,) = compile_files([ROOT / "contracts/interfaces/IVaults.vyi"], ["abi"]).values()
    vaults = type(router)(chain=chain, address=VAULTS, abi=interface["abi"])
    vaults.send("createRangedVault", a, pool(a, b), -1_200, 1_200)
    start = {who: (market.balance(a, who), market.balance(b, who)) for who in (alice, bob)}
    much = 2**200
    vaults.send("join", 1, 10**19, much, much, alice)
    vaults.send("join", 1, 10**18, much, much, bob, sender=bob)
    vaults.send("joinWithAsset", 1, E18, E18 // 2, 1, bob, sender=bob)
    for _ in range(3):
        router.send("exactInput", a, [hop(b)], 5 * E18, 0, LATER, sender=bob)
        router.send("exactInput", b, [hop(a)], 5 * E18, 0, LATER, sender=bob)
    before = vaults.call("positionOf", 1)
    receipt = vaults.send("compound", 1, sender=bob, gas=2_000_000)
    after = vaults.call("positionOf", 1)
    added = after[3] - before[3]
    assert 0 < added <= before[3] // 64 + 1
    own = [log for log in receipt.logs if log.address == VAULTS]
    assert [int.from_bytes(log.data, "big") for log in own] == [added]
    vaults.refusal("compound", 1)
    shares = vaults.call("balanceOf", bob, 1)
    # The clock cannot change what a position is worth.
    preview = vaults.call("previewLeaveWithAsset", 1, shares)
    held = market.balance(a, bob)
    vaults.send("leaveWithAsset", 1, shares, preview, bob, bob, sender=bob)
    assert market.balance(a, bob) - held == preview
    vaults.refusal("leave", 1, 10**19, 0, 0, bob, alice, sender=bob)
    preview = vaults.call("previewLeave", 1, 10**19)
    held = market.balance(a, alice), market.balance(b, alice)
    vaults.send("leave", 1, 10**19, *preview, alice, alice)
    got = market.balance(a, alice) - held[0], market.balance(b, alice) - held[1]
    assert got == preview
    end = market.balance(a, alice), market.balance(b, alice)
    assert sum(end) > sum(start[alice]), "who stayed has earned fees"
    assert vaults.call("positionOf", 1)[3] == 0
    assert vaults.call("totalSupply", 1) == 0


# --- The contracts of docs/dex.md -------------------------------------------------------------


def test_reserve(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    market: Market,
) -> None:
    asset = market.addresses[0]
    market.send(VAULTS, selector_call("createVault(address)", ["address"], asset))
    reserve = deploy(*vyper(documented("dex.md", "Reserve.vy")), 1)
    market.allow(reserve.address)
    reserve.send("put", 5_000)
    assert reserve.call("worth") == 5_000
    stranger = market.chain.accounts[1]
    assert b"only the owner" in reserve.refusal("spend", 1, stranger, sender=stranger)
    before = market.balance(asset, stranger)
    reserve.send("spend", 3_000, stranger)
    assert market.balance(asset, stranger) - before == 3_000
    assert reserve.call("worth") == 2_000
    reserve.refusal("spend", 2_001, stranger)


def test_shop(
    documented: Callable[..., str],
    solidity: Callable[..., Any],
    deploy: Callable[..., Any],
    router: Any,
    market: Market,
) -> None:
    shop = deploy(*solidity(documented("dex.md", "Shop.sol")))
    a, b, c = market.addresses
    asked = shop.call("costs", pool(a, b), 2 * E18)
    assert asked == quoted(market.chain, "Output", b, [hop(a)], 2 * E18)
    before = market.balance(a, market.chain.accounts[1])
    arguments = (a, [hop(b)], 2 * E18, asked, LATER)
    router.send("exactOutput", *arguments, sender=market.chain.accounts[1])
    assert before - market.balance(a, market.chain.accounts[1]) == asked
    shop.refusal("costs", pool(a, c), 1)
