"""Two classical ratchets, `DoubleRatchet` 1.3 and `vodozemac` 0.10, timed for `ratchet.py`.

Run by an interpreter that has both; prints one JSON object of rates and sizes. X25519 alone: a
recorded chat opens once there is a quantum computer.
"""

import asyncio
import json
import os
import statistics
import sys
import time

import doubleratchet
import vodozemac
from doubleratchet.recommended import (
    HashFunction,
    aead_aes_hmac,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)

BATCH = 200
ROUNDS = 15
TEXT = os.urandom(1024)


def rate(times, each):
    return each / statistics.median(times)


class Ratchet(doubleratchet.DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data, header):
        counters = header.previous_sending_chain_length, header.sending_chain_length
        return (
            associated_data + header.ratchet_pub + b"".join(n.to_bytes(8, "big") for n in counters)
        )


class Aead(aead_aes_hmac.AEAD):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256

    @staticmethod
    def _get_info():
        return b"benchmark aead"


class RootKdf(kdf_hkdf.KDF):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256

    @staticmethod
    def _get_info():
        return b"benchmark root"


class ChainKdf(kdf_separate_hmacs.KDF):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256


async def double_ratchet():
    agree = diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet
    secret, private = os.urandom(32), agree._generate_priv()
    settings = {
        "diffie_hellman_ratchet_class": agree,
        "root_chain_kdf": RootKdf,
        "message_chain_kdf": ChainKdf,
        "message_chain_constant": b"\1\2",
        "dos_protection_threshold": 1000,
        "max_num_skipped_message_keys": 1000,
        "aead": Aead,
        "shared_secret": secret,
        "associated_data": b"",
    }
    one, first = await Ratchet.encrypt_initial_message(
        **settings, recipient_ratchet_pub=agree._derive_pub(private), message=TEXT
    )
    other, _ = await Ratchet.decrypt_initial_message(
        **settings, own_ratchet_priv=private, message=first
    )
    sent, turned = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(BATCH):
            await other.decrypt_message(await one.encrypt_message(TEXT, b""), b"")
        sent.append(time.process_time() - start)
        start = time.process_time()
        for _ in range(BATCH // 8):
            await one.decrypt_message(await other.encrypt_message(TEXT, b""), b"")
            await other.decrypt_message(await one.encrypt_message(TEXT, b""), b"")
        turned.append(time.process_time() - start)
    message = await one.encrypt_message(TEXT, b"")
    return {
        "messages": rate(sent, BATCH),
        "turns": rate(turned, BATCH // 8 * 2),
        "1 KiB": len(message.ciphertext) + len(message.header.ratchet_pub) + 16,
    }


def olm():
    alice, bob = vodozemac.Account(), vodozemac.Account()
    bob.generate_one_time_keys(1)
    (key,) = bob.one_time_keys.values()
    one = alice.create_outbound_session(bob.curve25519_key, key)
    first = one.encrypt(TEXT).to_pre_key()
    other, _ = bob.create_inbound_session(alice.curve25519_key, first)
    one.decrypt(other.encrypt(TEXT))
    sent, turned = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(BATCH):
            other.decrypt(one.encrypt(TEXT))
        sent.append(time.process_time() - start)
        start = time.process_time()
        for _ in range(BATCH // 8):
            one.decrypt(other.encrypt(TEXT))
            other.decrypt(one.encrypt(TEXT))
        turned.append(time.process_time() - start)
    return {
        "messages": rate(sent, BATCH),
        "turns": rate(turned, BATCH // 8 * 2),
        "1 KiB": len(one.encrypt(TEXT).to_parts()[1]),
    }


if __name__ == "__main__":
    json.dump({"doubleratchet": asyncio.run(double_ratchet()), "vodozemac": olm()}, sys.stdout)
