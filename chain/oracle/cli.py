"""`pars oracle`: make a report with others, sign it, and bring it to a node.

One reporter begins a draft with what the members observed, each signs it, anybody submits it:

    pars oracle report FEED --observe 0=1834.5 --observe 1=1834.7 ... --key me --out draft.json
    pars oracle sign draft.json --key other --observe 1=1834.7 --out signed.json
    pars oracle submit draft.json signed.json --sender account

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 it could not be done or is
not due, 2 the command line or a file is wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from precompiles.conformance.rpc import Client, over_http
from precompiles.graph.feeds import report as reports
from precompiles.graph.feeds import reporting, signers
from precompiles.graph.feeds.contract import PRECOMPILE
from precompiles.graph.feeds.reporting import Draft, DraftError, Standing
from precompiles.graph.feeds.store import Settings
from precompiles.pq.ml_dsa.parameters import SETS
from precompiles.threshold.protocols.dkg import MemberKey

from ..remote import Remote, RemoteError, read_key, read_secret, unhexed
from . import keys

DONE, FAILED, WRONG = 0, 1, 2
URL = "http://127.0.0.1:8545"
DRAFT_BYTES_MAX = reporting.TEXT_SIZE_MAX
ML_DSA_LEVELS = {each.name.lower(): each.number for each in SETS}


class UsageError(Exception):
    """The command line or a file is wrong. The message says what to do."""


class NotDueError(Exception):
    """Nothing is to be done now."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
        options.command(options)
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or 0)
    except UsageError as error:
        tell(str(error))
        return WRONG
    except (RemoteError, DraftError, NotDueError) as error:
        tell(str(error))
        return FAILED
    return DONE


