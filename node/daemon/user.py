"""The part of a daemon that is there while its user has unlocked it: mail out, mail in, upkeep.

Parcels are carried and mailboxes visited by small tasks, each of which drives one plan of the
swarm's client. All of them may be stopped at any point: what matters is in the store.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

from ..codec import Reader, Refused, u64
from ..crypto import sha256
from ..messaging.prekeys import PublishedKeys
from ..messenger.ledger import Parcel, Way
from ..messenger.messenger import Event, Messenger
from ..messenger.rooms import Rooms
from ..messenger.trust import Trust
from ..swarm.collect import ChannelDoor, Collect, Door, InboxDoor, Item
from ..swarm.deposit import COPIES, COPIES_MIN, SWARM, Deposit, Send, State, publish
from ..swarm.lookup import Lookup
from ..swarm.mailboxes import DAY_MS, Channel, Inbox, day, days_to_read
from .services import Lost, Node, clock
from .waiting import woken

CARRIED_MAX = 16  # parcels under way at once
VISITS_MAX = 8
QUICK_MS, SLOW_MS = 2_000, 30_000  # between two visits, while talking and otherwise
SHARE_MS = 10_000  # a quick visit is three packets, and cover at full has a slot each 2.7 s
TALKING_MS = 120_000
WHOLE_MS = 300_000  # between two visits that ask every node for every day
QUICK_WIDTH = 3
TEND_SECONDS = 60.0
SHRED_MS = 3_600_000
PUBLISH_MS, PUBLISH_AGAIN_MS = DAY_MS, 30_000
LOOKUP_SECONDS = 120.0
PLAN_WAIT = 60.0
ANSWER_SIZE = 4 << 10

Handler = Callable[[bytes, int], list[Event]]


class Plan(Protocol):
    """What the swarm's client plans have in common."""

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""

    def poll(self, now: int, closest: Callable[[bytes, int], Sequence[bytes]]) -> list[Send]:
        """Return what to send."""

    def next_at(self, now: int) -> int | None:
        """Return when to poll next."""

    def lost(self, tag: int, now: int) -> None:
        """Learn that a request will have no reply."""


class Watch:
    """A mailbox that is looked into, and how it went."""

    def __init__(self, door: Door, handler: Handler, *, erase: bool) -> None:
        self.door = door
        self.handler = handler
        self.erase = erase
        self.next_ms = 0
        self.whole_ms = 0
        self.since = 0  # when it was last read completely
        self.heard_ms = 0
        self.cursors: dict[tuple[int, bytes], int] = {}
        self.busy = False


