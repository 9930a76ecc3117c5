"""What the chain holds of sessions: opaque ids and roots, in as few transactions as epochs."""

import gzip
import hashlib

CHATS = 1_000
EPOCHS = 4
MESSAGES = 20
GZIP = b"\x1f\x8b"


def chain_bytes(world) -> bytes:
    """Return everything that the chain keeps or has been sent: blocks, receipts, all state."""
    head = world.client.head().number
    found = []
    for number in range(head + 1):
        block = world.client.ask("eth_getBlockByNumber", hex(number), True)
        found.append(str(block))
        found += [
            str(world.client.ask("eth_getTransactionReceipt", each["hash"]))
            for each in block["transactions"]
        ]
    state = bytes.fromhex(world.client.ask("anvil_dumpState")[2:])
    found.append((gzip.decompress(state) if state[:2] == GZIP else state).decode())
    return "".join(found).lower().encode()


def test_a_thousand_chats_leave_no_trace_of_who_talked(world, bridges, tell, sources) -> None:
    """Ids of people, devices, channels and messages, and what was said, are not on the chain.

    Nor does their number of messages show: an epoch is one transaction whatever happened in it.
    """
    secret = []
    epochs = []
    for number in range(1, EPOCHS + 1):
        leaves = []
        for chat in range(CHATS // EPOCHS):
            name = f"{number} {chat}".encode()
            people = [
                hashlib.blake2b(name + side, digest_size=32).digest() for side in (b"a", b"b")
            ]
            channel = hashlib.sha256(b"channel" + name).digest()
            said = [hashlib.sha256(name + bytes([each])).digest() for each in range(MESSAGES)]
            secret += [*people, channel, *said]
            # A session's id is salted: nobody who knows both people can compute it.
            salt = hashlib.sha256(b"salt" + name).digest()
            held = sources.leaf(0)
            held["sessionId"] = hashlib.sha256(salt + channel + b"".join(people)).hexdigest()
            held["outputHash"] = hashlib.sha256(salt + b"".join(said)).hexdigest()
            leaves.append(held)
        epochs.append(sources.epoch(number, leaves))
    before = world.client.head().number
    made = bridges(tell(*epochs))

    made.once()
    made.once()

    assert world.ask("anchor", "lastEpoch") == EPOCHS
    head = world.client.head().number
    sent = [
        each
        for number in range(before + 1, head + 1)
        for each in world.client.ask("eth_getBlockByNumber", hex(number), True)["transactions"]
    ]
    assert len(sent) == EPOCHS
    assert len({len(each["input"]) for each in sent}) == 1  # nor does their number show by size
    kept = chain_bytes(world)
    assert epochs[0]["leaves"][0]["sessionId"].encode() not in kept
    assert made.address.hex().encode() in kept  # what is there is found
    forbidden = {each.hex().encode() for each in secret}
    forbidden |= {sources.seed(seat).hex().encode() for seat in range(21)}
    assert not [at for at in range(len(kept) - 63) if kept[at : at + 64] in forbidden]
