"""What this feature holds about a person: photos, and what was found about them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.kernel.held import Section, tell_of
from server.photos.models import Photo, PhotoFinding, Upload
from server.stores.held import name_stores

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_FINDING: Table = PhotoFinding.__table__  # type: ignore[assignment]  # likewise
_UPLOAD: Table = Upload.__table__  # type: ignore[assignment]  # likewise

# The list of photos, as it also stands beside the records in an export.
PHOTOS: Final = tell_of(
    Section(
        "photos",
        lambda user_id: select(_PHOTO).where(_PHOTO.c.author_id == user_id),
        _PHOTO.c.taken_at,
        _PHOTO.c.id,
        ("taken_at", "store_name", "kind", "source", "bytes", "state", "sha256"),
        name_stores,
    )
)
SECTIONS: Final = (
    PHOTOS,
    tell_of(
        Section(
            "photo_findings",
            # The other photo may be somebody else's: that there is one is told, not which.
            lambda user_id: (
                select(
                    *(column for column in _FINDING.c if column.name != "other_photo_id"),
                    _PHOTO.c.store_id,
                )
                .join(_PHOTO, _PHOTO.c.id == _FINDING.c.photo_id)
                .where(_PHOTO.c.author_id == user_id)
            ),
            _FINDING.c.found_at,
            _FINDING.c.id,
            ("found_at", "store_name", "kind", "distance_bits", "exif_difference_s"),
            name_stores,
        )
    ),
    tell_of(
        Section(
            "uploads",
            lambda user_id: select(_UPLOAD).where(_UPLOAD.c.user_id == user_id),
            _UPLOAD.c.completed_at,
            _UPLOAD.c.sha256,
            ("completed_at", "bytes", "sha256"),
        )
    ),
)
