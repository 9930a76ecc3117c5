"""Precompiles in the EVM: prices of the host, what is refused, what is rolled back, and the mode.

A probe stands in for an entry, at an address of the reserved range that nothing uses, so that each
ability of the host is asked for by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth.exceptions import OutOfGas, Revert, VMError
from eth.vm.message import Message

from chain.calls import NO_OVERRIDES, CallFailed, CallRequest
from chain.encoding import keccak
from chain.engines import open_state
from chain.execution import Ended, Origin
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.tracing.options import TracerOptions
from precompiles import deployment, registry
from precompiles import precompile as pars
from precompiles.conformance import vectors
from precompiles.gas import Constant, decoding_price

NewChain = Callable[..., LocalChain]
PROBE_AT = bytes(18) + b"\x09\xfe"
VACANT = bytes(18) + b"\x07\xfd"
CALLER = b"\xcc" * 20
OTHER = b"\xdd" * 20
PROBE_GAS = 1000

Handler = Callable[[pars.Call], Any]


class Probe:
    """An entry whose one method of each kind does what a test says."""

    def __init__(self) -> None:
        self.handler: Handler = lambda call: None
        self.contexts: list[pars.Context] = []

    def run(self, call: pars.Call) -> None:
        self.contexts.append(call.context)
        self.handler(call)

    def precompile(self) -> pars.Precompile:
        def method(signature: str, **changes: Any) -> pars.Method:
            given: dict[str, Any] = {
                "gas": (Constant(amount=PROBE_GAS),),
                "handler": self.run,
                "summary": "Probe.",
            }
            return pars.method(signature, **{**given, **changes})

        return pars.Precompile(
            address=PROBE_AT,
            family="zk",
            name="probe",
            interface="IProbe",
            version=1,
            summary="Does what a test says.",
            methods=(
                method("look()", mutability="view"),
                method("write()", mutability="nonpayable"),
                method("pay()", mutability="payable"),
                method("lend()", mutability="view", delegable=True),
                method("hide()", mutability="view", secret=True),
            ),
        )


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


LOOK, WRITE, PAY, LEND, HIDE = (
    selector(f"{name}()") for name in ("look", "write", "pay", "lend", "hide")
)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    made = Probe()
    entry = made.precompile()
    original = registry.at
    monkeypatch.setattr(registry, "at", lambda a: entry if a == PROBE_AT else original(a))
    return made


@pytest.fixture(params=("core", "py"))
def engine(request: pytest.FixtureRequest) -> str:
    """Both engines call precompiles the same way."""
    return str(request.param)


@pytest.fixture
def chain(new_chain: NewChain, engine: str) -> LocalChain:
    made = new_chain(engine=engine)
    made.set_code(PROBE_AT, pars.MARKER_CODE)
    made.set_nonce(PROBE_AT, 1)
    return made


@dataclass(frozen=True, kw_only=True)
class Framed:
    """What came of a frame."""

    ended: Ended
    state: Any

    @property
    def is_success(self) -> bool:
        return self.ended.error is None


def frame(
    chain: LocalChain,
    to: bytes,
    data: bytes = LOOK,
    *,
    state: Any = None,
    gas: int = 1_000_000,
    **message: Any,
) -> Any:
    """Run one frame by itself and return what came of it, with the state it ran on."""
    scene = chain.scene("latest", "block")
    if state is None:
        state = open_state(scene.env, scene.reader, scene.frames)
    given: dict[str, Any] = {"gas": gas, "to": to, "sender": CALLER, "value": 0, "data": data}
    given["code"] = state.world.get_code(to)
    ended = state.run(Message(**{**given, **message}), Origin(sender=CALLER, gas_price=0))
    return Framed(ended=ended, state=state)


def fixed_price(data: bytes = LOOK) -> int:
    return PROBE_GAS + decoding_price(data)


def cost(
    chain: LocalChain, probe: Probe, handler: Handler, data: bytes = WRITE, **message: Any
) -> int:
    """What the host took for what a handler asked of it."""
    probe.handler = handler
    computation = frame(chain, PROBE_AT, data, **message)
    assert computation.is_success
    return 1_000_000 - int(computation.ended.gas_left) - fixed_price(data)


def through(kind: int, to: bytes = PROBE_AT, value: int = 0) -> bytes:
    """Code that passes its calldata on, and returns the outcome's word and then the answer."""
    amount = f"60{value:02x}" if kind in (0xF1, 0xF2) else ""
    pass_on = f"36600060003760006000366000{amount}73{to.hex()}5a{kind:02x}"
    return bytes.fromhex(pass_on + "6000523d600060203e3d6020016000f3")


