"""The safe over any order of calls, beside a model: who signs, who owns, which nonce."""

from ape.exceptions import ContractLogicError
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

SENTINEL = "0x" + 39 * "0" + "1"


def test_threshold_of_owners_and_a_sound_list(
    make_safe, accounts, sign, transaction, nonce_of, chain, stranger
):
    people = list(accounts)[:8]
    # None stands for all owners: else nearly every draw would be refused.
    some = st.none() | st.lists(st.sampled_from(people), unique=True, max_size=6)
    who = st.sampled_from(people)
    number = st.integers(0, 6)

    class Machine(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            self.isolated = chain.isolate()
            self.isolated.__enter__()
            self.safe = make_safe(of=people[:3], threshold=2, modules=[people[7]])
            self.owners = people[:3]
            self.threshold = 2
            self.nonce = 0
            self.modules = [people[7]]

        def teardown(self):
            self.isolated.__exit__(None, None, None)

        def before(self, account, listed):
            """Who stands before an account in a list."""
            at = listed.index(account) if account in listed else 0
            return listed[at - 1] if at else SENTINEL

        def change(self, signers, function, *arguments, right):
            """Let signers call the safe itself; say whether it was done, and that it was right."""
            signers = self.owners if signers is None else signers
            data = getattr(self.safe, function).encode_input(*arguments)
            asked = transaction(self.safe, 0, data)
            digest = self.safe.getTransactionHash(*asked, self.nonce)
            signed = len(signers) >= self.threshold and all(
                each in self.owners
                for each in sorted(signers, key=lambda one: int(one.address, 16))[: self.threshold]
            )
            try:
                self.safe.execTransaction(*asked, sign(digest, *signers), sender=stranger)
            except ContractLogicError:
                assert not (signed and right)
                return False
            assert signed
            assert right
            self.nonce += 1
            return True

        @rule(signers=some, owner=who, threshold=number)
        def add(self, signers, owner, threshold):
            right = owner not in self.owners and 1 <= threshold <= len(self.owners) + 1
            if self.change(signers, "addOwnerWithThreshold", owner, threshold, right=right):
                self.owners = [owner, *self.owners]
                self.threshold = threshold

        @rule(signers=some, owner=who, threshold=number)
        def remove(self, signers, owner, threshold):
            before = self.before(owner, self.owners)
            right = owner in self.owners and 1 <= threshold <= len(self.owners) - 1
            if self.change(signers, "removeOwner", before, owner, threshold, right=right):
                self.owners = [each for each in self.owners if each != owner]
                self.threshold = threshold

        @rule(signers=some, old=who, new=who)
        def swap(self, signers, old, new):
            before = self.before(old, self.owners)
            right = old in self.owners and new not in self.owners
            if self.change(signers, "swapOwner", before, old, new, right=right):
                self.owners = [new if each == old else each for each in self.owners]

        @rule(signers=some, threshold=number)
        def set_threshold(self, signers, threshold):
            right = 1 <= threshold <= len(self.owners)
            if self.change(signers, "changeThreshold", threshold, right=right):
                self.threshold = threshold

        @rule(signers=some, module=who)
        def enable(self, signers, module):
            right = module not in self.modules
            if self.change(signers, "enableModule", module, right=right):
                self.modules = [module, *self.modules]

        @rule(signers=some, module=who)
        def disable(self, signers, module):
            before = self.before(module, self.modules)
            right = module in self.modules
            if self.change(signers, "disableModule", before, module, right=right):
                self.modules = [each for each in self.modules if each != module]

        @rule(module=who)
        def by_module(self, module):
            try:
                self.safe.execTransactionFromModule(stranger, 1, b"", 0, sender=module)
            except ContractLogicError:
                assert module not in self.modules
            else:
                assert module in self.modules

        @invariant()
        def as_the_model(self):
            assert self.safe.getOwners() == self.owners
            assert self.safe.getThreshold() == self.threshold
            assert 1 <= self.threshold <= len(self.owners)
            assert nonce_of(self.safe) == self.nonce
            modules, following = self.safe.getModulesPaginated(SENTINEL, 16)
            assert (modules, following) == (self.modules, SENTINEL)
            for person in people:
                assert self.safe.isOwner(person) == (person in self.owners)

    run_state_machine_as_test(Machine)
