"""What Ethereum's own precompiles take for their price, beside ecrecover and py-evm's.

Run as `python -m benchmarks.builtins [--twins]`. Each row is the least favourable input known of a
builtin: its time, its price with the 100 gas that any call costs, and how many times slower it is
per gas than ecrecover, which is measured around it. The exit status is 1 where that is above 3,
but for MODEXP before Berlin, whose price was too low for everybody and was corrected for that.
With --twins, py-evm's own implementation is timed too, once.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import process_time
from types import SimpleNamespace

from rich.console import Console
from rich.table import Table

from chain.builtins import builtins_of
from chain.forks import BERLIN, BYZANTIUM, ISTANBUL, OSAKA, PRAGUE, Fork

CALL_GAS = 100
SLOWER_MAX = 3.0
ROUNDS = 9
SECONDS_EACH = 0.02
WIDTH = 120

ECRECOVER_INPUT = bytes.fromhex(
    "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
    "000000000000000000000000000000000000000000000000000000000000001c"
    "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
    "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
)
P256_INPUT = bytes.fromhex(
    "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
    "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
    "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
    "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
    "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
)
KZG_INPUT = bytes.fromhex(
    "01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b"
    "564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306"
    "24d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a1"
    "8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca2"
    "5f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253"
    "fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a"
)
TWIST_BASE = bytes.fromhex(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
BN254_R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
BLS_R = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call."""

    name: str
    fork: Fork
    address: int
    data: bytes


def number(value: int) -> bytes:
    """Return 32 bytes."""
    return value.to_bytes(32, "big")


def modexp_input(size: int, exponent_size: int, *, odd: bool) -> bytes:
    """Return operands that keep every step busy."""
    modulus = (1 << 8 * size) - 1 if odd else (1 << 8 * size) - (1 << 4 * size)
    parts = [b"\xfe" * size, b"\xff" * exponent_size, modulus.to_bytes(size, "big")]
    return b"".join(number(len(part)) for part in parts) + b"".join(parts)


def modexp_cases(fork: Fork) -> Iterator[Case]:
    """Return a net of sizes; the exponents of 75 bytes use up the least price of small moduli."""
    for size in (1, 8, 16, 24, 32, 40, 64, 128, 256, 1024):
        for exponent_size in (1, 3, 8, 32, 64, 75, 1024):
            for odd in (True, False):
                if size * exponent_size > 32 * 1024:
                    continue  # As fast per gas as smaller ones, and slow to measure.
                yield Case(
                    name=f"{size} bytes {'odd' if odd else 'even'}, exponent of {exponent_size}",
                    fork=fork,
                    address=0x05,
                    data=modexp_input(size, exponent_size, odd=odd),
                )


def curve_cases() -> Iterator[Case]:
    """Return the calls on curves, with points that are not the generators."""
    bn254, bls = builtins_of(ISTANBUL), builtins_of(PRAGUE)
    point = bn254[0x07].run(number(1) + number(2) + number(12345))
    other = bn254[0x07].run(point + number(54321))
    yield Case(name="a sum", fork=ISTANBUL, address=0x06, data=point + other)
    yield Case(name="times r - 2", fork=ISTANBUL, address=0x07, data=point + number(BN254_R - 2))
    for count in (1, 2, 16):
        pairs = (point + TWIST_BASE) * count
        yield Case(name=f"{count} pairs", fork=ISTANBUL, address=0x08, data=pairs)
    one, two = (bls[0x10].run(bytes([*[0] * 63, k])) for k in (1, 2))
    first, second = (bls[0x11].run(bytes([*[0] * 127, k])) for k in (1, 2))
    yield Case(name="a sum", fork=PRAGUE, address=0x0B, data=one + two)
    yield Case(name="a sum", fork=PRAGUE, address=0x0D, data=first + second)
    for count in (1, 2, 16, 128):
        yield Case(
            name=f"{count} multiples",
            fork=PRAGUE,
            address=0x0C,
            data=b"".join(one + number(BLS_R - 2 - k) for k in range(count)),
        )
        yield Case(
            name=f"{count} multiples",
            fork=PRAGUE,
            address=0x0E,
            data=b"".join(first + number(BLS_R - 2 - k) for k in range(count)),
        )
    for count in (1, 2, 16):
        yield Case(name=f"{count} pairs", fork=PRAGUE, address=0x0F, data=(one + second) * count)
    yield Case(name="an element", fork=PRAGUE, address=0x10, data=bytes(16) + b"\x15" * 48)
    yield Case(name="an element", fork=PRAGUE, address=0x11, data=(bytes(16) + b"\x15" * 48) * 2)


