"""Uploads over real sockets to the real server: broken links, huge bodies, and a killed server."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server.kernel.clock import Clock, wire_time
from server.kernel.ids import new_id
from tests.browser.seed import PASSWORD
from tests.browser.site import PATIENCE_S, Site, make_site
from tests.server.photos.conftest import picture, sha

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = make_site(tmp_path_factory.mktemp("live"))
    yield running
    running.stop()


def call(
    site: Site, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request(method, "/api/v1" + path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    body = json.dumps({"username": "rep1", "password": PASSWORD}).encode()
    status, _, answer = call(site, "POST", "/session", body, **{"Content-Type": "application/json"})
    assert status == 200, answer
    found: str = json.loads(answer)["token"]
    return f"Bearer {found}"


def offset_of(site: Site, token: str, sha256: str) -> int:
    _, headers, _ = call(site, "HEAD", f"/uploads/{sha256}", Authorization=token)
    return int(headers["Upload-Offset"])


def put(site: Site, token: str, data: bytes, offset: int = 0) -> tuple[int, Any]:
    headers = {
        "Authorization": token,
        "Upload-Offset": str(offset),
        "Upload-Length": str(len(data)),
    }
    status, _, answer = call(site, "PATCH", f"/uploads/{sha(data)}", data[offset:], **headers)
    return status, json.loads(answer)


def head_of_patch(site: Site, token: str, sha256: str, length: int) -> bytes:
    lines = [
        f"PATCH /api/v1/uploads/{sha256} HTTP/1.1",
        f"Host: 127.0.0.1:{site.port}",
        f"Authorization: {token}",
        "Upload-Offset: 0",
        f"Upload-Length: {length}",
        f"Content-Length: {length}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_link_that_breaks_in_mid_body(site: Site, token: str, how: str) -> None:
    data = os.urandom(200_000)
    half = len(data) // 2
    with socket.create_connection(("127.0.0.1", site.port)) as link:
        link.sendall(head_of_patch(site, token, sha(data), len(data)) + data[:half])
        # A reset throws away what the other side has not read yet, so let it read first.
        end = time.monotonic() + PATIENCE_S
        while offset_of(site, token, sha(data)) == 0 and time.monotonic() < end:
            time.sleep(0.02)
        if how == "reset":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    kept = offset_of(site, token, sha(data))
    assert 0 < kept <= half
    while True:
        status, answer = put(site, token, data, kept)
        if status == 409:
            # The server was still taking in what had come: it says where to go on.
            kept = answer["params"]["offset"]
            continue
        break
    assert (status, answer["complete"]) == (201, True)
    stored = site.data / "blobs" / "photos" / sha(data)[:2] / sha(data)[2:4] / sha(data)
    assert stored.read_bytes() == data


def test_four_tabs_send_the_same_photo(site: Site, token: str) -> None:
    data = os.urandom(400_000)
    statuses: list[int] = []

    def send() -> None:
        kept = 0
        while True:
            status, answer = put(site, token, data, kept)
            statuses.append(status)
            if status != 409:
                return
            kept = offset_of(site, token, sha(data)) if answer else 0

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(201) == 4
    assert set(statuses) <= {201, 409}
    stored = site.data / "blobs" / "photos" / sha(data)[:2] / sha(data)[2:4] / sha(data)
    assert stored.read_bytes() == data


def memory_peak_kb(site: Site) -> int:
    """The largest peak among the server's processes."""
    assert site.process is not None
    group, peaks = site.process.pid, []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(status.parent.name)) == group:
                text = status.read_text()
                peaks += [int(line.split()[1]) for line in text.splitlines() if "VmHWM" in line]
    return max(peaks)


def test_a_body_of_50_mb_takes_no_memory(site: Site, token: str) -> None:
    size = 50 * 1024 * 1024
    before = memory_peak_kb(site)
    with socket.create_connection(("127.0.0.1", site.port)) as link:
        link.settimeout(PATIENCE_S)
        link.sendall(head_of_patch(site, token, "3" * 64, size))
        with contextlib.suppress(OSError):
            # The server answers before it has read the body, and may hang up on it.
            for _ in range(size // 65_536):
                link.sendall(b"\0" * 65_536)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = link.recv(4_096)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert memory_peak_kb(site) - before < 20_000
    assert offset_of(site, token, "3" * 64) == 0
    assert call(site, "GET", "/me", Authorization=token)[0] == 200


def test_an_ack_outlives_the_server(site: Site, token: str) -> None:
    data = os.urandom(50_000)
    partly = os.urandom(50_000)
    assert put(site, token, data)[0] == 201
    headers = {"Authorization": token, "Upload-Offset": "0", "Upload-Length": "50000"}
    status, _, _ = call(site, "PATCH", f"/uploads/{sha(partly)}", partly[:20_000], **headers)
    assert status == 200
    site.kill()
    site.start()
    status, answer, _ = call(site, "HEAD", f"/uploads/{sha(data)}", Authorization=token)
    assert (status, answer["Upload-Complete"], answer["Upload-Offset"]) == (200, "?1", "50000")
    assert offset_of(site, token, sha(partly)) == 20_000
    assert put(site, token, partly, 20_000)[0] == 201


def test_a_photo_becomes_a_picture_by_itself(site: Site, token: str) -> None:
    """Push, upload, and the embedded jobs: nobody calls the processing by hand."""
    data = picture(time.time_ns() % 1_000_003, (800, 600))
    visit_id, photo_id = new_id(), new_id()
    at = wire_time(Clock().now())
    photo = {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha(data),
        "bytes": len(data),
        "width": 1,
        "height": 1,
        "mime": "image/jpeg",
        "taken_at": at,
        "source": "camera",
    }
    check_in = {"store_id": next(iter(site.company.stores.values())), "at": at, "fix": None}
    ops = [
        {
            "op_id": new_id(),
            "kind": kind,
            "record_id": record_id,
            "author": site.company.people["rep1"],
            "depends_on": [],
            "payload": payload,
            "device_seq": seq,
            "device_at": at,
        }
        for seq, (kind, record_id, payload) in enumerate(
            [("visit.check_in", visit_id, check_in), ("photo.add", photo_id, photo)]
        )
    ]
    body = json.dumps({"schema": 1, "device": {"id": "live"}, "ops": ops}).encode()
    headers = {"Authorization": token, "Content-Type": "application/json"}
    status, _, answer = call(site, "POST", "/sync/push", body, **headers)
    assert status == 200
    assert [row["status"] for row in json.loads(answer)["results"]] == ["applied", "applied"]
    assert put(site, token, data)[0] == 201
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status, _, answer = call(site, "GET", f"/photos/{photo_id}/screen", Authorization=token)
        if status != 409:
            break
        time.sleep(0.05)
    assert status == 200, site.log()
    assert Image.open(io.BytesIO(answer)).size == (800, 600)
    _, _, page = call(site, "GET", f"/visits/{visit_id}", Authorization=token)
    assert json.loads(page)["photos"][0]["state"] == "complete"
