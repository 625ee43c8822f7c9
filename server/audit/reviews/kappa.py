"""How far two people agree on the same visits: percent and Cohen's kappa. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Agreement:
    """How often two people said what: the first word is the first person's."""

    both_accepted: int = 0
    accepted_rejected: int = 0
    rejected_accepted: int = 0
    both_rejected: int = 0

    def add(self, *, first_accepted: bool, second_accepted: bool, times: int = 1) -> None:
        """Count so many visits."""
        if first_accepted and second_accepted:
            self.both_accepted += times
        elif first_accepted:
            self.accepted_rejected += times
        elif second_accepted:
            self.rejected_accepted += times
        else:
            self.both_rejected += times

    @property
    def cases(self) -> int:
        """All visits."""
        return (
            self.both_accepted + self.accepted_rejected + self.rejected_accepted
        ) + self.both_rejected

    @property
    def agreed(self) -> int:
        """Visits on which both said the same."""
        return self.both_accepted + self.both_rejected

    @property
    def percent(self) -> float | None:
        """Share of the visits agreed on, 0 to 100; None without any."""
        return round(100 * self.agreed / self.cases, 1) if self.cases else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa, -1 to 1: what is agreed on beyond chance.

        None where it says nothing: without visits, or where both always said the same one word.
        """
        number = self.cases
        first = self.both_accepted + self.accepted_rejected
        second = self.both_accepted + self.rejected_accepted
        # Whole numbers, so that perfect chance is found exactly and not divided by.
        by_chance = first * second + (number - first) * (number - second)
        if by_chance == number * number:
            return None
        return round((self.agreed * number - by_chance) / (number * number - by_chance), 3)
