"""The conformance suite's plain interpreter against the core: outcome, output, gas, logs, storage.

Programs are written here and run on both, from the same accounts.
"""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
import vyper
from eth.exceptions import Revert as EngineRevert
from eth.vm.message import Message
from eth_abi import encode

from chain.encoding import keccak
from chain.engines import open_state
from chain.execution import Origin
from chain.local_chain import LocalChain
from precompiles.conformance import bytecode, embedded, forwarder
from precompiles.registry import find

NewChain = Callable[..., LocalChain]
CALLER, TOKEN, OTHER, LIBRARY = (bytes([0xC0 + n]) * 20 for n in range(4))
GAS = 1_000_000

EDGES = (0, 1, 2, 31, 32, 33, 255, 256, 2**128, 2**255 - 1, 2**255, 2**256 - 2, 2**256 - 1)


@pytest.fixture
def chain(new_chain: NewChain) -> LocalChain:
    return new_chain()


def compare(
    chain: LocalChain,
    code: bytes,
    data: bytes = b"",
    *,
    others: dict[bytes, bytes] | None = None,
    value: int = 0,
    gas: int = GAS,
    static: bool = False,
) -> str:
    """Run a code on both and return how it ended."""
    codes = {TOKEN: code, **(others or {})}
    scene = chain.scene("latest", "block")
    state = open_state(scene.env, scene.reader, scene.frames)
    for address, each in codes.items():
        state.world.set_code(address, each)
        state.world.set_nonce(address, 1)
    state.world.set_balance(CALLER, 1000)
    state.world.end_transaction()
    warm = TOKEN, CALLER, scene.env.coinbase
    for address in warm:
        state.world.mark_address_warm(address)
    message = Message(
        gas=gas, to=TOKEN, sender=CALLER, value=value, data=data, code=code, is_static=static
    )
    ended = state.run(message, Origin(sender=CALLER, gas_price=7))

    env = scene.env
    world = embedded.World(codes=dict(codes), balances={CALLER: 1000})
    world.nonces = dict.fromkeys(codes, 1)
    world.warm = {(address, embedded.ACCOUNT): True for address in warm}
    world.context = replace(
        embedded.CONTEXT,
        chain_id=env.chain_id,
        block_number=env.number,
        timestamp=env.timestamp,
        coinbase=env.coinbase,
        gas_limit=env.gas_limit,
        base_fee=env.base_fee or 0,
        prevrandao=env.prev_randao,
        origin=CALLER,
        gas_price=7,
    )
    meter = embedded.Meter(gas)
    frame = embedded.Frame(world=world, address=TOKEN, meter=meter, static=static, depth=0)
    status, output = embedded.run(frame, caller=CALLER, data=data, value=value, delegated=False)

    expected = "success" if ended.error is None else "out of gas"
    if isinstance(ended.error, EngineRevert):
        expected = "reverted"
    left = 0 if expected == "out of gas" else ended.gas_left
    assert (status, output, meter.left) == (expected, ended.output, left)
    logs = [(log.address, log.topics, log.data) for log in world.logs]
    assert logs == [(log.address, log.topics, log.data) for log in ended.logs]
    for (address, slot), word in world.storage.items():
        assert state.world.get_storage(address, slot) == word
    for address in (*codes, CALLER):
        assert world.balances.get(address, 0) == state.world.get_balance(address)
    return status


