"""A member's replica of a group: bytes and the time go in, bytes and events come out.

A change or a message may be sent once `changes()` is stored; what raises leaves all as it was.
"""

from collections.abc import Iterable, Mapping, Sequence

from ..codec import Reader, Refused, sized, u8, u16, u32, u64
from ..crypto import HYBRID_SEED, KEY, Random, SigningKey, hkdf, sha3_256, sha256
from ..mesh.vertex import ID
from .epochs import KEY_NAME, Epoch, SealedSeed, commit, key_name, seal_seed
from .events import (
    Ahead,
    Behind,
    Changed,
    Dropped,
    EpochBegan,
    Event,
    Forked,
    Item,
    Member,
    Membership,
    Message,
    NotYet,
    Outgoing,
)
from .history import LANDMARKS_MAX, History, check_change
from .invite import NONCE, Candidate, Invite, answer_who, ask_who, read_join_request
from .keyring import DAY, Keyring, OwnKey
from .message import EPOCHS_MAX, MESSAGE_MAX, Sealed, seal_message
from .post import POST_MAX, is_post_size, open_post, seal_posts
from .vertex import (
    KEYING,
    MEMBERS_MAX,
    NAME_MAX,
    SEEDING,
    Card,
    Change,
    Kind,
    Vertex,
    decode_vertex,
    make_vertex,
)

HOUR = 3600 * 1000
ROTATE_AFTER = 7 * DAY
RANKS_MAX = 24
EPOCH_KEPT = 7 * DAY  # after another superseded it: as long as relays keep what it opens
EPOCHS_KEPT_MAX = 16
EARLY_SEEDS_MAX = 64
ANSWERING = 3
INVITES_MAX = 256
ACCOUNTS_MAX = 4 * MEMBERS_MAX

_VERSION = 1
_INVITES = b"pars/group-invite/v1"
_STATE, _VERTEX, _EPOCH, _CLOSED, _ORPHAN, _EARLY = b"s", b"v", b"e", b"c", b"o", b"p"


