"""What several feeds answer together: the weighted median of those that are fresh and no outliers.

Reads the feeds where they are stored, at 0x0510, through a host. Knows no methods.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...precompile import Host
from ...storage import Foreign, Words
from .. import rounds
from ..feeds import contract as feeds_contract
from ..feeds import store as feeds
from ..feeds.store import Feed
from . import statistics

SOURCES_MAX = 16

INVALID_SOURCES = abi.error("InvalidSources(uint256 position)")
TOO_FEW_SOURCES = abi.error("TooFewSources(uint256 least, uint256 actual)")

ERRORS = (feeds.UNKNOWN_FEED, INVALID_SOURCES, TOO_FEW_SOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How old a source may be in seconds, how many are needed, and which is an outlier.

    `outlier` is a share of the median deviation in basis points; 0 takes none away.
    """

    max_age: int
    least: int
    outlier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What the sources say: as old as the oldest that counted."""

    answer: int
    observed_at: int
    count: int


def feeds_of(host: Host) -> Foreign:
    """Return where the feeds are."""
    return Foreign(host=host, address=feeds_contract.ADDRESS)


def check(host: Host, identifiers: Sequence[bytes], weights: Sequence[int], least: int) -> int:
    """Refuse sources that cannot work, and return how many decimals all of them have."""
    if len(weights) != len(identifiers):
        raise abi.INVALID_LENGTH(len(identifiers), len(weights))
    if not 1 <= least <= len(identifiers):
        raise TOO_FEW_SOURCES(least, len(identifiers))
    reader, decimals = feeds_of(host), []
    for position, identifier in enumerate(identifiers):
        decimals.append(feeds.load(reader, identifier).decimals)
        again = identifier in identifiers[:position]
        if again or weights[position] == 0 or decimals[position] != decimals[0]:
            raise INVALID_SOURCES(position)
    return decimals[0]


def together(
    host: Host, now: int, identifiers: Sequence[bytes], weights: Sequence[int], rule: Rule
) -> Together:
    """Return what checked sources say, or refuse when too few are left."""
    reader = feeds_of(host)
    answers, times, counted = [], [], []
    for identifier, weight in zip(identifiers, weights, strict=True):
        feed = feeds.load(reader, identifier)
        if is_fresh(reader, feed, now, rule.max_age):
            last = feeds.load_last(reader, feed)
            answers.append(last.answer)
            times.append(last.observed_at)
            counted.append(weight)
    places = list(range(len(answers)))
    if rule.outlier and answers:
        places = statistics.kept(answers, rule.outlier)
    if len(places) < rule.least:
        raise TOO_FEW_SOURCES(rule.least, len(places))
    answer = statistics.weighted_median(
        [answers[place] for place in places], [counted[place] for place in places]
    )
    return Together(
        answer=answer, observed_at=min(times[place] for place in places), count=len(places)
    )


def is_fresh(reader: Words, feed: Feed, now: int, max_age: int) -> bool:
    """Return whether a feed has an answer that is not too old. After 2106 none is fresh."""
    head = feeds.load_head(reader, feed)
    return head.round > 0 and now <= rounds.TIME_MAX and now - head.observed_at <= max_age