# Prices. The same accesses in the bytecode of an ordinary contract cost the same.

STORES = [
    [(1, 5)],
    [(1, 0)],
    [(1, 5), (1, 5)],
    [(1, 5), (1, 0)],
    [(1, 5), (1, 6)],
    [(7, 0)],
    [(7, 9)],
    [(7, 4)],
    [(7, 0), (7, 4)],
    [(7, 0), (7, 9)],
    [(7, 9), (7, 4)],
    [(7, 9), (7, 0)],
    [(7, 0), (7, 0)],
    [(7, 9), (7, 0), (7, 8), (7, 4)],
    [(1, 5), (7, 0), (1, 0), (7, 4), (1, 1)],
]
"""Slots and the words written to them, in order. Slot 7 holds 4 before, slot 1 nothing."""


@pytest.mark.parametrize("writes", STORES)
@pytest.mark.parametrize("read_first", [False, True])
def test_storage_costs_what_it_costs_in_bytecode(
    chain: LocalChain, probe: Probe, writes: list[tuple[int, int]], read_first: bool
) -> None:
    def handler(call: pars.Call) -> None:
        for slot, value in writes:
            if read_first:
                call.host.load(slot)
            call.host.store(slot, value)

    probe.handler = handler
    code, around = b"", 0
    for slot, value in writes:
        if read_first:
            code += bytes((0x60, slot, 0x54, 0x50))
            around += 5
        code += bytes((0x60, value, 0x60, slot, 0x55))
        around += 6
    chain.set_code(OTHER, code)
    for address in (PROBE_AT, OTHER):
        chain.set_storage(address, 7, 4)
    ours, theirs = frame(chain, PROBE_AT, WRITE), frame(chain, OTHER)
    assert ours.is_success
    assert theirs.is_success
    spent = [1_000_000 - each.ended.gas_left for each in (ours, theirs)]
    assert spent[0] - fixed_price(WRITE) == spent[1] - around
    assert ours.ended.refund == theirs.ended.refund
    world = ours.state.world
    assert [world.get_storage(PROBE_AT, slot) for slot in (1, 7)] == [
        theirs.state.world.get_storage(OTHER, slot) for slot in (1, 7)
    ]


@pytest.mark.parametrize(
    ("handler", "gas"),
    [
        (lambda call: call.host.load(1), 2100),
        (lambda call: [call.host.load(1), call.host.load(1)], 2200),
        (lambda call: call.host.load_transient(1), 100),
        (lambda call: call.host.store_transient(1, 5), 100),
        (lambda call: call.host.emit([], b""), 375),
        (lambda call: call.host.emit([bytes(32)] * 4, bytes(10)), 375 * 5 + 80),
        (lambda call: call.host.balance(OTHER), 2600),
        (lambda call: [call.host.balance(OTHER), call.host.nonce(OTHER)], 2700),
        (lambda call: call.host.code_hash(OTHER), 2600),
        (lambda call: call.host.balance(VACANT), 100),
        (lambda call: call.host.code_size(OTHER), 2600),
        (lambda call: call.host.code(OTHER), 2600),
        (lambda call: [call.host.code(PROBE_AT), call.host.code(PROBE_AT)], 206),
        (lambda call: call.host.storage_of(OTHER, 1), 4700),
        (lambda call: [call.host.storage_of(OTHER, 1), call.host.storage_of(OTHER, 1)], 4900),
        (lambda call: [call.host.load(1), call.host.storage_of(PROBE_AT, 1)], 2300),
        (lambda call: call.host.deploy(bytes(1), bytes(32)), 32_000 + 200 + 8),
        (lambda call: call.host.deploy(bytes(22), bytes(32)), 32_000 + 22 * 200 + 2 * 8),
        (lambda call: call.host.block_hash(0), 20),
        (lambda call: call.host.charge(12_345, "work"), 12_345),
        (lambda call: call.host.call(OTHER, b""), 2600),
        (lambda call: call.host.call(OTHER, b"", static=True), 2600),
    ],
)
def test_the_hosts_prices(chain: LocalChain, probe: Probe, handler: Handler, gas: int) -> None:
    assert cost(chain, probe, handler) == gas


