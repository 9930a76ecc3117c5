# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Power that decays
@license MIT
@notice Keeps, for many owners, the power of weights that end: a weight w with the end e is worth
        w * (e - t) / MAXTIME at every second t before e, and nothing after. Tells the power of
        every owner at every second, past ones too. Times are seconds since a start that the
        contract knows.
@dev An owner has checkpoints: the sums of weight and of weight * end at some second, of what had
     not ended. While all its weights end together these two say everything. Else a tree of the
     ends says what has ended since a checkpoint: the Patricia tree of the ends by hexadecimal
     digits, where each node has the sums of what is below it, so a question costs a few reads
     however long nobody has touched anything. Only ends to come are added or taken away, so
     answers about the past stay as they are.
"""

from . import IVotes

MAXTIME: constant(uint256) = 4 * 365 * 86_400

BITS_16: constant(uint256) = 2**16 - 1
BITS_24: constant(uint256) = 2**24 - 1
BITS_32: constant(uint256) = 2**32 - 1
BITS_95: constant(uint256) = 2**95 - 1
BITS_96: constant(uint256) = 2**96 - 1
BITS_128: constant(uint256) = 2**128 - 1

# A checkpoint: moment 128 | weight 95 | many ends 1 | time 32. The moment is the sum of
# weight * end, or the end itself where there is only one.
# A head: as a checkpoint of one end, with the count of earlier checkpoints in bits 32 to 63; with
# many ends only count and mark, and the newest checkpoint is the last of the list.
COUNT: constant(uint256) = 32
WEIGHT: constant(uint256) = 128
MANY: constant(uint256) = 1 << 223
TIME: constant(uint256) = 224

# A node: weight 96 | sum of weight * (end modulo 2^24) 120 | children 16 | digit 3 | prefix 20.
# A node without children has one end. Else its weights have the same digits (the prefix) above
# `digit`, and bit c of `children` is set if one with the digit c was ever here.
# Its key: owner 160 | index 64 | place 32: the ends with `end >> 4 * place` = index.
MOMENT: constant(uint256) = 96
CHILDREN: constant(uint256) = 216
DIGIT: constant(uint256) = 232
PREFIX: constant(uint256) = 235
SUMS: constant(uint256) = 2**216 - 1
ROOT: constant(uint256) = 6  # the place of roots: one has the ends of 2^24 seconds, 194 days


# The power of one owner while it is looked at or changed: all of it that has not ended.
struct Power:
    count: uint256  # checkpoints in the list
    time: uint256  # of the newest checkpoint
    many: bool
    weight: uint256
    moment: uint256


heads: HashMap[address, uint256]
checkpoints: HashMap[uint256, uint256]  # by owner << 96 | index
nodes: HashMap[uint256, uint256]


# --- Power ------------------------------------------------------------------------------------


@internal
def _change(
    owner: address,
    now: uint256,
    taken: uint256,
    taken_end: uint256,
    given: uint256,
    given_end: uint256,
):
    """
    @notice Takes one weight from the power of an owner, and gives it one, at this second.
    """
    power: Power = self._open(owner, now)
    votes: uint256 = self._votes(power, now)
    if taken != 0:
        power = self._take(owner, power, taken, taken_end)
    if given != 0:
        power = self._give(owner, power, given, given_end)
    self._close(owner, power, now, votes)


@internal
def _checkpoint(owner: address, now: uint256) -> bool:
    """
    @notice Writes down what an owner has, if something has ended since that was done last: so
            nobody can fill the list of another.
    """
    head: uint256 = self.heads[owner]
    if head & MANY == 0:
        return False
    power: Power = self._open(owner, now)
    newest: uint256 = self.checkpoints[self._entry(owner, power.count - 1)]
    if power.weight == (newest >> WEIGHT) & BITS_95:
        return False
    self._close(owner, power, now, self._votes(power, now))
    return True


@view
@internal
def _open(owner: address, now: uint256) -> Power:
    """
    @notice Returns the power of an owner, without what has ended.
    """
    head: uint256 = self.heads[owner]
    count: uint256 = (head >> COUNT) & BITS_32
    if head & MANY != 0:
        return self._at_checkpoint(
            owner, self.checkpoints[self._entry(owner, count - 1)], count, now
        )
    return self._at_checkpoint(owner, head, count, now)


@view
@internal
def _at_checkpoint(owner: address, word: uint256, count: uint256, t: uint256) -> Power:
    """
    @notice Returns what is left at `t` of the power that a checkpoint tells.
    """
    time: uint256 = word >> TIME
    many: bool = word & MANY != 0
    weight: uint256 = (word >> WEIGHT) & BITS_95
    moment: uint256 = word & BITS_128
    if not many:
        moment &= BITS_32
        if moment <= t:
            weight = 0
            moment = 0
    elif t - time >= MAXTIME:
        weight = 0
        moment = 0
    elif t != time:
        ended_weight: uint256 = 0
        ended_moment: uint256 = 0
        ended_weight, ended_moment = self._ended(owner, time, t)
        weight -= ended_weight
        moment -= ended_moment
    if weight == 0:
        many = False
    return Power(count=count, time=time, many=many, weight=weight, moment=moment)


@pure
@internal
def _votes(power: Power, t: uint256) -> uint256:
    if power.many:
        return (power.moment - power.weight * t) // MAXTIME
    if power.weight == 0:
        return 0
    return power.weight * (power.moment - t) // MAXTIME


@internal
def _give(owner: address, power: Power, weight: uint256, end: uint256) -> Power:
    changed: Power = power
    changed.weight += weight
    if not power.many:
        # All together soon have many ends: their tree is there from the first, so that nobody
        # pays for the step from one end to two.
        if owner != self and (power.weight == 0 or power.moment == end):
            changed.moment = end
            return changed
        changed.many = True
        changed.moment = power.weight * power.moment
        if power.weight != 0:
            self._insert(owner, power.weight, power.moment)
    self._insert(owner, weight, end)
    changed.moment += weight * end
    return changed


@internal
def _take(owner: address, power: Power, weight: uint256, end: uint256) -> Power:
    changed: Power = power
    changed.weight -= weight
    if power.many:
        self._remove(owner, weight, end)
        changed.moment -= weight * end
    if changed.weight == 0:
        changed.many = False
        changed.moment = 0
    return changed


@internal
def _close(owner: address, power: Power, now: uint256, votes_before: uint256):
    """
    @notice Writes the power of an owner down; of two checkpoints of one second the second stays.
    """
    assert power.weight <= BITS_95, "power: too much"
    head: uint256 = self.heads[owner]
    count: uint256 = power.count
    if head & MANY != 0:
        if power.time == now:
            count -= 1
    elif head != 0 and power.time != now:
        self.checkpoints[self._entry(owner, count)] = head
        count += 1

    word: uint256 = (now << TIME) | (power.weight << WEIGHT) | power.moment
    if power.many:
        self.checkpoints[self._entry(owner, count)] = word | MANY
        self.heads[owner] = MANY | ((count + 1) << COUNT)
    else:
        self.heads[owner] = word | (count << COUNT)
    votes: uint256 = self._votes(power, now)
    if owner != self and votes != votes_before:
        log IVotes.DelegateVotesChanged(
            delegate=owner, previousVotes=votes_before, newVotes=votes
        )


@pure
@internal
def _entry(owner: address, index: uint256) -> uint256:
    return (convert(owner, uint256) << 96) | index


@view
@internal
def _power_at(owner: address, at: uint256) -> uint256:
    head: uint256 = self.heads[owner]
    count: uint256 = (head >> COUNT) & BITS_32
    word: uint256 = head
    if head & MANY != 0 or head >> TIME > at:
        word = self._checkpoint_at(owner, count, at)
    if word == 0:
        return 0
    return self._votes(self._at_checkpoint(owner, word, 0, at), at)


@view
@internal
def _checkpoint_at(owner: address, count: uint256, at: uint256) -> uint256:
    """
    @notice Returns the last of `count` checkpoints that is not after `at`, or 0.
    """
    # From the newest in growing steps, as most questions are about what was lately.
    high: uint256 = count
    low: uint256 = 0
    step: uint256 = 1
    found: uint256 = 0
    for _: uint256 in range(33):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if step != 0:
            if step > high:
                step = high
            middle = high - step
        word: uint256 = self.checkpoints[self._entry(owner, middle)]
        if word >> TIME <= at:
            found = word
            low = middle + 1
            step = 0
        else:
            high = middle
            if step != 0:
                step <<= 1
    return found


# --- The tree of ends -------------------------------------------------------------------------


@pure
@internal
def _key(owner: address, digit: uint256, index: uint256) -> uint256:
    return (convert(owner, uint256) << 96) | (index << 32) | digit


@internal
def _insert(owner: address, weight: uint256, end: uint256):
    offset: uint256 = end & BITS_24
    base: uint256 = end - offset
    added: uint256 = weight | (weight * offset << MOMENT)
    key: uint256 = self._key(owner, ROOT, end >> 24)
    for _: uint256 in range(7):
        node: uint256 = self.nodes[key]
        if node == 0:
            self.nodes[key] = added
            return
        assert (node & BITS_96) + weight <= BITS_96, "power: too much"
        digit: uint256 = (node >> DIGIT) & 7
        stem: uint256 = 0  # an end below the node, as far as its digits are common
        unlike: uint256 = 0
        if (node >> CHILDREN) & BITS_16 == 0:
            stem = ((node & SUMS) >> MOMENT) // (node & BITS_96)
            unlike = stem ^ offset
            if unlike == 0:
                self.nodes[key] = node + added
                return
        else:
            stem = (node >> PREFIX) << (4 * digit + 4)
            unlike = (stem ^ offset) >> (4 * digit + 4) << (4 * digit + 4)
        if unlike != 0:
            # It parts from what is here above the node: the node goes one step down.
            digit = self._highest_digit(unlike)
            self.nodes[self._key(owner, digit, (base | stem) >> (4 * digit))] = node
            node = (
                (node & SUMS)
                | (1 << (CHILDREN + ((stem >> (4 * digit)) & 15)))
                | (digit << DIGIT)
                | (offset >> (4 * digit + 4) << PREFIX)
            )
        self.nodes[key] = (node + added) | (1 << (CHILDREN + ((offset >> (4 * digit)) & 15)))
        key = self._key(owner, digit, end >> (4 * digit))


@internal
def _remove(owner: address, weight: uint256, end: uint256):
    """
    @notice Takes away a weight that was inserted with this end.
    """
    taken: uint256 = weight | (weight * (end & BITS_24) << MOMENT)
    key: uint256 = self._key(owner, ROOT, end >> 24)
    for _: uint256 in range(7):
        node: uint256 = self.nodes[key]
        self.nodes[key] = node - taken
        if (node >> CHILDREN) & BITS_16 == 0:
            return
        digit: uint256 = (node >> DIGIT) & 7
        key = self._key(owner, digit, end >> (4 * digit))


@pure
@internal
def _highest_digit(bits: uint256) -> uint256:
    """
    @notice Returns the place of the highest hexadecimal digit of a number in [1, 2^24).
    """
    rest: uint256 = bits
    place: uint256 = 0
    if rest >> 12 != 0:
        rest >>= 12
        place = 3
    if rest >> 8 != 0:
        return place + 2
    if rest >> 4 != 0:
        return place + 1
    return place


@view
@internal
def _ended(owner: address, since: uint256, upto: uint256) -> (uint256, uint256):
    """
    @notice Returns the sums of weight and of weight * end of the ends in (since, upto].
    """
    low_root: uint256 = since >> 24
    high_root: uint256 = upto >> 24
    weight: uint256 = 0
    moment: uint256 = 0
    sums: uint256 = 0
    if low_root == high_root:
        sums = self._between(owner, low_root, since & BITS_24, upto & BITS_24)
        weight = sums & BITS_96
        return weight, (sums >> MOMENT) + (weight * low_root << 24)

    sums = self._beyond(owner, ROOT, low_root, since & BITS_24, True)
    weight = sums & BITS_96
    moment = (sums >> MOMENT) + (weight * low_root << 24)
    for root: uint256 in range(low_root + 1, high_root, bound=8):
        sums = self.nodes[self._key(owner, ROOT, root)] & SUMS
        weight += sums & BITS_96
        moment += (sums >> MOMENT) + ((sums & BITS_96) * root << 24)
    sums = self._beyond(owner, ROOT, high_root, upto & BITS_24, False)
    weight += sums & BITS_96
    moment += (sums >> MOMENT) + ((sums & BITS_96) * high_root << 24)
    return weight, moment


@view
@internal
def _between(owner: address, root: uint256, since: uint256, upto: uint256) -> uint256:
    """
    @notice Returns the sums, packed as in a node, of the ends in (since, upto] of one root.
    """
    place: uint256 = ROOT
    index: uint256 = root
    for _: uint256 in range(7):
        node: uint256 = self.nodes[self._key(owner, place, index)]
        if node == 0:
            return 0
        sums: uint256 = node & SUMS
        children: uint256 = (node >> CHILDREN) & BITS_16
        if children == 0:
            end: uint256 = (sums >> MOMENT) // (sums & BITS_96)
            if since < end and end <= upto:
                return sums
            return 0
        digit: uint256 = (node >> DIGIT) & 7
        prefix: uint256 = node >> PREFIX
        low: uint256 = since >> (4 * digit + 4)
        high: uint256 = upto >> (4 * digit + 4)
        if prefix < low or prefix > high:
            return 0
        if low < prefix:
            if prefix < high:
                return sums
            return self._beyond(owner, place, index, upto, False)
        if prefix < high:
            return self._beyond(owner, place, index, since, True)

        # Both ends of the question are below this node.
        first: uint256 = (since >> (4 * digit)) & 15
        last: uint256 = (upto >> (4 * digit)) & 15
        place = digit
        index = (root << 24 >> (4 * digit)) | (prefix << 4)
        if first == last:
            if (children >> first) & 1 == 0:
                return 0
            index |= first
            continue
        sums = 0
        for child: uint256 in range(first + 1, last, bound=16):
            if (children >> child) & 1 != 0:
                sums += self.nodes[self._key(owner, place, index | child)] & SUMS
        if (children >> first) & 1 != 0:
            sums += self._beyond(owner, place, index | first, since, True)
        if (children >> last) & 1 != 0:
            sums += self._beyond(owner, place, index | last, upto, False)
        return sums
    return 0


@view
@internal
def _beyond(
    owner: address, place: uint256, index: uint256, bound: uint256, after: bool
) -> uint256:
    """
    @notice Returns the sums of the ends below one node that are after `bound`, or else of those
            up to it.
    """
    root: uint256 = index >> (24 - 4 * place)
    key: uint256 = self._key(owner, place, index)
    total: uint256 = 0
    for _: uint256 in range(7):
        node: uint256 = self.nodes[key]
        if node == 0:
            break
        sums: uint256 = node & SUMS
        children: uint256 = (node >> CHILDREN) & BITS_16
        if children == 0:
            if ((sums >> MOMENT) // (sums & BITS_96) > bound) == after:
                total += sums
            break
        digit: uint256 = (node >> DIGIT) & 7
        prefix: uint256 = node >> PREFIX
        part: uint256 = bound >> (4 * digit + 4)
        if prefix != part:
            if (prefix > part) == after:
                total += sums
            break
        middle: uint256 = (bound >> (4 * digit)) & 15
        first: uint256 = 0
        last: uint256 = middle
        if after:
            first = middle + 1
            last = 16
        stem: uint256 = (root << 24 >> (4 * digit)) | (prefix << 4)
        for child: uint256 in range(first, last, bound=16):
            if (children >> child) & 1 != 0:
                total += self.nodes[self._key(owner, digit, stem | child)] & SUMS
        if (children >> middle) & 1 == 0:
            break
        key = self._key(owner, digit, stem | middle)
    return total
