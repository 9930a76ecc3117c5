"""Vectors of the vaults, worked out by hand from ERC-4626, ERC-6909 and OpenZeppelin's formula."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak
from ranged_model import Model

V4 = Path(__file__).parent / "v4"
sys.path.insert(0, str(V4))

import scene  # noqa: E402 - found through the line above

CREATE = "createVault(address)"
DEPOSIT = "deposit(uint256,uint256,address)"
MINT = "mint(uint256,uint256,address)"
WITHDRAW = "withdraw(uint256,uint256,address,address)"
REDEEM = "redeem(uint256,uint256,address,address)"
CONTRIBUTE = "contribute(uint256,uint256)"
TRANSFER = "transfer(address,uint256,uint256)"
TRANSFER_FROM = "transferFrom(address,address,uint256,uint256)"
APPROVE = "approve(address,uint256,uint256)"
OPERATOR = "setOperator(address,bool)"

CONTRACTS = {"token": hexed(scene.compiled(V4.parent / "token.vy"))}
SOURCE = "worked out by hand: ERC-4626 and ERC-6909, with OpenZeppelin's virtual shares (offset 6)"

VAULTS = (0x0430).to_bytes(20, "big")
TOKEN, FEE_TOKEN, BACK_TOKEN, FALSE_TOKEN, GREEDY_TOKEN, ANGRY_TOKEN = (
    bytes([0xE0 + number]) * 20 for number in range(6)
)
FEE, SURCHARGE, FALSE, STRICT, REVERTS = 3, 4, 2, 10, 7
FRIEND, STRANGER = b"\x77" * 20, b"\x88" * 20
OWNER, NOBODY = "0x" + CALLER.hex(), "0x" + bytes(20).hex()
MILLION = 10**6
ASSETS_MAX = 2**128 - 1
UNLIMITED = 2**256 - 1


def shown(address: bytes) -> str:
    return "0x" + address.hex()


def mapped(slot: int, *keys: bytes) -> str:
    """Where Vyper keeps an entry of a mapping."""
    for key in keys:
        slot = int.from_bytes(keccak(slot.to_bytes(32, "big") + key.rjust(32, b"\0")), "big")
    return word(slot)


def word(number: int) -> str:
    return f"0x{number:064x}"


def token(mode: int = 0, note: bytes = b"") -> Case:
    """A token of which the caller and a friend have much, and have allowed it all."""
    storage = {word(2): word(mode)}
    if note:
        storage |= {word(3): word(0x0430), word(4): word(len(note))}
        for part in range(0, len(note), 32):
            piece = note[part : part + 32].ljust(32, b"\0")
            storage[word(5 + part // 32)] = hexed(piece)
    for owner in (CALLER, FRIEND):
        storage[mapped(0, owner)] = word(2**130)
        storage[mapped(1, owner, VAULTS)] = word(UNLIMITED)
    return {"code": "token", "storage": storage}


ACCOUNTS = {
    hexed(scene.A): token(),
    hexed(scene.B): token(),
    hexed(TOKEN): token(),
    hexed(FEE_TOKEN): token(FEE),
    hexed(BACK_TOKEN): token(STRICT, call(CONTRIBUTE, 1, 1)),
    hexed(FALSE_TOKEN): token(FALSE),
    hexed(GREEDY_TOKEN): token(SURCHARGE),
    hexed(ANGRY_TOKEN): token(REVERTS),
}


def step(data: bytes, caller: bytes = CALLER) -> Case:
    return {"input": hexed(data), "caller": hexed(caller)}


def logged(event: str, indexed: list[bytes | int], types: list[str], *values: object) -> Case:
    topics = [keccak(text=event)]
    topics += [t.to_bytes(32, "big") if isinstance(t, int) else t.rjust(32, b"\0") for t in indexed]
    return {"topics": [hexed(each) for each in topics], "data": hexed(encode(types, values))}


def moved(sender: bytes, receiver: bytes, amount: int, caller: bytes = CALLER) -> Case:
    event = "Transfer(address,address,address,uint256,uint256)"
    return logged(event, [sender, receiver, 1], ["address", "uint256"], shown(caller), amount)


def paid_in(receiver: bytes, assets: int, shares: int) -> list[Case]:
    event = "Deposit(uint256,address,address,uint256,uint256)"
    return [
        moved(bytes(20), receiver, shares),
        logged(event, [1, CALLER, receiver], ["uint256", "uint256"], assets, shares),
    ]


def paid_out(
    receiver: bytes, owner: bytes, assets: int, shares: int, caller: bytes = CALLER
) -> list[Case]:
    event = "Withdraw(uint256,address,address,address,uint256,uint256)"
    types = ["address", "uint256", "uint256"]
    return [
        moved(owner, bytes(20), shares, caller),
        logged(event, [1, receiver, owner], types, shown(caller), assets, shares),
    ]


OPEN = [step(call(CREATE, TOKEN))]
FILLED = [*OPEN, step(call(DEPOSIT, 1, 1_000, CALLER))]
# 1,000 assets and 10**9 shares; then 501 more assets: 1,502 over 1,001,000,000.
UNEVEN = [*FILLED, step(call(CONTRIBUTE, 1, 501))]
A, S = 1_502, 1_001_000_000


def cases() -> Iterator[Case]:
    for part in (opened, paying, taking, reading, ledger, misbehaving, refusing, ranging, unranged):
        for each in part():
            asked = str([each["input"], each.get("before")])
            used = {at: account for at, account in ACCOUNTS.items() if at[2:] in asked}
            yield {**each, "accounts": used} if used else each


def opened() -> Iterator[Case]:
    event = "VaultCreated(uint256,address,uint8)"
    for name, asset, before in (("first", TOKEN, []), ("second", FEE_TOKEN, OPEN)):
        identifier = len(before) + 1
        log = logged(event, [identifier, asset], ["uint8"], 1)
        data = call(CREATE, asset)
        yield case(f"create-{name}", data, ["uint256"], identifier, before=before, logs=[log])
    yield case("count-none", call("vaultCount()"), ["uint256"], 0)
    both = [*OPEN, *OPEN]
    yield case("count-two", call("vaultCount()"), ["uint256"], 2, before=both)
    yield case("asset", call("asset(uint256)", 2), ["address"], shown(TOKEN), before=both)
    for name, address in (("friend", FRIEND), ("zero", bytes(20))):
        data = call(CREATE, address)
        yield refused(f"create-{name}", data, "NotAContract(address)", shown(address))
    yield refused("create-static", call(CREATE, TOKEN), "WriteProtection()", static=True)


def paying() -> Iterator[Case]:
    for name, before, amount, made in (
        ("first", OPEN, 1_000, 1_000 * MILLION),
        ("nothing", OPEN, 0, 0),
        ("one", OPEN, 1, MILLION),
        ("all", OPEN, ASSETS_MAX, ASSETS_MAX * MILLION),
        ("uneven", UNEVEN, 1_000, 1_000 * S // A),
        ("uneven-one", UNEVEN, 1, S // A),
    ):
        data = call(DEPOSIT, 1, amount, FRIEND)
        logs = paid_in(FRIEND, amount, made)
        yield case(f"deposit-{name}", data, ["uint256"], made, before=before, logs=logs)
    for name, before, amount, cost in (
        ("first", OPEN, 5 * MILLION, 5),
        ("part", OPEN, 5 * MILLION + 1, 6),
        ("nothing", OPEN, 0, 0),
        ("uneven", UNEVEN, 10**9, -(-(10**9) * A // S)),
        ("uneven-one", UNEVEN, 1, 1),
    ):
        data = call(MINT, 1, amount, FRIEND)
        logs = paid_in(FRIEND, cost, amount)
        yield case(f"mint-{name}", data, ["uint256"], cost, before=before, logs=logs)
    event = "Contribution(uint256,address,uint256)"
    for amount in (0, 1, 10**20):
        log = logged(event, [1, CALLER], ["uint256"], amount)
        data = call(CONTRIBUTE, 1, amount)
        name = f"contribute-{min(amount, 9)}"
        yield case(name, data, ["uint256"], amount, before=FILLED, logs=[log])


def taking() -> Iterator[Case]:
    for name, before, assets, burnt in (
        ("all", FILLED, 1_000, 1_000 * MILLION),
        ("one", FILLED, 1, MILLION),
        ("nothing", FILLED, 0, 0),
        ("uneven", UNEVEN, 700, -(-700 * S // A)),
        ("uneven-all", UNEVEN, 10**9 * A // S, -(-(10**9 * A // S) * S // A)),
    ):
        data = call(WITHDRAW, 1, assets, FRIEND, CALLER)
        logs = paid_out(FRIEND, CALLER, assets, burnt)
        yield case(f"withdraw-{name}", data, ["uint256"], burnt, before=before, logs=logs)
    for name, before, amount, assets in (
        ("all", FILLED, 1_000 * MILLION, 1_000),
        ("nothing", FILLED, 0, 0),
        ("part", FILLED, MILLION - 1, 0),
        ("uneven", UNEVEN, 10**8, 10**8 * A // S),
        ("uneven-all", UNEVEN, 10**9, 10**9 * A // S),
    ):
        data = call(REDEEM, 1, amount, FRIEND, CALLER)
        logs = paid_out(FRIEND, CALLER, assets, amount)
        yield case(f"redeem-{name}", data, ["uint256"], assets, before=before, logs=logs)
    allowed = [*FILLED, step(call(APPROVE, FRIEND, 1, 10 * MILLION))]
    for name, signature, amount, before in (
        ("redeem-allowed", REDEEM, 10 * MILLION, allowed),
        ("withdraw-allowed", WITHDRAW, 10, allowed),
        ("redeem-operator", REDEEM, 10 * MILLION, [*FILLED, step(call(OPERATOR, FRIEND, True))]),
    ):
        data = call(signature, 1, amount, FRIEND, CALLER)
        result = 10 * MILLION if signature == WITHDRAW else 10
        logs = paid_out(FRIEND, CALLER, 10, 10 * MILLION, FRIEND)
        yield case(name, data, ["uint256"], result, before=before, logs=logs, caller=hexed(FRIEND))


def reading() -> Iterator[Case]:
    yield case("total-assets-none", call("totalAssets(uint256)", 1), ["uint256"], 0, before=OPEN)
    yield case("total-assets", call("totalAssets(uint256)", 1), ["uint256"], 1_501, before=UNEVEN)
    for name, amount, result in (
        ("convertToShares", 1_000, 1_000 * S // A),
        ("previewDeposit", 1_000, 1_000 * S // A),
        ("convertToAssets", 10**9, 10**9 * A // S),
        ("previewRedeem", 10**9, 10**9 * A // S),
        ("previewMint", 10**9, -(-(10**9) * A // S)),
        ("previewWithdraw", 700, -(-700 * S // A)),
        ("previewDeposit", UNLIMITED // MILLION, UNLIMITED // MILLION * S // A),
    ):
        data = call(f"{name}(uint256,uint256)", 1, amount)
        label = name if amount < 2**200 else f"{name}-large"
        yield case(label, data, ["uint256"], result, before=UNEVEN)
        empty = call(f"{name}(uint256,uint256)", 1, 0)
        if amount < 2**200:
            yield case(f"{name}-of-nothing", empty, ["uint256"], 0, before=UNEVEN)
    for name, owner, result in (
        ("maxDeposit", FRIEND, ASSETS_MAX - 1_501),
        ("maxMint", FRIEND, (ASSETS_MAX - 1_501) * S // A),
        ("maxWithdraw", CALLER, 10**9 * A // S),
        ("maxWithdraw", FRIEND, 0),
        ("maxRedeem", CALLER, 10**9),
        ("maxRedeem", FRIEND, 0),
    ):
        data = call(f"{name}(uint256,address)", 1, owner)
        yield case(f"{name}-{owner.hex()[:2]}", data, ["uint256"], result, before=UNEVEN)
    for name in ("convertToShares", "previewDeposit", "previewWithdraw"):
        data = call(f"{name}(uint256,uint256)", 1, UNLIMITED)
        error = "ExceededMax(uint256,uint256)"
        yield refused(f"{name}-too-large", data, error, UNLIMITED, ASSETS_MAX, before=OPEN)
    for name in ("previewMint", "previewRedeem"):
        given = [*OPEN, step(call(CONTRIBUTE, 1, 10**12))]
        data = call(f"{name}(uint256,uint256)", 1, UNLIMITED)
        error = "ExceededMax(uint256,uint256)"
        yield refused(f"{name}-too-large", data, error, UNLIMITED, ASSETS_MAX, before=given)


def ledger() -> Iterator[Case]:
    logs = [moved(CALLER, FRIEND, 7)]
    data = call(TRANSFER, FRIEND, 1, 7)
    yield case("transfer", data, ["bool"], True, before=FILLED, logs=logs)
    all_of_it = [*FILLED, step(call(TRANSFER, FRIEND, 1, 10**9))]
    balance = "balanceOf(address,uint256)"
    for owner, left in ((CALLER, 0), (FRIEND, 10**9)):
        data = call(balance, owner, 1)
        yield case(f"balance-{owner.hex()[:2]}", data, ["uint256"], left, before=all_of_it)
    itself = call(TRANSFER, CALLER, 1, 10**9)
    logs = [moved(CALLER, CALLER, 10**9)]
    yield case("transfer-to-oneself", itself, ["bool"], True, before=FILLED, logs=logs)
    event = "Approval(address,address,uint256,uint256)"
    for amount in (0, 5, UNLIMITED):
        log = logged(event, [CALLER, FRIEND, 1], ["uint256"], amount)
        data = call(APPROVE, FRIEND, 1, amount)
        label = "max" if amount > 5 else amount
        yield case(f"approve-{label}", data, ["bool"], True, before=FILLED, logs=[log])
        before = [*FILLED, step(data)]
        ask = call("allowance(address,address,uint256)", CALLER, FRIEND, 1)
        yield case(f"allowance-{label}", ask, ["uint256"], amount, before=before)
    event = "OperatorSet(address,address,bool)"
    is_operator = call("isOperator(address,address)", CALLER, FRIEND)
    yield case("operator-none", is_operator, ["bool"], False, before=FILLED)
    before = FILLED
    for approved in (True, False):
        log = logged(event, [CALLER, FRIEND], ["bool"], approved)
        data = call(OPERATOR, FRIEND, approved)
        name = f"operator-{approved}".lower()
        yield case(f"set-{name}", data, ["bool"], True, before=before, logs=[log])
        before = [*before, step(data)]
        yield case(name, is_operator, ["bool"], approved, before=before)
    take = call(TRANSFER_FROM, CALLER, STRANGER, 1, 5)
    logs = [moved(CALLER, STRANGER, 5, FRIEND)]
    for name, grant in (
        ("exact", call(APPROVE, FRIEND, 1, 5)),
        ("unlimited", call(APPROVE, FRIEND, 1, UNLIMITED)),
        ("operator", call(OPERATOR, FRIEND, True)),
    ):
        yield case(f"take-{name}", take, ["bool"], True, before=[*FILLED, step(grant)], logs=logs,
                   caller=hexed(FRIEND))  # fmt: skip
    for name, grant in (
        ("less", call(APPROVE, FRIEND, 1, 4)),
        ("other-vault", call(APPROVE, FRIEND, 2, 5)),
        ("other-spender", call(APPROVE, STRANGER, 1, 5)),
    ):
        yield refused(f"take-{name}", take, "InsufficientPermission(address,uint256)",
                      shown(FRIEND), 1, before=[*FILLED, step(grant)],
                      caller=hexed(FRIEND))  # fmt: skip
    data = call(TRANSFER, FRIEND, 1, 10**9 + 1)
    error = "InsufficientBalance(address,uint256)"
    yield refused("transfer-too-much", data, error, OWNER, 1, before=FILLED)
    supply = call("totalSupply(uint256)", 1)
    yield case("supply", supply, ["uint256"], 10**9, before=UNEVEN)
    for interface, supported in (("01ffc9a7", True), ("0f632fb3", True), ("ffffffff", False)):
        data = call("supportsInterface(bytes4)", bytes.fromhex(interface))
        yield case(f"interface-{interface}", data, ["bool"], supported)


def misbehaving() -> Iterator[Case]:
    fees = [step(call(CREATE, FEE_TOKEN))]
    made = 990 * MILLION
    data = call(DEPOSIT, 1, 1_000, CALLER)
    logs = paid_in(CALLER, 990, made)
    yield case("fee-deposit", data, ["uint256"], made, before=fees, logs=logs)
    log = logged("Contribution(uint256,address,uint256)", [1, CALLER], ["uint256"], 99)
    yield case("fee-contribute", call(CONTRIBUTE, 1, 100), ["uint256"], 99, before=fees, logs=[log])
    mint = call(MINT, 1, 1_000 * MILLION, CALLER)
    error = "TransferMismatch(uint256,uint256)"
    yield refused("fee-mint", mint, error, 1_000, 990, before=fees)
    greedy = [step(call(CREATE, GREEDY_TOKEN)), step(call(DEPOSIT, 1, 1_000, CALLER)),
              step(call(CREATE, GREEDY_TOKEN)), step(call(DEPOSIT, 2, 1_000, CALLER))]  # fmt: skip
    redeem = call(REDEEM, 1, 1_000 * MILLION, CALLER, CALLER)
    yield refused("greedy-redeem", redeem, error, 1_000, 1_010, before=greedy)
    for name, asset, failure, *arguments in (
        ("back", BACK_TOKEN, "Locked()"),
        ("false", FALSE_TOKEN, "TokenFailed(address)", shown(FALSE_TOKEN)),
        ("angry", ANGRY_TOKEN, "Error(string)", "this token says no"),
    ):
        opened = [step(call(CREATE, asset))]
        yield refused(f"{name}-deposit", data, failure, *arguments, before=opened)


def refusing() -> Iterator[Case]:
    too_much = "ExceededMax(uint256,uint256)"
    for name, data, amount, maximum in (
        ("deposit", call(DEPOSIT, 1, ASSETS_MAX - 1_500, CALLER), ASSETS_MAX - 1_500,
         ASSETS_MAX - 1_501),
        ("mint", call(MINT, 1, UNLIMITED, CALLER), UNLIMITED, (ASSETS_MAX - 1_501) * S // A),
        ("contribute", call(CONTRIBUTE, 1, UNLIMITED), UNLIMITED, ASSETS_MAX - 1_501),
        ("withdraw", call(WITHDRAW, 1, 1_501, CALLER, CALLER), 1_501, 10**9 * A // S),
        ("redeem", call(REDEEM, 1, 10**9 + 1, CALLER, CALLER), 10**9 + 1, 10**9),
    ):  # fmt: skip
        yield refused(f"{name}-beyond", data, too_much, amount, maximum, before=UNEVEN)
    for name, data in (
        ("deposit", call(DEPOSIT, 1, 10, bytes(20))),
        ("mint", call(MINT, 1, 10, bytes(20))),
        ("withdraw", call(WITHDRAW, 1, 10, bytes(20), CALLER)),
        ("redeem", call(REDEEM, 1, 10, bytes(20), CALLER)),
        ("transfer", call(TRANSFER, bytes(20), 1, 10)),
    ):
        yield refused(f"{name}-to-zero", data, "InvalidReceiver(address)", NOBODY, before=UNEVEN)
        yield refused(f"{name}-static", data, "WriteProtection()", before=UNEVEN, static=True)
    for name, data in (
        ("withdraw", call(WITHDRAW, 1, 10, FRIEND, CALLER)),
        ("redeem", call(REDEEM, 1, 10, FRIEND, CALLER)),
    ):
        error = "InsufficientPermission(address,uint256)"
        yield refused(f"{name}-by-stranger", data, error, shown(STRANGER), 1, before=UNEVEN,
                      caller=hexed(STRANGER))  # fmt: skip
    for identifier in (0, 2, UNLIMITED):
        for name, data in (
            ("deposit", call(DEPOSIT, identifier, 10, CALLER)),
            ("mint", call(MINT, identifier, 10, CALLER)),
            ("withdraw", call(WITHDRAW, identifier, 0, CALLER, CALLER)),
            ("redeem", call(REDEEM, identifier, 0, CALLER, CALLER)),
            ("contribute", call(CONTRIBUTE, identifier, 0)),
            ("asset", call("asset(uint256)", identifier)),
            ("maxRedeem", call("maxRedeem(uint256,address)", identifier, CALLER)),
        ):
            label = "max" if identifier > 2 else identifier
            error = "UnknownVault(uint256)"
            yield refused(f"{name}-vault-{label}", data, error, identifier, before=OPEN)
    value = call(DEPOSIT, 1, 10, CALLER)
    yield refused("value", value, "ValueRefused(uint256)", 7, before=OPEN, value=7)


# --- Vaults of liquidity: the amounts are those of the plain model in ranged_model.py -----------

MANAGER = (0x0400).to_bytes(20, "big")
CREATE_RANGED = f"createRangedVault(address,{scene.KEY},int24,int24)"
JOIN = "join(uint256,uint256,uint256,uint256,address)"
JOIN_WITH_ASSET = "joinWithAsset(uint256,uint256,uint256,uint256,address)"
LEAVE = "leave(uint256,uint256,uint256,uint256,address,address)"
LEAVE_WITH_ASSET = "leaveWithAsset(uint256,uint256,uint256,address,address)"
COMPOUND = "compound(uint256)"
POSITION = "positionOf(uint256)"
PREVIEW, PREVIEW_ASSET = (f"previewLeave{each}(uint256,uint256)" for each in ("", "WithAsset"))
ANY = 2**255
POOL = scene.AB
FIRST = 10**12


def made(signature: str, *arguments: Any) -> Case:
    return step(scene.encoded(signature, *arguments))


BEGIN: list[Case] = [
    {"to": hexed(MANAGER), "input": hexed(scene.initialize(MANAGER, POOL, scene.PRICE_1).data)}
]
RANGED = [*BEGIN, made(CREATE_RANGED, scene.A, POOL, -600, 600)]
JOINED = [*RANGED, made(JOIN, 1, FIRST, ANY, ANY, CALLER)]
# A joiner who swaps leaves fees of the first token.
EARNED = [*JOINED, made(JOIN_WITH_ASSET, 1, 10**9, 5 * 10**8, 0, FRIEND)]


def model(*, earned: bool = False) -> Model:
    pool = Model()
    pool.join(FIRST)
    if earned:
        pool.join_with(0, 10**9, 5 * 10**8)
    return pool


def came(receiver: bytes, amounts: tuple[int, int], shares: int) -> list[Case]:
    event = "Joined(uint256,address,address,uint256,uint256,uint256)"
    types = ["uint256"] * 3
    log = logged(event, [1, CALLER, receiver], types, *amounts, shares)
    return [moved(bytes(20), receiver, shares), log]


def went(receiver: bytes, owner: bytes, amounts: tuple[int, int], shares: int) -> list[Case]:
    event = "Left(uint256,address,address,uint256,uint256,uint256)"
    log = logged(event, [1, receiver, owner], ["uint256"] * 3, *amounts, shares)
    return [moved(owner, bytes(20), shares), log]


def ranging() -> Iterator[Case]:
    created = logged("VaultCreated(uint256,address,uint8)", [1, scene.B], ["uint8"], 2)
    data = scene.encoded(CREATE_RANGED, scene.B, POOL, -887_220, 60)
    yield case("range-create", data, ["uint256"], 1, before=BEGIN, logs=[created])
    two = ["uint256", "uint256"]
    for name, before, pool, shares in (
        ("first", RANGED, Model(), FIRST),
        ("one", RANGED, Model(), 1),
        ("second", JOINED, model(), 10**11 + 7),
        ("earned", EARNED, model(earned=True), 3 * 10**11),
    ):
        paid = pool.join(shares)
        data = scene.encoded(JOIN, 1, shares, *paid, FRIEND)
        logs = came(FRIEND, paid, shares)
        yield case(f"join-{name}", data, two, *paid, before=before, logs=logs)
        for side in (0, 1):
            limits = [amount - (place == side) for place, amount in enumerate(paid)]
            data = scene.encoded(JOIN, 1, shares, *limits, FRIEND)
            yield refused(f"join-{name}-limit-{side}", data, "BeyondLimit(uint256,uint256)",
                          paid[side], limits[side], before=before)  # fmt: skip
    for name, before, earned, shares in (
        ("all", JOINED, False, FIRST),
        ("part", JOINED, False, 3 * 10**11 + 1),
        ("one", JOINED, False, 1),
        ("earned", EARNED, True, FIRST // 3),
    ):
        principal, extra = model(earned=earned).leave(shares)
        got = principal[0] + extra[0], principal[1] + extra[1]
        data = scene.encoded(LEAVE, 1, shares, *got, FRIEND, CALLER)
        logs = went(FRIEND, CALLER, got, shares)
        yield case(f"leave-{name}", data, two, *got, before=before, logs=logs)
        preview = scene.encoded(PREVIEW, 1, shares)
        yield case(f"preview-leave-{name}", preview, two, *got, before=before)
        for side in (0, 1):
            limits = [amount + (place == side) for place, amount in enumerate(got)]
            data = scene.encoded(LEAVE, 1, shares, *limits, FRIEND, CALLER)
            yield refused(f"leave-{name}-limit-{side}", data, "BeyondLimit(uint256,uint256)",
                          got[side], limits[side], before=before)  # fmt: skip
    yield from with_the_asset()
    for name, before, pool in (("joined", JOINED, model()), ("earned", EARNED, model(earned=True))):
        key = [shown(part) if isinstance(part, bytes) else part for part in POOL]
        types = [scene.KEY, "int24", "int24", "uint128", "uint128", "uint128"]
        values = (tuple(key), -600, 600, pool.liquidity, *pool.beside)
        data = scene.encoded(POSITION, 1)
        yield case(f"position-{name}", data, types, *values, before=before)
    yield case("callback-empty", scene.encoded("unlockCallback(bytes)", b""), ["bytes"], b"")


def with_the_asset() -> Iterator[Case]:
    """In vaults of the first token, and of the second."""
    for side, asset in enumerate((scene.A, scene.B)):
        opened = [*BEGIN, made(CREATE_RANGED, asset, POOL, -600, 600)]
        joined = [*opened, made(JOIN, 1, FIRST, ANY, ANY, CALLER)]
        swapping = made(JOIN_WITH_ASSET, 1, 10**9, 5 * 10**8, 0, FRIEND)
        for name, earned, shares in (("part", False, 10**11), ("earned", True, FIRST // 5)):
            before = [*joined, swapping] if earned else joined
            pool = asset_model(side, earned=earned)
            assets = pool.leave_with(side, shares)
            label = f"{name}-{side}"
            data = scene.encoded(LEAVE_WITH_ASSET, 1, shares, assets, FRIEND, CALLER)
            logs = went(FRIEND, CALLER, alone(side, assets), shares)
            yield case(f"leave-asset-{label}", data, ["uint256"], assets, before=before, logs=logs)
            preview = scene.encoded(PREVIEW_ASSET, 1, shares)
            yield case(f"preview-asset-{label}", preview, ["uint256"], assets, before=before)
            data = scene.encoded(LEAVE_WITH_ASSET, 1, shares, assets + 1, FRIEND, CALLER)
            yield refused(f"leave-asset-{label}-limit", data, "BeyondLimit(uint256,uint256)",
                          assets, assets + 1, before=before)  # fmt: skip
        for name, earned, assets, swapped in (
            ("half", False, 10**9, 5 * 10**8),
            ("little", False, 10**9, 10**6),
            ("nothing", False, 10**9, 0),
            ("all", False, 10**9, 10**9),
            ("earned", True, 10**10, 4 * 10**9),
        ):
            before = [*joined, swapping] if earned else joined
            shares, cost = asset_model(side, earned=earned).join_with(side, assets, swapped)
            if not shares:
                continue
            label = f"{name}-{side}"
            data = scene.encoded(JOIN_WITH_ASSET, 1, assets, swapped, shares, FRIEND)
            logs = came(FRIEND, alone(side, cost), shares)
            yield case(f"join-asset-{label}", data, ["uint256"], shares, before=before, logs=logs)
            data = scene.encoded(JOIN_WITH_ASSET, 1, assets, swapped, shares + 1, FRIEND)
            yield refused(f"join-asset-{label}-limit", data, "BeyondLimit(uint256,uint256)",
                          shares, shares + 1, before=before)  # fmt: skip
        # Fees of both tokens: one from a swap there, one from a swap back.
        both = [*joined, swapping, made(LEAVE_WITH_ASSET, 1, 10**11, 0, CALLER, CALLER)]
        pool = asset_model(side, earned=True)
        pool.leave_with(side, 10**11)
        added = pool.compound()
        log = logged("Compounded(uint256,uint256)", [1], ["uint256"], added)
        data = scene.encoded(COMPOUND, 1)
        yield case(f"compound-{side}", data, ["uint256"], added, before=both, logs=[log],
                   time=1_800_000_000)  # fmt: skip
        later = [*both, {**step(data), "time": 1_800_000_000}]
        got, extra = pool.leave(FIRST // 7)
        paid = got[0] + extra[0], got[1] + extra[1]
        preview = scene.encoded(PREVIEW, 1, FIRST // 7)
        yield case(f"compounded-{side}", preview, ["uint256"] * 2, *paid, before=later)


def alone(side: int, amount: int) -> tuple[int, int]:
    """An amount of one token, and none of the other."""
    return (amount, 0) if side == 0 else (0, amount)


def asset_model(side: int, *, earned: bool) -> Model:
    pool = Model()
    pool.join(FIRST)
    if earned:
        pool.join_with(side, 10**9, 5 * 10**8)
    return pool


def unranged() -> Iterator[Case]:
    hooked = scene.pool(scene.A, scene.B, 3_000, 60, b"\x99" * 18 + b"\x08\x00")
    for name, asset, key, ticks, error, *arguments in (
        ("other-asset", TOKEN, POOL, (-600, 600), "AssetNotInPool(address)", shown(TOKEN)),
        ("native", scene.A, scene.NA, (-600, 600), "NotAContract(address)", NOBODY),
        ("hook", scene.A, hooked, (-600, 600), "HookNotAllowed(address)", shown(hooked[4])),
        ("no-pool", scene.A, scene.GAPS, (-600, 600), "NoPool(bytes32)",
         scene.pool_id(scene.GAPS)),
        ("misordered", scene.A, POOL, (600, -600), "InvalidRange(int24,int24)", 600, -600),
        ("empty", scene.A, POOL, (60, 60), "InvalidRange(int24,int24)", 60, 60),
        ("misaligned", scene.A, POOL, (-600, 601), "InvalidRange(int24,int24)", -600, 601),
        ("misaligned-below", scene.A, POOL, (-601, 600), "InvalidRange(int24,int24)", -601, 600),
        ("too-high", scene.A, POOL, (-600, 887_280), "InvalidRange(int24,int24)", -600, 887_280),
        ("too-low", scene.A, POOL, (-887_280, 0), "InvalidRange(int24,int24)", -887_280, 0),
    ):  # fmt: skip
        data = scene.encoded(CREATE_RANGED, asset, key, *ticks)
        accounts = [*OPEN, *BEGIN]
        yield refused(f"range-{name}", data, error, *arguments, before=accounts)
    calls = {
        "join": scene.encoded(JOIN, 1, 5, ANY, ANY, CALLER),
        "join-asset": scene.encoded(JOIN_WITH_ASSET, 1, 5, 2, 0, CALLER),
        "leave": scene.encoded(LEAVE, 1, 5, 0, 0, CALLER, CALLER),
        "leave-asset": scene.encoded(LEAVE_WITH_ASSET, 1, 5, 0, CALLER, CALLER),
        "compound": scene.encoded(COMPOUND, 1),
        "position": scene.encoded(POSITION, 1),
        "preview": scene.encoded(PREVIEW, 1, 5),
        "preview-asset": scene.encoded(PREVIEW_ASSET, 1, 5),
    }
    for name, data in calls.items():
        yield refused(f"{name}-plain", data, "NotRanged(uint256)", 1, before=FILLED)
        yield refused(f"{name}-unknown", data, "UnknownVault(uint256)", 1)
        if name not in ("join", "position"):
            yield refused(f"{name}-empty", data, "EmptyVault(uint256)", 1, before=RANGED)
    for name, data in (
        ("deposit", call(DEPOSIT, 1, 10, CALLER)),
        ("withdraw", call(WITHDRAW, 1, 10, CALLER, CALLER)),
        ("contribute", call(CONTRIBUTE, 1, 10)),
        ("total-assets", call("totalAssets(uint256)", 1)),
        ("maxRedeem", call("maxRedeem(uint256,address)", 1, CALLER)),
    ):
        yield refused(f"{name}-ranged", data, "NotPlain(uint256)", 1, before=JOINED)
    word = encode(["uint256"] * 3, [4, 0, 1])
    data = scene.encoded("unlockCallback(bytes)", word)
    yield refused("callback-by-stranger", data, "NotPoolManager()", before=JOINED)
    for amount, name in ((2**127, "2-127"), (UNLIMITED, "max")):
        for label, data in (
            ("join", scene.encoded(JOIN, 1, amount, ANY, ANY, CALLER)),
            ("join-asset", scene.encoded(JOIN_WITH_ASSET, 1, amount, 2, 0, CALLER)),
        ):
            error = "ExceededMax(uint256,uint256)"
            yield refused(f"{label}-{name}", data, error, amount, 2**127 - 1, before=JOINED)
    data = scene.encoded(JOIN_WITH_ASSET, 1, 5, 6, 0, CALLER)
    yield refused(
        "join-asset-swaps-more", data, "ExceededMax(uint256,uint256)", 6, 5, before=JOINED
    )
    data = scene.encoded(PREVIEW, 1, FIRST + 1)
    error = "ExceededMax(uint256,uint256)"
    yield refused("preview-more", data, error, FIRST + 1, FIRST, before=JOINED)
    # Without other liquidity in the pool the last holder cannot swap what he takes out of it.
    error, arguments = "NotEnoughLiquidity(bytes32)", scene.pool_id(POOL)
    data = scene.encoded(LEAVE_WITH_ASSET, 1, FIRST, 0, CALLER, CALLER)
    yield refused("leave-asset-alone", data, error, arguments, before=JOINED)
    data = scene.encoded(PREVIEW_ASSET, 1, FIRST)
    yield refused("preview-asset-alone", data, error, arguments, before=JOINED)
    event = logged("Compounded(uint256,uint256)", [1], ["uint256"], 0)
    data, now = scene.encoded(COMPOUND, 1), 1_800_000_000
    yield case("compound-one-sided", data, ["uint256"], 0, before=EARNED, logs=[event], time=now)
    done = [*EARNED, {**step(data), "time": now}]
    early = "TooEarly(uint256)"
    yield refused("compound-again", data, early, now + 60, before=done, time=now + 59)
    yield case("compound-later", data, ["uint256"], 0, before=done, logs=[event], time=now + 60)
