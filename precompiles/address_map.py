"""Which address is meant for what. Plain data; knows nothing of what is implemented.

Rules: one address per algorithm; `XX00` answers for its family; `XX01`-`XX0F` are the algorithms
that the network's registry names; further entries stand in blocks of 16 from `XX10`. A number
that another Pars proposal claims for something else is left free.
"""

from dataclasses import dataclass
from typing import Literal

RESERVED = range(0x0300, 0x0A00)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A range of 256 addresses."""

    name: str
    base: int
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned address."""

    address: int
    title: str
    plan: Literal["entry", "reserved", "left free"]
    note: str = ""


FAMILIES = (
    Family(name="ai", base=0x0300, purpose="Verifiable inference, model registry and AI mining"),
    Family(name="dex", base=0x0400, purpose="Pools, hooks and vaults"),
    Family(name="graph", base=0x0500, purpose="Queries, entity storage and oracle feeds"),
    Family(name="pq", base=0x0600, purpose="Post-quantum key encapsulation and signatures"),
    Family(name="privacy", base=0x0700, purpose="Ring signatures and public-key encryption"),
    Family(name="threshold", base=0x0800, purpose="Threshold signatures and key generation"),
    Family(name="zk", base=0x0900, purpose="Zero-knowledge hashes, commitments and proofs"),
)


def entry(address: int, title: str, note: str = "") -> Slot:
    """Return a slot that an entry is meant to fill."""
    return Slot(address=address, title=title, plan="entry", note=note)


def reserved(address: int, title: str) -> Slot:
    """Return a slot kept for later."""
    return Slot(address=address, title=title, plan="reserved")


def left_free(address: int, claimant: str) -> Slot:
    """Return a slot that another proposal claims."""
    return Slot(address=address, title="", plan="left free", note=f"claimed by {claimant}")


PLAN = (
    entry(0x0300, "AI mining", "PIP-0006"),
    reserved(0x0301, "Teleport bridge"),
    entry(0x0302, "Model registry"),
    entry(0x0303, "AI inference"),
    entry(0x0304, "Model verification"),
    entry(0x0305, "Attestation"),
    entry(0x0310, "Compute market"),
    entry(0x0400, "Pool manager"),
    entry(0x0401, "Quoter and state view"),
    entry(0x0402, "Hook registry"),
    entry(0x0403, "Hook library"),
    reserved(0x0410, "Order book"),
    reserved(0x0420, "Pool time-weighted averages"),
    entry(0x0430, "Vaults"),
    reserved(0x0460, "Stable swap"),
    entry(0x0500, "GraphQL query"),
    entry(0x0501, "Entity store"),
    entry(0x0510, "Oracle feeds"),
    entry(0x0511, "Oracle aggregation"),
    *(left_free(address, "PIP-0010") for address in range(0x0535, 0x0539)),
    entry(0x0600, "Post-quantum family"),
    entry(0x0601, "ML-KEM", "PIP-0002; PIP-0007 has it at 0x0603"),
    entry(0x0602, "ML-DSA", "PIP-0002; PIP-0007 has it at 0x0601"),
    entry(0x0603, "SLH-DSA", "PIP-0007 has ML-KEM here"),
    reserved(0x0610, "FN-DSA"),
    reserved(0x0611, "HQC"),
    reserved(0x0620, "Hybrid key encapsulation"),
    reserved(0x0630, "Number-theoretic transform"),
    entry(0x0700, "Privacy family", "PIP-0007 has lattice threshold signatures here"),
    left_free(0x0701, "an encryption-seal proposal"),
    left_free(0x0702, "a provenance proposal"),
    entry(0x0703, "Ring signatures"),
    entry(0x0704, "ECIES"),
    entry(0x0705, "HPKE"),
    *(reserved(address, "Stealth addresses and notes") for address in range(0x0706, 0x0710)),
    left_free(0x0710, "PIP-0012"),
    left_free(0x0720, "PIP-0020 and PIP-7010"),
    left_free(0x0730, "PIP-0100"),
    left_free(0x0740, "PIP-0108"),
    entry(0x0800, "Threshold family", "PIP-0007 has homomorphic encryption here"),
    entry(0x0801, "FROST"),
    entry(0x0802, "CGGMP21"),
    entry(0x0803, "Threshold ECDSA"),
    entry(0x0810, "Verifiable secret sharing and key generation committees", "PIP-0106"),
    reserved(0x0820, "Threshold ML-DSA"),
    entry(0x0900, "Proof dispatcher", "PIP-7000"),
    entry(0x0901, "Poseidon"),
    entry(0x0902, "Pedersen"),
    entry(0x0903, "STARK verifier"),
    *(reserved(address, "Pairing-based and range proofs") for address in range(0x0910, 0x0920)),
)
