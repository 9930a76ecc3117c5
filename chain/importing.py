"""Files of blocks that other nodes exported: read one by one, check, run and keep.

Knows the file format (a stream of RLP blocks, perhaps compressed) and nothing of the rules, which
`headers`, `building` and `LocalChain.import_block` hold.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from .blocks import Block, decode_block
from .encoding import DecodingError
from .errors import InvalidBlock, InvalidTransaction
from .genesis import load_genesis
from .local_chain import LocalChain

BLOCK_SIZE_MAX: Final = 64 * 1024 * 1024
"""No block of any chain comes near it; a file that claims more is damaged."""

GZIP_MAGIC: Final = b"\x1f\x8b"


def import_chain(
    genesis_path: Path,
    rlp_path: Path,
    *,
    datadir: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> LocalChain:
    """Return the chain of a genesis file with the blocks of a chain file on it.

    `progress` is called with the bytes read and their total. A block that is wrong raises
    InvalidBlock; those before it stay in the data directory, and a second try goes on there.
    """
    chain = LocalChain.open(
        load_genesis(genesis_path), datadir=datadir, **{"mining": "manual", **options}
    )
    try:
        total = _size(rlp_path)
        for block, position in read_blocks(rlp_path):
            if not _is_known(chain, block):
                chain.import_block(block)
            if progress is not None:
                progress(position, total)
    except BaseException:
        chain.close()
        raise
    return chain


def _is_known(chain: LocalChain, block: Block) -> bool:
    """Say whether the chain has the block; raise InvalidBlock where it has another in its place."""
    if block.number > chain.head.number:
        return False
    ours = chain.block(block.number)
    if ours is None or ours.hash != block.hash:
        where = (
            "made from another genesis" if block.number == chain.genesis.number else "in its place"
        )
        shown = "none" if ours is None else f"0x{ours.hash.hex()}"
        raise InvalidBlock(
            f"block {block.number}: hash: 0x{block.hash.hex()} in the file, {shown} {where} here"
        )
    return True


def read_blocks(path: Path) -> Iterator[tuple[Block, int]]:
    """Read a file of blocks, in order; with each, how many bytes of the file are behind it."""
    number: int | None = None
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if compressed else raw
            while encoded := _next_item(stream):
                block = decode_block(encoded)
                number = block.number
                yield block, raw.tell()
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidBlock(f"{path}: cannot be read: {reason}") from None
    except (DecodingError, InvalidTransaction, EOFError) as error:
        after = "at its start" if number is None else f"after block {number}"
        raise InvalidBlock(f"{path}: {after}: {error}") from None


def _next_item(stream: BinaryIO) -> bytes:
    """Read the next encoded list; nothing at the end of the stream."""
    first = stream.read(1)
    if not first:
        return b""
    if first[0] < 0xC0:
        raise DecodingError(f"byte {first[0]:#04x} begins no block")
    size = first[0] - 0xC0
    prefix = first
    if size > 55:
        prefix += stream.read(size - 55)
        size = int.from_bytes(prefix[1:], "big")
    if size > BLOCK_SIZE_MAX:
        raise DecodingError(f"a block of {size} bytes, more than {BLOCK_SIZE_MAX}")
    payload = stream.read(size)
    if len(payload) < size:
        raise DecodingError(f"truncated: {size} bytes announced, {len(payload)} there")
    return prefix + payload


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise InvalidBlock(f"{path}: cannot be read: {error.strerror}") from None
