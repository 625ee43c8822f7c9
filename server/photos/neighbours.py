"""Finding the photos whose hash differs in at most 8 bits among all there are, without a scan.

Each of the three bands has an index that holds all that is read here: a band's 232 or 254 values
within two bits are looked up in it, and what comes back is compared in full.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.photos import likeness

_BANDS: Final = ("band_a", "band_b", "band_c")
_SEARCH: Final = {
    dialect: " UNION ".join(
        f"SELECT id, hash FROM photo_print WHERE {band} {many}"  # noqa: S608 -- our own names
        for band in _BANDS
    )
    for dialect, many in (
        ("sqlite", "IN (SELECT value FROM json_each(?))"),
        ("postgresql", "= ANY(%s)"),
    )
}
# Any number will do, as long as nothing else takes a lock of this number.
_LOCK: Final = 0x70_68_6F_74_6F


def one_at_a_time(session: Session) -> None:
    """Hold off other comparisons until this transaction ends.

    Two copies of a photo compared at the same moment would each miss the other. SQLite has one
    writer at a time by itself.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def near_prints(session: Session, bits: int) -> dict[int, int]:
    """Number of the print → bits that differ, for all within NEAR_BITS; itself included."""
    connection = session.connection()
    on_sqlite = connection.dialect.name == "sqlite"
    asked: tuple[Any, ...] = tuple(
        orjson.dumps(band).decode() if on_sqlite else band for band in likeness.probes(bits)
    )
    found = connection.exec_driver_sql(_SEARCH[connection.dialect.name], asked).cursor.fetchall()
    near = {}
    for number, value in found:
        distance = (likeness.unsigned(value) ^ bits).bit_count()
        if distance <= likeness.NEAR_BITS:
            near[number] = distance
    return near
