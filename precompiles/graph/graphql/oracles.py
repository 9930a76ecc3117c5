"""Fields of oracle feeds: those that reports are signed for, and those that are made of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...precompile import Revert
from ...storage import Foreign
from .. import rounds
from ..aggregation import composites
from ..aggregation.contract import PRECOMPILE as AGGREGATION
from ..feeds import store as feeds
from ..feeds.contract import PRECOMPILE as FEEDS
from ..rounds import Round
from .answer import Reading, Resolver
from .plan import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed of one kind or the other."""

    words: Foreign
    identifier: bytes
    found: feeds.Feed | composites.Composite

    def last(self) -> int:
        """Return the number of the last round, or 0."""
        if isinstance(self.found, feeds.Feed):
            return feeds.load_head(self.words, self.found).round
        return composites.load_head(self.words, self.found).last

    def ring(self) -> int:
        """Return where its rounds are."""
        if isinstance(self.found, feeds.Feed):
            return feeds.ring_of(self.found)
        return composites.ring_of(self.found)

    def round(self, last: int, number: int) -> Round | None:
        """Return a round, or None when it is not kept."""
        try:
            return rounds.load(self.words, self.ring(), last, number)
        except Revert:
            return None

    def description(self) -> str:
        """Return what it is said to tell."""
        if isinstance(self.found, feeds.Feed):
            return feeds.load_description(self.words, self.found)
        return composites.load_description(self.words, self.found)


def source_of(reading: Reading, identifier: bytes) -> Source | None:
    """Return a feed of either kind, or None. No id is of both."""
    words = Foreign(host=reading.call.host, address=FEEDS.address)
    feed = feeds.find(words, identifier)
    if feed is not None:
        return Source(words=words, identifier=identifier, found=feed)
    words = Foreign(host=reading.call.host, address=AGGREGATION.address)
    composite = composites.find(words, identifier)
    if composite is not None:
        return Source(words=words, identifier=identifier, found=composite)
    return None


def feed_of(reading: Reading, _: Any, planned: Planned) -> Source | None:
    """Resolve Query.feed."""
    return source_of(reading, planned.arguments["id"])


def feeds_of(reading: Reading, _: Any, planned: Planned) -> list[Source | None]:
    """Resolve Query.feeds."""
    return [source_of(reading, identifier) for identifier in planned.arguments["ids"]]


def kind(_: Reading, source: Source, __: Planned) -> str:
    """Resolve Feed.kind."""
    return "reported" if isinstance(source.found, feeds.Feed) else "composite"


def heartbeat(_: Reading, source: Source, __: Planned) -> int | None:
    """Resolve Feed.heartbeat."""
    return source.found.heartbeat if isinstance(source.found, feeds.Feed) else None


def config_digest(_: Reading, source: Source, __: Planned) -> bytes | None:
    """Resolve Feed.configDigest."""
    if not isinstance(source.found, feeds.Feed):
        return None
    return feeds.load_digest(source.words, source.found)


def latest(_: Reading, source: Source, __: Planned) -> Round | None:
    """Resolve Feed.latest."""
    last = source.last()
    return source.round(last, last)


def round_of(_: Reading, source: Source, planned: Planned) -> Round | None:
    """Resolve Feed.round."""
    return source.round(source.last(), planned.arguments["roundId"])


def rounds_of(_: Reading, source: Source, planned: Planned) -> list[Round]:
    """Resolve Feed.rounds: the newest first."""
    last = source.last()
    newest = last - planned.arguments["skip"]
    numbers = range(newest, max(newest - planned.arguments["first"], 0), -1)
    found = (source.round(last, number) for number in numbers)
    return [each for each in found if each is not None]


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "feed"): feed_of,
    ("Query", "feeds"): feeds_of,
    ("Feed", "id"): lambda _, source, __: source.identifier,
    ("Feed", "kind"): kind,
    ("Feed", "owner"): lambda _, source, __: source.found.owner,
    ("Feed", "description"): lambda _, source, __: source.description(),
    ("Feed", "decimals"): lambda _, source, __: source.found.decimals,
    ("Feed", "heartbeat"): heartbeat,
    ("Feed", "configDigest"): config_digest,
    ("Feed", "latest"): latest,
    ("Feed", "round"): round_of,
    ("Feed", "rounds"): rounds_of,
    ("Round", "roundId"): lambda _, entry, __: entry.number,
    ("Round", "answer"): lambda _, entry, __: entry.answer,
    ("Round", "observedAt"): lambda _, entry, __: entry.observed_at,
    ("Round", "updatedAt"): lambda _, entry, __: entry.updated_at,
}