def other_cases() -> Iterator[Case]:
    """Return the calls of hashes and signatures."""
    yield Case(name="a signature", fork=PRAGUE, address=0x01, data=ECRECOVER_INPUT)
    for address in (0x02, 0x03, 0x04):
        for size in (0, 1, 100_000):
            yield Case(name=f"{size} bytes", fork=PRAGUE, address=address, data=bytes(size))
    for rounds in (0, 12, 1_000_000):
        data = rounds.to_bytes(4, "big") + bytes(range(208)) + b"\1"
        yield Case(name=f"{rounds} rounds", fork=PRAGUE, address=0x09, data=data)
    yield Case(name="a proof", fork=PRAGUE, address=0x0A, data=KZG_INPUT)
    yield Case(name="a signature", fork=OSAKA, address=0x100, data=P256_INPUT)


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's time for one run, the mean of many where one is short."""
    start = process_time()
    work()
    count = max(1, int(SECONDS_EACH / (process_time() - start)))
    start = process_time()
    for _ in range(count):
        work()
    return (process_time() - start) / count


def measure(case: Case) -> tuple[float, float]:
    """Return the least times of a call and of an ecrecover, taken in turns."""
    run, recover = builtins_of(case.fork)[case.address].run, builtins_of(PRAGUE)[0x01].run
    run(case.data)
    times = [
        (seconds(lambda: run(case.data)), seconds(lambda: recover(ECRECOVER_INPUT)))
        for _ in range(ROUNDS)
    ]
    return min(ours for ours, _ in times), min(measure for _, measure in times)


def twin_seconds(case: Case) -> float | None:
    """Return the time of py-evm's own, where it has one."""
    fork = PRAGUE if case.fork is OSAKA else case.fork
    twins = fork.vm_class.get_state_class().computation_class._precompiles
    twin = twins.get(case.address.to_bytes(20, "big"))
    if twin is None:
        return None
    computation = SimpleNamespace(
        msg=SimpleNamespace(data_as_bytes=case.data, data=case.data),
        consume_gas=lambda *_, **__: None,
    )
    start = process_time()
    twin(computation)
    return process_time() - start


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case and what it took."""

    case: Case
    seconds: float
    gas: int
    slower: float
    """How many times slower per gas than ecrecover."""


def row(case: Case) -> Row:
    """Measure a case."""
    ours, recover = measure(case)
    gas = builtins_of(case.fork)[case.address].price(case.data) + CALL_GAS
    slower = ours / gas / (recover / (3_000 + CALL_GAS))
    return Row(case=case, seconds=ours, gas=gas, slower=slower)


def worst(cases: Iterable[Case]) -> Row:
    """Return the case that is slowest per gas."""
    return max((row(case) for case in cases), key=lambda each: each.slower)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.builtins")
    parser.add_argument("--twins", action="store_true", help="time py-evm's too")
    options = parser.parse_args()
    rows = [
        *(row(case) for case in (*other_cases(), *curve_cases())),
        *(worst(modexp_cases(fork)) for fork in (BYZANTIUM, BERLIN, OSAKA)),
    ]
    table = Table("fork", "builtin", "input", "us", "gas", "ns/gas", "slower", "py-evm's us")
    for each in sorted(rows, key=lambda each: each.case.address):
        builtin = builtins_of(each.case.fork)[each.case.address]
        twin = twin_seconds(each.case) if options.twins else None
        table.add_row(
            each.case.fork.name,
            builtin.name,
            each.case.name,
            f"{each.seconds * 1e6:,.1f}",
            f"{each.gas:,}",
            f"{each.seconds * 1e9 / each.gas:.1f}",
            f"{each.slower:.2f}",
            f"{twin * 1e6:,.0f}" if twin is not None else "",
        )
    Console(width=WIDTH).print(table)
    slow = [each for each in rows if each.slower > SLOWER_MAX and each.case.fork is not BYZANTIUM]
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
