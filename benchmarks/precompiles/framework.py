"""What the frame around a handler takes: permission, decoding, charging, encoding."""

from collections.abc import Iterator

from precompiles import abi
from precompiles.conformance.embedded import CONTEXT, Frame, Meter, World
from precompiles.gas import Constant
from precompiles.precompile import Call, Precompile, execute, method, price

from .rows import Row, compare

SIZES = (0, 1_024, 50_000)


def rows() -> list[Row]:
    return list(overheads())


def overheads() -> Iterator[Row]:
    offered = method(
        "check(uint8 mode, bytes key, bytes message, bytes signature) returns (bool valid)",
        mutability="view",
        gas=(Constant(amount=1),),
        handler=lambda *_: True,
        summary="Do nothing.",
        bounds={"key": 64, "message": 64_000, "signature": 64},
    )
    entry = Precompile(
        address=(0x06FF).to_bytes(20, "big"),
        family="pq",
        name="nothing",
        interface="INothing",
        version=1,
        summary="Nothing",
        methods=(offered,),
    )
    for size in SIZES:
        values = [1, bytes(33), bytes(size), bytes(64)]
        data = offered.signature.selector + abi.encode(offered.signature.inputs, values)
        frame = Frame(
            world=World(), address=entry.address, meter=Meter(10**12), static=True, depth=0
        )
        call = Call(
            data=data,
            caller=bytes(20),
            value=0,
            static=True,
            delegated=False,
            host=frame,
            context=CONTEXT,
        )

        def work(data: bytes = data, call: Call = call) -> None:
            price(entry, data)
            execute(entry, call)

        yield compare(f"a call with {size} bytes of message", work, {}, goal="under 25 µs")
