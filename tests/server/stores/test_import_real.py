"""Importing two real store lists as they are, faults included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.clock import FrozenClock
from server.kernel.crs import Crs, to_wgs84
from server.stores.import_doubts import DOUBTFUL_PIN_M
from server.stores.importer import Report, import_stores
from server.stores.models import Store
from tests.realdata import real_file
from tests.server.conftest import World

# The rows (header = 1) of the sixteen stores of Changchun and Yushu whose geocoder gave up and
# answered with the middle of Jilin city, 100 km off.
FALLBACK = "126.564544", "43.87198833"


@pytest.fixture
def run(session: Session, world: World, clock: FrozenClock) -> Any:
    def go(path: Path, crs: Crs | None) -> Report:
        return import_stores(
            session,
            world.actors["office"],
            clock,
            path.read_bytes(),
            crs=crs,
            region_id=world.regions["west"],
        )

    return go


def rows_of(report: Report, code: str) -> set[int]:
    return {one.row for one in report.doubtful if one.code == code}


@pytest.mark.realdata
def test_fresh_supermarkets_bd09(run: Any, session: Session) -> None:
    path = real_file("stores/cn_fresh_supermarkets_bd09.csv")
    if path is None:
        return
    lines = path.read_text("utf-8").splitlines()
    report = run(path, Crs.BD09)
    assert (report.rows, report.created, report.refused) == (247, 247, 0)
    fallback = {number for number, line in enumerate(lines, 1) if line.endswith(",".join(FALLBACK))}
    assert len(fallback) == 16
    shared = rows_of(report, "position_shared")
    assert fallback < shared
    assert len(shared) == 19  # three more share another fallback
    names = {lines[row - 1].split(",")[0] for row in rows_of(report, "position_far")}
    # Geocoded into other cities, found by their district's other stores.
    assert {"长24", "长31"} <= names
    assert names <= {"长24", "长31", "长43", "长76", "长82", "双13", "经七街店"}
    assert len(rows_of(report, "name_twice")) == 2
    assert not rows_of(report, "position_abroad")
    # The worst come first, so that they are not lost among addresses without a city.
    assert {one.code for one in report.doubtful[:19]} == {"position_shared"}
    stored = list(session.scalars(select(Store)))
    raised = [store for store in stored if store.pin_quality_m == DOUBTFUL_PIN_M]
    assert len(raised) == 19 + len(names)
    first = next(store for store in stored if store.name == "艳粉店")
    assert (first.lat, first.lon) == pytest.approx(to_wgs84(41.77968209, 123.3619643, Crs.BD09))
    assert (first.city, first.initials, first.pin_quality_m) == ("沈阳市", "yfd", 0)


@pytest.mark.realdata
def test_openstreetmap_shops_wgs84(run: Any, session: Session) -> None:
    path = real_file("stores/cn_osm_shops_wgs84.csv")
    if path is None:
        return
    report = run(path, None)  # the header names the system
    assert report.crs is Crs.WGS84
    assert report.ignored_columns == ["osm_type", "shop"]
    reasons = {(one.field, one.code) for one in report.errors}
    assert reasons == {("name", "name_missing"), ("lat", "position_missing")}
    assert report.rows == 85
    assert report.created + report.refused == report.rows
    assert report.created > 50
    by_code = {store.code: store for store in session.scalars(select(Store))}
    assert by_code["554246825"].name == "萄醉 Just Grapes"
    assert by_code["647522507"].name == "GL Japan Plaza"  # only its English name is known
    assert by_code["554246825"].city == "Shanghai"
    assert not rows_of(report, "position_shared")
    assert not rows_of(report, "position_far")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("stores/cn_fresh_supermarkets_bd09.csv", Crs.BD09),
        ("stores/cn_osm_shops_wgs84.csv", Crs.WGS84),
    ],
)
def test_a_second_import_changes_nothing(run: Any, session: Session, name: str, crs: Crs) -> None:
    path = real_file(name)
    if path is None:
        return
    first = run(path, crs)
    before = {store.code: (store.id, store.rev) for store in session.scalars(select(Store))}
    second = run(path, crs)
    assert (second.created, second.updated) == (0, 0)
    assert second.unchanged == first.created
    assert second.doubtful == first.doubtful
    session.expire_all()
    after = {store.code: (store.id, store.rev) for store in session.scalars(select(Store))}
    assert after == before


@pytest.mark.realdata
def test_wrong_declaration_is_caught_by_the_header(run: Any) -> None:
    path = real_file("stores/cn_fresh_supermarkets_bd09.csv")
    if path is None:
        return
    with pytest.raises(problems.Problem, match="csv_crs_contradicted"):
        run(path, Crs.WGS84)


@pytest.mark.realdata
def test_a_file_of_something_else_is_refused(run: Any) -> None:
    path = real_file("products/off_excel_damaged_a.csv")
    if path is None:
        return
    with pytest.raises(problems.Problem, match="csv_header"):
        run(path, Crs.WGS84)
