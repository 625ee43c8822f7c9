"""The map's sums: check-ins added up by cell, so that a million of them are counted in no time."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

from sqlalchemy import BigInteger, Date, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id


class Period(IntEnum):
    """What a sum spans."""

    DAY = 0
    MONTH = 1


class MapSum(Base):
    """The check-ins of one cell, day (or month), region, verdict and set of flags.

    start is the period's first day. A cell is a Morton number cut to 2 * level bits. The key is in
    the order in which a viewport is read: period by period, range of cells by range.
    """

    __tablename__ = "map_sum"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- SQLAlchemy's way

    period: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[date] = mapped_column(Date, primary_key=True)
    cell: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    region_id: Mapped[str] = mapped_column(Id, primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16), primary_key=True)
    flag_bits: Mapped[int] = mapped_column(primary_key=True)
    visits: Mapped[int]
    lat_sum: Mapped[float]
    lon_sum: Mapped[float]
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]
    morton: Mapped[int] = mapped_column(BigInteger)


class MapPeriod(Base):
    """A day or month that has been added up; a day counts unless visit_day_change has it."""

    __tablename__ = "map_period"

    period: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[date] = mapped_column(Date, primary_key=True)
