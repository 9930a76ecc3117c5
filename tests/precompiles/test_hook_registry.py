"""The hook registry against a plain model, and code that changes."""

from dataclasses import dataclass, field

from eth_abi import decode, encode
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.registry import find

REGISTRY = find("hook_registry").address
HOOKS = tuple(bytes([number]) * 18 + b"\x00\xc0" for number in range(1, 6))
OWNERS = (b"\xa0" * 20, b"\xb0" * 20, HOOKS[0])


def call(world: World, owner: bytes, signature: str, *arguments: object) -> Outcome:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(text=signature)[:4] + encode(types if types != [""] else [], arguments)
    return call_precompile(world, REGISTRY, data, caller=owner)


def answer(
    world: World, types: list[str], signature: str, *arguments: object
) -> tuple[object, ...]:
    outcome = call(world, OWNERS[0], signature, *arguments)
    assert outcome.status == "success", outcome.data.hex()
    decoded: tuple[object, ...] = decode(types, outcome.data)
    return decoded


@dataclass
class Model:
    """Who owns which hook, with what text, in the order of places."""

    order: list[bytes] = field(default_factory=list)
    owner: dict[bytes, bytes] = field(default_factory=dict)
    text: dict[bytes, str] = field(default_factory=dict)


hooks = st.sampled_from(HOOKS)
owners = st.sampled_from(OWNERS)
texts = st.one_of(st.text(max_size=40), st.sampled_from(["", "x" * 32, "y" * 256]))


class RegistryMachine(RuleBasedStateMachine):
    """Everybody tries everything; the model says who may."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        for hook in HOOKS:
            self.world.codes[hook] = b"\x00" + hook
        self.model = Model()

    @rule(hook=hooks, owner=owners, text=texts)
    def register(self, hook: bytes, owner: bytes, text: str) -> None:
        known = hook in self.model.owner
        done = call(self.world, owner, "register(address,string)", hook, text)
        assert (done.status == "success") is (not known or owner == hook)
        if done.status == "success":
            self.model.owner[hook], self.model.text[hook] = owner, text
            if not known:
                self.model.order.append(hook)

    @rule(hook=hooks, owner=owners, text=texts)
    def update(self, hook: bytes, owner: bytes, text: str) -> None:
        done = call(self.world, owner, "update(address,string)", hook, text)
        assert (done.status == "success") is (self.model.owner.get(hook) == owner)
        if done.status == "success":
            self.model.text[hook] = text

    @rule(hook=hooks, owner=owners)
    def remove(self, hook: bytes, owner: bytes) -> None:
        done = call(self.world, owner, "remove(address)", hook)
        assert (done.status == "success") is (self.model.owner.get(hook) == owner)
        if done.status == "success":
            place = self.model.order.index(hook)
            self.model.order[place] = self.model.order[-1]
            self.model.order.pop()
            del self.model.owner[hook], self.model.text[hook]

    @invariant()
    def the_list_is_the_models(self) -> None:
        expected = tuple(f"0x{hook.hex()}" for hook in self.model.order)
        assert answer(self.world, ["address[]"], "page(uint256,uint256)", 0, 100) == (expected,)
        assert answer(self.world, ["uint256"], "count()") == (len(expected),)
        types = ["address", "uint16", "bytes32", "string", "uint256"]
        for place, hook in enumerate(self.model.order):
            owner = f"0x{self.model.owner[hook].hex()}"
            code_hash = keccak(b"\x00" + hook)
            entry = answer(self.world, types, "get(address)", hook)
            assert entry == (owner, 0x00C0, code_hash, self.model.text[hook], place)

    @invariant()
    def what_was_removed_leaves_nothing(self) -> None:
        if not self.model.order:
            assert not any(self.world.storage.values())


RegistryMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestRegistry = RegistryMachine.TestCase


def test_changed_code_no_longer_matches() -> None:
    world = World(codes={HOOKS[0]: b"\x00"})
    call(world, OWNERS[1], "register(address,string)", HOOKS[0], "x")
    matches = "stillMatches(address)"
    assert answer(world, ["bool"], matches, HOOKS[0]) == (True,)
    world.codes[HOOKS[0]] = b"\x01"
    assert answer(world, ["bool"], matches, HOOKS[0]) == (False,)
    call(world, OWNERS[1], "update(address,string)", HOOKS[0], "x")
    assert answer(world, ["bool"], matches, HOOKS[0]) == (True,)
    del world.codes[HOOKS[0]]
    assert answer(world, ["bool"], matches, HOOKS[0]) == (False,)
    assert call(world, OWNERS[1], "update(address,string)", HOOKS[0], "x").status == "reverted"
    assert call(world, OWNERS[1], "remove(address)", HOOKS[0]).status == "success"