def test_moving_value_costs_what_a_call_with_value_does(chain: LocalChain, probe: Probe) -> None:
    chain.set_balance(PROBE_AT, 100)
    chain.set_balance(OTHER, 1)
    nobody = b"\x12" * 20
    assert cost(chain, probe, lambda call: call.host.transfer(OTHER, 5)) == 2600 + 9000
    assert cost(chain, probe, lambda call: call.host.transfer(nobody, 5)) == 2600 + 9000 + 25_000
    assert cost(chain, probe, lambda call: call.host.transfer(nobody, 0)) == 2600
    # The stipend is the child's, and comes back unused.
    paid = cost(chain, probe, lambda call: call.host.call(OTHER, b"", value=5))
    assert paid == 2600 + 9000 - 2300


def test_moved_value_arrives_and_nothing_makes_no_account(chain: LocalChain, probe: Probe) -> None:
    chain.set_balance(PROBE_AT, 100)
    nobody = b"\x12" * 20
    probe.handler = lambda call: call.host.transfer(nobody, 0)
    assert not frame(chain, PROBE_AT, WRITE).state.world.account_exists(nobody)
    probe.handler = lambda call: call.host.transfer(OTHER, 30)
    world = frame(chain, PROBE_AT, WRITE).state.world
    assert (world.get_balance(PROBE_AT), world.get_balance(OTHER)) == (70, 30)
    probe.handler = lambda call: call.host.transfer(OTHER, 101)
    failed = frame(chain, PROBE_AT, WRITE)
    assert failed.ended.output == selector("InsufficientBalance()")
    assert failed.state.world.get_balance(PROBE_AT) == 100


def test_one_unit_short_is_out_of_gas(chain: LocalChain, probe: Probe) -> None:
    probe.handler = lambda call: call.host.load(1).to_bytes(32, "big")
    needed = fixed_price() + 2100
    assert frame(chain, PROBE_AT, gas=needed).is_success
    for gas in (needed - 1, fixed_price() - 1, 0):
        short = frame(chain, PROBE_AT, gas=gas)
        assert isinstance(short.ended.error, OutOfGas)
        assert (short.ended.output, short.ended.gas_left) == (b"", 0)


def test_the_price_is_charged_before_anything_runs(chain: LocalChain, probe: Probe) -> None:
    frame(chain, PROBE_AT, gas=fixed_price() - 1)
    assert probe.contexts == []
    frame(chain, PROBE_AT, gas=fixed_price())
    assert len(probe.contexts) == 1


def test_storage_is_not_written_from_a_stipend(chain: LocalChain, probe: Probe) -> None:
    """EIP-2200, for a slot that would otherwise be cheap."""

    def handler(call: pars.Call) -> None:
        call.host.load(1)
        call.host.store(1, 0)

    probe.handler = handler
    base = fixed_price(WRITE) + 2100
    assert frame(chain, PROBE_AT, WRITE, gas=base + 2301).is_success
    assert isinstance(frame(chain, PROBE_AT, WRITE, gas=base + 2300).ended.error, OutOfGas)


# What is refused.


def refusal(computation: Any) -> bytes:
    assert isinstance(computation.ended.error, Revert)
    assert computation.ended.gas_left > 900_000, "a refusal gives the gas back"
    return bytes(computation.ended.output)


