"""A pool with one position in it, and a vault that owns it, in plain integers from v4's rules."""

from dataclasses import dataclass, field
from decimal import Decimal, localcontext

FEE = 3_000
UNIT = 10**6
Q96 = 2**96
Q128 = 2**128

Amounts = tuple[int, int]


def root(tick: int) -> int:
    """The price of a tick; the amounts asked for here do not see its last digits."""
    with localcontext() as context:
        context.prec = 80
        return int(Decimal("1.0001") ** (Decimal(tick) / 2) * Q96) + 1


def up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


@dataclass
class Model:
    """The pool, the vault's liquidity in it, and what the vault holds beside."""

    lower: int = -600
    upper: int = 600
    price: int = Q96
    liquidity: int = 0
    supply: int = 0
    beside: list[int] = field(default_factory=lambda: [0, 0])
    growth: list[int] = field(default_factory=lambda: [0, 0])

    def worth(self, liquidity: int, *, rounded_up: bool) -> Amounts:
        low, high = root(self.lower), root(self.upper)
        first = (liquidity * Q96) * (high - self.price)
        second = liquidity * (self.price - low)
        if rounded_up:
            return up(up(first, high), self.price), up(second, Q96)
        return first // high // self.price, second // Q96

    def collect(self) -> None:
        """Put the fees that the position has earned beside it."""
        for side in (0, 1):
            self.beside[side] += self.growth[side] * self.liquidity // Q128
            self.growth[side] = 0

    def swap(self, side: int, amount: int) -> int:
        """Swap an amount in, within the range.

        Downwards a swap halts at tick 0, where a word of the bitmap ends, and each part rounds.
        """
        if side == 0 and self.price > Q96:
            whole = up(up(self.liquidity * Q96 * (self.price - Q96), self.price), Q96)
            if whole <= amount * (UNIT - FEE) // UNIT:
                fee = up(whole * FEE, UNIT - FEE)
                out = self.liquidity * (self.price - Q96) // Q96
                self.price = Q96
                self.growth[0] += fee * Q128 // self.liquidity
                return out + self.within(0, amount - whole - fee)
        return self.within(side, amount)

    def within(self, side: int, amount: int) -> int:
        """Swap an amount in, without a halt."""
        net = amount * (UNIT - FEE) // UNIT
        liquidity, before = self.liquidity, self.price
        if side == 0:
            self.price = up(liquidity * Q96 * before, liquidity * Q96 + net * before)
            out = liquidity * (before - self.price) // Q96
            used = up(up(liquidity * Q96 * (before - self.price), before), self.price)
        else:
            self.price = before + net * Q96 // liquidity
            out = liquidity * Q96 * (self.price - before) // self.price // before
            used = up(liquidity * (self.price - before), Q96)
        self.growth[side] += (amount - used) * Q128 // liquidity
        return out

    def join(self, shares: int) -> Amounts:
        added = up(self.liquidity * shares, self.supply) if self.supply else shares
        cost = self.worth(added, rounded_up=True)
        self.collect()
        extra = [up(each * shares, self.supply) if self.supply else 0 for each in self.beside]
        self.liquidity += added
        self.supply += shares
        self.beside = [have + more for have, more in zip(self.beside, extra, strict=True)]
        return cost[0] + extra[0], cost[1] + extra[1]

    def leave(self, shares: int) -> tuple[Amounts, Amounts]:
        """Return what the liquidity gives, and what comes from beside it."""
        removed = self.liquidity * shares // self.supply
        principal = self.worth(removed, rounded_up=False)
        self.collect()
        extra = [each * shares // self.supply for each in self.beside]
        self.liquidity -= removed
        self.supply -= shares
        self.beside = [have - less for have, less in zip(self.beside, extra, strict=True)]
        return principal, (extra[0], extra[1])

    def leave_with(self, side: int, shares: int) -> int:
        """Leave for one of the tokens alone."""
        principal, extra = self.leave(shares)
        swapped = principal[1 - side] + extra[1 - side]
        return principal[side] + extra[side] + (self.swap(1 - side, swapped) if swapped else 0)

    def join_with(self, side: int, assets: int, swapped: int) -> tuple[int, int]:
        """Return the shares, and what of the one token they cost in all."""
        got = self.swap(side, swapped) if swapped else 0
        self.collect()
        whole = self.worth(self.liquidity, rounded_up=True)
        have = (assets - swapped, got) if side == 0 else (got, assets - swapped)
        triples = zip(have, whole, self.beside, strict=True)
        parts = [max(each - 2, 0) * self.supply // (part + more) for each, part, more in triples]
        shares = max(min(parts) - 2, 0)
        return shares, swapped + self.join(shares)[side]

    def compound(self) -> int:
        """Add fees to the liquidity, within the range; return how much they are."""
        self.collect()
        low, high = root(self.lower), root(self.upper)
        first, second = (max(each - 1, 0) for each in self.beside)
        added = min(
            first * self.price * high // (high - self.price) // Q96,
            second * Q96 // (self.price - low),
            up(self.liquidity, 64),
        )
        cost = self.worth(added, rounded_up=True)
        self.liquidity += added
        self.beside = [have - less for have, less in zip(self.beside, cost, strict=True)]
        return added
