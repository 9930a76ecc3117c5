"""Runs cases on Ethereum's executable specification: one JSON line in, one out, until the end.

A script for an environment of its own (requirements/oracle.lock), because the specification pins
other versions of our dependencies; so it imports nothing of ours. The specification's modules are
loaded by the name of the fork that a case asks for.
"""

import json
import sys
from dataclasses import fields
from importlib import import_module
from typing import Any

DEPTHS = 1024
"""Of calls; each takes a few Python frames."""

FORKS = {"Merge": "paris"}


def main() -> None:
    """Answer requests until there are no more."""
    number, byte = import_module("ethereum_types.numeric"), import_module("ethereum_types.bytes")
    hash_of = import_module("ethereum.crypto.hash").keccak256
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 24 * DEPTHS))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = Run(request, number, byte, hash_of).answer()
        except Exception as bug:  # The specification's own: sums of lengths that overflow.
            answer = {"broke": f"{type(bug).__name__}: {bug}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class Run:
    """One case on the specification."""

    def __init__(self, request: dict[str, Any], number: Any, byte: Any, hash_of: Any) -> None:
        self.request = request
        self.number, self.byte, self.hash_of = number, byte, hash_of
        fork = FORKS.get(request["fork"], request["fork"].lower())
        self.package = f"ethereum.forks.{fork}"
        self.fork = self.module("fork")
        self.trace = import_module("ethereum.trace")
        self.steps: list[list[int]] = []

    def module(self, name: str) -> Any:
        """Return a module of the fork."""
        return import_module(f"{self.package}.{name}")

    def answer(self) -> dict[str, Any]:
        """Run all transactions; return the root and what came of each."""
        state = self.open_state()
        env = self.environment(state)
        block = self.module("vm").BlockOutput()
        ran = [self.apply(env, block, index) for index in range(len(self.request["transactions"]))]
        return {"root": self.module("state").state_root(state).hex(), "ran": ran}

    def open_state(self) -> Any:
        """Return the state before the first transaction."""
        functions, types = self.module("state"), self.module("fork_types")
        state = functions.State()
        for key, account in self.request["accounts"].items():
            address = types.Address(bytes.fromhex(key))
            value = types.Account(
                nonce=self.number.Uint(account["nonce"]),
                balance=self.number.U256(account["balance"]),
                code=self.byte.Bytes(bytes.fromhex(account["code"])),
            )
            functions.set_account(state, address, value)
            for slot, word in account["storage"]:
                name = self.byte.Bytes32(slot.to_bytes(32, "big"))
                functions.set_storage(state, address, name, self.number.U256(word))
        return state

    def environment(self, state: Any) -> Any:
        """Return the block, with the fields that the fork knows."""
        block = self.request["block"]
        height = block["number"]
        known = {
            "chain_id": self.number.U64(block["chain_id"]),
            "state": state,
            "block_gas_limit": self.number.Uint(block["gas_limit"]),
            "block_hashes": [
                self.hash_of(str(each).encode()) for each in range(max(0, height - 256), height)
            ],
            "coinbase": self.module("fork_types").Address(bytes.fromhex(block["coinbase"])),
            "number": self.number.Uint(height),
            "base_fee_per_gas": self.number.Uint(block["base_fee"]),
            "time": self.number.U256(block["timestamp"]),
            "difficulty": self.number.Uint(block["randao"]),
            "prev_randao": self.byte.Bytes32(block["randao"].to_bytes(32, "big")),
            "excess_blob_gas": self.number.U64(block["excess_blob_gas"]),
            "parent_beacon_block_root": self.byte.Bytes32(bytes(32)),
        }
        kind = self.module("vm").BlockEnvironment
        return kind(**{field.name: known[field.name] for field in fields(kind)})

    def apply(self, env: Any, block: Any, index: int) -> dict[str, Any]:
        """Run one transaction; return what came of it, or why it was refused."""
        rlp = import_module("ethereum_rlp").rlp
        not_taken = (
            import_module("ethereum.exceptions").EthereumException,
            import_module("ethereum_rlp.exceptions").RLPException,
        )
        copy = self.module("trie").copy_trie
        tries = {key: copy(trie) for key, trie in env.state._storage_tries.items()}
        backup = copy(env.state._main_trie), tries
        self.steps = []
        seen: list[Any] = []
        run = self.fork.process_message_call

        def watched(*arguments: Any) -> Any:
            seen.append(run(*arguments))
            return seen[0]

        raw = bytes.fromhex(self.request["transactions"][index])
        used, logs = block.block_gas_used, len(block.block_logs)
        if self.request["steps"]:
            self.trace.set_evm_trace(self.step)
        self.fork.process_message_call = watched
        try:
            tx = self.decode(raw, rlp)
            if getattr(tx, "chain_id", env.chain_id) != env.chain_id:
                return {"refused": "chain id"}  # EIP-2930 wants this; the specification leaves it.
            self.fork.process_transaction(env, block, tx, self.number.Uint(index))
        except not_taken as error:
            env.state._main_trie, env.state._storage_tries = backup
            env.state._snapshots.clear()
            return {"refused": f"{type(error).__name__}: {error}"}
        finally:
            self.fork.process_message_call = run
            self.trace.set_evm_trace(self.trace.discard_evm_trace)
        made = block.block_logs[logs:]
        return {
            "success": seen[0].error is None,
            "gas_used": int(block.block_gas_used - used),
            "output": seen[0].return_data.hex(),
            "logs": self.hash_of(rlp.encode(made)).hex(),
            "error": "" if seen[0].error is None else type(seen[0].error).__name__,
            "steps": self.steps,
        }

    def decode(self, raw: bytes, rlp: Any) -> Any:
        """Return the transaction that the bytes are."""
        transactions = self.module("transactions")
        if raw[0] >= 0xC0:
            return rlp.decode_to(transactions.LegacyTransaction, raw)
        return transactions.decode_transaction(self.byte.Bytes(raw))

    def step(self, evm: Any, event: Any) -> None:
        """Keep an instruction that is about to run."""
        ended = isinstance(event, self.trace.EvmStop) and evm.running and evm.code
        if ended or isinstance(event, self.trace.OpStart):
            op = event.op.value
        elif isinstance(event, self.trace.OpException) and hasattr(event.error, "code"):
            op = event.error.code
        else:
            return
        refund, frame = 0, evm
        while frame is not None:
            refund += frame.refund_counter
            frame = frame.message.parent_evm
        top = int(evm.stack[-1]) if evm.stack else 0
        depth, gas = int(evm.message.depth) + 1, int(evm.gas_left)
        self.steps.append([depth, int(evm.pc), op, gas, refund, len(evm.stack), top])


if __name__ == "__main__":
    main()
