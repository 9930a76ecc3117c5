"""The rules of `execute`, on made-up declarations: what no registered entry does yet."""

from dataclasses import replace

import pytest
from eth_utils import keccak

from precompiles.conformance.embedded import CONTEXT, Frame, Meter, World
from precompiles.gas import Constant, PerItem
from precompiles.precompile import Call, Context, Method, Precompile, Revert, execute, method, price

CALLER = bytes(19) + b"\1"


def declared(*methods: Method, **changes: object) -> Precompile:
    entry = Precompile(
        address=(0x0901).to_bytes(20, "big"),
        family="zk",
        name="made_up",
        interface="IMadeUp",
        version=1,
        summary="made up",
        methods=methods,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def made_up(signature: str = "f() returns (uint256 x)", **options: object) -> Method:
    settings: dict[str, object] = {
        "mutability": "pure",
        "gas": (),
        "handler": lambda call: 7,
        "summary": "",
    }
    return method(signature, **{**settings, **options})  # type: ignore[arg-type]


def call_of(data: bytes, context: Context = CONTEXT, **changes: object) -> Call:
    world = World(context=context)
    host = Frame(world=world, address=bytes(20), meter=Meter(10**7), static=False, depth=0)
    call = Call(
        data=data,
        caller=CALLER,
        value=0,
        static=False,
        delegated=False,
        host=host,
        context=context,
    )
    return replace(call, **changes)  # type: ignore[arg-type]


F = keccak(text="f()")[:4]


def refusal(entry: Precompile, call: Call) -> str:
    with pytest.raises(Revert) as caught:
        execute(entry, call)
    names = [
        "WriteProtection()",
        "DelegateCallRefused()",
        "ValueRefused(uint256)",
        "UnknownSelector(bytes4)",
        "SecretOperationOnChain()",
        "NoPrecompile(address)",
        "Retired()",
    ]
    return next(name for name in names if keccak(text=name)[:4] == caught.value.data[:4])


def test_one_output_is_encoded() -> None:
    assert execute(declared(made_up()), call_of(F)) == (7).to_bytes(32, "big")


def test_no_output_is_empty() -> None:
    entry = declared(made_up("f()", handler=lambda call: None))
    assert execute(entry, call_of(F)) == b""


def test_several_outputs_are_encoded_in_order() -> None:
    entry = declared(made_up("f() returns (uint8 a, bool b)", handler=lambda call: (3, True)))
    assert execute(entry, call_of(F)) == (3).to_bytes(32, "big") + (1).to_bytes(32, "big")


def test_a_handler_that_returns_the_wrong_thing_is_a_bug_not_a_revert() -> None:
    entry = declared(made_up(handler=lambda call: -1))
    with pytest.raises(ValueError, match="uint256"):
        execute(entry, call_of(F))


@pytest.mark.parametrize("mutability", ["nonpayable", "payable"])
def test_static_write_is_refused(mutability: str) -> None:
    entry = declared(made_up(mutability=mutability))
    assert refusal(entry, call_of(F, static=True)) == "WriteProtection()"
    assert execute(entry, call_of(F)) == (7).to_bytes(32, "big")


@pytest.mark.parametrize("mutability", ["pure", "view"])
def test_static_read_is_allowed(mutability: str) -> None:
    assert execute(declared(made_up(mutability=mutability)), call_of(F, static=True))


def test_value_only_where_payable() -> None:
    assert refusal(declared(made_up()), call_of(F, value=1)) == "ValueRefused(uint256)"
    nonpayable = declared(made_up(mutability="nonpayable"))
    assert refusal(nonpayable, call_of(F, value=1)) == "ValueRefused(uint256)"
    assert execute(declared(made_up(mutability="payable")), call_of(F, value=1))


def test_delegation_only_where_opted_in() -> None:
    assert refusal(declared(made_up()), call_of(F, delegated=True)) == "DelegateCallRefused()"
    assert execute(declared(made_up(delegable=True)), call_of(F, delegated=True))


@pytest.mark.parametrize(
    ("mode", "rule", "allowed"),
    [
        ("block", "call-only", False),
        ("block", "public-test", True),
        ("call", "call-only", True),
        ("call", "public-test", True),
    ],
)
def test_secret_operations_follow_mode_and_rule(mode: str, rule: str, allowed: bool) -> None:
    context = replace(CONTEXT, mode=mode, secret_ops=rule)  # type: ignore[arg-type]
    secret, plain = declared(made_up(secret=True)), declared(made_up())
    assert execute(plain, call_of(F, context))
    if allowed:
        assert execute(secret, call_of(F, context))
    else:
        assert refusal(secret, call_of(F, context)) == "SecretOperationOnChain()"


def test_a_secret_is_refused_before_its_argument_is_looked_at() -> None:
    entry = declared(made_up("f(uint8 x) returns (uint256 y)", secret=True))
    data = keccak(text="f(uint8)")[:4]
    assert refusal(entry, call_of(data)) == "SecretOperationOnChain()"


@pytest.mark.parametrize("data", [b"", b"\1", F[:3], b"\0\0\0\0", F[:3] + b"\0"])
def test_unknown_selector(data: bytes) -> None:
    entry = declared(made_up())
    assert refusal(entry, call_of(data)) == "UnknownSelector(bytes4)"
    assert price(entry, data) == 200


def test_unused_and_retired_entries_say_so() -> None:
    assert refusal(declared(status="unused"), call_of(F)) == "NoPrecompile(address)"
    assert refusal(declared(made_up(), status="retired"), call_of(F)) == "Retired()"


def test_price_adds_decoding_and_the_method() -> None:
    data = keccak(text="g(bytes)")[:4] + (32).to_bytes(32, "big") + (5).to_bytes(32, "big")
    gas = (Constant(amount=1000), PerItem(argument="x", amount=10))
    entry = declared(made_up("g(bytes x)", gas=gas, bounds={"x": 9}))
    assert price(entry, data + bytes(32)) == 200 + 3 * 3 + 1000 + 5 * 10
    assert price(entry, data + bytes(1)) == 200 + 3 * 3 + 1000 + 5 * 10
    assert price(entry, data[:36]) == 200 + 3 * 1 + 1000


def test_two_methods_with_one_selector_are_refused() -> None:
    with pytest.raises(ValueError, match="share a selector"):
        declared(made_up(), made_up())
