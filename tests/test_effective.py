"""The configuration, written down again."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import config, effective

# Another value than the default for every key, in the forms that people write.
OTHERS: dict[str, dict[str, Any]] = {
    "archive": {
        "dir": "kept – Archiv",
        "max_warc_bytes": "1.5 GiB",
        "max_idle_s": 0.5 + 1,
        "revisits": False,
        "revisit_min_bytes": 1,
        "mask_cookies": False,
        "operator": 'Desk "7" \\ \u202e\u009b',
        "cdxj": False,
    },
    "network": {
        "user_agent": "Mozilla/5.0 (like ' and \")",
        "contact": "desk@news.example",
        "ca_bundle": "ca.pem",
        "connect_to": {"a.example:443": "b.example:1", "*:80": "[::1]:8080", "T.co:443": "127.0.0.1:2"},
        "allowed_ports": [8443, 80, 443],
        "connect_timeout_s": 0.25,
        "head_timeout_s": 1e9,
        "total_timeout_s": 1e300,
        "min_bytes_per_s": 0,
        "min_rate_window_s": 0.1,
        "max_body_bytes": 10**15,
        "max_decoded_bytes": "3 KiB",
        "max_head_bytes": "1 B",
        "tries": 20,
        "max_wait_s": 0,
        "max_hops": 50,
        "parallel": 1,
    },
    "politeness": {"requests_per_second": 0.1, "hosts": {"web.archive.org/cdx/": 0.4, "T.co": 3}, "robots": "obey"},
    "nightly": {
        "max_time_s": 14400,
        "max_requests": 10,
        "max_bytes": "2 GB",
        "min_free_bytes": 0,
        "grace_s": 0,
        "posts_days": [0.5, 10, 200],
        "posts_every_days": 30.5,
        "articles_days": [],
        "ping_url": "https://hc-ping.com/x",
        "ping_style": "cronitor",
        "metrics_file": "out/a.prom",
        "news_command": ["mail", "-s", "zebra", "apple", "-s", "17"],
    },
    "x": {
        "sources": ["oembed", "fxtwitter", "tweet-result", "api"],
        "tweet_result_url": "https://a.example/1",
        "oembed_url": "https://a.example/2",
        "api_url": "https://a.example/3",
        "fxtwitter_url": "https://a.example/4",
        "bearer_file": "bearer",
        "media": "none",
        "avatar": False,
        "depth": 0,
        "thread": 200,
        "max_post_bytes": 1,
        "max_run_bytes": "1 TB".replace("T", "G"),
    },
    "archives": {
        "wayback": False,
        "availability_url": "https://b.example/1",
        "cdx_url": "https://b.example/2",
        "replay_url": "https://b.example/3",
        "cdx_per_minute": 0.5,
        "mementos_per_minute": 0,
        "most_mementos": 100,
        "most_candidates": 1,
        "give_up_after": 1,
        "save_page_now": True,
        "save_url": "https://b.example/4",
        "saves_per_minute": 7,
        "save_looks": 1,
        "save_wait_s": 2.5,
    },
    "pack": {
        "sign": False,
        "key": "keys/mine.pem",
        "timestamp_url": "https://tsa.example/tsr",
        "timestamp_roots": "roots.pem",
    },
}
SOURCES: list[dict[str, Any]] = [
    {"feed": "https://news.example/feed", "name": "front \u2028 page"},
    {"sitemap": "https://news.example/map", "days": 2.5},
    {"list": "a.csv", "column": 2},
    {"list": "-", "column": "url"},
    {"folder": "pages"},
    {"crawl": "/data/a.wacz"},
]
PLACES = [(section, key) for section, keys in config.KEYS.items() for key in keys]


def test_every_key_has_another_value_here():
    """So that the round trips below try all of them."""
    assert [(section, key) for section, keys in OTHERS.items() for key in keys] == PLACES


@settings(deadline=None, max_examples=40)  # it writes files, and CI is slow
@given(st.sets(st.sampled_from(PLACES)) | st.just(set(PLACES)), st.permutations(SOURCES), st.integers(0, len(SOURCES)))
def test_what_is_printed_loads_back_to_the_same_configuration(tmp_path_factory, others, sources, kept):
    """From any folder; whatever was changed, in whatever order the sources stand."""
    base, elsewhere = tmp_path_factory.getbasetemp() / "base", tmp_path_factory.getbasetemp() / "elsewhere"
    for folder in (base, elsewhere):
        folder.mkdir(exist_ok=True)
    for name in ("ca.pem", "bearer", "roots.pem"):
        (base / name).touch()
    data: dict[str, Any] = {section: {} for section in config.KEYS}
    for section, key in others:
        data[section][key] = OTHERS[section][key]
    built = config.build({**data, "sources": sources[:kept]}, base / "config.toml")
    written = effective.toml(built)
    assert loaded(elsewhere / "config.toml", written) == replace(built, path=None)
    assert config.build(json.loads(json.dumps(effective.data(built))), built.path) == built
    assert tomllib.loads(written).get("sources", []) == effective.data(built)["sources"]


def loaded(path: Path, text: str) -> config.Config:
    """The configuration that ``text`` is."""
    path.write_text(text, "utf-8")
    return replace(config.load(path), path=None)


def test_nothing_in_it_acts_on_a_terminal():
    """Texts keep their meaning, as escapes."""
    built = config.build({"archive": OTHERS["archive"]}, None)
    assert "\\u202e\\u009b" in effective.toml(built)
    assert not {"\u202e", "\u009b", "\x1b"} & set(effective.toml(built))


def test_lists_keep_their_order_and_tables_are_tables():
    """A command's words are no set."""
    written = effective.toml(config.build({"nightly": OTHERS["nightly"], "sources": SOURCES[2:3]}, Path("/srv/a.toml")))
    assert 'news_command = ["mail", "-s", "zebra", "apple", "-s", "17"]\n' in written
    assert written.endswith('[[sources]]\nlist = "/srv/a.csv"\nname = "/srv/a.csv"\ncolumn = "2"\n')
