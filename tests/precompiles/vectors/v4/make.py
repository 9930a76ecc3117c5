"""Writes quotes.json: v4's storage after the scene, and what its quoter and state view answer.

Run from the root of a checkout, with the folder where npm has put @uniswap/v4-core 1.0.2 and
@uniswap/v4-periphery 1.0.3. The contracts run as they were published, on our chain.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[3])]

import scene  # noqa: E402 - found through the line above
from eth_abi import encode  # noqa: E402 - as above

from chain.accounts import dev_accounts  # noqa: E402 - as above
from chain.calls import CallRequest  # noqa: E402 - as above
from chain.genesis import pars_genesis  # noqa: E402 - as above
from chain.local_chain import LocalChain  # noqa: E402 - as above


def bytecode(path: Path) -> bytes:
    text: str = json.loads(path.read_text("utf-8"))["bytecode"]["object"]
    return bytes.fromhex(text.removeprefix("0x"))


def send(chain: LocalChain, **request: object) -> bytes:
    """Send what must succeed; return the address it made, if it made one."""
    chain.send(CallRequest(sender=chain.accounts[0], **request))  # type: ignore[arg-type]  # given
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 1, request
    return receipt.contract_address or b""


def prepare(chain: LocalChain) -> None:
    """Put the actor and the tokens where the scene has them."""
    token = scene.compiled(HERE.parent / "token.vy")
    chain.set_code(scene.ACTOR, scene.compiled(HERE / "actor.vy"))
    chain.set_balance(scene.ACTOR, scene.NATIVE_BALANCE)
    chain.set_code(scene.HOOK, scene.compiled(HERE / "hook.vy"))
    for slot, word in scene.HOOK_STORAGE.items():
        chain.set_storage(scene.HOOK, slot, word)
    for at in scene.TOKENS:
        chain.set_code(at, token)
        chain.set_storage(at, scene.mapped(0, scene.ACTOR), scene.BALANCE)


def main(packages: Path) -> None:
    accounts = dev_accounts(count=1)
    genesis = pars_genesis(6133, [account.address for account in accounts])
    chain = LocalChain.open(genesis, accounts=accounts)
    core, periphery = packages / "v4-core" / "out", packages / "v4-periphery" / "foundry-out"
    manager_code = bytecode(core / "PoolManager.sol" / "PoolManager.json")
    manager = send(chain, data=manager_code + encode(["address"], [accounts[0].address]))
    lenses = [
        send(chain, data=bytecode(periphery / f"{name}.sol" / f"{name}.json")
             + encode(["address"], [manager]))
        for name in ("V4Quoter", "StateView")
    ]  # fmt: skip
    prepare(chain)
    for step in scene.steps(manager):
        send(chain, to=step.to, data=step.data, value=step.value)
    answers = {}
    for name, types, data in scene.questions():
        result = chain.call(
            CallRequest(sender=scene.CALLER, to=lenses[types != "quote"], data=data)
        )
        kind = "output" if result.success else "error"
        # What the quoter says of gas is its own.
        output = result.output[:32] if result.success and types == "quote" else result.output
        answers[name] = {kind: "0x" + output.hex()}
    storage = chain.dump_state()["accounts"]["0x" + manager.hex()]["storage"]
    owned = {slot: word for slot, word in storage.items() if int(slot, 16) > 6}
    chain.close()
    document = {"storage": owned, "answers": answers}
    (HERE / "quotes.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
