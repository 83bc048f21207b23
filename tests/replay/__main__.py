"""An archive in pywb, and as a WACZ in ReplayWeb.page, in headless Chromium: ``python -m tests.replay build/replay``.

Saves the sample world, packs it, opens the article, each post's card and a picture; keeps screenshots. Wants Node.js,
Chromium (Debian's ``chromium``) and the npm registry for ReplayWeb.page (AGPL, used as it is, not part of the project)
and playwright-core; for pywb, PyPI. Fails when something does not show, or when anything outside is asked for.
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
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom

HERE = Path(__file__).parent
PLAYER, BROWSER, PYWB = "replaywebpage@2.5.3", "playwright-core@1", "pywb==2.10.0"
VIEW = """<!doctype html><meta charset=utf-8><script src="/ui.js"></script><body style="margin:0"><script>
const url = new URLSearchParams(location.search).get("url").replace(/[&"<]/g, (one) => `&#${one.charCodeAt(0)};`);
document.write(`<replay-web-page style="height:900px;display:block" source="/all.wacz" url="${url}"
  replayBase="/replay/"></replay-web-page>`)</script>"""


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
        room.archiver("pack", "--all", "-o", folder / "room" / "all.wacz")
        room.archiver("index")
    wanted = addresses(folder / "room" / "all.wacz")
    tools(folder)
    problems = in_replaywebpage(folder, wanted) + in_pywb(folder, room.archive, wanted)
    for problem in problems:
        print(f"replay: {problem}")
    print(f"screenshots: {folder}/*.png; {'all is shown' if not problems else 'see above'}")
    return bool(problems)


def addresses(package: Path) -> dict[str, tuple[str, str, bool]]:
    """Name → (address, a word that it must show, whether it must show a picture)."""
    with zipfile.ZipFile(package) as held:
        posts = [json.loads(line) for line in held.read("records/posts.jsonl").splitlines()]
    found = {"article": (sample.ARTICLE_URL, "lighthouse", False)}
    for body in posts:
        text, media = (body["facts"].get(name, [{}])[0].get("value") for name in ("text", "media"))
        files = [one["file"] for one in media or () if one.get("file") and one["type"] == "photo"]
        word = (text or "").split()[0] if text else "deleted" if body["availability"] == "deleted" else ""
        found[f"card-{body['post_id']}"] = (f"urn:archiver:card:x:{body['post_id']}", word, bool(files))
        if files and "picture" not in found:
            found["picture"] = (files[0]["url"], "", True)
    return found


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


def in_replaywebpage(folder: Path, wanted: dict[str, tuple[str, str, bool]]) -> list[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/view.html?url=URL"
    try:
        return looked("rwp", folder, base, wanted)
    finally:
        server.shutdown()
        server.server_close()


def in_pywb(folder: Path, archive: Path, wanted: dict[str, tuple[str, str, bool]]) -> list[str]:
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
                urlopen("http://127.0.0.1:8769/all/", timeout=5).close()
                break
            except OSError:
                continue
        own = {name: one for name, one in wanted.items() if not name.startswith("card-")}
        return looked("pywb", folder, "http://127.0.0.1:8769/all/mp_/URL", own, plain=True)
    finally:
        server.terminate()
        server.wait(10)


def looked(
    player: str, folder: Path, base: str, wanted: dict[str, tuple[str, str, bool]], *, plain: bool = False
) -> list[str]:
    """What did not show as it should."""
    base = base.replace("/mp_/URL", "/mp_/URL#mp_") if plain else base
    asked = [f"{player}-{name}={address}" for name, (address, _, _) in wanted.items()]
    words = ["node", "look.mjs", base, str(folder.absolute()), *asked]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    shown = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    problems = [] if done.returncode == 0 else [f"{player}: {done.stderr.strip()[-500:]}"]
    for name, (address, word, has_picture) in wanted.items():
        one = shown.get(f"{player}-{name}")
        if one is None:
            problems.append(f"{player}: {address} was not opened")
        elif word not in one["text"] or (has_picture and not one["images"]):
            problems.append(f"{player}: {address} shows {one['text'][:200]!r} and {one['images']} pictures")
        elif one["outside"]:
            problems.append(f"{player}: {address} asked for {one['outside'][0]}")
    print(f"{player}: {len(shown)} of {len(wanted)} opened")
    return problems


def run(folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
