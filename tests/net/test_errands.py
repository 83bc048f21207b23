"""What only a process of its own can show: peak memory, the environment, a full disk, another event loop."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.hostile import BOMBS
from tests.loopback.server import LoopbackWeb
from tests.loopback.wire_cases import CASES
from tests.net.street import Trap

ROOT = Path(__file__).parents[2]


def run(web: LoopbackWeb, urls: list[str], *, environment: dict[str, str] | None = None, **errand: Any) -> list[Any]:
    """What each exchange came to, in a fresh interpreter; last, its peak memory."""
    network = {"ca_bundle": str(web.ca_bundle), "connect_to": web.connect_to} | errand.pop("network", {})
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.net.errand"], cwd=ROOT, capture_output=True, text=True, timeout=90,
        input=json.dumps({"network": network, "urls": urls, **errand}), env={**os.environ, **(environment or {})},
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_no_bomb_costs_more_than_150_megabytes(web: LoopbackWeb):
    """All bombs, floods and endless bodies, one after the other: kept, refused, cheap, and every file closed."""
    endless = ["infinite", "huge-length", "infinite-chunks", "endless-chunk-line", "header-flood", "long-header",
               "interim-flood", "long-status-line"]  # fmt: skip
    urls = [f"http://bombs.hostile.test/{name}" for name in [*BOMBS, *endless]]
    *told, peak = run(web, urls, network={"max_body_bytes": 60_000_000, "total_timeout_s": 20.0})
    assert peak["peak_bytes"] < 150_000_000
    assert peak["files_left_open"] == 0
    bombs, floods = told[: len(BOMBS)], told[len(BOMBS) :]
    assert all(entry["complete"] and "undecodable" in entry for entry in bombs)
    assert {entry["cut"] or entry["error"] for entry in floods[:3]} == {"length"}
    assert {entry["error"] for entry in floods[4:]} == {"BadReply"}
    assert all(entry["bytes"] < 61_000_000 for entry in floods)


def test_neither_proxies_nor_netrc_of_the_environment_are_used(web: LoopbackWeb, trap: Trap, tmp_path: Path):
    """Proxy variables and a .netrc of the user who runs cron change nothing: no detour, no credentials."""
    (tmp_path / ".netrc").write_text("machine plain.wire.test login me password canary\n")
    proxy = f"http://127.0.0.1:{trap.port}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    environment = dict.fromkeys(names, proxy) | {"HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
    *told, _ = run(web, ["http://plain.wire.test/", "https://plain.wire.test/"], environment=environment)
    assert [entry["status"] for entry in told] == [200, 200]
    assert not any("uthorization" in entry["sent"] or "canary" in entry["sent"] for entry in told)
    assert trap.caught() == []


def test_a_spool_that_finds_no_room_is_our_own_failure(web: LoopbackWeb):
    """A disk too small for the answer is a StoreError, not a bad reply; small answers still work."""
    urls = ["http://big.hostile.test/infinite", "http://plain.wire.test/"]
    *told, _ = run(web, urls, max_file_bytes=2_000_000, network={"max_body_bytes": 5_000_000})
    assert told[0]["raised"] == "StoreError"
    assert told[1]["status"] == 200


@pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_uvloop_keeps_the_same_bytes(web: LoopbackWeb, scheme: str):
    """Every case of the wire, twice over one client, on the other event loop."""
    cases = [case for case in CASES if case.sent]
    *told, _ = run(
        web, [f"{scheme}://{case.name}.wire.test/uvloop" for case in cases] * 2, loop="uvloop", together=True
    )
    for case, entry in zip(cases * 2, told, strict=True):
        assert entry["sha256"] == hashlib.sha256(case.sent).hexdigest(), case.name
        assert (entry.get("status"), entry["cut"]) == (case.status, case.cut), case.name
