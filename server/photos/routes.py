"""Uploads by hash, and photos as pictures and as a list."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, request, send_file

from server.config import settings
from server.kernel import problems as common
from server.kernel.auth import Role, needs
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.http import binary_answers, blueprint, ctx, json_bytes
from server.kernel.problems import catalogue, refuses
from server.photos import background, pairs, problems, queries, receiving, schemas, wall
from server.photos.models import PhotoState
from server.photos.queries import PhotoFilters
from server.photos.records import Row
from server.photos.wall import WallFilters
from server.visits.views import note_look

__all__ = ["background", "blueprints"]  # background: imported so that its jobs are known

uploads_bp = blueprint("uploads", "/uploads", "Resumable photo bytes")
photos_bp = blueprint("photos", "/photos", "Photos")
blueprints = [uploads_bp, photos_bp]

BYTES_TYPE = "application/offset+octet-stream"
BYTES_UNKNOWN = "application/octet-stream"


@uploads_bp.route("/<sha256>", methods=["HEAD"])
@needs()
@uploads_bp.response(200, description="Upload-Offset and Upload-Complete say how far it is.")
@refuses(common.VALIDATION_FAILED)
def show_upload(sha256: str) -> Response:
    """How much of this file the server has from you; 0 for one never begun."""
    at = ctx()
    progress = receiving.progress(at.session, at.actor, sha256)
    return Response(headers=progress.headers())


@uploads_bp.route("/<sha256>", methods=["PATCH"])
@needs()
@uploads_bp.doc(
    parameters=[
        {"in": "header", "name": name, "required": True, "schema": {"type": "integer"}}
        for name in (receiving.OFFSET, receiving.LENGTH)
    ],
    requestBody={
        "required": True,
        "content": {BYTES_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
)
@uploads_bp.response(200, schemas.UploadOut())
@uploads_bp.alt_response(201, schema=schemas.UploadOut())
@refuses(common.VALIDATION_FAILED, *problems.UPLOAD_PROBLEMS)
def append_upload(sha256: str) -> Response:
    """Append bytes at Upload-Offset; with the last of them the hash is verified.

    201 and complete mean that the file is on the disk for good.
    """
    at = ctx()
    # Not the limit of a JSON body. The stream is read in pieces and stops at this size.
    request.max_content_length = settings().max_photo_bytes
    sizes = (request.headers.get(receiving.OFFSET), request.headers.get(receiving.LENGTH))
    here = receiving.receive(at.session, at.actor, at.clock, sha256, sizes, request.stream)
    status = HTTPStatus.CREATED if here.complete else HTTPStatus.OK
    response = json_bytes(orjson.dumps(here.as_dict()), status)
    response.headers.update(here.headers())
    return response


@photos_bp.route("", methods=["GET"])
@needs()
@photos_bp.arguments(schemas.PhotosQuery(), location="query")
@photos_bp.response(200, schemas.PhotosOut())
def list_photos(query: dict[str, Any]) -> Response:
    """The photos in your scope, newest first."""
    at = ctx()
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    page = queries.list_photos(
        at.session, at.actor, PhotoFilters(**query), cursor=cursor, limit=limit
    )
    return json_bytes(orjson.dumps(page))


@photos_bp.route("/findings", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@photos_bp.arguments(schemas.FindingsQuery(), location="query")
@photos_bp.response(200, schemas.PhotoFindingsOut())
@refuses(common.NOT_FOUND)
def list_findings(query: dict[str, Any]) -> Response:
    """What was found about a visit's photos: seen before elsewhere, or taken long before."""
    at = ctx()
    return json_bytes(orjson.dumps(pairs.findings_page(at.session, at.actor, query["visit"])))


@photos_bp.route("/wall", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@photos_bp.arguments(schemas.WallQuery(), location="query")
@photos_bp.response(200, schemas.WallOut())
def list_wall(query: dict[str, Any]) -> Response:
    """The pictures of stores in your scope, newest first, named for looking at side by side."""
    at = ctx()
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    page = wall.wall_page(at.session, at.actor, WallFilters(**query), cursor=cursor, limit=limit)
    return json_bytes(orjson.dumps(page))


@photos_bp.route("/<photo_id>/<size>", methods=["GET"])
@needs()
@photos_bp.doc(responses=binary_answers("image/jpeg", "image/png", "image/webp", BYTES_UNKNOWN))
@photos_bp.alt_response(206, description="The range asked for.")
@photos_bp.alt_response(304, description="The bytes under this hash never change.")
@refuses(
    common.RANGE_INVALID,
    problems.PHOTO_NOT_ARRIVED,
    problems.PHOTO_IN_PREPARATION,
    *problems.PICTURE_PROBLEMS,
)
def show_photo(photo_id: str, size: str) -> Response:
    """The picture: thumb (320), screen (1,600, upright, no metadata) or original (as sent)."""
    at = ctx()
    if size not in schemas.SIZES:
        raise common.NOT_FOUND.error(field="size")
    row = queries.find_photo(at.session, at.actor, photo_id)
    _check_showable(row, size)
    if size != "thumb":
        # A small picture in a list is no look at the visit; an enlarged one is.
        note_look(at.session, at.actor, at.clock, row["visit_id"], row["author_id"])
    return _original(row) if size == "original" else _picture(row, size)


def _check_showable(row: Row, size: str) -> None:
    if row["state"] == PhotoState.AWAITING_BYTES:
        raise problems.PHOTO_NOT_ARRIVED.error()
    if row["problem"] == problems.PHOTO_ERASED.code:
        raise problems.PHOTO_ERASED.error()
    if size == "original":
        return
    if row["state"] == PhotoState.STORED:
        raise problems.PHOTO_IN_PREPARATION.error(headers={"Retry-After": "2"})
    if row["state"] == PhotoState.UNREADABLE:
        raise catalogue()[row["problem"]].error()


def _picture(row: Row, size: str) -> Response:
    return _bytes(thumb_key(row["sha256"], size), "image/jpeg", f"{row['sha256']}-{size}")


def _original(row: Row) -> Response:
    """The bytes as sent. What was never decoded is hostile until proved otherwise: no type."""
    complete = row["state"] == PhotoState.COMPLETE
    mime = row["mime"] if complete else BYTES_UNKNOWN
    response = _bytes(content_key(row["sha256"]), mime, row["sha256"])
    if not complete:
        response.headers["Content-Disposition"] = f'attachment; filename="{row["id"]}.bin"'
    return response


def _bytes(key: str, mime: str, etag: str) -> Response:
    store = blob_store()
    response = send_file(
        store.path(key) or store.open(key), mimetype=mime, etag=etag, conditional=True
    )
    # Bytes under a hash never change, but only this person may keep them.
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