def test_delegation_is_refused(chain: LocalChain, probe: Probe) -> None:
    for data in (LOOK, WRITE, PAY):
        computation = frame(
            chain, CALLER, data, code_address=PROBE_AT, should_transfer_value=False, value=3
        )
        assert refusal(computation) == selector("DelegateCallRefused()")
    lent = frame(chain, CALLER, LEND, code_address=PROBE_AT, should_transfer_value=False)
    assert lent.is_success
    assert len(probe.contexts) == 1


def test_value_is_refused_but_where_it_is_payable(chain: LocalChain, probe: Probe) -> None:
    chain.set_balance(CALLER, 10)
    computation = frame(chain, PROBE_AT, LOOK, value=3)
    assert refusal(computation) == selector("ValueRefused(uint256)") + (3).to_bytes(32, "big")
    assert computation.state.world.get_balance(CALLER) == 10
    paid = frame(chain, PROBE_AT, PAY, value=3)
    assert paid.is_success
    assert paid.state.world.get_balance(PROBE_AT) == 3


def test_a_static_frame_writes_nothing(chain: LocalChain, probe: Probe) -> None:
    protected = selector("WriteProtection()")
    for data in (WRITE, PAY):
        assert refusal(frame(chain, PROBE_AT, data, is_static=True)) == protected
    assert probe.contexts == []
    # A method that says it only looks is held to it.
    writes: list[Handler] = [
        lambda call: call.host.store(1, 1),
        lambda call: call.host.store_transient(1, 1),
        lambda call: call.host.emit([], b""),
        lambda call: call.host.transfer(OTHER, 1),
        lambda call: call.host.call(OTHER, b"", value=1),
    ]
    for handler in writes:
        probe.handler = handler
        assert refusal(frame(chain, PROBE_AT, LOOK, is_static=True)) == protected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (0xF1, b""),
        (0xFA, selector("WriteProtection()")),
        (0xF2, selector("DelegateCallRefused()")),
        (0xF4, selector("DelegateCallRefused()")),
    ],
)
def test_the_instructions_reach_the_entry_as_they_are(
    chain: LocalChain, probe: Probe, kind: int, expected: bytes
) -> None:
    chain.set_code(OTHER, through(kind))
    result = chain.call(CallRequest(to=OTHER, data=WRITE))
    assert result.success
    assert int.from_bytes(result.output[:32], "big") == (not expected)
    if expected:
        assert result.output[32:] == expected


def test_a_static_frame_stays_static_below(chain: LocalChain, probe: Probe) -> None:
    chain.set_code(OTHER, bytes.fromhex("600160005500"))
    answers: list[tuple[bool, bytes]] = []
    probe.handler = lambda call: answers.append(call.host.call(OTHER, b"", gas=50_000))
    kept = frame(chain, PROBE_AT, LOOK, is_static=True)
    assert kept.is_success
    assert answers == [(False, b"")]
    assert frame(chain, PROBE_AT, WRITE).is_success
    assert answers[1] == (True, b"")


def test_an_entry_and_a_contract_call_each_other_to_the_bound(
    new_chain: NewChain, engine: str, probe: Probe
) -> None:
    chain = new_chain(engine=engine, gas_cap=10**13, question_seconds=60.0)
    chain.set_code(PROBE_AT, pars.MARKER_CODE)
    chain.set_code(OTHER, through(0xF1))
    answers: list[bool] = []
    probe.handler = lambda call: answers.append(call.host.call(OTHER, call.data)[0])
    assert chain.call(CallRequest(to=OTHER, data=WRITE, gas=10**12)).success
    assert len(answers) == 512, "the contract at every even depth, the entry at every odd one"
    assert answers[0] is True


def test_an_unused_address_says_so(chain: LocalChain) -> None:
    result = chain.call(CallRequest(to=VACANT, data=b"\1\2\3\4"))
    assert result.reverted
    assert result.output == selector("NoPrecompile(address)") + bytes(12) + VACANT
    for outside in (bytes(18) + b"\x02\xff", bytes(18) + b"\x0a\x00", b"\1" + PROBE_AT[1:]):
        assert chain.call(CallRequest(to=outside)).success


