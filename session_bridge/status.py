"""How both layers and the bridge between them stand, for a person or a script. Sends nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .anchor import Anchoring
from .chain_client import ChainClient, checksum
from .contracts import Contracts
from .epochs import Epochs
from .errors import SourceError
from .events import CURSOR as EVENTS
from .events import Relaying
from .journal import read
from .ledger import Ledger
from .oracle import CURSOR as REQUESTS
from .oracle import Answering
from .outbox import View
from .source import Source

CAPITAL = re.compile("[A-Z]")


def gather(
    client: ChainClient,
    contracts: Contracts,
    opened: Callable[[], Source],
    journal: Path,
) -> dict[str, Any]:
    """Ask everybody."""
    head = client.head()
    view = View(head, client.finalized(head))
    ledger = read(journal)
    found: dict[str, Any] = {
        "chainId": contracts.chain_id,
        "block": head.number,
        "finalBlock": view.final,
        "contracts": {each.name: checksum(each.address) for each in contracts.needed()},
        "committee": committee(client, contracts, view),
        "guards": guards(client, contracts, view),
        "smallestFee": str(client.call(head.number, contracts.oracle, "minFee")),
        "account": account(client, ledger, view),
        "inFlight": in_flight(ledger),
    }
    try:
        source = opened()
        found["parts"] = parts(client, contracts, source, ledger, view)
        found["source"] = "answers"
    except SourceError as error:
        found["parts"] = {}
        found["source"] = str(error)
    return found


def committee(client: ChainClient, contracts: Contracts, view: View) -> dict[str, Any]:
    """Return who signs for the session layer."""
    block, anchor = view.head.number, contracts.anchor
    version, seats, marked = client.call(block, anchor, "committeeSeats")
    last = client.call(block, anchor, "lastEpoch")
    proposed = client.call(block, anchor, "proposedCommittee")
    ready = client.call(block, anchor, "effectiveAt") if any(proposed) else None
    return {
        "version": version,
        "seats": len(seats),
        "quorum": client.call(block, anchor, "quorum"),
        "equivocated": [seat for seat in range(len(seats)) if marked >> seat & 1],
        "changeReadyAt": ready,
        "lastEpoch": last,
        "root": "0x" + client.call(block, anchor, "rootOf", last).hex(),
        "anchoredSecondsAgo": (
            view.head.time - client.call(block, anchor, "anchoredAt", last) if last else None
        ),
    }


def guards(client: ChainClient, contracts: Contracts, view: View) -> dict[str, Any]:
    """Return what holds transfers back: pauses, guardians, caps, the delay of changes."""
    block, made = view.head.number, dict[str, Any]()
    if contracts.pause is not None:
        until = client.call(block, contracts.pause, "pausedUntil")
        made["pausedUntil"] = until if until > view.head.time else None
    if contracts.guard is not None:
        guard = contracts.guard
        number, size, threshold, lattice = client.call(block, guard, "committee")
        made["guardians"] = {
            "set": number,
            "members": size,
            "mustAttest": threshold,
            "ofThemByLatticeKey": lattice,
            "paused": client.call(block, guard, "paused"),
            "changeDelaySeconds": client.call(block, guard, "delay"),
        }
        if contracts.token is not None:
            cap, daily, fee = client.call(block, guard, "limits", contracts.token.address)
            made["caps"] = {"transfer": str(cap), "day": str(daily), "feeBasisPoints": fee}
    return made


def account(client: ChainClient, ledger: Ledger, view: View) -> dict[str, Any] | None:
    """Return the account of the journal, and what it has done."""
    if ledger.scope is None:
        return None
    address, tally = ledger.scope.account, ledger.tally
    return {
        "address": checksum(address),
        "balance": str(client.balance(address, view.head.number)),
        "succeeded": tally.succeeded,
        "failed": tally.failed,
        "foreign": tally.foreign,
        "spent": str(tally.spent),
    }


def in_flight(ledger: Ledger) -> list[dict[str, Any]]:
    """Return the transactions that are not final, as the journal has them."""
    return [
        {
            "nonce": nonce,
            "purpose": slot.purpose,
            "attempts": len(slot.attempts),
            "transaction": "0x" + slot.attempts[-1].hash.hex(),
        }
        for nonce, slot in sorted(ledger.slots.items())
    ]


def parts(
    client: ChainClient, contracts: Contracts, source: Source, ledger: Ledger, view: View
) -> dict[str, Any]:
    """Return what each task would do now."""
    epochs = Epochs(source, contracts.chain_id)
    cursors = ledger.cursors
    nobody = ledger.scope.account if ledger.scope else bytes(20)
    tasks = (
        Anchoring(client, contracts, source, epochs),
        Relaying(client, contracts, source, epochs, cursors.get(EVENTS, 0)),
        Answering(client, contracts, epochs, nobody, cursors.get(REQUESTS, 0), at_a_loss=False),
    )
    made = {}
    for task in tasks:
        try:
            rows, facts = task.plan(view)
            made[task.name] = facts | {"due": sum(map(len, rows))}
        except SourceError as error:
            made[task.name] = {"waitsFor": str(error)}
    return made


def show(found: dict[str, Any]) -> None:
    """Print it for a person."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in lines(found):
        table.add_row(name, value)
    Console(highlight=False).print(table)


def lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is told, line by line."""
    seats, guarded, spender = found["committee"], found["guards"], found["account"]
    made = [
        ("chain", f"{found['chainId']}, block {found['block']}, final {found['finalBlock']}"),
        *(found["contracts"].items()),
        (
            "committee",
            f"{seats['quorum']} of {seats['seats']} sign, version {seats['version']},"
            f" {len(seats['equivocated'])} seats have equivocated"
            + (
                f", a change may be made at {seats['changeReadyAt']}" * bool(seats["changeReadyAt"])
            ),
        ),
        (
            "anchored",
            f"epoch {seats['lastEpoch']}, {seats['anchoredSecondsAgo']} s ago"
            if seats["lastEpoch"]
            else "nothing yet",
        ),
    ]
    if "pausedUntil" in guarded:
        until = guarded["pausedUntil"]
        made.append(("pause", f"until {until}: nothing is called" if until else "none"))
    if "guardians" in guarded:
        told = guarded["guardians"]
        made.append(
            (
                "guardians",
                f"{told['mustAttest']} of {told['members']} attest,"
                f" {told['ofThemByLatticeKey']} of them by ML-DSA-87;"
                f" changes wait {told['changeDelaySeconds'] / 3600:g} h"
                + "; they have paused"
                * bool(told["paused"]),
            )
        )
    if "caps" in guarded:
        caps = guarded["caps"]
        made.append(("caps", f"{pars(caps['transfer'])} a transfer, {pars(caps['day'])} a day"))
    made.append(("answers", f"cost {pars(found['smallestFee'])} at least"))
    made.append(("source", found["source"]))
    for name, facts in found["parts"].items():
        made.append((name, "; ".join(worded(*fact) for fact in facts.items() if fact[1])))
    if spender:
        made.append(("account", f"{spender['address']}, {pars(spender['balance'])}"))
        made.append(
            (
                "journal",
                f"{spender['succeeded']} done, {spender['failed']} failed,"
                f" {pars(spender['spent'])} spent for gas",
            )
        )
    return made + [
        (f"nonce {each['nonce']}", f"{each['purpose']}  {each['transaction']}")
        for each in found["inFlight"]
    ]


def worded(name: str, value: Any) -> str:
    """Return a fact as people read it."""
    if isinstance(value, dict):
        return ", ".join(f"{count} {state}" for state, count in sorted(value.items()))
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return f"{CAPITAL.sub(lambda found: ' ' + found[0].lower(), name)} {value}"


def pars(wei: str) -> str:
    """Return an amount of wei in PARS."""
    return f"{int(wei) / 10**18:,.6g} PARS"
