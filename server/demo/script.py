"""What the demo's reps do, day by day: decided here from the seed, carried out in replay.py."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from server.demo import people
from server.demo.places import OFFICES, Shop, around, offset
from server.kernel.clock import org_day, org_zone
from server.kernel.geo import great_circle_m

FixDict = dict[str, Any]
# Metres a second between two shops on a scooter in town, lights and parking included.
_PACE: Final = 6.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much demo to make. photo_days: visits of the last so many days have photos."""

    shops_per_rep: int = 25
    days: int = 42
    visits_a_day: tuple[int, int] = (8, 12)
    photo_days: int = 7
    photo_share: float = 0.42
    workers: int = 2


@dataclass(frozen=True, slots=True)
class HandOut:
    """Material handed out; signature is which of the rep's drawn ones was given, if any."""

    goods: int
    quantity: int
    recipient: str
    signature: int | None


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo to be drawn. lost: its bytes are still on the phone."""

    kind: str
    seed: int
    at: datetime
    lost: bool


@dataclass(slots=True)
class Stop:
    """One visit as it happened. out_at is None where the rep forgot to check out, or still is in.

    cancelled stands in place of a check-out.
    """

    shop: Shop
    in_at: datetime
    out_at: datetime | None
    fix: FixDict | None
    out_fix: FixDict | None
    reason: str | None
    planned: bool
    cancelled: str | None = None
    note: str | None = None
    handouts: list[HandOut] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """An office check-in; office is None where the rep named none."""

    rep: int
    at: datetime
    office: int | None
    fix: FixDict | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RepDay:
    """A rep's visits of a day, in the lots in which the phone got through to the server."""

    rep: int
    lots: list[tuple[datetime, list[Stop]]]


def working_days(now: datetime, count: int) -> list[date]:
    """Mondays to Fridays among the last count days, today included, oldest first."""
    today = org_day(now)
    days = (today - timedelta(days=back) for back in range(count, -1, -1))
    return [day for day in days if day.isoweekday() <= 5]


def _local(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=org_zone())


def _good_fix(rng: random.Random, door: tuple[float, float]) -> FixDict:
    accuracy = round(min(60.0, rng.lognormvariate(2.8, 0.5)), 1)
    lat, lon = offset(*door, rng.gauss(0, accuracy / 2), rng.gauss(0, accuracy / 2))
    return _fix(lat, lon, accuracy, round(rng.uniform(0.2, 4.0), 1))


def _fix(lat: float, lon: float, accuracy_m: float, age_s: float, source: str = "gps") -> FixDict:
    return {"lat": lat, "lon": lon, "accuracy_m": accuracy_m, "age_s": age_s, "source": source}


def _doubtful_fix(
    rng: random.Random, door: tuple[float, float], radius_m: float, far: Sequence[str]
) -> tuple[FixDict | None, str | None]:
    """A position that is poor, missing, old or elsewhere, with the reason the rep gave."""
    way = rng.choices(("border", "far", "none", "poor", "old"), (4, 4, 2, 2, 1))[0]
    if way == "none":
        return None, rng.choice(people.NO_FIX_REASONS)
    if way == "poor":
        lat, lon = around(rng, *door, 260)
        return _fix(lat, lon, round(rng.uniform(260, 1400), 1), 2.0), rng.choice(
            people.POOR_FIX_REASONS
        )
    if way == "old":
        return _fix(*around(rng, *door, 30), 25.0, round(rng.uniform(200, 900), 1), "cached"), None
    metres = radius_m + rng.uniform(-15, 25) if way == "border" else rng.uniform(500, 2600)
    lat, lon = _at_distance(rng, door, metres)
    if way == "border":
        return _fix(lat, lon, round(rng.uniform(45, 90), 1), 1.5), None
    return _fix(lat, lon, round(rng.uniform(8, 30), 1), 1.5), rng.choice(far)


