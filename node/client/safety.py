"""Commands for the day that something happens: duress, the switch, guardians.

How each works, and what it cannot do, is told in docs/threat-model.md and docs/vault.md.
"""

import argparse
import sys
from typing import Any

from .api import Client
from .text import clean, pick, short

HOURS = 72


async def account_of(client: Client, given: str) -> str:
    """Return an account, by itself or by the name of a contact."""
    contacts = await client.call("GetContacts")
    named = {contact["account"] for contact in contacts if contact.get("name") == given}
    return str(named.pop()) if len(named) == 1 else given


async def session_of(client: Client, given: str) -> str:
    """Return the id of a conversation, by its beginning or by the other's name."""
    sessions = await client.call("GetSessions")
    known = [{"id": each["sessionId"], "name": each.get("name")} for each in sessions]
    return pick(known, "id", given)


async def trust(client: Client, options: argparse.Namespace) -> None:
    """Let a contact be alerted."""
    await client.call("TrustContact", account=await account_of(client, options.account))


async def set_alert(client: Client, options: argparse.Namespace) -> None:
    """Choose what an alert says."""
    await client.call("SetAlert", text=options.text)


async def show_switch(client: Client, _: argparse.Namespace) -> None:
    """Print how the dead man's switch stands."""
    _print_switch(await client.call("GetSwitch"))


async def set_switch(client: Client, options: argparse.Namespace) -> None:
    """Set the dead man's switch."""
    params: dict[str, Any] = {"intervalHours": options.interval, "graceHours": options.grace}
    if options.release is not None:
        params["release"] = options.release
        params["sessionId"] = await session_of(client, options.to)
    if options.wipe:
        params["wipe"] = True
    _print_switch(await client.call("SetSwitch", **params))


async def disable_switch(client: Client, _: argparse.Namespace) -> None:
    """Stop the dead man's switch."""
    _print_switch(await client.call("DisableSwitch"))


def _print_switch(switch: dict[str, Any]) -> None:
    print(clean(str(switch["phase"])))
    if "silentHours" in switch:
        actions = ", ".join(map(clean, switch["actions"])) or "nothing"
        print(f"warns at {switch['warningHours']}, acts at {switch['triggerHours']}: {actions}")
        print(f"silent for {switch['silentHours']} hours", file=sys.stderr)


async def appoint(client: Client, options: argparse.Namespace) -> None:
    """Split the account among contacts."""
    accounts = [await account_of(client, each) for each in options.guardian]
    await client.call("AppointGuardians", accounts=accounts, threshold=options.threshold)


async def recover(client: Client, options: argparse.Namespace) -> None:
    """Ask guardians for an account that is lost; print the code to tell each of them."""
    guardians = [await account_of(client, each) for each in options.guardian]
    asked = await client.call("RequestRecovery", account=options.account, guardians=guardians)
    print(clean(asked["code"]))
    print("tell this to each guardian by another way: by voice, or side by side", file=sys.stderr)


async def show_guardianships(client: Client, _: argparse.Namespace) -> None:
    """Print what is kept for others, and who asks for something."""
    found = await client.call("GetGuardianships")
    names = {
        each["sessionId"]: each.get("name") or short(each["peer"])
        for each in await client.call("GetSessions")
    }
    for each in found["kept"]:
        name = clean(str(names.get(each["ownerSession"], "")))
        print(f"keeps for  {each['ownerSession']}  {name}  {clean(each['stage'])}")
    for asker in found["asked"]:
        print(f"asks       {asker}  {clean(str(names.get(asker, '')))}")
    if found["recovered"]:
        print("your account was given back: `guardians takeover`", file=sys.stderr)


async def confirm(client: Client, options: argparse.Namespace) -> None:
    """Confirm that who asks is the owner, by the code heard from him."""
    owner = await session_of(client, options.owner)
    asker = await session_of(client, options.asker)
    await client.call("ConfirmRecovery", ownerSession=owner, askerSession=asker, code=options.code)


async def cancel(client: Client, options: argparse.Namespace) -> None:
    """Tell a guardian that it was not the owner who asked."""
    await client.call("CancelRecovery", sessionId=await session_of(client, options.guardian))


async def take_over(client: Client, _: argparse.Namespace) -> None:
    """Be the account that guardians gave back."""
    print((await client.call("TakeOver"))["account"])