class User:
    """An account at work."""

    def __init__(
        self,
        node: Node,
        messenger: Messenger,
        tell: Callable[[Event], None],
        refused: Counter[str],
        shred: Callable[[], None],
    ) -> None:
        self.messenger = messenger
        self.rooms = Rooms(messenger)
        self.trust = Trust(messenger)
        self.wipe: Callable[[], None] = lambda: None
        self._node = node
        self.tell = tell
        self._refused = refused
        self._shred = shred
        self._shred_at = clock() + SHRED_MS
        self._inbox = InboxDoor(messenger.inbox)
        self._watches: dict[bytes, Watch] = {}
        self._carried: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stir = asyncio.Event()
        self._publish_at = 0
        self._publishing = False

    # --- For the control interface ------------------------------------------------------------

    def stir(self) -> None:
        """Have new parcels carried, and mailboxes looked into soon."""
        now = clock()
        for watch in self._watches.values():
            watch.heard_ms = now
            watch.next_ms = min(watch.next_ms, now + QUICK_MS)
        self._stir.set()

    async def find(self, account_id: bytes) -> PublishedKeys:
        """Return the published keys of an account."""

        def judge(value: bytes) -> int | None:
            try:
                return PublishedKeys.decode(value, account_id, clock()).made
            except Refused:
                return None

        lookup = Lookup(account_id, judge, clock())
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self.drive(lookup, lookup.receive)
        if lookup.best is None:
            raise Refused("user: no published keys of this account were found")
        return PublishedKeys.decode(lookup.best, account_id, clock())

    # --- The loop -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry, visit, publish and tend until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(self._tend())
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def _work(self) -> None:
        while True:
            now = clock()
            if self._node.active:
                self._carry_parcels()
                self._settle_watches()
                self._visit_due(now)
                self._publish_due(now)
            waits = [watch.next_ms for watch in self._watches.values() if not watch.busy]
            wait = (min(waits, default=now + SLOW_MS) - now) / 1000
            self._stir.clear()
            await woken(self._stir, min(max(wait, 0.05), SLOW_MS / 1000))

    def _carry_parcels(self) -> None:
        for parcel in self.messenger.parcels():
            if len(self._carried) >= CARRIED_MAX:
                return
            if parcel.parcel_id not in self._carried:
                self._carried.add(parcel.parcel_id)
                self._start(self._carry(parcel))

    async def _carry(self, parcel: Parcel) -> None:
        least = COPIES_MIN[parcel.priority]
        target = Channel(parcel.secret) if parcel.way is Way.MAILBOX else Inbox(parcel.secret)
        deposit = Deposit(target, parcel.data, parcel.priority, parcel.created)
        try:
            await self.drive(deposit, deposit.receive, lambda: deposit.copies >= least)
            if deposit.state is State.EXPIRED:
                self._tell_all(self.messenger.given_up(parcel, clock()))
                return
            self._tell_all(self.messenger.carried(parcel, clock()))
            await self.drive(deposit, deposit.receive)  # the copies beyond the least
        finally:
            self._carried.discard(parcel.parcel_id)

    def _settle_watches(self) -> None:
        """Look into what there is: the inbox, a mailbox a channel, some of each group."""
        wanted: dict[bytes, tuple[Door, Handler, bool]] = {}
        for channel_id, line in self.messenger.lines.items():
            secret = line.channel.receive_mailbox

            def hear(data: bytes, now: int, channel_id: bytes = channel_id) -> list[Event]:
                return self.messenger.channel_mail(channel_id, data, now)

            wanted[secret] = (ChannelDoor(secret), hear, True)
        for group_id, secret in self.rooms.mailboxes():

            def listen(data: bytes, now: int, group_id: bytes = group_id) -> list[Event]:
                return self.rooms.mail(group_id, data, now)

            wanted[secret] = (ChannelDoor(secret), listen, False)
        for session_id, secret in self.trust.mailboxes():

            def worry(data: bytes, now: int, session_id: bytes = session_id) -> list[Event]:
                return self.trust.alert_mail(session_id, data, now)

            wanted[secret] = (ChannelDoor(secret), worry, True)
        wanted[b"inbox"] = (self._inbox, self.messenger.inbox_mail, True)
        for name, (door, handler, erase) in wanted.items():
            if name not in self._watches:
                watch = self._watches[name] = Watch(door, handler, erase=erase)
                watch.heard_ms = clock()
                watch.since = self._read_since(name, clock())
        for name in set(self._watches) - set(wanted):
            del self._watches[name]
            self.messenger.commit({reading_key(name): None})

    def _read_since(self, name: bytes, now: int) -> int:
        """Return when a mailbox was last read completely. In a new one there is nothing older."""
        stored = self.messenger.store.get(reading_key(name))
        if stored is None:
            self.messenger.commit({reading_key(name): u64(now)})
            return now
        return Reader(stored).u64()

    def _visit_due(self, now: int) -> None:
        busy = sum(watch.busy for watch in self._watches.values())
        due = [
            (watch.next_ms, name)
            for name, watch in self._watches.items()
            if not watch.busy and watch.next_ms <= now
        ]
        for _, name in sorted(due)[: max(0, VISITS_MAX - busy)]:
            watch = self._watches[name]
            watch.busy = True
            self._start(self._visit(name, watch, now))

    async def _visit(self, name: bytes, watch: Watch, now: int) -> None:
        whole = now >= watch.whole_ms
        days = days_to_read(watch.since, now) if whole else range(day(now), day(now) + 1)
        width = SWARM if whole else QUICK_WIDTH
        collect = Collect(watch.door, days, width=width, cursors=watch.cursors)

        def take(tag: int, reply: bytes, at: int) -> None:
            for item in collect.receive(tag, reply, at):
                if self._take(watch, item, at):
                    collect.durable([item.item_id], erase=watch.erase)

        try:
            await self.drive(collect, take)
        finally:
            watch.busy = False
            if not watch.erase:
                watch.cursors = collect.cursors()
            if whole:
                watch.whole_ms = now + WHOLE_MS
                if collect.complete:
                    watch.since = now
                    self.messenger.commit({reading_key(name): u64(now)})
            talking = clock() - watch.heard_ms < TALKING_MS
            slow = max(SLOW_MS, SHARE_MS * len(self._watches))
            watch.next_ms = clock() + (QUICK_MS if talking else slow)
            self._stir.set()

    def _take(self, watch: Watch, item: Item, now: int) -> bool:
        """Take in what was found; return whether it may be erased."""
        try:
            events = watch.handler(item.data, now)
        except Refused as refusal:
            self._refused[refusal.reason] += 1
            return True
        except Exception as error:  # the store is full or broken: the swarm keeps it
            self._refused[f"user: not stored ({type(error).__name__})"] += 1
            return False
        watch.heard_ms = now
        self._tell_all(events)
        if any(event.kind == "message" for event in events):
            self.messenger.acknowledge(now)
        self._stir.set()
        return True

    def _publish_due(self, now: int) -> None:
        if self._publishing or now < self._publish_at:
            return
        self._publishing = True
        self._start(self._publish(now))

    async def _publish(self, now: int) -> None:
        """Put the own keys where others look for them, this week and the next."""
        me = self.messenger
        least = COPIES[0]
        try:
            for deposit in publish(me.account_id, me.me.inbox_seed, me.published(now), 0, now):
                await self.drive(deposit, deposit.receive, partial(_is_settled, deposit))
                least = min(least, deposit.copies)
            if least:
                self.tell(Event("published", me.account_id))
        finally:
            # With too few copies nobody may find them: more nodes will be known soon.
            enough = least >= COPIES_MIN[0]
            self._publish_at = clock() + (PUBLISH_MS if enough else PUBLISH_AGAIN_MS)
            self._publishing = False

    async def _tend(self) -> None:
        while True:
            now = clock()
            if self.messenger.tend(now):
                self._publish_at = 0
            self.rooms.tend(now)
            self.messenger.expire(now)
            events, wipe = self.trust.tick(now)
            self._tell_all(events)
            if wipe:
                self.wipe()
            if now >= self._shred_at:
                self._shred_at = now + SHRED_MS
                self._shred()
            await asyncio.sleep(TEND_SECONDS)

    # --- Plans --------------------------------------------------------------------------------

    async def drive(
        self,
        plan: Plan,
        take: Callable[[int, bytes, int], object],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Carry a plan out to its end, or until `stop`, which is asked after each step."""
        news = asyncio.Event()
        asked: set[asyncio.Task[None]] = set()

        async def ask(send: Send) -> None:
            try:
                answer = await self._node.ask(send.node_id, send.request, ANSWER_SIZE)
            except Lost:
                plan.lost(send.tag, clock())
            else:
                take(send.tag, answer, clock())
            news.set()

        try:
            while not stop() and not plan.done:
                for send in plan.poll(clock(), self._node.closest):
                    task = asyncio.ensure_future(ask(send))
                    asked.add(task)
                    task.add_done_callback(asked.discard)
                due = plan.next_at(clock())
                wait = PLAN_WAIT if due is None else max(due - clock(), 0) / 1000
                await woken(news, wait)
                news.clear()
        finally:
            for task in asked:
                task.cancel()

    def _start(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                self._refused[f"user: task failed ({type(error).__name__})"] += 1
                if os.environ.get("PARS_DEBUG"):
                    raise

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell_all(self, events: list[Event]) -> None:
        for event in events:
            self.tell(event)


def reading_key(name: bytes) -> bytes:
    """Return where it is kept how far a mailbox has been read."""
    return b"reading/" + sha256(name)[:16]


def _is_settled(deposit: Deposit) -> bool:
    return deposit.state in (State.ENOUGH, State.INSUFFICIENT)
