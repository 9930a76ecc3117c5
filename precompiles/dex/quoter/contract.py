"""0x0401: quotes and the state of pools, with the selectors of v4's quoter and state view.

A quote runs the pool's own code over the pool manager's storage and writes nothing, so it answers
in a static call too. Hooks are not simulated: only a real swap calls them as they expect it, from
the pool manager, and free to write. So where a pool's hook takes part in swaps, the quote makes the
swap and takes it back, as v4's quoter does. That needs a call that may write; a static one is
refused by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ... import abi
from ...gas import Constant
from ...precompile import Call, Method, Precompile, Revert, method
from ..hooks import flags
from ..pool_manager import errors, hooks, layout, pool
from ..pool_manager.hooks import POOL_KEY, SWAP_PARAMS, Key, SwapFields
from ..pool_manager.pool import Delta
from . import quotes, state
from .overlay import MANAGER, Overlay
from .quotes import STRUCTS, Swapper

QUOTE_GAS = (Constant(amount=3_500),)
SENDER = 0
"""The transient slot with who asked, while a hook may want to know."""

UNEXPECTED_REVERT_BYTES = abi.error(
    "UnexpectedRevertBytes(bytes revertData)", {"revertData": errors.REASON_MAX}
)
HOOK_NEEDS_WRITES = abi.error("HookNeedsWrites(address hook)")
QUOTE_SWAP = abi.error("QuoteSwap(uint256 amount)")
"""How a real swap is taken back: never seen from outside."""

DATA_MAX = hooks.DATA_MAX
UNLOCK = abi.parse_signature("unlock(bytes data)", {"data": DATA_MAX})
SWAP = abi.parse_signature(
    "swap(PoolKey key, SwapParams params, bytes hookData)",
    {"hookData": quotes.HOOK_DATA_MAX},
    (POOL_KEY, SWAP_PARAMS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One of the four questions: how it is written, how it is answered, which pools it is about."""

    signature: abi.Signature
    ask: Callable[[Swapper, Any], int]
    pools: Callable[[Any], list[Key]]
    summary: str


def question(
    text: str, ask: Callable[..., int], pools: Callable[..., list[Key]], summary: str
) -> Question:
    """Declare a question."""
    signature = abi.parse_signature(text, structs=STRUCTS)
    return Question(signature=signature, ask=ask, pools=pools, summary=summary)


QUESTIONS = (
    question(
        "quoteExactInputSingle(QuoteExactSingleParams params)",
        quotes.exact_input_single,
        quotes.pools_of_single,
        "Return what a swap gives for an amount, and the gas that it takes.",
    ),
    question(
        "quoteExactOutputSingle(QuoteExactSingleParams params)",
        quotes.exact_output_single,
        quotes.pools_of_single,
        "Return what a swap takes for an amount, and the gas that it takes.",
    ),
    question(
        "quoteExactInput(QuoteExactParams params)",
        quotes.exact_input,
        quotes.pools_of_input,
        "Return what swaps along a path of at most 8 pools give for an amount, and their gas.",
    ),
    question(
        "quoteExactOutput(QuoteExactParams params)",
        quotes.exact_output,
        quotes.pools_of_output,
        "Return what swaps along a path of at most 8 pools take for an amount, and their gas.",
    ),
)
BY_SELECTOR = {each.signature.selector: each for each in QUESTIONS}

SWAP_HOOKS = flags.BEFORE_SWAP | flags.AFTER_SWAP


def quote(asked: Question, call: Call, params: Any) -> tuple[int, int]:
    """Answer a question: over a copy of the state if no hook takes part, else by real swaps."""
    hooked = [key.hooks for key in asked.pools(params) if flags.has(key.hooks, SWAP_HOOKS)]
    if not hooked:
        overlay = Overlay(call.host)
        try:
            amount = asked.ask(partial(simulated, overlay), params)
        except Revert as reason:
            raise UNEXPECTED_REVERT_BYTES(reason.data) from None
        return amount, overlay.gas()
    if call.static:
        raise HOOK_NEEDS_WRITES(hooked[0])
    return by_real_swaps(call, asked, params), 0