def tell(text: str) -> None:
    """Tell the person, not the next program."""
    print(f"pars oracle: {text}", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars oracle", description="Report to the oracle feeds of a chain."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    making = commands.add_parser("key", help="make a reporter's key, and print its signer")
    making.add_argument("kind", choices=["account", *ML_DSA_LEVELS])
    making.add_argument("--out", type=Path, metavar="FILE", required=True)
    making.set_defaults(command=make_key)

    showing = commands.add_parser("show", help="print a feed's configuration and last answer")
    showing.add_argument("feed", metavar="FEED")
    showing.set_defaults(command=show)

    composing = commands.add_parser("report", help="make a report of what members observed")
    composing.add_argument("feed", metavar="FEED", help="the feed's id")
    add_observations(composing)
    composing.add_argument(
        "--observations", metavar="FILE", help='{"0": "1834.5", ...}; - reads standard input'
    )
    composing.add_argument("--time", type=int, metavar="SECONDS", help="when; now by default")
    composing.add_argument("--round", type=int, metavar="N", help="its epoch and round")
    composing.add_argument("--if-due", action="store_true", help="stop before a report is due")
    composing.add_argument(
        "--key", type=Path, action="append", default=[], metavar="FILE", help="sign with this key"
    )
    add_result(composing)
    composing.add_argument("--submit", action="store_true", help="send it at once")
    composing.add_argument("--dry-run", action="store_true", help="print it, and do nothing")
    add_sender(composing)
    composing.set_defaults(command=report)

    signing = commands.add_parser("sign", help="check a draft and sign it")
    add_drafts(signing)
    signing.add_argument("--key", type=Path, metavar="FILE", required=True)
    add_observations(signing)
    signing.add_argument(
        "--nonces", type=Path, metavar="FILE", help="what `commit` kept; it is removed"
    )
    add_result(signing)
    signing.set_defaults(command=sign)

    committing = commands.add_parser("commit", help="the first round of a FROST group's signature")
    add_drafts(committing)
    committing.add_argument("--key", type=Path, metavar="FILE", required=True)
    committing.add_argument(
        "--nonces", type=Path, metavar="FILE", required=True, help="a new file for the secrets"
    )
    add_observations(committing)
    add_result(committing)
    committing.set_defaults(command=commit)

    merging = commands.add_parser("merge", help="make one draft of several")
    add_drafts(merging)
    add_result(merging)
    merging.set_defaults(command=merge)

    submitting = commands.add_parser("submit", help="merge drafts and send the report")
    add_drafts(submitting)
    add_sender(submitting)
    submitting.add_argument("--dry-run", action="store_true", help="print it, and do nothing")
    submitting.set_defaults(command=submit)

    for name, command in commands.choices.items():
        if name != "key":
            command.add_argument("--rpc", default=URL, metavar="URL", help=f"the node; {URL}")
    return top


def add_observations(command: argparse.ArgumentParser) -> None:
    """Add the option that says what a member observed."""
    command.add_argument(
        "--observe",
        action="append",
        default=[],
        metavar="MEMBER=ANSWER",
        help="such as 0=1834.5; a signer's own must be in the draft",
    )


def add_drafts(command: argparse.ArgumentParser) -> None:
    """Add the drafts to read."""
    command.add_argument("drafts", nargs="+", metavar="DRAFT", help="files of drafts; - once")


def add_result(command: argparse.ArgumentParser) -> None:
    """Add where a draft goes."""
    command.add_argument("--out", type=Path, metavar="FILE", help="where the draft goes; stdout")


def add_sender(command: argparse.ArgumentParser) -> None:
    """Add who pays."""
    command.add_argument(
        "--sender", type=Path, metavar="FILE", help="key that pays; else the node's first account"
    )


# --- Commands -------------------------------------------------------------------------------


def make_key(options: argparse.Namespace) -> None:
    """Write a new key, and print what a feed lists."""
    keys.write(options.out, keys.fresh(ML_DSA_LEVELS.get(options.kind)))
    made = keys.read(options.out)
    assert not isinstance(made, MemberKey), "a group's keys are made together"
    print(f"0x{made.signer.hex()}")


def show(options: argparse.Namespace) -> None:
    """Print a feed as JSON."""
    with opened(options) as remote:
        standing = load_standing(remote, feed_of(options.feed))
    print(json.dumps(described(standing), indent=1))


def report(options: argparse.Namespace) -> None:
    """Make a report, sign it with the keys that are here, and pass it on or send it."""
    with opened(options) as remote:
        standing = load_standing(remote, feed_of(options.feed))
        observed = observations(options, standing)
        now = int(time.time())
        when = now if options.time is None else options.time
        if not 0 <= when < 1 << 32:
            raise UsageError("--time: seconds since 1970, in 32 bits")
        if options.round is not None and not 0 <= options.round < 1 << 40:
            raise UsageError("--round: a number of 40 bits")
        made = reporting.compose(standing, observed, when, options.round)
        if options.if_due and not reporting.is_due(
            standing, reports.median(made.observations), now
        ):
            raise NotDueError("no report is due: within the deviation and the heartbeat")
        draft = Draft(report=made)
        for path in options.key:
            draft = keys.sign(standing, draft, keys.read(path))
        if options.dry_run:
            print_report(standing, draft)
        elif options.submit:
            send(remote, standing, draft)
        else:
            pass_on(options, standing, draft)


def sign(options: argparse.Namespace) -> None:
    """Check a draft and sign it."""
    with opened(options) as remote:
        standing, draft = load_drafts(remote, options.drafts)
    require_observed(options, standing, draft)
    key = keys.read(options.key)
    if options.nonces is None:
        pass_on(options, standing, keys.sign(standing, draft, key))
        return
    signed = keys.sign_share(standing, draft, key, read_secret(options.nonces, keys.FILE_BYTES_MAX))
    # Before anybody sees the share: nonces that sign twice give the key away.
    keys.remove(options.nonces)
    pass_on(options, standing, signed)


def commit(options: argparse.Namespace) -> None:
    """Commit to nonces for a draft."""
    with opened(options) as remote:
        standing, draft = load_drafts(remote, options.drafts)
    require_observed(options, standing, draft)
    committed, secret = keys.commit(standing, draft, keys.read(options.key))
    keys.write(options.nonces, secret)
    pass_on(options, standing, committed)


def merge(options: argparse.Namespace) -> None:
    """Make one draft of several."""
    with opened(options) as remote:
        standing, draft = load_drafts(remote, options.drafts)
    pass_on(options, standing, draft)


def submit(options: argparse.Namespace) -> None:
    """Send a report that enough have signed."""
    with opened(options) as remote:
        standing, draft = load_drafts(remote, options.drafts)
        if standing.scheme in signers.FROST_SUITES and not draft.signatures:
            draft = reporting.combined(standing, draft)
        if options.dry_run:
            print_report(standing, draft)
        else:
            send(remote, standing, draft)


def send(remote: Remote, standing: Standing, draft: Draft) -> None:
    """Send a report, and print its transaction."""
    method, arguments = reporting.transmission(standing, draft)
    receipt = remote.transact(PRECOMPILE, method, *arguments)
    answer = reports.median(draft.report.observations)
    shown = reporting.shown_answer(answer, standing.decimals)
    tell(f"{standing.description}: {shown} in block {receipt.block_number}")
    print(receipt.hash)


# --- Reading what is given ------------------------------------------------------------------


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Remote]:
    """Open the node, with the key that pays where one is named."""
    sender = getattr(options, "sender", None)
    key = None if sender is None else read_key(sender)
    try:
        transport = over_http(options.rpc)
        with transport as send_bytes:
            yield Remote(Client(send_bytes), key=key)
    except ValueError as error:
        raise UsageError(f"--rpc: {error}") from None


def feed_of(text: str) -> bytes:
    """Return a feed's id."""
    try:
        identifier = unhexed(text)
    except RemoteError:
        identifier = b""
    if len(identifier) != 32:
        raise UsageError(f"{text[:70]!r} is no feed: give the 64 hexadecimal digits of its id")
    return identifier


