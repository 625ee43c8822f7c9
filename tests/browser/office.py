"""The console in tests: a region of one's own made through the API, a log-in, maps measured."""

from __future__ import annotations

import hashlib
import io
import math
import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.api import Api
from tests.browser.seed import PASSWORD
from tests.browser.site import Site

ZONE = ZoneInfo("Asia/Shanghai")
METRES_PER_DEGREE = 111_195.0


def days_ago(days: int) -> datetime:
    """Noon of that day in the organisation's zone: the same day whenever the test runs."""
    noon = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=days)


def wire(at: datetime) -> str:
    """A time as the API reads it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def week_name(at: datetime) -> str:
    """The ISO week of a time in the organisation's zone: 2026-W48."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"


def moved(lat: float, lon: float, *, north: float = 0, east: float = 0) -> tuple[float, float]:
    """The position so many metres to the north and east."""
    shift = east / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
    return lat + north / METRES_PER_DEGREE, lon + shift


def gps(lat: float, lon: float, accuracy: float = 10, age: float = 2) -> dict[str, Any]:
    """A fix as the phone sends it."""
    return {"lat": lat, "lon": lon, "accuracy_m": accuracy, "age_s": age, "source": "gps"}


@dataclass
class Region:
    """A region of its own with a supervisor and reps, so that no other test is seen in it."""

    site: Site
    code: str
    id: str
    office: Api
    stores: dict[str, dict[str, Any]] = field(default_factory=dict)
    reps: dict[str, Api] = field(default_factory=dict)

    @property
    def supervisor(self) -> str:
        """The supervisor's user name."""
        return f"{self.code}-sup"

    def add_rep(self, name: str) -> Api:
        """A new rep of this region, logged in."""
        username = f"{self.code}-rep{len(self.reps) + 1}"
        add_person(self.office, username, name, "rep", self.id)
        self.reps[name] = Api(self.site, username)
        return self.reps[name]

    def add_store(self, name: str, lat: float, lon: float, **more: Any) -> dict[str, Any]:
        """A new store that all reps of the region visit."""
        values = {
            "code": f"{self.code}-{len(self.stores) + 1}",
            "name": name,
            "address": f"{name} 1",
            "city": "",
            "region_id": self.id,
            "lat": lat,
            "lon": lon,
            "rep_ids": [rep.user_id for rep in self.reps.values()],
        }
        self.stores[name] = self.office.post("/stores", values | more)
        return self.stores[name]


def add_person(office: Api, username: str, name: str, role: str, region_id: str) -> dict[str, Any]:
    """A new person whose password is everybody's."""
    values = {
        "username": username,
        "name": name,
        "role": role,
        "region_id": region_id,
        "password": PASSWORD,
    }
    person: dict[str, Any] = office.post("/people", values)
    return person


def make_region(site: Site, code: str, name: str, supervisor: str) -> Region:
    """A region below the head office, with its supervisor."""
    office = Api(site, "office")
    values = {"code": code, "name": name, "parent_id": site.company.regions["hq"]}
    region = Region(site, code, office.post("/regions", values)["id"], office)
    add_person(office, region.supervisor, supervisor, "supervisor", region.id)
    return region


class Sender:
    """Collects what a rep's phone would send, and sends it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ops: list[dict[str, Any]] = []

    def add(self, kind: str, at: datetime, payload: dict[str, Any], record: str = "") -> str:
        """One op; returns the id of its record."""
        record_id = record or str(uuid.uuid4())
        self.ops.append(
            {
                "op_id": str(uuid.uuid4()),
                "kind": kind,
                "record_id": record_id,
                "author": self.api.user_id,
                "depends_on": [],
                "payload": payload,
                # A phone counts in the order of its records, however they are sent here.
                "device_seq": int(at.timestamp()),
                "device_at": wire(at),
                "clock_offset_ms": 0,
                "monotonic_ms": 0,
            }
        )
        return record_id

    def visit(
        self, store_id: str, at: datetime, fix: dict[str, Any] | None, reason: str | None = None
    ) -> str:
        """A visit of twenty minutes; returns its id."""
        begin = {
            "store_id": store_id,
            "at": wire(at),
            "planned": True,
            "fix": fix,
            "reason": reason,
        }
        visit_id = self.add("visit.check_in", at, begin)
        end = at + timedelta(minutes=20)
        self.add("visit.check_out", end, {"at": wire(end), "fix": fix}, record=visit_id)
        return visit_id

    def photo(self, visit_id: str, kind: str, at: datetime, data: bytes, *, send: bool) -> str:
        """A photo of the visit, with or without its bytes; returns its id."""
        sha256 = hashlib.sha256(data).hexdigest()
        if send:
            self.api.upload(sha256, data)
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
        return self.add(
            "photo.add",
            at,
            {
                "visit_id": visit_id,
                "office_check_in_id": None,
                "kind": kind,
                "sha256": sha256,
                "bytes": len(data),
                "width": width,
                "height": height,
                "mime": "image/jpeg",
                "taken_at": wire(at),
                "source": "camera",
            },
        )

    def send(self) -> None:
        """Push everything; all of it must be applied."""
        device = {
            "id": f"test-{self.api.user_id}"[:64],
            "app_version": "test",
            "unsent": len(self.ops),
            "oldest_unsent_at": None,
        }
        answer = self.api.post("/sync/push", {"schema": 1, "device": device, "ops": self.ops})
        wrong = [one for one in answer["results"] if one["status"] != "applied"]
        assert wrong == []
        self.ops = []


def wait_for_photos(api: Api, visit_id: str, number: int) -> None:
    """Wait until the server has made the pictures of so many photos of the visit."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        photos = api.get(f"/visits/{visit_id}")["photos"]
        if sum(photo["state"] == "complete" for photo in photos) >= number:
            return
        time.sleep(0.1)
    raise AssertionError(f"not {number} photos complete: {photos}")