# Effects.


def test_logs_and_storage_stay_with_the_transaction(chain: LocalChain, probe: Probe) -> None:
    def handler(call: pars.Call) -> None:
        call.host.store(1, 77)
        call.host.emit([b"\x07" * 32, b"\x08" * 32], b"said")

    probe.handler = handler
    sender = chain.accounts[0]
    tx_hash = chain.send(CallRequest(sender=sender, to=PROBE_AT, data=WRITE))
    located = chain.transaction(tx_hash)
    assert located is not None
    (receipt,) = chain.receipts(located.block.hash) or ()
    assert receipt.status == 1
    (log,) = receipt.logs
    assert (log.address, log.data) == (PROBE_AT, b"said")
    assert log.topics == (b"\x07" * 32, b"\x08" * 32)
    assert chain.state().storage(PROBE_AT, 1) == 77
    assert chain.state().nonce(PROBE_AT) == 1


@pytest.mark.parametrize("where", ["inside", "above"])
def test_a_revert_takes_everything_back(chain: LocalChain, probe: Probe, where: str) -> None:
    def handler(call: pars.Call) -> None:
        call.host.store(1, 77)
        call.host.store_transient(1, 78)
        call.host.emit([], b"said")
        call.host.transfer(OTHER, 5)
        if where == "inside":
            raise pars.Revert(b"\1\2\3\4")

    probe.handler = handler
    chain.set_balance(PROBE_AT, 10)
    chain.set_code(CALLER, through(0xF1)[:-1] + b"\xfd")
    computation = frame(chain, CALLER if where == "above" else PROBE_AT, WRITE)
    assert isinstance(computation.ended.error, Revert)
    if where == "inside":
        assert computation.ended.output == b"\1\2\3\4"
    world = computation.state.world
    assert world.get_storage(PROBE_AT, 1) == 0
    assert world.get_transient_storage(PROBE_AT, 1) == b""
    assert (world.get_balance(PROBE_AT), world.get_balance(OTHER)) == (10, 0)
    assert computation.ended.logs == ()


DATA_CODE = b"\0 some data"


def deployed(salt: bytes = bytes(32)) -> bytes:
    return deployment.address_of(PROBE_AT, DATA_CODE, salt)


def test_an_entry_makes_an_account_with_code(chain: LocalChain, probe: Probe) -> None:
    answers = []

    def handler(call: pars.Call) -> None:
        made = call.host.deploy(DATA_CODE, bytes(32))
        answers.append((made, call.host.code(made), call.host.code_size(made)))
        answers.append(
            (call.host.nonce(made), call.host.code_hash(made), call.host.call(made, b""))
        )

    probe.handler = handler
    chain.set_balance(deployed(), 5)
    chain.send(CallRequest(sender=chain.accounts[0], to=PROBE_AT, data=WRITE, gas=300_000))
    assert answers[-2:] == [
        (deployed(), DATA_CODE, len(DATA_CODE)),
        (1, keccak(DATA_CODE), (True, b"")),
    ]
    state = chain.state()
    assert (state.code(deployed()), state.nonce(deployed())) == (DATA_CODE, 1)
    assert state.balance(deployed()) == 5


def test_its_address_is_create2s(chain: LocalChain) -> None:
    """Who deploys the same init code by CREATE2 gets the address by the same rule."""
    init = deployment.INIT_CODE + DATA_CODE
    # CODECOPY the init code, CREATE2(0, 0, size, salt 0), return the address.
    code = bytes.fromhex(
        f"60{len(init):02x}6018600039600060{len(init):02x}60006000f560005260206000f3"
    )
    assert len(code) == 0x18
    chain.set_code(OTHER, code + init)
    made = frame(chain, OTHER, b"")
    address = deployment.address_of(OTHER, DATA_CODE, bytes(32))
    assert made.ended.output[12:] == address
    assert made.state.world.get_code(address) == DATA_CODE


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        (b"", deployment.CODE_REFUSED(0).data),
        (b"\xef\0", deployment.CODE_REFUSED(2).data),
        (bytes(24_577), deployment.CODE_REFUSED(24_577).data),
    ],
)
def test_code_that_no_account_may_have(
    chain: LocalChain, probe: Probe, code: bytes, payload: bytes
) -> None:
    probe.handler = lambda call: call.host.deploy(code, bytes(32))
    failed = frame(chain, PROBE_AT, WRITE, gas=10_000_000)
    assert failed.ended.output == payload


