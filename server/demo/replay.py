"""The script carried out: every visit goes through the handlers of sync push, as from a phone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.orm import Session

from server.campaigns.seen.ops import OPS as SEEN_OPS
from server.demo.drawing import Drawn, Request
from server.demo.ids import demo_id
from server.demo.people import RECIPIENTS
from server.demo.script import RepDay, Report, Shot, Stop
from server.kernel.auth import Actor
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.clock import FrozenClock, TimeEvidence, org_zone, wire_time
from server.kernel.ops import Applied, Handler, Op
from server.materials.ops import OPS as MATERIAL_OPS
from server.office.ops import OPS as OFFICE_OPS
from server.office.weeks.ops import OPS as WEEK_OPS
from server.photos.domain import bytes_arrived, set_complete
from server.photos.ops import OPS as PHOTO_OPS
from server.visits.ops import OPS as VISIT_OPS

HANDLERS: Final[Mapping[str, Handler]] = (
    VISIT_OPS | PHOTO_OPS | MATERIAL_OPS | OFFICE_OPS | SEEN_OPS | WEEK_OPS
)
_ORDER: Final = (
    "visit.check_in",
    "visit.note",
    "photo.add",
    "handout.add",
    "visit.check_out",
    "visit.cancel",
)


@dataclass(slots=True)
class Phone:
    """A rep's phone: who uses it, how far its clock is off, how many records it has made.

    offset_ms is server minus phone. signatures are the drawings that customers left on it.
    """

    actor: Actor
    device_id: str
    offset_ms: int
    signatures: list[bytes] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    seq: int = 0

    def clock_at(self, at: datetime) -> datetime:
        """What this phone's clock shows at a moment."""
        return at - timedelta(milliseconds=self.offset_ms)

    def says(self, at: datetime) -> str | None:
        """The same as the phone writes it into a record."""
        return wire_time(self.clock_at(at))


