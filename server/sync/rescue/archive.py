"""Reading a rescue file. It comes from outside: nothing in it is trusted, no name used as a path.

The zip's table of contents is read under a limit, entries are read only as rescue.json lists them,
and every one in pieces up to its limit, whatever size it claims to have.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

import orjson

from server.kernel import problems as common
from server.kernel.clock import parse_time, wire_time
from server.kernel.ids import is_id
from server.kernel.problems import Problem
from server.photos.problems import HASH_MISMATCH
from server.sync import problems

FORMAT: Final = "storewalk-rescue"
VERSION: Final = 1
MANIFEST: Final = "rescue.json"
CHUNK: Final = 256 * 1024

MAX_ENTRIES: Final = 20_000
MAX_MANIFEST_BYTES: Final = 64 * 1024 * 1024
MAX_OPS: Final = 50_000
# 64 MiB of nothing but brackets and commas would be gigabytes of Python lists.
MAX_MANIFEST_VALUES: Final = 4_000_000
# The table of contents is read in one piece: entry and name, with room to spare.
_MAX_PIECE: Final = MAX_ENTRIES * 512

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What the zip module raises on damaged or hostile files.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A photo or signature as rescue.json lists it."""

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A listed file whose bytes were read: how many there are, or why they are not used."""

    listed: ListedFile
    length: int
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What rescue.json says. The ops are as raw as those of a push."""

    author_id: str
    made_at: str | None
    device_id: str
    app_version: str
    schema: int
    ops: list[Any]
    files: list[ListedFile]


class Archive:
    """An opened rescue file. Raises rescue_unreadable, naming in field what is wrong."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(_InPieces(file))
        except _BROKEN as error:
            raise _unreadable("file") from error
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise _unreadable("entries")
        self._names = Counter(entry.filename for entry in entries)

    def manifest(self) -> Manifest:
        """Read rescue.json. Raises rescue_unreadable."""
        if self._names[MANIFEST] != 1:
            raise _unreadable(MANIFEST)
        data = bytearray()
        try:
            for piece in self._pieces(MANIFEST):
                data += piece
                if len(data) > MAX_MANIFEST_BYTES:
                    raise _unreadable(MANIFEST)
        except _BROKEN as error:
            raise _unreadable(MANIFEST) from error
        if sum(data.count(mark) for mark in (b"[", b"{", b",")) > MAX_MANIFEST_VALUES:
            raise _unreadable(MANIFEST)
        try:
            said = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise _unreadable(MANIFEST) from error
        return _read_manifest(said)

    def check(self, listed: ListedFile, limit: int) -> CheckedFile:
        """Read a listed file's bytes, at most limit of them, and hold them against its hash."""
        if not self._names[listed.name]:
            return CheckedFile(listed, 0, problems.RESCUE_FILE_MISSING.error())
        found, length = hashlib.sha256(), 0
        try:
            for piece in self._pieces(listed.name):
                found.update(piece)
                length += len(piece)
                if length > limit:
                    return CheckedFile(listed, length, common.TOO_LARGE.error(limit=limit))
        except _BROKEN:
            return CheckedFile(listed, length, HASH_MISMATCH.error())
        if length == 0:
            return CheckedFile(listed, 0, problems.RESCUE_FILE_MISSING.error())
        same = found.hexdigest() == listed.sha256
        return CheckedFile(listed, length, None if same else HASH_MISMATCH.error())

    def open(self, checked: CheckedFile) -> IO[bytes]:
        """A checked file's bytes from their beginning; the caller closes it."""
        return self._zip.open(checked.listed.name)

    def _pieces(self, name: str) -> Iterator[bytes]:
        entry = self._zip.getinfo(name)
        if entry.compress_type not in _METHODS:
            raise NotImplementedError(f"compression method {entry.compress_type}")
        with closing(self._zip.open(entry)) as source:
            while piece := source.read(CHUNK):
                yield piece


class _InPieces:
    """A file that refuses to read a huge piece at once, as a table of contents may ask for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seekable = file.seekable
        self.tell = file.tell

    def seek(self, offset: int, whence: int = 0) -> int:
        """As the file's own, with the error of the zip module for a place before its start."""
        if whence == 0 and offset < 0:
            raise zipfile.BadZipFile("an offset before the start")
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """At most _MAX_PIECE bytes. Raises BadZipFile if more are wanted."""
        wanted = _MAX_PIECE + 1 if size < 0 else size
        if wanted > _MAX_PIECE + 1:
            raise zipfile.BadZipFile("the table of contents is too large")
        data = self._file.read(wanted)
        if len(data) > _MAX_PIECE:
            raise zipfile.BadZipFile("the table of contents is too large")
        return data


def _unreadable(field: str) -> Problem:
    return problems.RESCUE_UNREADABLE.error(field=field)


def _read_manifest(said: Any) -> Manifest:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise _unreadable("format")
    if said.get("version") != VERSION or isinstance(said["version"], bool):
        raise _unreadable("version")
    author, device = _mapping(said, "author"), _mapping(said, "device")
    if not is_id(author.get("id")):
        raise _unreadable("author.id")
    device_id = device.get("id")
    if not isinstance(device_id, str) or not 1 <= len(device_id) <= 64 or "\0" in device_id:
        raise _unreadable("device.id")
    schema: Any = device.get("schema")
    known = type(schema) is int and 1 <= schema <= 1_000
    return Manifest(
        author_id=author["id"],
        made_at=_time(said.get("made_at")),
        device_id=device_id,
        app_version=str(device.get("app_version", "")).replace("\0", "")[:40],
        schema=schema if known else 1,
        ops=_list(said, "ops", MAX_OPS),
        files=[_listed(one, at) for at, one in enumerate(_list(said, "files", MAX_ENTRIES))],
    )


def _mapping(said: Mapping[str, Any], field: str) -> dict[str, Any]:
    found = said.get(field)
    if not isinstance(found, dict):
        raise _unreadable(field)
    return found


def _list(said: Mapping[str, Any], field: str, most: int) -> list[Any]:
    found = said.get(field)
    if not isinstance(found, list) or len(found) > most:
        raise _unreadable(field)
    return found


def _listed(one: Any, at: int) -> ListedFile:
    sha256 = one.get("sha256") if isinstance(one, dict) else None
    name = one.get("name") if isinstance(one, dict) else None
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or not isinstance(name, str):
        raise _unreadable(f"files.{at}")
    return ListedFile(sha256, name)


def _time(text: object) -> str | None:
    """When the file was made, by the phone's clock; None where that cannot be read."""
    try:
        return wire_time(parse_time(text))
    except ValueError:
        return None