def _at_distance(
    rng: random.Random, door: tuple[float, float], metres: float
) -> tuple[float, float]:
    unit = rng.choice(((1, 0), (-1, 0), (0, 1), (0, -1), (0.6, 0.8), (-0.8, 0.6)))
    return offset(*door, metres * unit[0], metres * unit[1])


def rep_days(
    rng: random.Random, shops: Sequence[Shop], now: datetime, size: Size
) -> Iterator[RepDay]:
    """All days of all reps, oldest first. The last day ends now, perhaps in mid-visit."""
    photos_from = org_day(now) - timedelta(days=size.photo_days)
    mine = [[shop for shop in shops if shop.rep == rep] for rep in range(len(people.REPS))]
    earlier: dict[int, int] = {}
    for day in working_days(now, size.days):
        recent = day > photos_from
        for rep, own in enumerate(mine):
            if not own or (rng.random() < 0.03 and day != org_day(now)):
                continue  # a day off
            stops = _day(rng, rep, own, day, now, size)
            if recent:
                for stop in stops:
                    _photograph(rng, stop, now, size)
                    _use_again(rep, stop, earlier)
            if stops:
                yield RepDay(rep, list(_lots(rng, day, stops, now, often=recent)))


def _day(
    rng: random.Random, rep: int, own: Sequence[Shop], day: date, now: datetime, size: Size
) -> list[Stop]:
    count = min(len(own), rng.randint(*size.visits_a_day))
    at = _local(day, 8, 30) + timedelta(minutes=rng.randint(0, 45), seconds=rng.randint(0, 59))
    stops: list[Stop] = []
    before: Shop | None = None
    for shop in _route(rng, own, count):
        if before is not None:
            metres = great_circle_m(*before.door, *shop.door)
            at += timedelta(seconds=int(metres / _PACE + rng.uniform(240, 900)))
            at = _after_lunch(at)
        if at >= now:
            break
        stop = _visit(rng, rep, shop, at, planned=len(stops) < count - 2)
        if stop.out_at is not None and stop.out_at >= now:
            # Still in the shop: what comes after check-in has not happened yet.
            stop.out_at, stop.cancelled = None, None
            stop.handouts.clear()
            stop.note = None
            stops.append(stop)
            break
        stops.append(stop)
        before, at = shop, stop.out_at or at + timedelta(minutes=15)
        if at.time() > time(17, 15):
            break
    return stops


def _after_lunch(at: datetime) -> datetime:
    """Nobody starts a visit between noon and one."""
    return at + timedelta(hours=1) if at.hour == 12 else at


def _route(rng: random.Random, own: Sequence[Shop], count: int) -> list[Shop]:
    """A stretch of the rep's shops, each time the nearest one left: nobody criss-crosses town."""
    left = list(own)
    here = left.pop(rng.randrange(len(left)))
    route = [here]
    while left and len(route) < count:
        here = min(left, key=lambda shop: great_circle_m(*route[-1].door, *shop.door))
        left.remove(here)
        route.append(here)
    return route


def _visit(rng: random.Random, rep: int, shop: Shop, in_at: datetime, *, planned: bool) -> Stop:
    # One rep is doubtful more often than the others, as in every team.
    doubtful = rng.random() < (0.3 if rep == 7 else 0.09)
    fix: FixDict | None = _good_fix(rng, shop.door)
    reason: str | None = None
    if doubtful:
        fix, reason = _doubtful_fix(rng, shop.door, 200, people.OFF_SITE_REASONS)
    # Whoever got no position at the door gets none at the till either.
    out_fix = _good_fix(rng, shop.door) if fix else None
    dwell = rng.uniform(8, 30) * 60
    if rng.random() < 0.04:
        dwell = rng.uniform(50, 170)
    out_at: datetime | None = in_at + timedelta(seconds=int(dwell))
    stop = Stop(shop, in_at, out_at, fix, out_fix, reason, planned)
    ending = rng.random()
    if ending < 0.015:
        stop.cancelled = rng.choice(people.CANCEL_REASONS)
        return stop
    if ending < 0.027:
        stop.out_at = None  # forgot to check out
    if rng.random() < 0.18:
        stop.note = rng.choice(people.NOTES)
    if rng.random() < 0.28:
        stop.handouts = [_hand_out(rng) for _ in range(rng.choice((1, 1, 2)))]
    return stop


