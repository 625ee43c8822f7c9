"""Impossible ways and copied positions: what is flagged, and all that must not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.organisation import Rules
from server.kernel.geo import great_circle_m
from server.visits.travel import (
    REACH,
    Apart,
    Seen,
    identical_flag,
    identical_to,
    too_fast,
    travel_flag,
)
from tests.server.visits.tracks import Track, fit, gpx, indoor

RULES = Rules()
LAT, LON = 31.3, 120.6


def seen(
    minutes: float,
    east_km: float,
    *,
    accuracy: float = 10,
    agrees: bool = True,
    sound: bool = True,
    store: str = "",
    age_s: float = 0,
    device: str = "phone-1",
    error_s: float = 5,
) -> Seen:
    """A check-in so many minutes after the first, so many kilometres east of it."""
    at = minutes * 60
    return Seen(
        id=f"{minutes}",
        store_id=store or f"store {east_km}",
        at=at,
        said=at,
        error_s=error_s,
        lat=LAT,
        lon=LON + east_km / 95.1,
        accuracy_m=accuracy,
        age_s=age_s,
        sound=sound,
        agrees=agrees,
        device_id=device,
        device_seq=int(minutes),
        told=at,
        offset_ms=0,
        monotonic_ms=None,
        ahead_s=0,
        received=at,
    )


def flagged(line: Sequence[Seen]) -> list[int]:
    return [i for i in range(len(line)) if travel_flag(line, i, RULES)]


@pytest.mark.parametrize(
    ("line", "places"),
    [
        # 40 km in 20 minutes is a highway
        ([seen(0, 0), seen(20, 40)], []),
        # 60 km in 20 minutes is not
        ([seen(0, 0), seen(20, 60)], [1]),
        # said once, of the visit at which it shows
        ([seen(0, 0), seen(20, 60), seen(60, 61)], [1]),
        # there and back, both fitting their stores: nobody was at both
        ([seen(0, 0), seen(5, 60), seen(10, 0)], [1, 2]),
        # a receiver that is wrong once: the fix fits no store and lies beside the way
        ([seen(0, 0), seen(5, 60, agrees=False), seen(10, 0.5)], []),
        # and while nothing has followed yet, nobody can know
        ([seen(0, 0), seen(5, 60, agrees=False)], []),
        # what follows is there too: it was no glitch
        ([seen(0, 0), seen(5, 60, agrees=False), seen(10, 61, agrees=False)], [1]),
        # the first fix of the day is the odd one
        ([seen(0, 60, agrees=False), seen(5, 0), seen(30, 1)], []),
        # two wild ones after each other clear nobody
        ([seen(0, 0), seen(5, 60, agrees=False), seen(10, -60, agrees=False)], [1]),
        # the accuracies cover the way
        ([seen(0, 0, accuracy=150), seen(0.1, 0.7, accuracy=150)], []),
        # jitter between two doors within a minute is no journey
        ([seen(0, 0, accuracy=5), seen(0.1, 0.45, accuracy=5)], []),
        # a coarse or cached fix proves nothing, and is stepped over
        ([seen(0, 0), seen(5, 60, sound=False), seen(10, 0)], []),
        ([seen(0, 0), seen(5, 0, sound=False), seen(20, 60)], [2]),
        # its fix is eleven minutes old: the way took longer than it seems
        ([seen(0, 0, age_s=700), seen(20, 60)], []),
        # two phones whose clocks may each be two minutes off
        ([seen(0, 0), seen(3, 12, device="phone-2", error_s=120)], [1]),
        ([seen(0, 0, error_s=120), seen(3, 12, device="phone-2", error_s=120)], []),
        # the very same second
        ([seen(0, 0), seen(0, 30)], [1]),
    ],
)
def test_impossible_travel(line: Sequence[Seen], places: list[int]) -> None:
    assert flagged(line) == places


def test_the_flag_says_how_fast_and_from_where() -> None:
    flag = travel_flag([seen(0, 0), seen(20, 60)], 1, RULES)
    assert flag is not None
    assert flag["refs"] == {"visit_id": "0"}
    numbers = flag["numbers"]
    assert numbers["speed_kmh"] == pytest.approx(179, abs=2)
    assert numbers["limit_kmh"] == 120
    assert flag["words"]["zh-CN"].endswith("公里/小时，超过 120 公里/小时")
    assert flag["words"]["en"].startswith("59.9 km from the check-in before")
    assert travel_flag([seen(0, 0), seen(20, 60)], 1, replace(RULES, travel_kmh=300)) is None


@given(
    st.floats(0, 600), st.floats(0, 2_000), st.floats(0, 150), st.floats(0, 150), st.floats(0, 3e3)
)
def test_a_worse_accuracy_never_accuses(
    minutes: float, km: float, one: float, two: float, worse: float
) -> None:
    near = too_fast(seen(0, 0, accuracy=one), seen(minutes, km, accuracy=two), RULES)
    coarse = too_fast(seen(0, 0, accuracy=one + worse), seen(minutes, km, accuracy=two), RULES)
    assert near or not coarse


# Real people, moving: each point a check-in at a store of its own, whether it fits it or not.
TRACKS = {
    "a car in a town": lambda: gpx("gpxpy_around-visnjan-with-car.gpx"),
    "a car at 30 km/h": lambda: gpx("mapillary_sf_30km_h.gpx"),
    "a track with speed": lambda: gpx("gpxpy_track_with_speed.gpx"),
    "a walk": lambda: fit("fit_garmin-fenix-5-walk.fit"),
    "an Android phone in a mall": lambda: indoor("indoor_mall_trace_wifi_imu.txt", 30.29, 120.14),
}


def check_ins(track: Track, *, agrees: bool) -> list[Seen]:
    start = track[0][0]
    return [
        replace(
            seen((at - start) / 60, 0, agrees=agrees, store=f"store {n}"),
            id=str(n),
            lat=lat,
            lon=lon,
            said=at - start,
            at=at - start,
        )
        for n, (at, lat, lon) in enumerate(track)
    ]


def far(_one: str, _two: str) -> float:
    return 2_000.0


def copied(line: Sequence[Seen], apart: Apart) -> list[int]:
    """Where a fix is flagged as the very same at another store."""
    return [
        i
        for i in range(len(line))
        if identical_flag(line, i, RULES, apart, identical_to(line, i)) is not None
    ]


@pytest.mark.parametrize("agrees", [True, False])
@pytest.mark.parametrize("name", TRACKS)
def test_real_ways_are_possible(name: str, agrees: bool) -> None:
    track = TRACKS[name]()
    if not track:
        return  # said by real_file
    line = check_ins(track, agrees=agrees)
    assert len(line) > 1
    assert flagged(line) == []
    # Stores far from each other: only that no two readings are the same keeps them from the flag.
    assert copied(line, far) == []


# The other two lead nowhere within REACH check-ins: a few seconds, and two check-ins.
@pytest.mark.parametrize("name", ["a car in a town", "a track with speed", "a walk"])
def test_a_reading_sent_twice_on_a_real_way(name: str) -> None:
    """Flagged where it is sent again, unless the doors are as near as the person really went."""
    track = TRACKS[name]()
    if not track:
        return  # said by real_file
    line = check_ins(track, agrees=True)
    near = range(max(0, len(line) - 1 - REACH), len(line) - 1)
    earlier = [i for i in near if line[-1].said - line[i].said > 5]
    first = line[earlier[0]]
    line[-1] = replace(line[-1], lat=first.lat, lon=first.lon)
    assert copied(line, far) == [len(line) - 1]

    def really(one: str, two: str) -> float:
        return great_circle_m(*track[int(one[6:])][1:], *track[int(two[6:])][1:])

    assert really(first.store_id, line[-1].store_id) < 100
    assert copied(line, really) == []


@pytest.mark.parametrize("name", TRACKS)
def test_one_glitch_on_a_real_way_accuses_nobody(name: str) -> None:
    track = TRACKS[name]()
    if len(track) < 3:
        return  # said by real_file, or too short to have a middle
    line = check_ins(track, agrees=True)
    middle = len(line) // 2
    line[middle] = replace(line[middle], lat=line[middle].lat + 1.0, agrees=False)  # type: ignore[operator]
    assert flagged(line) == []


@pytest.mark.parametrize(
    ("line", "apart_m", "is_flagged"),
    [
        # the same digits at two stores 2 km apart
        ([seen(0, 0, store="A"), seen(30, 0, store="B")], 2_000, True),
        # at the same store they are nothing new
        ([seen(0, 0, store="A"), seen(30, 0, store="A")], 2_000, False),
        # doors next to each other, or both within what the fix may be off
        ([seen(0, 0, store="A"), seen(30, 0, store="B")], 90, False),
        (
            [seen(0, 0, store="A", accuracy=100), seen(30, 0, store="B", accuracy=100)],
            290,
            False,
        ),
        # one and the same reading, honestly told as 100 s old
        ([seen(0, 0, store="A"), seen(100 / 60, 0, store="B", age_s=100)], 2_000, False),
        # told as new, 100 s later
        ([seen(0, 0, store="A"), seen(100 / 60, 0, store="B")], 2_000, True),
        # a metre beside
        ([seen(0, 0, store="A"), seen(30, 0.001, store="B")], 2_000, False),
        # not out of sight behind one visit in between
        ([seen(0, 0, store="A"), seen(9, 1, store="C"), seen(30, 0, store="B")], 2_000, True),
        # coarse ones are the same all over a quarter
        (
            [seen(0, 0, store="A", sound=False), seen(30, 0, store="B", sound=False)],
            2_000,
            False,
        ),
    ],
)
def test_identical_fix(line: Sequence[Seen], apart_m: float, is_flagged: bool) -> None:
    last = len(line) - 1
    same = identical_to(line, last)
    flag = identical_flag(line, last, RULES, lambda *_: apart_m, same)
    assert (flag is not None) == is_flagged
    if flag:
        assert flag["refs"] == {"visit_id": "0"}
        assert flag["numbers"]["apart_m"] == apart_m
        assert "坐标完全相同" in flag["words"]["zh-CN"]