@pytest.mark.parametrize("obstacle", ["nonce", "code", "storage", "itself"])
def test_an_occupied_account_stays_as_it_is(chain: LocalChain, probe: Probe, obstacle: str) -> None:
    def handler(call: pars.Call) -> None:
        for _ in range(2 if obstacle == "itself" else 1):
            call.host.deploy(DATA_CODE, bytes(32))

    if obstacle == "nonce":
        chain.set_nonce(deployed(), 1)
    elif obstacle == "code":
        chain.set_code(deployed(), b"\1")
    elif obstacle == "storage":
        chain.set_storage(deployed(), 1, 1)
    probe.handler = handler
    failed = frame(chain, PROBE_AT, WRITE)
    assert failed.ended.output == deployment.ACCOUNT_OCCUPIED(deployed()).data
    assert failed.state.world.get_code(deployed()) == (b"\1" if obstacle == "code" else b"")


def test_a_deployment_is_taken_back(chain: LocalChain, probe: Probe) -> None:
    def handler(call: pars.Call) -> None:
        call.host.deploy(DATA_CODE, bytes(32))
        raise pars.Revert(b"")

    probe.handler = handler
    world = frame(chain, PROBE_AT, WRITE).state.world
    assert not world.account_exists(deployed())
    assert not world.is_address_warm(deployed())


def test_no_deployment_in_a_static_frame(chain: LocalChain, probe: Probe) -> None:
    probe.handler = lambda call: call.host.deploy(DATA_CODE, bytes(32))
    failed = frame(chain, PROBE_AT, LOOK, is_static=True)
    assert failed.ended.output == pars.WRITE_PROTECTION().data


def test_transient_storage_lasts_for_the_transaction(chain: LocalChain, probe: Probe) -> None:
    def handler(call: pars.Call) -> None:
        before = call.host.load_transient(3)
        call.host.store_transient(3, before + 1)
        call.host.store(3, before + 1)

    probe.handler = handler
    twice = through(0xF1)[:-7] + through(0xF1)
    chain.set_code(OTHER, twice)
    for _ in range(2):
        chain.send(CallRequest(sender=chain.accounts[0], to=OTHER, data=WRITE, gas=300_000))
        assert chain.state().storage(PROBE_AT, 3) == 2


def test_a_child_gets_all_but_a_64th(chain: LocalChain, probe: Probe) -> None:
    chain.set_code(OTHER, bytes.fromhex("5a60005260206000f3"))
    seen: list[tuple[bool, bytes]] = []
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b""))
    assert frame(chain, PROBE_AT, WRITE).is_success
    remaining = 1_000_000 - fixed_price(WRITE) - 2600
    assert int.from_bytes(seen[0][1], "big") == remaining - remaining // 64 - 2  # GAS costs 2.
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b"", gas=5000))
    frame(chain, PROBE_AT, WRITE)
    assert int.from_bytes(seen[1][1], "big") == 4998
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b"", gas=10**9))
    frame(chain, PROBE_AT, WRITE)
    assert seen[2] == seen[0]


def test_a_delegations_price_comes_before_the_64th(chain: LocalChain, probe: Probe) -> None:
    chain.set_code(OTHER, b"\xef\x01\x00" + b"\xde" * 20)
    chain.set_code(b"\xde" * 20, bytes.fromhex("5a60005260206000f3"))
    seen: list[tuple[bool, bytes]] = []
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b""))
    computation = frame(chain, PROBE_AT, WRITE, gas=100_000)
    assert computation.is_success
    remaining = 100_000 - fixed_price(WRITE) - 2600 - 2600
    assert int.from_bytes(seen[0][1], "big") == remaining - remaining // 64 - 2