def push(word: int) -> str:
    size = max(1, (word.bit_length() + 7) // 8)
    return f"{0x5F + size:02x}{word:0{2 * size}x}"


def answered(program: str) -> bytes:
    """End a program by returning the word on top of the stack."""
    return bytes.fromhex(program + "60005260206000f3")


@pytest.mark.parametrize("operation", sorted({*bytecode.PURE, 0x0A}))
def test_arithmetic(chain: LocalChain, operation: int) -> None:
    count = bytecode.PURE[operation][1] if operation != 0x0A else 2
    drawn = random.Random(operation)
    program = ""
    for turn in range(40):
        words = [drawn.choice((*EDGES, drawn.getrandbits(256))) for _ in range(count)]
        program += "".join(map(push, words)) + f"{operation:02x}{push(32 * turn)}52"
    assert compare(chain, bytes.fromhex(program + push(32 * 40) + "6000f3")) == "success"


@pytest.mark.parametrize("operation", sorted(bytecode.TOLD))
def test_what_a_frame_knows(chain: LocalChain, operation: int) -> None:
    assert compare(chain, answered(f"{operation:02x}"), b"abc", value=5) == "success"


PROGRAMS = {
    "keccak": "6020600020",
    "keccak of nothing": "60006000 20",
    "load input": "600135",
    "load input beyond": push(2**255) + "35",
    "copy input": "6040600160003760005160205101",
    "copy input from far": "6020" + push(2**200) + "600037600051",
    "copy code": "6040600060003960005160205101",
    "load memory": "6101005159",
    "store byte": "611234603f53602051",
    "copy memory": "600160005260406001601f5e601f51",
    "copy memory back": "600760405260406020603f5e602051",
    "copy no memory": "6000610400610400 5e59",
    "balances": f"73{CALLER.hex()}3147 01",
    "an account's code": f"73{OTHER.hex()}3b73{OTHER.hex()}3f0173{OTHER.hex()}3b01",
    "no account's code": "73" + "77" * 20 + "3f",
    "block hash": "600040",
    "store and load": "60056001556001546001546000 600155 01",
    "store again": "600560015560066001556000600155600154",
    "transient": "60056001 5d60015c60025c01",
    "jump": "600556fe005b6001",
    "jump if": "600160075760005b6007",
    "jump if not": "60006007576001 5b6007",
    "dup and swap": "".join(push(n) for n in range(17)) + "8f9f8190",
    "push zero": "5f5f01",
    "logs": "60ff60005260206000a0600160206000a1" + "6004600360026001 60006000a46001",
    "returned beyond nothing": "600060006000 3e3d",
    "deep call": f"60006000600060006000 73{OTHER.hex()} 61ffff f1 3d01",
    "static call": f"6020600060006000 73{OTHER.hex()} 5afa 60005101",
    "delegate call": f"6020600060006000 73{LIBRARY.hex()} 5af4 60005101 60095401",
    "call with value": f"6020600060006000 6003 73{OTHER.hex()} 5af1 60005101",
    "call with too much value": f"6020600060006000 610999 73{OTHER.hex()} 5af1 3d01",
    "call a new account": f"600060006000600060 01 73{'99' * 20} 5af1",
    "call nobody": f"600060006000600060 00 73{'99' * 20} 5af1",
    "call with little gas": f"6000600060006000 6000 73{OTHER.hex()} 6107d0 f1 3d01",
    "copy what was returned": f"6000600060006000 6000 73{OTHER.hex()} 5af1503d600060003e600051",
    "a revert below": f"6000600060006000 6000 73{CALLER.hex()} 5af1 3d01",
    "call itself": f"6000600060006000 6000 73{TOKEN.hex()} 6103e8 f1",
}
HALTS = {
    "stack underflow": "01",
    "stack overflow": "5b6001600056",
    "invalid": "fe",
    "creation": "600060006000f0",
    "unknown": "0c",
    "jump into data": "6001565b",
    "jump beyond": "61ffff56",
    "memory": push(2**40) + "51",
    "huge memory": push(2**255) + "51",
    "returned data beyond": "600160006000 3e",
    "dup too deep": "600182",
    "swap too deep": "600191",
    "endless": "5b600056",
    "cut push": "61ff",
}
LIBRARY_CODE = "60aa600955 3460005233602052306040526020 6000f3"
OTHER_CODE = "3460005233602052 60606000a0 60075460010160075560605ff3"


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("gas", [GAS, 5000])
def test_programs(chain: LocalChain, name: str, gas: int) -> None:
    others = {
        OTHER: bytes.fromhex(OTHER_CODE),
        LIBRARY: bytes.fromhex(LIBRARY_CODE),
        CALLER: bytes.fromhex("60aa600052602060 00fd"),
    }
    code = answered(PROGRAMS[name])
    ended = compare(chain, code, bytes(range(1, 60)), others=others, value=9, gas=gas)
    assert gas < GAS or ended == "success"


@pytest.mark.parametrize("name", HALTS)
def test_halts(chain: LocalChain, name: str) -> None:
    ended = compare(chain, bytes.fromhex(HALTS[name]), gas=30_000)
    assert ended == ("success" if name == "cut push" else "out of gas")


@pytest.mark.parametrize("write", ["60016001 55", "60016001 5d", "60006000 a0", "a4"])
def test_a_static_frame(chain: LocalChain, write: str) -> None:
    code = bytes.fromhex("6001600160016001600160 01" + write)
    assert compare(chain, code, static=True) == "out of gas"
    assert compare(chain, code) == "success"


def test_value_in_a_static_frame(chain: LocalChain) -> None:
    code = bytes.fromhex(f"60006000600060006001 73{OTHER.hex()} 5af1")
    assert compare(chain, code, static=True) == "out of gas"


def test_a_revert(chain: LocalChain) -> None:
    assert compare(chain, bytes.fromhex("6005600155 60aa60005260206000fd"), value=3) == "reverted"


TOKEN_SOURCE = """
event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

balanceOf: public(HashMap[address, uint256])
names: DynArray[String[40], 4]

@external
def give(to: address, amount: uint256) -> String[40]:
    self.balanceOf[to] += amount
    self.names.append("a name of more than thirty-two letters")
    log Transfer(sender=msg.sender, receiver=to, amount=amount)
    return self.names[len(self.names) - 1]

@external
def ask(target: address, data: Bytes[100]) -> (bool, Bytes[100]):
    done: bool = False
    answer: Bytes[100] = b""
    done, answer = raw_call(target, data, max_outsize=100, revert_on_failure=False)
    return done, answer
"""


def test_what_a_compiler_makes(chain: LocalChain) -> None:
    made = vyper.compile_code(TOKEN_SOURCE, output_formats=["bytecode_runtime"])
    code = bytes.fromhex(made["bytecode_runtime"][2:])
    give = keccak(b"give(address,uint256)")[:4] + encode(["address", "uint256"], [OTHER, 500])
    assert compare(chain, code, give) == "success"
    assert compare(chain, code, give, value=1) == "reverted"
    assert compare(chain, code, give[:-1]) == "reverted"
    for target in (find("poseidon").address, OTHER, TOKEN):
        ask = keccak(b"ask(address,bytes)")[:4] + encode(["address", "bytes"], [target, give[:67]])
        assert compare(chain, code, ask, others={OTHER: bytes.fromhex(OTHER_CODE)}) == "success"


@pytest.mark.parametrize("sizes", [(), (0,), (4,), (4, 36, 100), (68, 0, 33)])
def test_the_forwarder_makes_the_calls_of_a_script(chain: LocalChain, sizes: list[int]) -> None:
    others = {OTHER: bytes.fromhex(OTHER_CODE)}
    calls = [(OTHER, each % 3, bytes(range(each))) for each in sizes]
    data = b"\1\2\3\4" + encode(["bytes"], [forwarder.script(*calls)])
    assert compare(chain, forwarder.CODE, data, others=others, value=9) == "success"


def test_the_forwarder_fails_as_the_call_that_fails(chain: LocalChain) -> None:
    others = {
        OTHER: bytes.fromhex(OTHER_CODE),
        LIBRARY: bytes.fromhex("60aa60005260206000fd"),
    }
    script = forwarder.script((OTHER, 0, b""), (LIBRARY, 0, b"x"), (OTHER, 0, b""))
    data = b"\1\2\3\4" + encode(["bytes"], [script])
    assert compare(chain, forwarder.CODE, data, others=others) == "reverted"