def _hand_out(rng: random.Random) -> HandOut:
    goods = rng.randrange(len(people.GOODS))
    typical = people.GOODS[goods].typical
    signature = rng.randrange(4) if rng.random() < 0.6 else None
    quantity = rng.randint(1, typical * 2)
    return HandOut(goods, quantity, rng.choice(people.RECIPIENTS), signature)


def _photograph(rng: random.Random, stop: Stop, now: datetime, size: Size) -> None:
    if stop.cancelled or rng.random() >= size.photo_share:
        return
    kinds = ("shelf", "storefront", "price_tag", "posm", "pile")
    wanted = rng.sample(kinds, rng.choices((1, 2, 3), (7, 2, 1))[0], counts=(4, 2, 1, 1, 1))
    wanted = list(dict.fromkeys(wanted))
    for number, kind in enumerate(wanted):
        at = stop.in_at + timedelta(seconds=20 + 25 * number)
        if at < min(now, stop.out_at or now):
            stop.shots.append(Shot(kind, rng.getrandbits(48), at, lost=rng.random() < 0.012))


def _use_again(rep: int, stop: Stop, earlier: dict[int, int]) -> None:
    """Now and then a rep sends an earlier visit's shelf once more; earlier: its seed by rep."""
    for shot in stop.shots:
        if shot.kind != "shelf" or shot.lost:
            continue
        if rep in earlier and shot.seed % 40 == 0:
            stop.shots[stop.shots.index(shot)] = replace(shot, seed=earlier[rep])
        else:
            earlier[rep] = shot.seed


def _lots(
    rng: random.Random, day: date, stops: Sequence[Stop], now: datetime, *, often: bool
) -> Iterator[tuple[datetime, list[Stop]]]:
    """Cut a day where the phone found a signal: at lunch and in the evening, or often."""
    hours = (11, 13, 15, 18) if often else (18,)
    rest = list(stops)
    for hour in hours:
        at = min(_local(day, hour, rng.randint(5, 50)), now)
        done = [stop for stop in rest if (stop.out_at or stop.in_at) <= at]
        if hour == hours[-1]:
            at, done = max([at, *((stop.out_at or stop.in_at) for stop in rest)]), rest
        if done:
            rest = [stop for stop in rest if stop not in done]
            yield at, done


def reports(rng: random.Random, now: datetime, size: Size) -> list[Report]:
    """The weekly office check-ins, with gaps, and some that are doubtful; oldest first."""
    found: list[Report] = []
    days = working_days(now, size.days)
    weeks = sorted({day.isocalendar()[:2] for day in days})
    for year, week in weeks:
        for rep in range(len(people.REPS)):
            fate = rng.random()
            weekday = rng.choices((1, 2, 3, 4, 5), (5, 2, 1, 1, 3))[0]
            at = _local(date.fromisocalendar(year, week, weekday), 8, 0) + timedelta(
                minutes=rng.randint(5, 40), seconds=rng.randint(0, 59)
            )
            # A rep of the east reports in the east or at headquarters.
            office = rng.choice((0, 1 if rep < 6 else 2))
            if fate < 0.12 or at >= now or at.date() < days[0]:
                continue
            found.append(_report(rng, rep, at, office, doubtful=fate > 0.86))
    return sorted(found, key=lambda report: (report.at, report.rep))


def _report(rng: random.Random, rep: int, at: datetime, office: int, *, doubtful: bool) -> Report:
    door = (OFFICES[office][4], OFFICES[office][5])
    if not doubtful:
        named = office if rng.random() < 0.7 else None
        return Report(rep, at, named, _good_fix(rng, door), None)
    fix, reason = _doubtful_fix(rng, door, 300, people.OFFICE_REASONS)
    return Report(rep, at, office, fix, reason or rng.choice(people.OFFICE_REASONS))