def jpeg(color: str, words: str, size: tuple[int, int] = (1200, 900)) -> bytes:
    """A photo in one colour, so that a test can tell which one it sees."""
    image = Image.new("RGB", size, color)
    ImageDraw.Draw(image).text((40, 40), words, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def signature_png() -> bytes:
    """A signature as the phone draws it."""
    image = Image.new("RGBA", (600, 240), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(40, 160), (200, 60), (350, 180), (560, 80)], "black", width=6)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def log_in(context: BrowserContext, username: str, password: str = PASSWORD) -> None:
    """Open a cookie session for everything that this context does."""
    body = {"username": username, "password": password, "client": "cookie"}
    answer = context.request.post("/api/v1/session", data=body)
    assert answer.ok, answer.text()


# --- forms of the kit -----------------------------------------------------------------------


def choose(page: Page, scope: Locator, label: str, option: str) -> None:
    """Choose an option of a select by the words that it shows."""
    # The chosen words lie over the input itself; the hand meets the box around both.
    scope.locator(".el-select__wrapper").filter(
        has=page.get_by_role("combobox", name=label, exact=True)
    ).click()
    row = page.locator(".el-select-dropdown__item:visible").filter(has_text=option)
    row.first.click()


def dialog(page: Page) -> Locator:
    """The dialog that is open."""
    return page.get_by_role("dialog").filter(visible=True)


# --- maps -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """What the address says the map shows: its centre and zoom, and its box on the screen."""

    lat: float
    lon: float
    zoom: float
    box: dict[str, float]

    def pixel(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a position lies on the screen, in web mercator (EPSG:3857)."""
        x, y = _mercator(lat, lon)
        centre_x, centre_y = _mercator(self.lat, self.lon)
        size = 256 * 2**self.zoom
        return (
            self.box["x"] + self.box["width"] / 2 + (x - centre_x) * size,
            self.box["y"] + self.box["height"] / 2 + (y - centre_y) * size,
        )

    @property
    def metres_per_pixel(self) -> float:
        """On the ground, at the centre's latitude."""
        circle = 2 * math.pi * 6_378_137
        return circle * math.cos(math.radians(self.lat)) / (256 * 2**self.zoom)


def _mercator(lat: float, lon: float) -> tuple[float, float]:
    """Both from 0 to 1, from the north-west corner."""
    y = math.asinh(math.tan(math.radians(lat)))
    return lon / 360 + 0.5, 0.5 - y / (2 * math.pi)


def view_of(page: Page) -> View:
    """The map as the address describes it, once it has settled."""
    page.wait_for_url(re.compile(r"[?&]at="))
    settled(page)
    lat, lon, zoom = (float(part) for part in query(page)["at"].split(","))
    box = page.locator(".leaflet-container").first.bounding_box()
    assert box is not None
    return View(lat, lon, zoom, {key: float(box[key]) for key in ("x", "y", "width", "height")})


def settled(page: Page) -> None:
    """Wait until the map stands still, and the address says where."""
    page.wait_for_load_state("networkidle")
    # As long as the map's own pause before it writes, and then some.
    page.wait_for_function(
        """() => {
            const map = document.querySelector('.leaflet-map-pane')
            const now = [location.search, map?.style.transform, map?.innerHTML.length].join()
            if (window.seen?.now !== now) window.seen = { now, at: performance.now() }
            return performance.now() - window.seen.at > 400
        }""",
        polling=50,
    )


def query(page: Page) -> dict[str, str]:
    """The query of the address."""
    return {key: words[0] for key, words in parse_qs(urlsplit(page.url).query).items()}


def centre(locator: Locator) -> tuple[float, float]:
    """The middle of what is drawn, in pixels of the screen."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def see_total(page: Page, words: str) -> None:
    """The count that the map shows."""
    expect(page.locator(".total")).to_contain_text(words)