@dataclass(slots=True)
class _Lot:
    """The ops that one push carries, by kind, and the photos whose bytes came with it."""

    phone: Phone
    received_at: datetime
    ops: dict[str, list[Op]] = field(default_factory=lambda: {kind: [] for kind in _ORDER})
    arrived: list[tuple[str, Drawn]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Visited:
    """A visit that was played: whose, which, and how it went."""

    rep: int
    visit_id: str
    stop: Stop


class Replay:
    """Plays the script into a session. counts says how many ops of each kind were applied."""

    def __init__(
        self,
        session: Session,
        rng: random.Random,
        phones: Sequence[Phone],
        writers: ThreadPoolExecutor,
    ) -> None:
        self.session = session
        self.rng = rng
        self.phones = phones
        self.counts: Counter[str] = Counter()
        self._store = blob_store()
        self._writers = writers
        self._writing: list[Future[None]] = []
        self._last: dict[str, Visited] = {}

    def wait_for_bytes(self) -> None:
        """Return once all bytes are stored for good; raises what storing them raised."""
        for one in self._writing:
            one.result()

    def _keep(self, key: str, data: bytes) -> None:
        # Most of it is waiting for the disk, which need not hold up the records.
        self._writing.append(self._writers.submit(self._store.put_bytes, key, data))

    def play_day(
        self, day: RepDay, goods: Sequence[str], drawn: Mapping[int, Future[Drawn]]
    ) -> None:
        """A rep's day, lot by lot. goods are the material ids; drawn, the photos by seed."""
        for received_at, stops in day.lots:
            lot = _Lot(self.phones[day.rep], received_at)
            for stop in stops:
                visit_id = self._check_in(lot, stop)
                self._last[stop.shop.id] = Visited(day.rep, visit_id, stop)
                self._photos(lot, stop, visit_id, drawn)
                self._during(lot, stop, visit_id, goods)
                self._close(lot, stop, visit_id)
            for kind in _ORDER:
                self._apply(lot, kind)
            self._receive(lot)

    def report(self, report: Report, office_ids: Sequence[str]) -> None:
        """A weekly office check-in, sent a minute after it was made."""
        lot = _Lot(self.phones[report.rep], report.at + timedelta(minutes=1))
        payload = {
            "office_id": None if report.office is None else office_ids[report.office],
            "at": lot.phone.says(report.at),
            "fix": report.fix,
            "reason": report.reason,
        }
        self._add(lot, "office.check_in", report.at, payload)
        self._apply(lot, "office.check_in")

    def last_visits(self) -> list[Visited]:
        """The last visit to each store, by the stores' codes."""
        return sorted(self._last.values(), key=lambda one: one.stop.shop.code)

    def ask(self, rep: int, kind: str, at: datetime, said: Mapping[str, Any]) -> None:
        """Something a rep asks for, sent at once."""
        lot = _Lot(self.phones[rep], at)
        self._add(lot, kind, at, {"at": lot.phone.says(at), **said})
        self._apply(lot, kind)

    def say(self, one: Visited, kind: str, said: Mapping[str, Any], *, after: timedelta) -> None:
        """Something more in a visit, so long after its check-in, sent at once."""
        at = one.stop.in_at + after
        lot = _Lot(self.phones[one.rep], at)
        payload = {"visit_id": one.visit_id, "at": lot.phone.says(at), **said}
        self._add(lot, kind, at, payload)
        self._apply(lot, kind)

    def hand_out(self, one: Visited, material_id: str, quantity: int, *, after: timedelta) -> None:
        """A signed handout more."""
        lot = _Lot(self.phones[one.rep], one.stop.in_at + after)
        said = {"material_id": material_id, "quantity": quantity, "recipient": RECIPIENTS[0]}
        said["signature_sha256"] = self._signature(lot, 0)
        self.say(one, "handout.add", said, after=after)

    def _check_in(self, lot: _Lot, stop: Stop) -> str:
        payload = {
            "store_id": stop.shop.id,
            "at": lot.phone.says(stop.in_at),
            "planned": stop.planned,
            "fix": stop.fix,
            "reason": stop.reason,
        }
        return self._add(lot, "visit.check_in", stop.in_at, payload).record_id

    def _photos(
        self, lot: _Lot, stop: Stop, visit_id: str, drawn: Mapping[int, Future[Drawn]]
    ) -> None:
        for shot in stop.shots:
            photo = drawn[shot.seed].result()
            payload = {
                "visit_id": visit_id,
                "office_check_in_id": None,
                "kind": shot.kind,
                "sha256": photo.sha256,
                "bytes": len(photo.data),
                "width": photo.prepared.width,
                "height": photo.prepared.height,
                "mime": photo.prepared.mime,
                "taken_at": lot.phone.says(shot.at),
                "source": "camera",
            }
            op = self._add(lot, "photo.add", shot.at, payload)
            if not shot.lost:
                lot.arrived.append((op.record_id, photo))

    def _during(self, lot: _Lot, stop: Stop, visit_id: str, goods: Sequence[str]) -> None:
        end = stop.out_at or stop.in_at + timedelta(minutes=10)
        if stop.note:
            at = min(end, stop.in_at + timedelta(minutes=3))
            note = {"visit_id": visit_id, "at": lot.phone.says(at), "text": stop.note}
            self._add(lot, "visit.note", at, note)
        for number, one in enumerate(stop.handouts):
            at = min(end, stop.in_at + timedelta(seconds=150 + 40 * number))
            payload = {
                "visit_id": visit_id,
                "material_id": goods[one.goods],
                "quantity": one.quantity,
                "recipient": one.recipient,
                "signature_sha256": self._signature(lot, one.signature),
                "at": lot.phone.says(at),
            }
            self._add(lot, "handout.add", at, payload)

    def _close(self, lot: _Lot, stop: Stop, visit_id: str) -> None:
        if stop.out_at is None:
            return
        said: dict[str, Any] = {"at": lot.phone.says(stop.out_at)}
        if stop.cancelled:
            said["reason"] = stop.cancelled
            self._add(lot, "visit.cancel", stop.out_at, said, visit_id)
        else:
            said["fix"] = stop.out_fix
            self._add(lot, "visit.check_out", stop.out_at, said, visit_id)

    def _add(
        self,
        lot: _Lot,
        kind: str,
        at: datetime,
        payload: Mapping[str, Any],
        record_id: str | None = None,
    ) -> Op:
        phone = lot.phone
        phone.seq += 1
        op = Op(
            op_id=demo_id(self.rng, at),
            kind=kind,
            record_id=record_id or demo_id(self.rng, at),
            payload=payload,
            depends_on=(),
            evidence=TimeEvidence(
                device_at=phone.clock_at(at),
                clock_offset_ms=phone.offset_ms,
                monotonic_ms=None,
                device_seq=phone.seq,
                received_at=lot.received_at,
            ),
            device_id=phone.device_id,
        )
        lot.ops.setdefault(kind, []).append(op)
        return op

    def _apply(self, lot: _Lot, kind: str) -> None:
        ops = lot.ops[kind]
        if not ops:
            return
        clock = FrozenClock(lot.received_at)
        outcomes = HANDLERS[kind](self.session, lot.phone.actor, clock, ops)
        refused = [one.problem.kind.code for one in outcomes if not isinstance(one, Applied)]
        if refused:
            raise RuntimeError(f"the demo's {kind} was refused: {refused}")
        self.counts[kind] += len(ops)

    def _receive(self, lot: _Lot) -> None:
        """The photos' bytes arrive, and are looked into at once."""
        for photo_id, photo in lot.arrived:
            self._upload(lot, photo.sha256, photo.data)
            self._keep(thumb_key(photo.sha256, "screen"), photo.prepared.screen)
            self._keep(thumb_key(photo.sha256, "thumb"), photo.prepared.thumb)
            clock = FrozenClock(lot.received_at)
            set_complete(self.session, clock, photo_id, photo.prepared)

    def _signature(self, lot: _Lot, number: int | None) -> str | None:
        if number is None:
            return None
        data = lot.phone.signatures[number]
        name = sha256(data).hexdigest()
        if name not in lot.phone.sent:
            lot.phone.sent.add(name)
            self._upload(lot, name, data)
        return name

    def _upload(self, lot: _Lot, name: str, data: bytes) -> None:
        self._keep(content_key(name), data)
        clock, author = FrozenClock(lot.received_at), lot.phone.actor.user_id
        bytes_arrived(self.session, clock, author, name, len(data))


def request_of(rep_name: str, stop: Stop, shot: Shot) -> Request:
    """What to draw for a shot, with the watermark that the app writes into its photos."""
    at = shot.at.astimezone(org_zone()).strftime("%Y-%m-%d %H:%M")
    stamp = f"{at}  {stop.shop.name}  {rep_name}"
    return Request(shot.kind, shot.seed, stop.shop.name, stamp)
