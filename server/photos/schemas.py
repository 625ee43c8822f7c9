"""What the photo and upload routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.choices import Choices
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.photos.models import FindingKind, Kind, PhotoState

SIZES = ("thumb", "screen", "original")


class UploadHeaders(Schema):
    """Where the body begins and how long the whole file is, in bytes."""

    upload_offset = fields.Integer(data_key="Upload-Offset", required=True)
    upload_length = fields.Integer(data_key="Upload-Length", required=True)


class UploadOut(Schema):
    """How much of an upload is here; complete means verified and on the disk."""

    sha256 = fields.String(required=True)
    received = fields.Integer(required=True)
    complete = fields.Boolean(required=True)


class PhotoUrls(Schema):
    """Where the picture is found: 320 and 1,600 pixels upright, and the bytes as sent."""

    thumb = fields.String(required=True)
    screen = fields.String(required=True)
    original = fields.String(required=True)


class ExifOut(Schema):
    """What the file says of itself, which anybody can write into it.

    taken_at is the camera's clock without a zone; utc is there where it told its offset.
    """

    taken_at = fields.String(required=True, allow_none=True)
    offset_min = fields.Integer(required=True, allow_none=True)
    utc = fields.String(required=True, allow_none=True)
    make = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    software = fields.String(required=True, allow_none=True)
    lat = fields.Float(required=True, allow_none=True)
    lon = fields.Float(required=True, allow_none=True)
    orientation = fields.Integer(required=True)


class PhotoOut(Schema):
    """A photo's record."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True, allow_none=True)
    office_check_in_id = fields.String(required=True, allow_none=True)
    store_id = fields.String(required=True, allow_none=True)
    author_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(Kind)))
    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    mime = fields.String(required=True)
    taken_at = fields.String(required=True)
    source = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(PhotoState)))
    problem = fields.String(required=True, allow_none=True)
    uploaded_at = fields.String(required=True, allow_none=True)
    exif = fields.Nested(ExifOut, required=True, allow_none=True)
    urls = fields.Nested(PhotoUrls, required=True)


class PhotosOut(Schema):
    """A page of photos, newest first."""

    items = fields.List(fields.Nested(PhotoOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class FindingsQuery(Schema):
    """Whose photos' findings are asked for."""

    visit = fields.String(required=True)


class PhotoSideOut(Schema):
    """One photo of a pair. Where it is not visible to you, only day and region_name are told."""

    visible = fields.Boolean(required=True)
    day = fields.Date(required=True)
    region_name = fields.String(required=True)
    photo_id = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    added_at = fields.String(required=True, allow_none=True)
    visit_id = fields.String(required=True, allow_none=True)
    office_check_in_id = fields.String(required=True, allow_none=True)
    store_name = fields.String(required=True, allow_none=True)
    store_code = fields.String(required=True, allow_none=True)
    author_name = fields.String(required=True, allow_none=True)


class PhotoFindingOut(Schema):
    """A photo that is elsewhere too (other, earlier), or that was taken long before it was added.

    distance_bits of 64 and likeness (-1 to 1) are of a pair, exif_difference_s of an old photo.
    """

    kind = fields.String(required=True, validate=validate.OneOf(list(FindingKind)))
    photo = fields.Nested(PhotoSideOut, required=True)
    other = fields.Nested(PhotoSideOut, required=True, allow_none=True)
    distance_bits = fields.Integer(required=True, allow_none=True)
    likeness = fields.Float(required=True, allow_none=True)
    exif_difference_s = fields.Integer(required=True, allow_none=True)


class PhotoFindingsOut(Schema):
    """What was found about the photos of a visit."""

    items = fields.List(fields.Nested(PhotoFindingOut), required=True)


class PhotosQuery(Schema):
    """Filters of the list of photos; days are the organisation's, both inclusive."""

    visit = fields.String()
    office_check_in = fields.String()
    store = fields.String()
    rep = fields.String()
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    cursor = fields.String()
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class WallQuery(Schema):
    """Filters of the photo wall; days are the organisation's, both inclusive."""

    ids = Choices(
        fields.String(validate=validate.Length(max=36)),
        data_key="photo",
        validate=validate.Length(max=50),
        metadata={"description": "These photos alone, as far as they are yours to see."},
    )
    kinds = Choices(fields.String(validate=validate.OneOf(list(Kind))), data_key="kind")
    region = fields.String()
    store = fields.String()
    rep = fields.String()
    campaign = fields.String(
        metadata={
            "description": "At its stores, in its period and, if it asks for kinds, of those."
        }
    )
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    cursor = fields.String()
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class WallPhotoOut(Schema):
    """A photo of a visit, with the names of where and by whom; its pictures are at its id."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True)
    store_id = fields.String(required=True, allow_none=True)
    store_name = fields.String(required=True)
    store_code = fields.String(required=True)
    author_id = fields.String(required=True)
    author_name = fields.String(required=True)
    region_id = fields.String(required=True)
    region_name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(Kind)))
    source = fields.String(required=True)
    taken_at = fields.String(required=True)
    day = fields.Date(required=True, metadata={"description": "Of taken_at, the organisation's."})


class WallOut(Schema):
    """A page of the photo wall, newest first."""

    items = fields.List(fields.Nested(WallPhotoOut), required=True)
    next = fields.String(required=True, allow_none=True)
