"""The world in memory: what it charges, and that what fails leaves no trace."""

import pytest

from precompiles import deployment
from precompiles.backends.keccak import keccak256
from precompiles.conformance.embedded import CONTEXT, Frame, Meter, World, call_precompile
from precompiles.precompile import MARKER_CODE, Call, OutOfGas, Revert
from precompiles.registry import find

ME, OTHER, CONTRACT = (bytes(19) + bytes([n]) for n in (1, 2, 3))


def frame(world: World, gas: int = 10**6, *, static: bool = False) -> Frame:
    return Frame(world=world, address=ME, meter=Meter(gas), static=static, depth=0)


def spent(host: Frame, action: str, *arguments: object) -> int:
    before = host.meter.left
    getattr(host, action)(*arguments)
    return before - host.meter.left


def test_storage_prices() -> None:
    host = frame(World())
    assert spent(host, "load", 1) == 2_100
    assert spent(host, "load", 1) == 100
    assert spent(host, "store", 1, 5) == 20_000
    assert spent(host, "store", 1, 6) == 100
    assert spent(host, "store", 1, 6) == 100
    host.world.originals.clear()
    assert spent(host, "store", 1, 7) == 2_900
    assert spent(host, "store", 2, 0) == 2_200
    assert host.load(1) == 7


def test_log_and_transient_prices() -> None:
    host = frame(World())
    assert spent(host, "emit", [bytes(32)] * 2, bytes(10)) == 375 * 3 + 80
    assert spent(host, "store_transient", 1, 9) == 100
    assert host.load_transient(1) == 9
    assert host.load(1) == 0


def test_running_out_takes_everything() -> None:
    host = frame(World(), gas=2_000)
    with pytest.raises(OutOfGas):
        host.load(1)
    assert host.meter.left == 0


def test_storage_is_per_address() -> None:
    world = World()
    frame(world).store(1, 5)
    other = Frame(world=world, address=OTHER, meter=Meter(10**6), static=False, depth=0)
    assert other.load(1) == 0


def test_a_write_in_a_static_frame_is_a_bug() -> None:
    host = frame(World(), static=True)
    writes = (
        ("store", (1, 1)),
        ("emit", ([], b"")),
        ("transfer", (OTHER, 1)),
        ("deploy", (b"", b"")),
    )
    for action, arguments in writes:
        with pytest.raises(AssertionError):
            getattr(host, action)(*arguments)


def test_transfer_moves_value_or_reverts() -> None:
    world = World(balances={ME: 10})
    frame(world).transfer(OTHER, 7)
    assert world.balances == {ME: 3, OTHER: 7}
    with pytest.raises(Revert):
        frame(world).transfer(OTHER, 4)


def writing(call: Call) -> bytes:
    call.host.store(7, 1)
    call.host.store_transient(7, 1)
    call.host.emit([], b"")
    if call.data == b"revert":
        raise Revert(b"why")
    if call.data == b"spend":
        call.host.charge(10**9, "all of it")
    return b"done"


@pytest.mark.parametrize(
    ("data", "answer"),
    [(b"", (True, b"done")), (b"revert", (False, b"why")), (b"spend", (False, b""))],
)
def test_a_child_call_that_fails_leaves_no_trace(data: bytes, answer: tuple[bool, bytes]) -> None:
    world = World(codes={CONTRACT: writing}, balances={ME: 5})
    host = frame(world)
    assert host.call(CONTRACT, data, value=5) == answer
    succeeded = answer[0]
    assert world.storage == ({(CONTRACT, 7): 1} if succeeded else {})
    assert world.transient == ({(CONTRACT, 7): 1} if succeeded else {})
    assert len(world.logs) == succeeded
    assert world.balances.get(CONTRACT, 0) == (5 if succeeded else 0)


def test_a_child_call_keeps_a_64th() -> None:
    world = World(codes={CONTRACT: writing})
    host = frame(world, gas=66_600)
    host.call(CONTRACT, b"spend")
    assert host.meter.left == (66_600 - 2_600) // 64


def test_a_child_call_is_given_what_was_asked() -> None:
    world = World(codes={CONTRACT: writing})
    host = frame(world, gas=10**6)
    assert host.call(CONTRACT, b"", gas=20_000) == (False, b"")
    assert host.meter.left == 10**6 - 2_600 - 20_000


def test_the_static_flag_is_kept() -> None:
    world = World(codes={CONTRACT: lambda call: bytes([call.static])})
    assert frame(world).call(CONTRACT, b"") == (True, b"\0")
    assert frame(world).call(CONTRACT, b"", static=True) == (True, b"\1")
    assert frame(world, static=True).call(CONTRACT, b"") == (True, b"\1")


def test_depth_is_limited() -> None:
    depths = []

    def again(call: Call) -> bytes:
        depths.append(call)
        success, _ = call.host.call(CONTRACT, b"")
        return bytes([success])

    frame(World(codes={CONTRACT: again}), gas=10**8).call(CONTRACT, b"")
    assert len(depths) == 64


def test_a_child_call_reaches_precompiles() -> None:
    poseidon = find("poseidon")
    success, output = frame(World()).call(poseidon.address, b"\1\2\3\4")
    assert not success
    assert len(output) == 36


def test_accounts() -> None:
    hashes = {9: b"\1" * 32}
    world = World(
        balances={ME: 5}, nonces={OTHER: 3}, block_hashes=hashes, codes={CONTRACT: writing}
    )
    host = frame(world)
    assert (host.balance(ME), host.balance(OTHER)) == (5, 0)
    assert (host.nonce(ME), host.nonce(OTHER)) == (0, 3)
    assert (host.block_hash(9), host.block_hash(8)) == (b"\1" * 32, bytes(32))
    assert host.code_hash(bytes(20)) == bytes(32)
    assert len({host.code_hash(ME), host.code_hash(CONTRACT), bytes(32)}) == 3
    assert host.code_hash(ME) == host.code_hash(OTHER) == keccak256(b"")
    assert host.code_hash(find("poseidon").address) == keccak256(MARKER_CODE)
    assert (host.code(ME), host.code_size(ME)) == (b"", 0)


def test_the_storage_of_another_account() -> None:
    host = frame(World(storage={(OTHER, 1): 5}))
    assert spent(host, "storage_of", OTHER, 1) == 2_600 + 2_100
    assert spent(host, "storage_of", OTHER, 1) == 100 + 100
    assert (host.storage_of(OTHER, 1), host.load(1)) == (5, 0)


def test_deployment() -> None:
    world = World()
    host = frame(world)
    code, salt = bytes(22), b"\7" * 32
    assert spent(host, "deploy", code, salt) == 32_000 + 22 * 200 + 2 * 8
    made = deployment.address_of(ME, code, salt)
    assert (host.code(made), host.nonce(made), host.code_size(made)) == (code, 1, 22)
    for again, refusal in ((code, deployment.ACCOUNT_OCCUPIED(made)), (b"", None), (b"\xef", None)):
        with pytest.raises(Revert) as caught:
            host.deploy(again, salt)
        assert caught.value.data == (refusal or deployment.CODE_REFUSED(len(again))).data


def test_a_call_leaves_the_context_as_it_was() -> None:
    world = World()
    call_precompile(world, find("poseidon").address, b"", context={"mode": "call"})
    assert world.context == CONTEXT


def test_an_address_that_is_no_precompile_is_refused() -> None:
    with pytest.raises(ValueError, match="no precompile"):
        call_precompile(World(), ME, b"")
