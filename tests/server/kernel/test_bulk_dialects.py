"""The bulk statements are put together for both databases, also where only one is at hand."""

from __future__ import annotations

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from server.kernel.bulk import BulkInsert, Lookup
from server.visits.models import Visit

VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": psycopg.dialect()}


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_a_table_with_columns_of_every_type(name: str) -> None:
    statement, processors = Lookup(VISIT.c.id)._prepare(DIALECTS[name])
    assert statement.startswith("SELECT ")
    read = {list(VISIT.columns)[index].name for index, _ in processors}
    assert {"received_at", "flags"} <= read
    assert not {"in_lat", "distance_m"} & read
    assert BulkInsert(VISIT)._prepare(DIALECTS[name])[0].startswith("INSERT INTO visit ")
