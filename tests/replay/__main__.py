"""An archive in pywb, and as a WACZ in ReplayWeb.page, in headless Chromium: ``python -m tests.replay build/replay``.

Saves the sample world, and pages that were looked at twice (``second_look``); packs it; opens the article, each post's
card, a picture, and everything that is held as a revisit, whose pictures' bytes must be the original's; keeps
screenshots. Wants Node.js, Chromium (Debian's ``chromium``) and the npm registry for ReplayWeb.page (AGPL, used as it
is, not part of the project) and playwright-core; for pywb, PyPI. Fails when something does not show, or when anything
outside is asked for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import format_datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.replay import second_look

HERE = Path(__file__).parent
PLAYER, BROWSER, PYWB = "replaywebpage@2.5.3", "playwright-core@1", "pywb==2.10.0"
PYWB_AT = "http://127.0.0.1:8769/all"
VIEW = """<!doctype html><meta charset=utf-8><script src="/ui.js"></script><body style="margin:0"><script>
const url = new URLSearchParams(location.search).get("url").replace(/[&"<]/g, (one) => `&#${one.charCodeAt(0)};`);
const ts = (new URLSearchParams(location.search).get("ts") || "").replace(/[^0-9]/g, "");
document.write(`<replay-web-page style="height:900px;display:block" source="/all.wacz" url="${url}" ts="${ts}"
  replayBase="/replay/"></replay-web-page>`)</script>"""


@dataclass(frozen=True)
class Wanted:
    """An address (``ts``: of which time, 14 digits, or the newest) that must show ``word``, a picture where it
    ``has_picture``, and pictures of just these SHA-256 ``digests`` where there are any."""

    name: str
    url: str
    ts: str = ""
    word: str = ""
    has_picture: bool = False
    digests: tuple[str, ...] = ()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


def main(folder: Path) -> int:
    """0 when everything shows."""
    shutil.rmtree(folder / "room", ignore_errors=True)
    (folder / "room").mkdir(parents=True)
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder / "room") as web:
        room = Newsroom(folder / "room", web)
        room.save(sample.ARTICLE_URL)
        second_look.fill(room.archive)
        room.archiver("pack", "--all", "-o", folder / "room" / "all.wacz")
        room.archiver("index")
    wanted = list(addresses(folder / "room" / "all.wacz"))
    tools(folder)
    problems = in_replaywebpage(folder, wanted) + in_pywb(folder, room.archive, wanted)
    for problem in problems:
        print(f"replay: {problem}")
    print(f"screenshots: {folder}/*.png; {'all is shown' if not problems else 'see above'}")
    return bool(problems)


def addresses(package: Path) -> Iterator[Wanted]:
    """What must show."""
    with zipfile.ZipFile(package) as held:
        posts = [json.loads(line) for line in held.read("records/posts.jsonl").splitlines()]
    yield Wanted("article", sample.ARTICLE_URL, word="lighthouse")
    pictures = []
    for body in posts:
        text, media = (body["facts"].get(name, [{}])[0].get("value") for name in ("text", "media"))
        files = [one["file"] for one in media or () if one.get("file") and one["type"] == "photo"]
        word = (text or "").split()[0] if text else "deleted" if body["availability"] == "deleted" else ""
        card = f"urn:archiver:card:x:{body['post_id']}"
        yield Wanted(f"card-{body['post_id']}", card, word=word, has_picture=bool(files))
        pictures += files
    yield Wanted("picture", pictures[0]["url"], has_picture=True)
    for one in second_look.looks():
        word = "" if one.url.endswith(".png") else second_look.WORD
        yield Wanted(one.name, one.url, one.ts, word, bool(one.pictures), one.pictures)


def tools(folder: Path) -> None:
    """ReplayWeb.page's files where its page looks for them, and playwright-core."""
    if not (folder / "node_modules").exists():
        run(folder, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), BROWSER)
        run(folder, "npm", "pack", PLAYER)
        run(folder, "tar", "xzf", f"{PLAYER.replace('@', '-')}.tgz")
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    (site / "replay").mkdir(parents=True)
    for name, place in (("ui.js", "ui.js"), ("ui.js", "replay/ui.js"), ("sw.js", "replay/sw.js")):
        shutil.copy(folder / "package" / name, site / place)
    shutil.copy(folder / "room" / "all.wacz", site / "all.wacz")
    (site / "view.html").write_text(VIEW)
    shutil.copy(HERE / "look.mjs", folder / "look.mjs")


def in_replaywebpage(folder: Path, wanted: list[Wanted]) -> list[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/view.html?ts=TS&url=URL"
    try:
        return looked("rwp", folder, base, wanted)
    finally:
        server.shutdown()
        server.server_close()


def in_pywb(folder: Path, archive: Path, wanted: list[Wanted]) -> list[str]:
    """The archive folder itself, with the CDXJ beside its WARCs; cards are in packages only."""
    where = folder / "pywb"
    if not (where / "bin" / "wayback").exists():
        venv.create(where, with_pip=True)
        run(folder, str(where / "bin" / "pip"), "install", "--quiet", PYWB, "setuptools<81")
    paths = {"index_paths": f"{archive}/indexes/", "archive_paths": f"{archive}/"}
    lines = "".join(f"    {name}: {value}\n" for name, value in paths.items())
    (where / "config.yaml").write_text(f"collections:\n  all:\n{lines}")
    with (folder / "pywb.log").open("wb") as log:
        words = [str(where / "bin" / "wayback"), "--port", "8769", "--bind", "127.0.0.1"]
        server = subprocess.Popen(words, cwd=where, stdout=log, stderr=log)
    try:
        for _ in range(120):
            time.sleep(0.5)
            try:
                urlopen(f"{PYWB_AT}/", timeout=5).close()
                break
            except OSError:
                continue
        own = [one for one in wanted if not one.name.startswith("card-")]
        return [*raw_in_pywb(PYWB_AT), *looked("pywb", folder, f"{PYWB_AT}/TSmp_/URL", own)]
    finally:
        server.terminate()
        server.wait(10)


def raw_in_pywb(base: str) -> Iterator[str]:
    """What pywb does not hand out byte for byte, at the second that it was asked for: its ``id_`` answers."""
    for one in second_look.looks():
        with urlopen(f"{base}/{one.ts}id_/{one.url}", timeout=30) as answer:
            body, at = answer.read(), answer.headers["Memento-Datetime"]
        held = one.at if one.kind != "304" else second_look.FIRST_DAY
        if at != format_datetime(held, usegmt=True):
            yield f"pywb: {one.url} at {one.ts} is of {at}"
        if one.url.endswith(".png") and body != second_look.PICTURE:
            yield f"pywb: {one.url} at {one.ts} has other bytes"


def looked(player: str, folder: Path, base: str, wanted: list[Wanted]) -> list[str]:
    """What did not show as it should."""
    asked = json.dumps([{**asdict(one), "name": f"{player}-{one.name}"} for one in wanted])
    words = ["node", "look.mjs", base, str(folder.absolute()), asked]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    shown = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    problems = [] if done.returncode == 0 else [f"{player}: {done.stderr.strip()[-500:]}"]
    for one in wanted:
        seen = shown.get(f"{player}-{one.name}")
        if seen is None:
            problems.append(f"{player}: {one.url} was not opened")
        elif one.word not in seen["text"] or (one.has_picture and not seen["images"]):
            problems.append(f"{player}: {one.name} shows {seen['text'][:200]!r} and {seen['images']} pictures")
        elif one.digests and tuple(seen["digests"]) != one.digests:
            problems.append(f"{player}: {one.name} shows pictures with the digests {seen['digests']}")
        elif seen["outside"]:
            problems.append(f"{player}: {one.url} asked for {seen['outside'][0]}")
    print(f"{player}: {len(shown)} of {len(wanted)} opened")
    return problems


def run(folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