class Group:
    """One member's replica. Make it by `create` or `join`, or `load` it."""

    def __init__(self, signing: SigningKey, keys: Keyring) -> None:
        self.me = sha3_256(signing.public)
        self.history = History()
        self.epochs: dict[bytes, Epoch] = {}
        self.accounts: dict[bytes, bytes] = {}
        self._signing = signing
        self._keys = keys
        self._closed: set[bytes] = set()  # epochs that were forgotten, and are not to come back
        self._early: dict[bytes, SealedSeed] = {}  # seeds whose vertex has not come
        self._invites: dict[bytes, int] = {}
        self._touched: set[bytes] = {_STATE}

    # Making one

    @classmethod
    def create(
        cls, name: str, now: int, random: Random, cards: Sequence[Card] = ()
    ) -> tuple["Group", Outgoing]:
        """Found a group, with those whose cards are given as its members."""
        if len(name.encode()) > NAME_MAX or not name.isprintable():
            raise Refused("groups: name is no text")
        candidate = Candidate.make(random)
        group = cls(candidate.signing, Keyring([OwnKey(candidate.hybrid.seed)]))
        everyone = (candidate.card, *cards)
        outgoing = group._author(
            Kind.CREATE, now, random, nonce=random(ID), name=name, cards=everyone
        )
        return group, outgoing

    @classmethod
    def join(
        cls, candidate: Candidate, group: bytes, items: Iterable[bytes], now: int
    ) -> tuple["Group", list[Event]]:
        """Enter a group by the items of a welcome; its id, which the invite names, proves them."""
        joined = cls(candidate.signing, Keyring([OwnKey(candidate.hybrid.seed)]))
        events: list[Event] = []
        for item in items:
            if item[:1] == u8(Item.VERTEX):
                events += joined._receive_vertex(decode_vertex(item[1:]), now, whole=False)
            else:
                events += joined.receive(item, now)
        if not joined.history.vertices or joined.id != group:
            raise Refused("groups: the welcome is of another group")
        joined.history.check_cover()
        if not joined.is_member:
            raise Refused("groups: not a member")
        return joined, events

    # Looking at it

    @property
    def id(self) -> bytes:
        """Return the group's id: that of its creation."""
        return self.history.vertices[0].id

    @property
    def name(self) -> str:
        """Return the name that the creator gave."""
        return self.history.vertices[0].change.name

    @property
    def is_member(self) -> bool:
        """Return whether this replica's owner is a member."""
        return self.me in self.history.view().members

    @property
    def is_admin(self) -> bool:
        """Return whether this replica's owner is an admin."""
        return self.me in self.history.view().admins

    @property
    def brought_by(self) -> bytes:
        """Return who added this member: for a newcomer, the admin whose invite he answered."""
        return self.history[self.history.view().ever[self.me][1]].author

    def members(self) -> list[Member]:
        """Return the members, the most senior first."""
        view = self.history.view()
        return [
            Member(name, name in view.admins, self.accounts.get(name), name in self.history.forks)
            for name in view.by_seniority()
        ]

    def heads(self) -> tuple[bytes, ...]:
        """Return the vertices that no other has seen."""
        return self.history.heads()

    def heads_item(self) -> bytes:
        """Return an item that tells another what is here, so that he sees who lacks what."""
        marks = self.history.landmarks()
        return u8(Item.HEADS) + u16(len(marks)) + b"".join(marks)

    def missing_for(self, heads: tuple[bytes, ...]) -> list[bytes]:
        """Return the vertices, as items, that one with these heads lacks."""
        return [_vertex_item(vertex) for vertex in self.history.missing_for(heads)]

    def mailbox(self) -> bytes:
        """Return the secret of the mailbox that messages go to now."""
        return self._sending()[-1].mailbox

    def mailboxes(self) -> list[bytes]:
        """Return the secrets of all mailboxes to look into, the newest first."""
        return [epoch.mailbox for epoch in self._newest_first()]

    @property
    def needs_rotation(self) -> bool:
        """Return whether the next message has to wait for `rotate`.

        So it is after someone left, after concurrent changes of which a newcomer has not all the
        seeds or one gone has, and where a seed never came.
        """
        return self._agreed() is None

    def ack_due(self, now: int) -> bool:
        """Return whether the own key has been in use for so long that `ack` should replace it."""
        if not self.is_member:
            return False
        unknown = key_name(self.history.hybrid(self.me)) not in self._keys
        return unknown or self._keys.due(now)

    def rotation_due(self, now: int) -> bool:
        """Return whether an epoch has lasted so long that `rotate` should begin another.

        With the keys that members replace meanwhile, it shuts out who stole any. The most senior
        member is first; who follows waits for him, for an hour more by each rank.
        """
        epochs = self._agreed() or []
        ranks = self.history.view().by_seniority()
        if self.me not in ranks or not epochs:
            return False
        patience = ROTATE_AFTER + min(ranks.index(self.me), RANKS_MAX) * HOUR
        return now - max(epoch.began for epoch in epochs) >= patience

    # Changing it

    def add(self, cards: Sequence[Card], now: int, random: Random) -> Outgoing:
        """Add members, who cannot read what was written before."""
        return self._author(Kind.ADD, now, random, cards=tuple(cards))

    def remove(self, names: Iterable[bytes], now: int, random: Random) -> Outgoing:
        """Remove members, who cannot read what is written by anyone who has seen it."""
        return self._author(Kind.REMOVE, now, random, subjects=_ordered(names))

    def rotate(self, now: int, random: Random) -> Outgoing:
        """Begin an epoch, and replace the own key: what a thief took of it is worth nothing now."""
        return self._author(Kind.ROTATE, now, random)

    def ack(self, now: int, random: Random) -> Outgoing:
        """Replace the own key, so that no seed opened so far opens again."""
        return self._author(Kind.ACK, now, random)

    def grant(self, names: Iterable[bytes], now: int, random: Random) -> Outgoing:
        """Make members admins."""
        return self._author(Kind.GRANT, now, random, subjects=_ordered(names))

    def revoke(self, names: Iterable[bytes], now: int, random: Random) -> Outgoing:
        """Make admins members like others."""
        return self._author(Kind.REVOKE, now, random, subjects=_ordered(names))

    def leave(self, now: int, random: Random) -> Outgoing:
        """Leave; the next who writes begins an epoch without this member."""
        return self._author(Kind.LEAVE, now, random)

    # Inviting

    def invite(self, expires: int, random: Random) -> bytes:
        """Return a token that this admin redeems once, until it expires."""
        if not self.is_admin:
            raise Refused("groups: not an admin")
        if len(self._invites) >= INVITES_MAX:
            raise Refused("groups: too many open invites")
        nonce = random(NONCE)
        self._invites[nonce] = expires
        self._touched.add(_STATE)
        return Invite.make(self._invite_key(), self.id, nonce, expires).encode()

    def redeem(self, request: bytes, now: int, random: Random) -> Outgoing:
        """Add the one whom an own invite brought."""
        invite, card = read_join_request(request)
        if invite.group != self.id or not invite.made_with(self._invite_key()):
            raise Refused("groups: not an invite of ours")
        if invite.nonce not in self._invites:
            raise Refused("groups: invite used already")
        if now >= invite.expires:
            raise Refused("groups: invite expired")
        outgoing = self.add([card], now, random)
        del self._invites[invite.nonce]
        return outgoing

    def ask_who(self, name: bytes, binding: bytes, random: Random) -> tuple[bytes, bytes]:
        """Return a challenge to who claims to be a member, and the answer that proves it."""
        if name not in self.history.view().members:
            raise Refused("groups: not a member")
        return ask_who(self.history.hybrid(name), binding, random)

    def answer_who(self, challenge: bytes, binding: bytes) -> bytes:
        """Return the answer that proves who this member is to the one who asked."""
        key = self._keys.get(challenge[:KEY_NAME])
        if key is None:
            raise Refused("groups: no such key")
        return answer_who(key, challenge, binding)

    def note_account(self, name: bytes, account: bytes) -> None:
        """Keep which account a member proved to be, or gave his card from."""
        if name not in self.history.view().ever or len(self.accounts) >= ACCOUNTS_MAX:
            raise Refused("groups: not a member")
        self.accounts[name] = account
        self._touched.add(_STATE)

    # Messages

    def encrypt(self, plaintext: bytes, random: Random) -> bytes:
        """Return a post for `mailbox()` that the members read."""
        if len(plaintext) > MESSAGE_MAX:
            raise Refused("groups: message too long")
        epochs = self._sending()
        keys = [(epoch.vertex, *epoch.next_key(self.me)) for epoch in epochs]
        self._touched |= {_EPOCH + epoch.vertex for epoch in epochs}
        item = u8(Item.MESSAGE) + seal_message(self._signing, self.id, keys, plaintext)
        return seal_posts(epochs[-1].post_key, [item], random)[0]

    def posts(self, items: Iterable[bytes], random: Random) -> tuple[tuple[bytes, bytes], ...]:
        """Seal items, such as heads or what another lacks: mailboxes and posts."""
        return _posts(self._ways(), list(items), random)

    def receive_post(self, post: bytes, now: int) -> list[Event]:
        """Take in what a mailbox held. `NotYet`: keep it until an epoch began."""
        if not is_post_size(len(post)):
            raise Refused("groups: no size of a post")
        for epoch in self._newest_first():
            try:
                items = open_post(epoch.post_key, post)
            except Refused as refused:
                if refused.reason == "crypto: not authentic":
                    continue
                raise
            events = self._receive_all(items, now)
            if self._answers(now):
                return events
            return [event for event in events if not isinstance(event, Ahead)]
        raise NotYet("groups: no epoch opens this post")

    def receive(self, item: bytes, now: int) -> list[Event]:
        """Take in one item."""
        if len(item) > POST_MAX:
            raise Refused("groups: item too long")
        kind, body = item[:1], item[1:]
        if kind == u8(Item.VERTEX):
            return self._receive_vertex(decode_vertex(body), now)
        if kind == u8(Item.SEED):
            return self._receive_seed(SealedSeed.decode(body), now)
        if kind == u8(Item.MESSAGE):
            return self._receive_message(Sealed.decode(body), now)
        if kind == u8(Item.HEADS):
            return self._receive_heads(body)
        raise Refused("groups: unknown kind of item")

    def prune(self, now: int) -> None:
        """Forget what is old: epochs, keys passed over and replaced, invites, old signatures."""
        for epoch in list(self.epochs.values()):
            if epoch.prune(now):
                self._touched.add(_EPOCH + epoch.vertex)
            if epoch.superseded and now - epoch.superseded >= EPOCH_KEPT:
                self._forget_epoch(epoch)
        others = self.history.view().members - {self.me}
        if self._keys.prune(self.history, others, now):
            self._touched.add(_STATE)
        self._touched |= {_VERTEX + identity for identity in self.history.slim()}
        for nonce in [nonce for nonce, expires in self._invites.items() if now >= expires]:
            del self._invites[nonce]
            self._touched.add(_STATE)

    # What is kept

    def changes(self) -> dict[bytes, bytes | None]:
        """Return the records changed since the last call; None where one is gone."""
        changed = {key: self._record(key) for key in sorted(self._touched)}
        self._touched.clear()
        return changed

    def records(self) -> dict[bytes, bytes]:
        """Return every record."""
        keys = [
            _STATE,
            *(_VERTEX + vertex.id for vertex in self.history.vertices),
            *(_EPOCH + identity for identity in self.epochs),
            *(_CLOSED + identity for identity in self._closed),
            *(_ORPHAN + identity for identity in self.history.orphans),
            *(_EARLY + identity for identity in self._early),
        ]
        return {key: record for key in keys if (record := self._record(key)) is not None}

    @classmethod
    def load(cls, records: Mapping[bytes, bytes]) -> "Group":
        """Read a group from its records."""
        kept = {kind: _of_kind(records, kind) for kind in (_VERTEX, _EPOCH, _ORPHAN, _EARLY)}
        if _STATE not in records or not kept[_VERTEX]:
            raise Refused("groups: records are missing")
        group = cls._read_state(records[_STATE])
        vertices = [decode_vertex(data) for data in kept[_VERTEX].values()]
        for vertex in sorted(vertices, key=lambda one: (one.lamport, one.id)):
            if group.history.is_orphan(vertex):
                raise Refused("groups: records are missing")
            group.history.accept(vertex, whole=False)
        group.history.check_cover()
        group.epochs = {key: Epoch.decode(data) for key, data in kept[_EPOCH].items()}
        if any(epoch.vertex not in group.history for epoch in group.epochs.values()):
            raise Refused("groups: records are missing")
        group._closed = set(_of_kind(records, _CLOSED))
        for data in kept[_ORPHAN].values():
            group.history.hold(decode_vertex(data))
        group._early = {key: SealedSeed.decode(data) for key, data in kept[_EARLY].items()}
        group._touched.clear()
        return group

    def encode(self) -> bytes:
        """Return all records as one."""
        pairs = sorted(self.records().items())
        return u32(len(pairs)) + b"".join(sized(part) for pair in pairs for part in pair)

    @classmethod
    def decode(cls, data: bytes) -> "Group":
        """Read what `encode` wrote."""
        reader = Reader(data)
        pairs = [(reader.sized(64), reader.sized(POST_MAX)) for _ in range(reader.u32())]
        reader.end()
        return cls.load(dict(pairs))

    # Inside

    def _author(
        self,
        kind: Kind,
        now: int,
        random: Random,
        *,
        nonce: bytes = b"",
        name: str = "",
        cards: tuple[Card, ...] = (),
        subjects: tuple[bytes, ...] = (),
    ) -> Outgoing:
        """Make a change, accept it here, and say what to send."""
        cards = tuple(sorted(cards, key=lambda card: card.pseudonym))
        seed = random(KEY) if kind in SEEDING else b""
        key = OwnKey(random(HYBRID_SEED)) if kind in KEYING else None
        change = Change(
            kind=kind,
            nonce=nonce,
            name=name,
            commitment=commit(seed) if seed else b"",
            key=sha3_256(key.hybrid.public) if key else b"",
            cards=cards,
            subjects=subjects,
        )
        if self.history.vertices:
            check_change(change, self.me, self.history.view())
        ways = self._ways()
        parents, lamport = self.history.next_place(self.me)
        hybrid = key.hybrid.public if key else b""
        vertex = make_vertex(self._signing, parents, lamport, now, change, hybrid)
        self.history.accept(vertex)
        self._touched.add(_VERTEX + vertex.id)
        if key:
            self._keys.replace(key, vertex.id, now)
            self._touched.add(_STATE)
        direct = self._seal(vertex, seed, random) if seed else {}
        if seed:
            self._begin(vertex, seed, now)
        return self._outgoing(vertex, direct, ways, random)

    def _ways(self) -> list[Epoch]:
        """Return the epochs under which something reaches all the others: the current ones.

        While a seed of these is missing here, it is the newest older one as well.
        """
        seeds = self.history.seeds()
        known = [epoch for vertex in seeds if (epoch := self._epoch(vertex))]
        if len(known) == len(seeds):
            return known
        return [*known, *[one for one in self._newest_first() if one not in known][:1]]

    def _seal(self, vertex: Vertex, seed: bytes, random: Random) -> dict[bytes, bytes]:
        """Seal a seed to everyone else who is a member after the vertex."""
        direct = {}
        for name in sorted(self.history.recipients(vertex.id) - {self.me}):
            try:
                sealed = seal_seed(seed, vertex.id, name, self.history.hybrid(name), random)
            except Refused:  # he gave a key that is none, and bars himself alone
                continue
            direct[name] = u8(Item.SEED) + sealed
        return direct

    def _outgoing(
        self, vertex: Vertex, direct: dict[bytes, bytes], ways: list[Epoch], random: Random
    ) -> Outgoing:
        item = _vertex_item(vertex)
        new = {card.pseudonym for card in vertex.change.cards}
        seeds = [sealed for name, sealed in direct.items() if name not in new]
        everything = tuple(self.missing_for(())) if new else ()
        posts: list[tuple[bytes, bytes]] = []
        for epoch in ways:
            # Who knows one of several epochs only has not seen what the others stand on.
            items = [item] if len(ways) == 1 else self.missing_for((epoch.vertex,))
            posts += _posts([epoch], [*items, *seeds], random)
        return Outgoing(
            posts=tuple(posts),
            vertices=(item,),
            direct=tuple(direct.items()),
            welcome=tuple(
                (name, (*everything, sealed)) for name, sealed in direct.items() if name in new
            ),
        )

    def _begin(self, vertex: Vertex, seed: bytes, now: int) -> None:
        """Derive the keys of a seed, and note which epochs it supersedes."""
        names = self.history.recipients(vertex.id)
        self.epochs[vertex.id] = Epoch.from_seed(seed, vertex.id, names, now)
        self._touched.add(_EPOCH + vertex.id)
        self._supersede(now)

    def _supersede(self, now: int) -> None:
        current = {vertex.id for vertex in self.history.seeds()}
        for epoch in self.epochs.values():
            if not epoch.superseded and epoch.vertex not in current:
                epoch.superseded = max(now, 1)
                self._touched.add(_EPOCH + epoch.vertex)
        old = sorted(
            (epoch for epoch in self.epochs.values() if epoch.superseded),
            key=lambda epoch: (epoch.superseded, self.history.places[epoch.vertex]),
        )
        for epoch in old[: max(len(old) - EPOCHS_KEPT_MAX, 0)]:
            self._forget_epoch(epoch)

    def _forget_epoch(self, epoch: Epoch) -> None:
        del self.epochs[epoch.vertex]
        self._closed.add(epoch.vertex)
        self._touched |= {_EPOCH + epoch.vertex, _CLOSED + epoch.vertex}

    def _epoch(self, vertex: Vertex) -> Epoch | None:
        return self.epochs.get(vertex.id)

    def _newest_first(self) -> list[Epoch]:
        def order(epoch: Epoch) -> tuple[int, bytes]:
            vertex = self.history[epoch.vertex]
            return vertex.lamport, vertex.id

        return sorted(self.epochs.values(), key=order, reverse=True)

    def _agreed(self) -> list[Epoch] | None:
        """Return the epochs whose chains together only the members have, if there are such."""
        seeds = self.history.seeds()
        epochs = [epoch for vertex in seeds if (epoch := self._epoch(vertex))]
        if len(seeds) > EPOCHS_MAX or len(epochs) < len(seeds):
            return None
        common = frozenset.intersection(*(self.history.recipients(v.id) for v in seeds))
        return epochs if common == self.history.view().members else None

    def _sending(self) -> list[Epoch]:
        if not self.is_member:
            raise Refused("groups: not a member")
        epochs = self._agreed()
        if epochs is None:
            raise Refused("groups: rotate first")
        return epochs

    def _answers(self, now: int) -> bool:
        """Return whether this member answers heads in a mailbox today: so that not all do."""
        day = u64(now // DAY)
        drawn = sorted(self.history.view().members, key=lambda name: sha256(day, name))
        return self.me in drawn[:ANSWERING]

    def _receive_all(self, items: list[bytes], now: int) -> list[Event]:
        events: list[Event] = []
        later: NotYet | None = None
        for item in items:
            try:
                events += self.receive(item, now)
            except NotYet as not_yet:
                later = not_yet
            except Refused as refused:
                events.append(Dropped(refused.reason))
        if later and not events:
            raise later
        if later:
            events.append(Dropped(later.reason))
        return events

    def _receive_vertex(self, vertex: Vertex, now: int, *, whole: bool = True) -> list[Event]:
        if vertex.id in self.history:
            return []
        if self.history.is_orphan(vertex):
            if not self.history.vertices:
                raise Refused("groups: the welcome is of another group")
            put_out = self.history.hold(vertex)
            self._touched |= {_ORPHAN + identity for identity in (vertex.id, *put_out)}
            return [Behind(tuple(self.history.wanted()))]
        before = self.history.view().members if self.history.vertices else frozenset()
        events = self._accept(vertex, now, whole)
        while (orphan := self.history.adopt()) is not None:
            self._touched.add(_ORPHAN + orphan.id)
            try:
                events += self._accept(orphan, now, whole)
            except Refused as refused:
                events.append(Dropped(refused.reason))
        after = self.history.view().members
        if before != after:
            events.append(Membership(_ordered(after - before), _ordered(before - after)))
        return events

    def _accept(self, vertex: Vertex, now: int, whole: bool) -> list[Event]:
        forked = vertex.author in self.history.forks
        self.history.accept(vertex, whole=whole)
        self._touched.add(_VERTEX + vertex.id)
        events: list[Event] = [Changed(vertex.id, vertex.change.kind, vertex.author)]
        if not forked and vertex.author in self.history.forks:
            events.append(Forked(vertex.author, *self.history.forks[vertex.author]))
        if vertex.change.kind in SEEDING:
            self._supersede(now)
        for key, sealed in list(self._early.items()):
            if sealed.vertex == vertex.id:
                del self._early[key]
                self._touched.add(_EARLY + key)
                try:
                    events += self._receive_seed(sealed, now)
                except Refused as refused:
                    events.append(Dropped(refused.reason))
        return events

    def _receive_seed(self, sealed: SealedSeed, now: int) -> list[Event]:
        if sealed.name != self.me or sealed.vertex in self.epochs:
            return []
        if sealed.vertex in self._closed:
            raise Refused("groups: epoch is over")
        if sealed.vertex not in self.history:
            return self._keep_early(sealed)
        change = self.history[sealed.vertex].change
        if change.kind not in SEEDING or self.me not in self.history.recipients(sealed.vertex):
            raise Refused("groups: no seed for us in this vertex")
        key = self._keys.get(sealed.key_name)
        if key is None:
            raise Refused("groups: no such key")
        seed = sealed.open(key, change.commitment)
        if self._keys.note_use(sealed.key_name, now):
            self._touched.add(_STATE)
        self._begin(self.history[sealed.vertex], seed, now)
        return [EpochBegan(sealed.vertex)]

    def _keep_early(self, sealed: SealedSeed) -> list[Event]:
        key = sha256(sealed.encode())
        self._early[key] = sealed
        self._touched.add(_EARLY + key)
        if len(self._early) > EARLY_SEEDS_MAX:
            oldest = next(iter(self._early))
            del self._early[oldest]
            self._touched.add(_EARLY + oldest)
        return []

    def _receive_message(self, sealed: Sealed, now: int) -> list[Event]:
        if sealed.sender == self.me:
            return []
        if any(identity not in self.epochs for identity, _ in sealed.indices):
            raise NotYet("groups: no epoch opens this message")
        if sealed.sender not in self.history.view().members:
            raise Refused("groups: not a member")
        epochs = [self.epochs[identity] for identity, _ in sealed.indices]
        peeked = [
            epoch.peek(sealed.sender, n)
            for epoch, (_, n) in zip(epochs, sealed.indices, strict=True)
        ]
        signing = self.history.signing(sealed.sender)
        plaintext = sealed.open([key for key, _ in peeked], self.id, signing)
        for epoch, (_, step) in zip(epochs, peeked, strict=True):
            epoch.take(step, now)
            self._touched.add(_EPOCH + epoch.vertex)
        return [Message(sealed.sender, plaintext)]

    def _receive_heads(self, body: bytes) -> list[Event]:
        reader = Reader(body)
        count = reader.u16()
        if not 0 < count <= LANDMARKS_MAX:
            raise Refused("groups: too many heads, or none")
        marks = tuple(reader.take(ID) for _ in range(count))
        reader.end()
        unknown = tuple(mark for mark in marks if mark not in self.history)
        if len(unknown) == count:
            raise Refused("groups: heads of another group")
        events: list[Event] = [Behind(unknown)] if unknown else []
        missing = self.missing_for(marks)
        if missing:
            events.append(Ahead(tuple(missing)))
        return events

    def _invite_key(self) -> bytes:
        return hkdf(self._signing.seed, self.id, _INVITES)

    def _record(self, key: bytes) -> bytes | None:
        kind, identity = key[:1], key[1:]
        if kind == _STATE:
            return self._state()
        if kind == _VERTEX:
            return self.history[identity].encoded
        if kind == _EPOCH:
            epoch = self.epochs.get(identity)
            return epoch.encode() if epoch else None
        if kind == _CLOSED:
            return u8(_VERSION)
        if kind == _ORPHAN:
            orphan = self.history.orphans.get(identity)
            return orphan.encoded if orphan else None
        early = self._early.get(identity)
        return early.encode() if early else None

    def _state(self) -> bytes:
        parts = [u8(_VERSION), self._signing.seed, self._keys.encode()]
        parts.append(u16(len(self._invites)))
        parts += [nonce + u64(expires) for nonce, expires in sorted(self._invites.items())]
        parts.append(u16(len(self.accounts)))
        parts += [name + account for name, account in sorted(self.accounts.items())]
        return b"".join(parts)

    @classmethod
    def _read_state(cls, data: bytes) -> "Group":
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise Refused("groups: unknown version of a group")
        group = cls(SigningKey.from_seed(reader.take(KEY)), Keyring.read(reader))
        group._invites = {reader.take(NONCE): reader.u64() for _ in range(reader.u16())}
        group.accounts = {reader.take(ID): reader.take(ID) for _ in range(reader.u16())}
        reader.end()
        return group


def _vertex_item(vertex: Vertex) -> bytes:
    return u8(Item.VERTEX) + vertex.encoded


def _posts(
    ways: list[Epoch], items: list[bytes], random: Random
) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (epoch.mailbox, post)
        for epoch in ways
        for post in seal_posts(epoch.post_key, items, random)
    )


def _ordered(names: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(set(names)))


def _of_kind(records: Mapping[bytes, bytes], kind: bytes) -> dict[bytes, bytes]:
    return {key[1:]: record for key, record in records.items() if key[:1] == kind}