def test_a_childs_failure_is_an_answer(chain: LocalChain, probe: Probe) -> None:
    seen: list[tuple[bool, bytes]] = []
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b"", gas=1000))
    for code in ("60aa60005260206000fd", "fe", "5b600056"):
        chain.set_code(OTHER, bytes.fromhex(code))
        computation = frame(chain, PROBE_AT, WRITE)
        assert computation.is_success
    assert seen == [(False, bytes(31) + b"\xaa"), (False, b""), (False, b"")]
    probe.handler = lambda call: seen.append(call.host.call(OTHER, b"", value=1))
    before = frame(chain, PROBE_AT, WRITE)
    assert before.is_success
    assert seen[-1] == (False, b"")


def test_a_child_may_come_back(chain: LocalChain, probe: Probe) -> None:
    """A contract that the entry calls may call the entry; the depth is bounded."""
    depths: list[int] = []

    def handler(call: pars.Call) -> None:
        depths.append(len(depths))
        call.host.call(OTHER, WRITE)

    probe.handler = handler
    chain.set_code(OTHER, through(0xF1))
    assert frame(chain, PROBE_AT, WRITE, gas=500_000).is_success
    assert 10 < len(depths) < 1024


# Bugs, and what surrounds the entries.


def test_a_bug_is_a_plain_revert_in_a_node(
    new_chain: NewChain, probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(call: pars.Call) -> None:
        call.host.store(1, 5)
        raise ZeroDivisionError

    probe.handler = handler
    quiet = new_chain(loud=False)
    quiet.set_nonce(PROBE_AT, 1)
    tx_hash = quiet.send(
        CallRequest(sender=quiet.accounts[0], to=PROBE_AT, data=WRITE, gas=200_000)
    )
    located = quiet.transaction(tx_hash)
    assert located is not None
    (receipt,) = quiet.receipts(located.block.hash) or ()
    assert (receipt.status, receipt.logs) == (0, ())
    assert receipt.gas_used < 100_000
    assert quiet.state().storage(PROBE_AT, 1) == 0
    assert "probe failed on 4 bytes of input" in caplog.text
    answer = quiet.call(CallRequest(to=PROBE_AT, data=WRITE))
    assert (answer.reverted, answer.output) == (True, b"")


def test_a_bug_is_loud_in_tests(chain: LocalChain, probe: Probe) -> None:
    def handler(call: pars.Call) -> None:
        raise ZeroDivisionError

    probe.handler = handler
    with pytest.raises(ZeroDivisionError):
        chain.call(CallRequest(to=PROBE_AT, data=WRITE))
    assert not issubclass(ZeroDivisionError, VMError)


def test_every_entry_has_a_marker_and_is_warm(new_chain: NewChain) -> None:
    chain = new_chain()
    for entry in registry.PRECOMPILES:
        assert chain.state().code(entry.address) == pars.MARKER_CODE
        assert chain.state().nonce(entry.address) == 1
        chain.set_code(OTHER, b"\x73" + entry.address + bytes.fromhex("3b5a9003") + b"\x00")
        computation = frame(chain, OTHER)
        assert 1_000_000 - int(computation.ended.gas_left) == 3 + 100 + 2 + 3 + 3


@pytest.mark.parametrize(("chain_id", "secret_ops"), [(6133, "call-only"), (6134, "public-test")])
def test_the_mode_is_told_and_never_guessed(
    new_chain: NewChain, probe: Probe, chain_id: int, secret_ops: str
) -> None:
    chain = new_chain(chain_id)
    chain.set_nonce(PROBE_AT, 1)
    sender = chain.accounts[0]
    request = CallRequest(sender=sender, to=PROBE_AT, data=LOOK)

    def modes() -> set[str]:
        found = {context.mode for context in probe.contexts}
        assert {context.secret_ops for context in probe.contexts} == {secret_ops}
        assert {context.chain_id for context in probe.contexts} == {chain_id}
        probe.contexts.clear()
        return set(found)

    chain.call(request)
    assert modes() == {"call"}
    chain.estimate_gas(request)
    assert modes() == {"block"}
    chain.create_access_list(request)
    assert modes() == {"block"}
    chain.trace_call(request, "latest", NO_OVERRIDES, TracerOptions(tracer="callTracer"))
    assert modes() == {"block"}
    tx_hash = chain.send(CallRequest(sender=sender, to=PROBE_AT, data=LOOK, gas=100_000))
    assert modes() == {"block"}
    chain.trace_transaction(tx_hash, TracerOptions(tracer="callTracer"))
    assert modes() == {"block"}


def test_a_secret_stays_out_of_blocks(new_chain: NewChain, probe: Probe) -> None:
    request = CallRequest(to=PROBE_AT, data=HIDE)
    main, test = new_chain(6133), new_chain(6134)
    for chain in (main, test):
        assert chain.call(request).success
    with pytest.raises(CallFailed) as failure:
        main.estimate_gas(request)
    assert failure.value.result.output == selector("SecretOperationOnChain()")
    assert test.estimate_gas(request) > 21_000


def test_the_context_is_that_of_the_block(chain: LocalChain, probe: Probe) -> None:
    chain.mine()
    sender = chain.accounts[0]
    chain.send(CallRequest(sender=sender, to=PROBE_AT, data=LOOK, gas=100_000))
    context = probe.contexts[-1]
    header = chain.head.header
    assert context.block_number == header.number
    assert context.timestamp == header.timestamp
    assert context.parent_hash == header.parent_hash
    assert context.base_fee == header.base_fee_per_gas
    assert (context.coinbase, context.gas_limit) == (header.coinbase, header.gas_limit)
    assert (context.prevrandao, context.origin) == (header.prev_randao, sender)
    block = chain.head
    assert context.gas_price == (chain.receipts(block.hash) or ())[0].effective_gas_price


SESSION_CHAIN_ID = 6134


def test_ancestors_are_told_by_hash(chain: LocalChain, probe: Probe) -> None:
    chain.mine(300)
    found: list[bytes] = []
    numbers = [300, 299, 44, 43, 0, 301, 10**9]  # Block 301 reaches down to 45.
    probe.handler = lambda call: found.extend(map(call.host.block_hash, numbers))
    chain.send(CallRequest(sender=chain.accounts[0], to=PROBE_AT, data=LOOK, gas=100_000))
    blocks = [chain.block(number) for number in (300, 299)]
    assert found[:2] == [block.hash for block in blocks if block]
    assert found[2:] == [bytes(32)] * 5


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(vector, id=f"{entry.name}: {vector.name}")
        for entry in registry.PRECOMPILES
        if vectors.path_of(entry).exists()
        for vector in vectors.load(vectors.path_of(entry))[:40]
        if not (vector.before or vector.accounts)
        # Of an entry that hashes the chain's id or the block into its answers.
        and not vector.contextual
        and vector.chain_id in (None, SESSION_CHAIN_ID)
    ],
)
def test_vectors_hold_through_a_call(session_chain: LocalChain, vector: vectors.Vector) -> None:
    session_chain.set_balance(vector.caller, 10**20)
    result = session_chain.call(
        CallRequest(sender=vector.caller, to=vector.address, data=vector.input, value=vector.value)
    )
    if vector.static:
        pytest.skip("a call at the top is not static")
    expected = vector.expected
    assert result.success == (expected.output is not None)
    assert result.output == (expected.output if result.success else expected.error)
    assert [(log.topics, log.data) for log in result.logs] == list(expected.logs)


@pytest.fixture(scope="module")
def session_chain() -> Iterator[LocalChain]:
    made = LocalChain.open(pars_genesis(SESSION_CHAIN_ID), loud=True)
    yield made
    made.close()
