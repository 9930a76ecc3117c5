"""Vectors of the pool manager: what v4's own did on the same calls.

`scenes` lists the calls, for a manager at any address. `pool_manager_v4.json` holds what the
genuine contract answered; tests/chain/pool_manager/record.py made it, and says how.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, hexed, refused
from eth_abi import encode
from eth_utils import keccak
from families import family_cases

RECORDED = json.loads((Path(__file__).parent / "pool_manager_v4.json").read_text("utf-8"))
SOURCE = "@uniswap/v4-core 1.0.2 PoolManager, run"
CONTRACTS: dict[str, str] = RECORDED["contracts"]

OURS = (0x0400).to_bytes(20, "big")
OTHER = b"\x22" * 20
NATIVE, TOKEN_A, TOKEN_B = bytes(20), b"\xaa" * 20, b"\xbb" * 20
HOOK = b"\x77" * 18 + b"\x3f\xff"
CALLING_HOOK = b"\x66" * 18 + b"\x00\x80"
"""The address of a caller that is a hook before swaps."""
SILENT, REFUSING, TAXED = 1, 2, 3

KEY = "(address,address,uint24,int24,address)"
CHANGE = "(int24,int24,int256,bytes32)"
SWAP = "(bool,int256,uint160)"
INITIALIZE, MODIFY = f"initialize({KEY},uint160)", f"modifyLiquidity({KEY},{CHANGE},bytes)"
SWAPS, DONATE = f"swap({KEY},{SWAP},bytes)", f"donate({KEY},uint256,uint256,bytes)"
SETTLE, TAKE = "settle()", "take(address,address,uint256)"
MINT, BURN = "mint(address,uint256,uint256)", "burn(address,uint256,uint256)"
UPDATE_FEE, SET_FEE = f"updateDynamicLPFee({KEY},uint24)", f"setProtocolFee({KEY},uint24)"
COLLECT = "collectProtocolFees(address,address,uint256)"
TRANSFER_FROM = "transferFrom(address,address,uint256,uint256)"

Fields = tuple[bytes, bytes, int, int, bytes]
POOL: Fields = (TOKEN_A, TOKEN_B, 3_000, 60, NATIVE)
NATIVE_POOL: Fields = (NATIVE, TOKEN_A, 500, 10, NATIVE)
HOOKED: Fields = (TOKEN_A, TOKEN_B, 0x800000, 60, HOOK)
FULL_FEE: Fields = (TOKEN_A, TOKEN_B, 1_000_000, 60, NATIVE)

ONE = 1 << 96
MIN_PRICE, MAX_PRICE = 4295128739, 1461446703485210103287273052203988822378723970342
LIQUIDITY = 10**18
PLENTY = 10**30
SALT = bytes(32)


def types(signature: str) -> list[str]:
    parts, depth = [""], 0
    for letter in signature[signature.index("(") + 1 : -1]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part]


def ask(signature: str, *arguments: Any) -> bytes:
    return keccak(text=signature)[:4] + encode(types(signature), arguments)


def script(*calls: tuple[bytes, int, bytes]) -> bytes:
    """What the caller of a vector does when it is called back: README.md has the form."""
    parts = []
    for to, value, data in calls:
        words = (int.from_bytes(to, "big"), value, len(data))
        parts.append(b"".join(word.to_bytes(32, "big") for word in words) + data)
    return b"".join(parts)


class Stage:
    """Scenes around a manager at one address."""

    def __init__(self, manager: bytes) -> None:
        self.manager = manager
        tokens = {hexed(each): {"code": "token"} for each in (TOKEN_A, TOKEN_B)}
        caller = hexed(CALLER.rjust(32, b"\0"))
        own = {"storage": {hexed(n.to_bytes(32, "big")): caller for n in (0, 2)}}
        self.accounts = {**tokens, hexed(HOOK): {"code": "puppet"}, hexed(manager): own}
        self.funded = [
            self.step(call("mint(address,uint256)", who, PLENTY), to=token)
            for token in (TOKEN_A, TOKEN_B)
            for who in (CALLER, OTHER)
        ]

    # Calls.

    def step(self, data: bytes, **more: Any) -> Case:
        if "to" in more:
            more["to"] = hexed(more["to"])
        if "caller" in more:
            more["caller"] = hexed(more["caller"])
        return {"input": hexed(data), **more}

    def own(self, data: bytes, value: int = 0) -> tuple[bytes, int, bytes]:
        return self.manager, value, data

    def pay(self, currency: bytes, amount: int) -> list[tuple[bytes, int, bytes]]:
        if currency == NATIVE:
            return [self.own(call("sync(address)", NATIVE)), self.own(ask(SETTLE), amount)]
        return [
            self.own(call("sync(address)", currency)),
            (currency, 0, call("transfer(address,uint256)", self.manager, amount)),
            self.own(ask(SETTLE)),
        ]

    def get(self, currency: bytes, amount: int) -> list[tuple[bytes, int, bytes]]:
        return [self.own(call(TAKE, currency, CALLER, amount))]

    def unlock(self, *calls: tuple[bytes, int, bytes]) -> bytes:
        return call("unlock(bytes)", script(*calls))

    def even(self, data: bytes, key: Fields, amount0: int, amount1: int) -> bytes:
        """Unlock for one call, whose deltas these are, settled before it."""
        calls: list[tuple[bytes, int, bytes]] = []
        for currency, amount in zip(key[:2], (amount0, amount1), strict=True):
            calls += self.pay(currency, -amount) if amount < 0 else []
            calls += self.get(currency, amount) if amount > 0 else []
        return self.unlock(*calls, self.own(data))

    def modify(self, key: Fields, lower: int, upper: int, change: int, salt: bytes = SALT) -> bytes:
        return ask(MODIFY, key, (lower, upper, change, salt), b"")

    def swap(self, key: Fields, zero_for_one: bool, amount: int, limit: int | None = None) -> bytes:
        end = MIN_PRICE + 1 if zero_for_one else MAX_PRICE - 1
        return ask(SWAPS, key, (zero_for_one, amount, end if limit is None else limit), b"data")

    def teach(
        self,
        hook: bytes,
        signature: str,
        data: bytes,
        *,
        reverts: bool = False,
        request: bytes = b"",
    ) -> Case:
        """Tell a hook what to answer to a call, and what to ask the manager before."""
        prepare = ask(
            "prepare(bytes4,(bool,bytes,bytes))",
            keccak(text=signature)[:4],
            (reverts, data, request),
        )
        return self.step(prepare, to=hook)

    # Pools to start from. What adding takes is what the recording said, rounded up.

    def opened(self, key: Fields = POOL, price: int = ONE) -> list[Case]:
        return [*self.funded, *self.lessons(key), self.step(ask(INITIALIZE, key, price))]

    def filled(self, key: Fields = POOL) -> list[Case]:
        spacing = key[3]
        amounts = ADDED[spacing]
        add = self.modify(key, -10 * spacing, 10 * spacing, LIQUIDITY)
        value = {"value": 0}
        return [
            *self.opened(key),
            self.step(self.even(add, key, -amounts, -amounts), **value),
        ]

    def lessons(self, key: Fields) -> list[Case]:
        hook = key[4]
        if hook == NATIVE:
            return []
        return [
            self.teach(hook, each, keccak(text=each)[:4] + bytes(28) + bytes(size - 32))
            for each, size in HOOK_CALLS.items()
        ]


ADDED = {60: 29_553_010_879_137_170, 10: 4_987_272_070_749_097}
"""What 10^18 of liquidity at price 1 takes of each currency within ten spacings to each side."""

PARAMS = f"address,{KEY},{CHANGE}"
HOOK_CALLS = {
    f"beforeInitialize(address,{KEY},uint160)": 32,
    f"afterInitialize(address,{KEY},uint160,int24)": 32,
    f"beforeAddLiquidity({PARAMS},bytes)": 32,
    f"afterAddLiquidity({PARAMS},int256,int256,bytes)": 64,
    f"beforeRemoveLiquidity({PARAMS},bytes)": 32,
    f"afterRemoveLiquidity({PARAMS},int256,int256,bytes)": 64,
    f"beforeSwap(address,{KEY},{SWAP},bytes)": 96,
    f"afterSwap(address,{KEY},{SWAP},int256,bytes)": 64,
    f"beforeDonate(address,{KEY},uint256,uint256,bytes)": 32,
    f"afterDonate(address,{KEY},uint256,uint256,bytes)": 32,
}
BEFORE_SWAP = f"beforeSwap(address,{KEY},{SWAP},bytes)"
AFTER_ADD = f"afterAddLiquidity({PARAMS},int256,int256,bytes)"
AFTER_REMOVE = f"afterRemoveLiquidity({PARAMS},int256,int256,bytes)"
AFTER_SWAP = f"afterSwap(address,{KEY},{SWAP},int256,bytes)"


def answer(signature: str, *words: int) -> bytes:
    """What a hook returns: its selector, and words."""
    rest = b"".join((word % (1 << 256)).to_bytes(32, "big") for word in words)
    return keccak(text=signature)[:4] + bytes(28) + rest


def scenes(manager: bytes) -> Iterator[Case]:
    """Yield name, accounts, calls before and the call, each without an answer."""
    stage = Stage(manager)
    for make in (
        initializing,
        changing_liquidity,
        swapping,
        giving,
        settling,
        claiming,
        governing,
        hooking,
        taking,
        reading,
    ):
        for each in make(stage):
            each["input"] = hexed(each["input"])
            if each.get("before") or "accounts" in each:
                each["accounts"] = used(stage.accounts, each)
            yield each


def used(accounts: dict[str, Any], scene: Case) -> dict[str, Any]:
    """Leave out what a scene does not speak of."""
    text = scene["input"] + "".join(step["input"] + step.get("to", "") for step in scene["before"])
    own = [name for name in accounts if "storage" in accounts[name]]
    governed = scene.pop("accounts", False)
    return {
        name: each
        for name, each in accounts.items()
        if (name[2:] in text and name not in own) or (governed and name in own)
    }


def scene(name: str, data: bytes, before: list[Case] | None = None, **more: Any) -> Case:
    steps = [
        {"caller": hexed(CALLER), **each} if "caller" in more else each for each in before or []
    ]
    return {"name": name, "input": data, "before": steps, **more}


# --- Scenes ---------------------------------------------------------------------------------


def initializing(stage: Stage) -> Iterator[Case]:
    for name, price in (
        ("one", ONE), ("lowest", MIN_PRICE), ("highest", MAX_PRICE - 1), ("half", ONE >> 1),
        ("too-low", MIN_PRICE - 1), ("too-high", MAX_PRICE), ("zero", 0),
    ):  # fmt: skip
        yield scene(f"initialize-{name}", ask(INITIALIZE, POOL, price))
    yield scene("initialize-twice", ask(INITIALIZE, POOL, ONE), stage.opened())
    for name, key in (
        ("spacing-0", (*POOL[:3], 0, NATIVE)),
        ("spacing-negative", (*POOL[:3], -60, NATIVE)),
        ("spacing-32767", (*POOL[:3], 32_767, NATIVE)),
        ("spacing-32768", (*POOL[:3], 32_768, NATIVE)),
        ("fee-1000000", FULL_FEE),
        ("fee-1000001", (*POOL[:2], 1_000_001, 60, NATIVE)),
        ("fee-dynamic-without-hook", (*POOL[:2], 0x800000, 60, NATIVE)),
        ("hook-without-flags", (*POOL[:4], b"\x77" * 18 + bytes(2))),
        ("hook-returning-without-action", (*POOL[:4], b"\x77" * 18 + b"\x00\x08")),
        ("same-currency", (TOKEN_A, TOKEN_A, *POOL[2:])),
        ("wrong-order", (TOKEN_B, TOKEN_A, *POOL[2:])),
        ("native", NATIVE_POOL),
    ):
        yield scene(f"initialize-{name}", ask(INITIALIZE, key, ONE))
    yield scene("initialize-hooked", ask(INITIALIZE, HOOKED, ONE), stage.lessons(HOOKED))


def changing_liquidity(stage: Stage) -> Iterator[Case]:
    opened, filled, amount = stage.opened(), stage.filled(), ADDED[60]

    def even(*change: Any, amounts: tuple[int, int]) -> bytes:
        return stage.even(stage.modify(POOL, *change), POOL, *amounts)

    add = (-600, 600, LIQUIDITY)
    yield scene("add", even(*add, amounts=(-amount, -amount)), opened)
    yield scene("add-again", even(*add, amounts=(-amount, -amount)), filled)
    salted = even(*add, b"\1" * 32, amounts=(-amount, -amount))
    yield scene("add-with-salt", salted, filled)
    remove = even(-600, 600, -LIQUIDITY, amounts=(amount - 1, amount - 1))
    yield scene("remove-all", remove, filled)
    yield scene("collect-no-fees", even(-600, 600, 0, amounts=(0, 0)), filled)
    yield scene("add-above", even(600, 1200, 1, amounts=(-1, 0)), opened)
    yield scene("add-below", even(-1200, -600, 1, amounts=(0, -1)), opened)
    yield scene("add-everywhere", even(-887220, 887220, 1, amounts=(-1, -1)), opened)
    add_data = stage.modify(POOL, *add)
    yield scene("add-unpaid", stage.unlock(stage.own(add_data)), opened)
    yield scene("add-locked", add_data, opened)
    yield scene("add-to-no-pool", stage.unlock(stage.own(add_data)), stage.funded)
    for name, change in (
        ("misordered", (600, -600, 1)), ("empty-range", (60, 60, 1)),
        ("too-low", (-887280, 0, 1)), ("too-high", (0, 887280, 1)),
        ("misaligned", (-601, 600, 1)), ("too-much", (-600, 600, 1 << 127)),
        ("too-much-for-a-tick", (-600, 600, 10**35)),
        ("too-much-crossing", (-600, 600, (1 << 127) - 1)),
        ("nothing-from-nothing", (-60, 60, 0)), ("more-than-there-is", (-600, 600, -LIQUIDITY - 1)),
    ):  # fmt: skip
        data = stage.unlock(stage.own(stage.modify(POOL, *change)))
        yield scene(f"liquidity-{name}", data, filled)


def swapping(stage: Stage) -> Iterator[Case]:
    filled = stage.filled()

    def even(*request: Any, amounts: tuple[int, int]) -> bytes:
        return stage.even(stage.swap(POOL, *request), POOL, *amounts)

    for name, request, amounts in (
        ("exact-in-0", (True, -1000), (-1000, 996)),
        ("exact-in-1", (False, -1000), (996, -1000)),
        ("exact-out-1", (True, 1000), (-1005, 1000)),
        ("exact-out-0", (False, 1000), (1000, -1005)),
        ("all-out", (True, 10**18), (-30544622242640681, 29553010879137169)),
    ):
        yield scene(f"swap-{name}", even(*request, amounts=amounts), filled)
    for name, request in (
        ("nothing", (True, 0)),
        ("limit-behind", (True, -1000, ONE)),
        ("limit-behind-up", (False, -1000, ONE)),
        ("limit-lowest", (True, -1000, MIN_PRICE)),
        ("limit-highest", (False, -1000, MAX_PRICE)),
        ("unpaid", (True, -1000)),
    ):
        yield scene(f"swap-{name}", stage.unlock(stage.own(stage.swap(POOL, *request))), filled)
    yield scene("swap-locked", stage.swap(POOL, True, -1000), filled)
    no_pool = stage.unlock(stage.own(stage.swap(NATIVE_POOL, True, -1)))
    yield scene("swap-in-no-pool", no_pool, filled)
    dry = stage.unlock(stage.own(stage.swap(POOL, True, -1000, ONE >> 1)))
    yield scene("swap-without-liquidity", dry, stage.opened())
    full = stage.opened(FULL_FEE)
    yield scene(
        "swap-out-at-full-fee", stage.unlock(stage.own(stage.swap(FULL_FEE, True, 1))), full
    )


def giving(stage: Stage) -> Iterator[Case]:
    filled = stage.filled()
    for name, amounts in (("both", (10**15, 77)), ("first", (5, 0)), ("none", (0, 0))):
        given = stage.even(ask(DONATE, POOL, *amounts, b""), POOL, -amounts[0], -amounts[1])
        yield scene(f"donate-{name}", given, filled)
    donate = ask(DONATE, POOL, 1, 1, b"")
    yield scene("donate-to-nobody", stage.unlock(stage.own(donate)), stage.opened())
    yield scene("donate-locked", donate, filled)
    huge = ask(DONATE, POOL, 1 << 127, 0, b"")
    yield scene("donate-too-much", stage.unlock(stage.own(huge)), filled)


def settling(stage: Stage) -> Iterator[Case]:
    funded, own = stage.funded, stage.own
    number = int.from_bytes(TOKEN_A, "big")
    yield scene("unlock-nothing", stage.unlock())
    yield scene("unlock-twice", stage.unlock(own(call("unlock(bytes)", b""))))
    yield scene("unlock-failing", stage.unlock((TOKEN_A, 0, b"\1\2\3\4")), funded)
    settle_for = own(call("settleFor(address)", CALLER), 9)
    yield scene("settle-for", stage.unlock(settle_for, own(call(TAKE, NATIVE, OTHER, 9))))
    paid = stage.pay(TOKEN_A, 50)
    take = own(call(TAKE, TOKEN_A, OTHER, 50))
    yield scene("settle-and-take", stage.unlock(*paid, take), funded)
    native = stage.unlock(own(ask(SETTLE), 7), own(call(TAKE, NATIVE, OTHER, 7)))
    yield scene("settle-and-take-native", native)
    clear = own(call("clear(address,uint256)", TOKEN_A, 50))
    yield scene("clear", stage.unlock(*paid, clear), funded)
    yield scene("clear-nothing", stage.unlock(own(call("clear(address,uint256)", TOKEN_A, 0))))
    yield scene(
        "clear-less", stage.unlock(*paid, own(call("clear(address,uint256)", TOKEN_A, 49))), funded
    )
    settle_nothing = stage.unlock(own(ask(SETTLE)))
    yield scene("settle-nothing", settle_nothing)
    valued = stage.unlock(own(call("sync(address)", TOKEN_A)), own(ask(SETTLE), 1))
    yield scene("settle-token-with-value", valued, funded)
    for name, data in (
        ("settle", ask(SETTLE)), ("settle-for", call("settleFor(address)", CALLER)),
        ("take", call(TAKE, TOKEN_A, CALLER, 0)), ("clear", clear[2]),
        ("mint", call(MINT, CALLER, number, 0)), ("burn", call(BURN, CALLER, number, 0)),
    ):  # fmt: skip
        yield scene(f"{name}-locked", data, funded)
    yield scene("sync", call("sync(address)", TOKEN_A), funded)
    yield scene("sync-native", call("sync(address)", NATIVE))
    yield scene("sync-of-no-token", call("sync(address)", b"\xcc" * 20))
    yield scene("take-unpaid", stage.unlock(own(call(TAKE, TOKEN_A, CALLER, 0))), funded)
    yield scene("take-too-much", stage.unlock(own(call(TAKE, TOKEN_A, CALLER, 1))), funded)
    yield scene("take-native-too-much", stage.unlock(own(call(TAKE, NATIVE, CALLER, 1))))
    yield scene("take-2-127", stage.unlock(own(call(TAKE, TOKEN_A, CALLER, 1 << 127))), funded)
    for name, mode in (("silent", SILENT), ("refusing", REFUSING), ("taxed", TAXED)):
        mode_of = stage.step(call("become(uint256)", mode), to=TOKEN_A)
        given = 495 if mode == TAXED else 500
        data = stage.unlock(*stage.pay(TOKEN_A, 500), own(call(TAKE, TOKEN_A, OTHER, given)))
        yield scene(f"token-{name}", data, [*funded, mode_of])
    short = [*funded, stage.step(call("become(uint256)", TAXED), to=TOKEN_A)]
    data = stage.unlock(*stage.pay(TOKEN_A, 500), own(call(TAKE, TOKEN_A, OTHER, 500)))
    yield scene("token-taxed-not-settled", data, short)


def claiming(stage: Stage) -> Iterator[Case]:
    number = int.from_bytes(TOKEN_A, "big")
    mint = stage.own(call(MINT, CALLER, number, 50))
    minted = [*stage.funded, stage.step(stage.unlock(*stage.pay(TOKEN_A, 50), mint))]
    yield scene("mint", minted[-1]["input"], stage.funded) | {
        "input": stage.unlock(*stage.pay(TOKEN_A, 50), mint)
    }
    high = stage.own(call(MINT, OTHER, number | 1 << 200, 50))
    yield scene("mint-high-id", stage.unlock(*stage.pay(TOKEN_A, 50), high), stage.funded)
    burn = stage.own(call(BURN, CALLER, number, 50))
    yield scene("burn", stage.unlock(burn, *stage.get(TOKEN_A, 50)), minted)
    too_much = stage.own(call(BURN, CALLER, number, 51))
    yield scene("burn-too-much", stage.unlock(too_much), minted)
    others = stage.unlock(stage.own(call(BURN, OTHER, number, 1)))
    yield scene("burn-of-another", others, minted)
    move = call("transfer(address,uint256,uint256)", OTHER, number, 20)
    yield scene("transfer", move, minted)
    yield scene(
        "transfer-to-self", call("transfer(address,uint256,uint256)", CALLER, number, 50), minted
    )
    yield scene(
        "transfer-too-much", call("transfer(address,uint256,uint256)", OTHER, number, 51), minted
    )
    approve = call("approve(address,uint256,uint256)", OTHER, number, 30)
    operator = call("setOperator(address,bool)", OTHER, True)
    yield scene("approve", approve)
    yield scene("set-operator", operator)
    yield scene(
        "unset-operator", call("setOperator(address,bool)", OTHER, False), [stage.step(operator)]
    )
    unlimited = call("approve(address,uint256,uint256)", OTHER, number, (1 << 256) - 1)
    for name, data, allowed in (
        ("allowed", call(TRANSFER_FROM, CALLER, OTHER, number, 30), approve),
        ("beyond-allowance", call(TRANSFER_FROM, CALLER, OTHER, number, 31), approve),
        ("by-operator", call(TRANSFER_FROM, CALLER, OTHER, number, 50), operator),
        ("unlimited", call(TRANSFER_FROM, CALLER, OTHER, number, 50), unlimited),
    ):
        before = [*minted, stage.step(allowed)]
        yield scene(f"transfer-from-{name}", data, before, caller=hexed(OTHER))
    yield scene("balance", call("balanceOf(address,uint256)", CALLER, number), minted)
    allowance = call("allowance(address,address,uint256)", CALLER, OTHER, number)
    yield scene("allowance", allowance, [stage.step(approve)])
    yield scene(
        "is-operator", call("isOperator(address,address)", CALLER, OTHER), [stage.step(operator)]
    )
    yield scene("is-no-operator", call("isOperator(address,address)", CALLER, OTHER))
    for name in ("01ffc9a7", "0f632fb3", "ffffffff"):
        yield scene(f"supports-{name}", call("supportsInterface(bytes4)", bytes.fromhex(name)))


def governing(stage: Stage) -> Iterator[Case]:
    """The caller is the owner and the controller where the storage says so."""
    fee = 500 << 12 | 1000
    filled, set_fee = stage.filled(), ask(SET_FEE, POOL, fee)
    governed: dict[str, Any] = {"accounts": True}
    yield scene("owner", call("owner()"), **governed)
    yield scene("controller", call("protocolFeeController()"), **governed)
    for name, data in (
        ("transfer-ownership", call("transferOwnership(address)", OTHER)),
        ("set-controller", call("setProtocolFeeController(address)", OTHER)),
        ("collect-nothing", call(COLLECT, OTHER, TOKEN_A, 0)),
        ("collect-too-much", call(COLLECT, OTHER, TOKEN_A, 1)),
    ):
        yield scene(name, data, stage.funded, **governed)
        yield scene(f"{name}-by-stranger", data, stage.funded, caller=hexed(OTHER), **governed)
    yield scene("set-protocol-fee", set_fee, filled, **governed)
    yield scene("set-protocol-fee-by-stranger", set_fee, filled, caller=hexed(OTHER), **governed)
    for each in (1001, 1001 << 12):
        data = ask(SET_FEE, POOL, each)
        yield scene(f"set-protocol-fee-{each}", data, filled, **governed)
    yield scene("set-protocol-fee-of-no-pool", set_fee, stage.funded, **governed)
    taxed = [*filled, stage.step(set_fee)]
    swap = stage.even(stage.swap(POOL, True, -(10**15)), POOL, -(10**15), 995011965097726)
    yield scene("swap-with-protocol-fee", swap, taxed, **governed)
    swapped = [*taxed, stage.step(swap)]
    yield scene("fees-accrued", call("protocolFeesAccrued(address)", TOKEN_A), swapped, **governed)
    yield scene("collect-all", call(COLLECT, OTHER, TOKEN_A, 0), swapped, **governed)
    yield scene("collect-some", call(COLLECT, OTHER, TOKEN_A, 7), swapped, **governed)
    synced = stage.unlock(
        stage.own(call("sync(address)", TOKEN_A)), stage.own(call(COLLECT, OTHER, TOKEN_A, 0))
    )
    yield scene("collect-synced", synced, swapped, **governed)


def hooking(stage: Stage) -> Iterator[Case]:
    filled = stage.filled(HOOKED)
    data = stage.unlock(stage.own(stage.swap(HOOKED, True, -1000)))

    def even(amounts: tuple[int, int]) -> bytes:
        return stage.even(stage.swap(HOOKED, True, -1000), HOOKED, *amounts)

    yield scene("hook-silent", even((-1000, 999)), filled)
    given = stage.even(ask(DONATE, HOOKED, 9, 8, b"gift"), HOOKED, -9, -8)
    yield scene("hook-silent-donate", given, filled)
    fee = answer(BEFORE_SWAP, 0, 0x400000 | 100_000)
    yield scene("hook-sets-fee", even((-1000, 899)), [*filled, stage.teach(HOOK, BEFORE_SWAP, fee)])
    for name, signature, said in (
        ("fee-too-large", BEFORE_SWAP, answer(BEFORE_SWAP, 0, 0x400000 | 1_000_001)),
        ("says-nothing", BEFORE_SWAP, b""),
        ("says-31-bytes", AFTER_SWAP, answer(AFTER_SWAP)[:31]),
        ("says-too-little", BEFORE_SWAP, answer(BEFORE_SWAP, 0)),
        ("says-too-much", AFTER_SWAP, answer(AFTER_SWAP, 0, 0)),
        ("says-another", BEFORE_SWAP, answer(AFTER_SWAP, 0, 0)),
        ("takes-more", BEFORE_SWAP, answer(BEFORE_SWAP, 1001 << 128, 0)),
        ("takes-int256", AFTER_SWAP, answer(AFTER_SWAP, 1 << 127)),
    ):
        before = [*filled, stage.teach(HOOK, signature, said)]
        yield scene(f"hook-{name}", data, before)
    for name, reason in (("plain", b""), ("reasoned", b"why"), ("long", b"w" * 64)):
        before = [*filled, stage.teach(HOOK, BEFORE_SWAP, reason, reverts=True)]
        yield scene(f"hook-reverts-{name}", data, before)
    lesson = stage.teach(HOOK, BEFORE_SWAP, answer(BEFORE_SWAP, 10 << 128 | 3, 0))
    yield scene("hook-takes-unpaid", data, [*filled, lesson])
    update = ask(UPDATE_FEE, HOOKED, 77)
    yield scene("update-fee-by-stranger", update, filled)
    yield scene("update-fee-of-static", ask(UPDATE_FEE, (*POOL[:4], CALLER), 77))
    own = (TOKEN_A, TOKEN_B, 0x800000, 60, CALLING_HOOK)
    by_hook = {"caller": hexed(CALLING_HOOK)}
    opened = [stage.step(ask(INITIALIZE, own, ONE))]
    yield scene("update-fee", ask(UPDATE_FEE, own, 77), opened, **by_hook)
    yield scene("update-fee-too-large", ask(UPDATE_FEE, own, 1_000_001), opened, **by_hook)
    yield scene("update-fee-of-no-pool", ask(UPDATE_FEE, own, 77), **by_hook)


def taking(stage: Stage) -> Iterator[Case]:
    """Hooks that return deltas, and take what is theirs."""
    filled = stage.filled(HOOKED)

    def hook_takes(currency: bytes, amount: int) -> bytes:
        return call(TAKE, currency, HOOK, amount)

    def even(data: bytes, amounts: tuple[int, int]) -> bytes:
        return stage.even(data, HOOKED, *amounts)

    swap = stage.swap(HOOKED, True, -1000)
    of_output = stage.teach(HOOK, AFTER_SWAP, answer(AFTER_SWAP, 5), request=hook_takes(TOKEN_B, 5))
    yield scene("hook-takes-of-output", even(swap, (-1000, 994)), [*filled, of_output])
    both = [
        stage.teach(
            HOOK,
            BEFORE_SWAP,
            answer(BEFORE_SWAP, 10 << 128 | 3, 0),
            request=hook_takes(TOKEN_A, 10),
        ),
        stage.teach(HOOK, AFTER_SWAP, answer(AFTER_SWAP, 0), request=hook_takes(TOKEN_B, 3)),
    ]
    yield scene("hook-takes-of-both", even(swap, (-1000, 986)), [*filled, *both])
    instead = stage.teach(
        HOOK,
        BEFORE_SWAP,
        answer(BEFORE_SWAP, (1000 << 128) - 900 + (1 << 128), 0),
        request=hook_takes(TOKEN_A, 1000),
    )
    paid_for_hook = [
        stage.own(call("sync(address)", TOKEN_B)),
        (TOKEN_B, 0, call("transfer(address,uint256)", stage.manager, 900)),
        stage.own(call("settleFor(address)", HOOK)),
    ]
    exchanged = stage.unlock(
        *stage.pay(TOKEN_A, 1000), *paid_for_hook, *stage.get(TOKEN_B, 900), stage.own(swap)
    )
    yield scene("hook-swaps-itself", exchanged, [*filled, instead])
    for name, signature, change, amounts in (
        ("adding", AFTER_ADD, LIQUIDITY, (-ADDED[60] - 7, -ADDED[60])),
        ("removing", AFTER_REMOVE, -LIQUIDITY, (ADDED[60] - 1 - 7, ADDED[60] - 1)),
    ):
        data = stage.modify(HOOKED, -600, 600, change)
        lesson = stage.teach(
            HOOK, signature, answer(signature, 7 << 128), request=hook_takes(TOKEN_A, 7)
        )
        yield scene(f"hook-takes-of-{name}", even(data, amounts), [*filled, lesson])
    again = stage.teach(
        HOOK,
        BEFORE_SWAP,
        answer(BEFORE_SWAP, 0, 0),
        request=ask(SWAPS, HOOKED, (False, -500, MAX_PRICE - 1), b""),
    )
    yield scene("hook-swaps-too-unpaid", even(swap, (-1000, 999)), [*filled, again])


def reading(stage: Stage) -> Iterator[Case]:
    filled = stage.filled()
    pool = keccak(keccak(encode([KEY], [POOL])) + (6).to_bytes(32, "big"))
    later = (int.from_bytes(pool, "big") + 3).to_bytes(32, "big")
    yield scene("extsload", call("extsload(bytes32)", pool), filled)
    yield scene("extsload-run", call("extsload(bytes32,uint256)", pool, 4), filled)
    wrapping = call("extsload(bytes32,uint256)", b"\xff" * 32, 2)
    yield scene("extsload-wrapping", wrapping, filled, accounts=True)
    yield scene("extsload-none", call("extsload(bytes32,uint256)", pool, 0), filled)
    yield scene("extsload-many", call("extsload(bytes32[])", [pool, later, pool]), filled)
    yield scene("extsload-of-none", call("extsload(bytes32[])", []), filled)
    slot = (int.from_bytes(keccak(text="Unlocked"), "big") - 1).to_bytes(32, "big")
    yield scene("exttload", call("exttload(bytes32)", slot))
    yield scene("exttload-many", call("exttload(bytes32[])", [slot, slot]))
    unlocked = stage.unlock(stage.own(call("exttload(bytes32)", slot)))
    yield scene("exttload-unlocked", unlocked)


# --- The vectors ----------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    for each in scenes(OURS):
        recorded = RECORDED["answers"][each["name"]]
        if not each["before"]:
            del each["before"]
        yield {**each, **recorded, "source": SOURCE}
    yield from beyond()
    yield from family_cases("dex", "Pools, hooks and vaults")


def beyond() -> Iterator[Case]:
    """What the framework says in its own words."""
    swap = ask(SWAPS, POOL, (True, 1, ONE), b"")
    yield refused("swap-cut", swap[:-1], "Truncated(uint256)", len(swap) - 1)
    run = call("extsload(bytes32,uint256)", bytes(32), 4097)
    yield refused("extsload-4097", run, "InvalidLength(uint256,uint256)", 4096, 4097)
    yield refused("swap-static", swap, "WriteProtection()", static=True)
    yield refused("swap-with-value", swap, "ValueRefused(uint256)", 1, value=1)