def simulated(overlay: Overlay, key: Key, params: SwapFields, _data: bytes) -> Delta:
    """Do what the pool manager does in a swap, as far as it decides the amounts."""
    zero_for_one, amount, limit = params
    if amount == 0:
        raise errors.SWAP_AMOUNT_CANNOT_BE_ZERO()
    slot = layout.pool_slot(key.pool_id)
    pool.require_initialized(pool.read_slot0(overlay.load, slot))
    request = pool.Swap(
        spacing=key.fields[3], zero_for_one=zero_for_one, amount=amount, price_limit=limit
    )
    return pool.swap(overlay, slot, request).delta


def by_real_swaps(call: Call, asked: Question, params: Any) -> int:
    """Have the pool manager swap, and everything undone."""
    host = call.host
    host.store_transient(SENDER, int.from_bytes(call.caller, "big"))
    request = asked.signature.selector + abi.encode(asked.signature.inputs, (params,))
    _, output = host.call(MANAGER, UNLOCK.selector + abi.encode(UNLOCK.inputs, (request,)))
    host.store_transient(SENDER, 0)
    if output[:4] != QUOTE_SWAP.signature.selector:
        raise UNEXPECTED_REVERT_BYTES(output)
    return abi.read_word(output, 4)


def unlock_callback(call: Call, data: bytes) -> bytes:
    """Make the swaps of a question, and revert with the answer.

    Whoever calls: what comes of it is undone. Without a question there is nothing to do.
    """
    asked = BY_SELECTOR.get(data[:4])
    if asked is None:
        return b""
    (params,) = abi.decode(asked.signature.inputs, data, abi.SELECTOR_SIZE)
    raise QUOTE_SWAP(asked.ask(partial(swapped, call), params))


def swapped(call: Call, key: Key, params: SwapFields, data: bytes) -> Delta:
    """Swap."""
    request = SWAP.selector + abi.encode(SWAP.inputs, (key.fields, params, data))
    done, output = call.host.call(MANAGER, request)
    if not done:
        raise Revert(output)
    return layout.unpack_delta(abi.read_word(output, 0))


def sender(call: Call) -> bytes:
    """Return who asks, while a quote makes real swaps."""
    return call.host.load_transient(SENDER).to_bytes(20, "big")


def asking(asked: Question) -> Method:
    """Declare the method of a question."""
    (parameter,) = asked.signature.inputs

    def answer(call: Call, params: Any) -> tuple[int, int]:
        return quote(asked, call, params)

    return method(
        f"{asked.signature.name}({parameter.type.shown} params)"
        " returns (uint256 amount, uint256 gasEstimate)",
        mutability="nonpayable",
        static=True,
        calls=True,
        gas=QUOTE_GAS,
        handler=answer,
        summary=asked.summary,
        structs=STRUCTS,
    )


PRECOMPILE = Precompile(
    address=(0x0401).to_bytes(20, "big"),
    family="dex",
    name="quoter",
    interface="IQuoter",
    version=1,
    summary="Quotes for swaps and the state of pools, with the selectors of Uniswap v4",
    methods=(
        *map(asking, QUESTIONS),
        *state.METHODS,
        method(
            "msgSender() returns (address asker)",
            mutability="view",
            gas=(Constant(amount=50),),
            handler=sender,
            summary="Return who asks, for a hook that is called while a quote is made.",
        ),
        method(
            "unlockCallback(bytes data) returns (bytes result)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=unlock_callback,
            calls=True,
            summary="For the pool manager: make the swaps of a quote, and revert with the amount.",
            bounds={"data": DATA_MAX, "result": abi.WORD},
        ),
    ),
    errors=(UNEXPECTED_REVERT_BYTES, HOOK_NEEDS_WRITES),
    references=("Uniswap v4-periphery 1.0.3: V4Quoter, StateView",),
)
