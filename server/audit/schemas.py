"""Bodies of the map routes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from server.audit.clusters import Box
from server.kernel.choices import Choices
from server.visits.flag_bits import CODES
from server.visits.verdict import Verdict


class BoxField(fields.Field[Box]):
    """A viewport: west,south,east,north in WGS-84 degrees."""

    default_error_messages = {"invalid": "Give west,south,east,north in degrees."}  # noqa: RUF012 -- marshmallow's way

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Box:
        try:
            west, south, east, north = (float(part) for part in str(value).split(","))
        except ValueError as error:
            raise self.make_error("invalid") from error
        if not all(map(math.isfinite, (west, south, east, north))):
            raise self.make_error("invalid")
        if west > east or south > north:
            raise ValidationError("west must not exceed east, nor south north.")
        # A map zoomed far out shows more than one world; there is only one to count.
        return Box(
            west=max(west, -180.0),
            south=max(south, -90.0),
            east=min(east, 180.0),
            north=min(north, 90.0),
        )


_BOX = {"type": "string", "description": "west,south,east,north in WGS-84 degrees"}


class DaysQuery(Schema):
    """Filters of the map; days are the organisation's, both inclusive."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    region = fields.String()
    rep = fields.String()
    store = fields.String()
    verdicts = Choices(fields.String(validate=validate.OneOf(list(Verdict))), data_key="verdict")
    flags = Choices(fields.String(validate=validate.OneOf(CODES)), data_key="flag")


class ClustersQuery(DaysQuery):
    """A viewport and its zoom; named: single check-ins tell their store and rep by name."""

    box = BoxField(required=True, data_key="bbox", metadata=_BOX)
    zoom = fields.Integer(required=True, validate=validate.Range(0, 24))
    named = fields.Boolean(load_default=False)


class DayOut(Schema):
    """The check-ins of one day."""

    day = fields.Date(required=True)
    count = fields.Integer(required=True)
    by_verdict = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class DaysOut(Schema):
    """Days that have check-ins with a position, ascending."""

    days = fields.List(fields.Nested(DayOut), required=True)


class ClusterOut(Schema):
    """Some check-ins near each other; one alone says which it is."""

    lat = fields.Float(required=True, metadata={"description": "Mean latitude."})
    lon = fields.Float(required=True, metadata={"description": "Mean longitude."})
    count = fields.Integer(required=True)
    by_verdict = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    bounds = fields.List(
        fields.Float(), required=True, metadata={"description": "west, south, east, north"}
    )
    id = fields.String(metadata={"description": "The visit, if count is 1."})
    store_id = fields.String()
    author_id = fields.String()
    checked_in_at = fields.String()
    store_name = fields.String(metadata={"description": "With named alone, like author_name."})
    author_name = fields.String()


class ClustersOut(Schema):
    """The check-ins of a viewport."""

    clusters = fields.List(fields.Nested(ClusterOut), required=True)
    total = fields.Integer(
        required=True, metadata={"description": "Check-ins in the box; from afar, in its cells."}
    )
    unplaced = fields.Integer(
        required=True,
        metadata={"description": "Check-ins of the selection that have no position at all."},
    )


class PlacesQuery(Schema):
    """The viewport to name."""

    box = BoxField(required=True, data_key="bbox", metadata=_BOX)


class PlaceOut(Schema):
    """A name on the map; weight counts the stores it stands for."""

    name = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    weight = fields.Integer(required=True)


class PlacesOut(Schema):
    """Names of a viewport, heaviest first."""

    places = fields.List(fields.Nested(PlaceOut), required=True)