def load_standing(remote: Remote, identifier: bytes) -> Standing:
    """Ask a node what a feed is and how far it is."""
    digest, _, scheme, members, faulty, *settings = remote.call(PRECOMPILE, "configOf", identifier)
    listed = remote.call(PRECOMPILE, "signersOf", identifier)
    _, _, description, decimals, last, epoch_round, _ = remote.call(
        PRECOMPILE, "feedOf", identifier
    )
    answer, observed_at = None, 0
    if last:
        answer, observed_at, _ = remote.call(PRECOMPILE, "answerAt", identifier, last)
    answer_min, answer_max, heartbeat, deviation = settings
    return Standing(
        feed_id=identifier,
        description=description,
        decimals=decimals,
        config_digest=digest,
        scheme=scheme,
        signers=tuple(listed),
        members=members,
        faulty=faulty,
        settings=Settings(
            answer_min=answer_min, answer_max=answer_max, heartbeat=heartbeat, deviation=deviation
        ),
        epoch_round=epoch_round,
        observed_at=observed_at,
        answer=answer,
    )


def load_drafts(remote: Remote, paths: Sequence[str]) -> tuple[Standing, Draft]:
    """Read and merge drafts, each checked against the feed that it is of."""
    standing: Standing | None = None
    drafts = []
    for path in paths:
        text = read_text(path)
        try:
            if standing is None:
                standing = load_standing(remote, reporting.feed_in(text))
            drafts.append(reporting.from_text(standing, text))
        except DraftError as error:
            raise DraftError(f"{path}: {error}") from None
    assert standing is not None, "argparse asks for at least one"
    return standing, reporting.merged(drafts)


def read_text(path: str) -> str:
    """Read a file, or standard input."""
    try:
        if path == "-":
            return sys.stdin.read(DRAFT_BYTES_MAX + 1)
        with Path(path).open(encoding="utf-8") as file:
            return file.read(DRAFT_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{path}: {reason}") from None


def observations(options: argparse.Namespace, standing: Standing) -> dict[int, int]:
    """Return what each member observed, from the command line and a file."""
    given = [text.partition("=")[::2] for text in options.observe]
    if options.observations is not None:
        try:
            document = json.loads(read_text(options.observations))
            given += [(member, str(answer)) for member, answer in document.items()]
        except (ValueError, AttributeError, RecursionError):
            raise UsageError(f"{options.observations}: not a JSON object of answers") from None
    found: dict[int, int] = {}
    for member, answer in given:
        if not (member.isascii() and member.isdigit() and len(member) <= 3):
            raise UsageError(f"{member[:40]!r} is no member: give MEMBER=ANSWER, such as 0=1834.5")
        if int(member) in found:
            raise UsageError(f"member {member} has two answers")
        found[int(member)] = reporting.parse_answer(answer, standing.decimals)
    return found


def require_observed(options: argparse.Namespace, standing: Standing, draft: Draft) -> None:
    """Refuse a draft that tells otherwise what the signer says it observed."""
    options.observations = None
    told = dict(zip(draft.report.observers, draft.report.observations, strict=False))
    for member, answer in observations(options, standing).items():
        if told.get(member) != answer:
            raise DraftError(f"the draft does not say what member {member} observed")


# --- Telling --------------------------------------------------------------------------------


def pass_on(options: argparse.Namespace, standing: Standing, draft: Draft) -> None:
    """Write a draft to where it was asked for, and tell how far it is."""
    needed = signers.signature_count(standing.scheme, standing.faulty)
    state = f"{len(draft.signatures)} of {needed} signatures"
    if draft.group and not draft.signatures:
        state = f"{len(draft.commitments)} commitments and {len(draft.shares)} shares"
        state += f" of {len(draft.group)}"
    answer = reports.median(draft.report.observations)
    tell(f"{standing.description}: {reporting.shown_answer(answer, standing.decimals)}, {state}")
    text = reporting.to_text(draft)
    if options.out is None:
        print(text)
        return
    try:
        options.out.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{options.out}: {error.strerror}") from None


def print_report(standing: Standing, draft: Draft) -> None:
    """Print what a report says."""
    report_, decimals = draft.report, standing.decimals
    pairs = zip(report_.observers, report_.observations, strict=False)
    document: dict[str, Any] = {
        "feed": f"0x{standing.feed_id.hex()}",
        "description": standing.description,
        "answer": reporting.shown_answer(reports.median(report_.observations), decimals),
        "observations": {
            str(member): reporting.shown_answer(answer, decimals) for member, answer in pairs
        },
        "observedAt": report_.observed_at,
        "epochRound": report_.epoch_round,
        "signatures": sorted(draft.signatures),
        "report": f"0x{reporting.encoded(report_).hex()}",
    }
    print(json.dumps(document, indent=1))


def described(standing: Standing) -> dict[str, Any]:
    """Return a feed for people."""
    settings, decimals = standing.settings, standing.decimals
    last = standing.answer
    return {
        "description": standing.description,
        "decimals": decimals,
        "configDigest": f"0x{standing.config_digest.hex()}",
        "scheme": standing.scheme,
        "signers": [f"0x{each.hex()}" for each in standing.signers],
        "members": standing.members,
        "faulty": standing.faulty,
        "answerMin": reporting.shown_answer(settings.answer_min, decimals),
        "answerMax": reporting.shown_answer(settings.answer_max, decimals),
        "heartbeat": settings.heartbeat,
        "deviation": settings.deviation,
        "epochRound": standing.epoch_round,
        "observedAt": standing.observed_at,
        "answer": None if last is None else reporting.shown_answer(last, decimals),
    }
