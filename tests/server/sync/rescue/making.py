"""A rescue file as the phone makes it, and every part of it changeable."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.changes import Change
from server.kernel.journal import JournalEntry
from server.photos.models import Upload
from server.sync.models import Device, OpReceipt
from tests.server.photos.conftest import sha
from tests.server.sync.phone import AT, Phone

LATER = "2026-11-23T03:50:00.000Z"
MADE_AT = "2026-11-23T03:55:00.000Z"


@dataclass
class RescueFile:
    """What a phone holds that was not sent: ops as on the wire, and the bytes of photos."""

    author: Mapping[str, str]
    ops: Sequence[Any] = ()
    photos: Sequence[bytes] = ()
    device_id: str = "phone-1"
    extra: dict[str, bytes] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """rescue.json."""
        return {
            "format": "storewalk-rescue",
            "version": 1,
            "made_at": MADE_AT,
            "author": dict(self.author),
            "device": {"id": self.device_id, "app_version": "0.2.0", "schema": 1},
            "ops": [
                op | {"state": "waiting", "problem": None} if isinstance(op, dict) else op
                for op in self.ops
            ],
            "files": [listed(photo) for photo in self.photos],
        }

    def build(self, manifest: Any = None, *, method: int = zipfile.ZIP_STORED) -> bytes:
        """The zip; another manifest may be put in its place (bytes as they are, else as JSON)."""
        said = self.manifest() if manifest is None else manifest
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        entries = {"README.txt": b"Send this file to the office.", "rescue.json": text}
        entries |= {listed(photo)["name"]: photo for photo in self.photos} | self.extra
        return zipped(entries, method=method)


def listed(data: bytes, name: str = "") -> dict[str, Any]:
    """A file as rescue.json lists it."""
    sha256 = hashlib.sha256(data).hexdigest()
    return {
        "sha256": sha256,
        "bytes": len(data),
        "mime": "image/jpeg",
        "what": "photo",
        "name": name or f"files/{sha256}.jpg",
    }


def zipped(entries: Mapping[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return out.getvalue()


def send(client: FlaskClient, data: bytes, *, dry_run: bool = False, **headers: str) -> Any:
    return client.post(
        "/api/v1/rescue",
        query_string={"dry_run": "true"} if dry_run else {},
        data=data,
        headers={"Content-Type": "application/zip"} | headers,
    )


def imported(client: FlaskClient, data: bytes, *, dry_run: bool = False) -> dict[str, Any]:
    answer = send(client, data, dry_run=dry_run)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.json
    return body


def counted(body: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: number for name, number in body["counts"].items() if number}


def photo_op(phone: Phone, visit_id: str, data: bytes) -> dict[str, Any]:
    payload = {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha(data),
        "bytes": len(data),
        "width": 64,
        "height": 48,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    }
    return phone.op("photo.add", payload)


def whole_visit(phone: Phone, store_id: str, *photos: bytes) -> list[dict[str, Any]]:
    """A visit with a note, photos and its end, as the phone would send it."""
    check_in = phone.check_in(store_id)
    visit = check_in["record_id"]
    return [
        check_in,
        phone.op("visit.note", {"visit_id": visit, "at": AT, "text": "缺货两种"}),
        *(photo_op(phone, visit, photo) for photo in photos),
        phone.op("visit.check_out", {"at": LATER, "fix": None}, visit),
    ]


def everything(session: Session) -> list[Any]:
    """What an import may change, counted."""
    tables = (OpReceipt, Change, JournalEntry, Upload, Device)
    session.expire_all()
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def put(phone: Phone, data: bytes, offset: int = 0, until: int | None = None) -> Any:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
    path = f"/api/v1/uploads/{sha(data)}"
    return phone.client.patch(path, data=data[offset:until], headers=headers)
