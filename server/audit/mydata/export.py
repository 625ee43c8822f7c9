"""Everything held about a person as one ZIP: data.json, photos.csv and report.html.

Written piece by piece, so that years of records need no more memory than a page of them.
"""

from __future__ import annotations

import html
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import orjson
from sqlalchemy.orm import Session

from server.audit.mydata import words
from server.audit.mydata.pages import in_order
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_zone, wire_time
from server.kernel.csv_cells import BOM, lines
from server.kernel.db import read_only
from server.kernel.held import Section, sections

_IN_MEMORY: Final = 4 * 1024 * 1024
_PHOTOS: Final = "photos"
_PHOTO_COLUMNS: Final = (
    *("id", "visit_id", "office_check_in_id", "store_name", "kind", "taken_at", "source"),
    *("bytes", "sha256", "state"),
)
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:24px;color:#1c2733}h2{margin-top:32px}"
    "div{overflow-x:auto}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccd4dc;padding:4px 8px;text-align:left;vertical-align:top}"
    "td{max-width:420px;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Archive:
    """The finished file, at its beginning, and a name for it."""

    file: IO[bytes]
    name: str


def make_archive(session: Session, actor: Actor, clock: Clock, language: str) -> Archive:
    """Write the actor's own data into a file that vanishes when it is closed, and journal it.

    Reads without the write lock, then begins the short transaction that the caller commits.
    """
    at = clock.now()
    # It outlives this function, so no with.
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    counts: dict[str, int] = {}
    with read_only():
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            told = _Telling(session, actor, str(wire_time(at)), language, counts)
            for name, pieces in (
                ("data.json", told.as_json()),
                ("photos.csv", told.photo_list()),
                ("report.html", told.as_html()),
            ):
                with archive.open(name, "w", force_zip64=True) as entry:
                    for piece in pieces:
                        entry.write(piece)
        session.rollback()
    bytes_ = file.tell()
    file.seek(0)
    journal.record(
        session,
        clock,
        actor,
        journal.Event.DATA_EXPORTED,
        "person",
        actor.user_id,
        records=sum(counts.values()),
        bytes=bytes_,
    )
    day = at.astimezone(org_zone()).date().isoformat()
    return Archive(file, f"storewalk-my-data-{day}.zip")


@dataclass(slots=True)
class _Telling:
    """The parts of the archive, each as pieces of bytes; counts is filled by as_json()."""

    session: Session
    actor: Actor
    at: str
    language: str
    counts: dict[str, int]

    def as_json(self) -> Iterator[bytes]:
        """{format, version, exported_at, user_id, sections: {name: [record, …]}}."""
        head = {
            "format": "storewalk-my-data",
            "version": 1,
            "exported_at": self.at,
            "user_id": self.actor.user_id,
        }
        yield orjson.dumps(head)[:-1] + b',"sections":{'
        for place, section in enumerate(in_order()):
            yield (b"," if place else b"") + orjson.dumps(section.name) + b":["
            count = 0
            for record in section.all(self.session, self.actor.user_id):
                yield (b",\n" if count else b"\n") + orjson.dumps(record)
                count += 1
            self.counts[section.name] = count
            yield b"]"
        yield b"}}\n"

    def photo_list(self) -> Iterator[bytes]:
        """A row for each photo, with a heading."""
        yield (BOM + lines([_PHOTO_COLUMNS])).encode()
        for photo in sections()[_PHOTOS].all(self.session, self.actor.user_id):
            yield lines([[photo[name] for name in _PHOTO_COLUMNS]]).encode()

    def as_html(self) -> Iterator[bytes]:
        """One page without script that any browser reads."""
        title = html.escape(words.say(words.TITLE, self.language))
        of = words.say(words.OF, self.language).format(name=self.actor.name, at=self.at)
        yield (
            f'<!doctype html><html lang="{self.language}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
            f"<p>{html.escape(of)}</p><p>{html.escape(words.say(words.ABOUT, self.language))}</p>"
        ).encode()
        for section in in_order():
            yield from self._table(section)

    def _table(self, section: Section) -> Iterator[bytes]:
        heading = words.name_of(words.SECTIONS, section.name, self.language)
        count = self.counts[section.name]
        yield f"<h2>{html.escape(heading)} ({count})</h2>".encode()
        if count == 0:
            yield f"<p>{html.escape(words.say(words.NOTHING, self.language))}</p>".encode()
            return
        names = (words.name_of(words.COLUMNS, one, self.language) for one in section.columns)
        cells = "".join(f"<th>{html.escape(name)}</th>" for name in names)
        yield f"<div><table><thead><tr>{cells}</tr></thead>".encode()
        for record in section.all(self.session, self.actor.user_id):
            values = (self._cell(record.get(column)) for column in section.columns)
            yield ("<tr>" + "".join(f"<td>{value}</td>" for value in values) + "</tr>\n").encode()
        yield b"</table></div>"

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, list):
            # Flags: their sentences in the reader's language.
            return "<br>".join(self._cell(one) for one in value)
        if isinstance(value, dict):
            sentence = value.get("words", {}).get(self.language)
            return html.escape(sentence or orjson.dumps(value).decode())
        return html.escape(str(value))
