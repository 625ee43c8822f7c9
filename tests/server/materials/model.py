"""What the books must hold, worked out from all facts in the order in which they happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from server.materials.ledger import ADJUST

# A place, the number of a material, and the number of its batch: 0 is none, the others expire in
# the order of their numbers.
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Fact:
    """Units that moved; handout_id where they were handed out."""

    at: datetime
    source: str
    target: str
    goods: int
    batch: int
    quantity: int
    handout_id: str | None = None


@dataclass(frozen=True)
class Count:
    """What somebody found. batch 0 is the whole material."""

    id: str
    at: datetime
    place: str
    goods: int
    batch: int
    counted: int


@dataclass
class Model:
    """All that has happened."""

    facts: list[Fact] = field(default_factory=list)
    cancelled: dict[str, Fact] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)

    def outcome(self, approved: Collection[str]) -> Outcome:
        """The end of it all, if these counts were approved."""
        events: list[tuple[datetime, int, Fact | Count]] = [
            (fact.at, 0, fact) for fact in [*self.facts, *self.cancelled.values()]
        ]
        events += [(count.at, 1, count) for count in self.counts.values()]
        end = Outcome()
        for _, _, event in sorted(events, key=lambda one: one[:2]):
            if isinstance(event, Fact):
                end.move(event)
            else:
                end.count(event, approve=event.id in approved)
        return end


@dataclass
class Outcome:
    """Balances; what the books should say of the moment of each count; the handouts too many."""

    balances: Counter[Key] = field(default_factory=Counter)
    says: dict[str, int] = field(default_factory=dict)
    over_issued: set[str] = field(default_factory=set)

    def move(self, fact: Fact) -> None:
        if fact.handout_id and self.total(fact.source, fact.goods) < fact.quantity:
            self.over_issued.add(fact.handout_id)
        self.balances[fact.target, fact.goods, fact.batch] += fact.quantity
        self.balances[fact.source, fact.goods, fact.batch] -= fact.quantity

    def total(self, place: str, goods: int) -> int:
        return sum(amount for key, amount in self.balances.items() if key[:2] == (place, goods))

    def count(self, one: Count, *, approve: bool) -> None:
        where = (one.place, one.goods)
        whole = one.batch == 0
        says = self.total(*where) if whole else self.balances[*where, one.batch]
        self.says[one.id] = says
        if not approve or one.counted == says:
            return
        if not whole:
            self.correct(*where, one.batch, one.counted - says)
            return
        for batch in range(3):
            self.correct(*where, batch, max(0, -self.balances[*where, batch]))
        for batch in range(3):
            too_many = max(0, self.total(*where) - one.counted)
            self.correct(*where, batch, -min(too_many, self.balances[*where, batch]))
        self.correct(*where, 0, one.counted - self.total(*where))

    def correct(self, place: str, goods: int, batch: int, amount: int) -> None:
        self.balances[place, goods, batch] += amount
        self.balances[ADJUST, goods, batch] -= amount
