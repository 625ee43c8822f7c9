"""What a figure is, and how a bench registers itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    `floor` is the least that the same machine needs for the bare task, measured in the same run,
    so that a figure means the same on a fast and on a slow machine. `goal` is what we promise, in
    the same unit. Smaller is better, unless `more_is_better`.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    floor: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the floor the value is (for more_is_better: the share of it reached)."""
        return round(self.value / self.floor, 3) if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is no goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal


Bench = Callable[[], Iterable[Figure]]
BENCHES: dict[str, Bench] = {}


def bench(measure: Bench) -> Bench:
    """Register a function that measures one or several figures. Its name is the bench's name."""
    if measure.__name__ in BENCHES:
        message = f"two benches are named {measure.__name__}"
        raise ValueError(message)
    BENCHES[measure.__name__] = measure
    return measure
