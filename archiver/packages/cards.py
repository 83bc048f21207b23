"""A post as a page that needs no script: what is known of it, with the media that the package holds. Pure.

A card is derived, never captured: it is kept as a ``resource`` under a URI of its own, in a file of its own, and says
so on its face. The player rewrites the addresses of its pictures to those in the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from archiver.packages.pages import first, title_of_post

_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#111;background:#fff}"
    "article{border:1px solid #ccc;border-radius:8px;padding:1em}h1{font-size:1.1em;margin:0}"
    "p.text{white-space:pre-wrap;overflow-wrap:anywhere}img,video{max-width:100%;border-radius:8px;margin:.3em 0}"
    "footer,dl{font-size:.8em;color:#555;overflow-wrap:anywhere}dt{font-weight:bold}dd{margin:0 0 .4em 1em}"
)
_SHOWN = ("author", "handle", "posted_at", "text", "lang")


def uri(key: str) -> str:
    """Where the card of the post ``key`` (``x:20``) lies."""
    return f"urn:archiver:card:{key}"


def card(key: str, body: Mapping[str, Any], held: frozenset[str]) -> bytes:
    """The card as an HTML document in UTF-8. ``body``: the post's document. ``held``: URLs that the package holds."""
    title = escape(title_of_post(body)[:200])
    parts = [
        "<!doctype html><html><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><article>",
        *_face(body),
        *_media(first(body, "media"), held),
        "</article>",
        *_sources(body),
        f"<footer>Made from the records of {escape(key)} by <code>archiver pack</code>; nobody published this page. ",
        "The captured answers are in this package.</footer></body></html>",
    ]
    return "".join(parts).encode(errors="replace")


def _face(body: Mapping[str, Any]) -> Iterator[str]:
    who, handle = first(body, "author"), first(body, "handle")
    named = " ".join([str(who)] * bool(who) + [f"@{handle}"] * bool(handle))
    yield f"<h1>{escape(named) or 'Author not known'}</h1>"
    text = first(body, "text")
    yield f'<p class="text">{escape(str(text))}</p>' if text else "<p><em>No text is known.</em></p>"
    if posted := first(body, "posted_at"):
        yield f"<p><time>{escape(str(posted))}</time></p>"
    if said := body.get("availability"):
        yield f"<p>{escape(str(said))} ({escape(str(body.get('availability_how') or ''))})</p>"


def _media(media: object, held: frozenset[str]) -> Iterator[str]:
    for one in media if isinstance(media, list) else ():
        if not isinstance(one, Mapping):
            continue
        url, alt = _url(one.get("file")) or _url(one), escape(str(one.get("alt") or ""), quote=True)
        still = _url(one.get("poster"))
        if url in held and one.get("type") in ("video", "animated_gif"):
            poster = f' poster="{escape(still, quote=True)}"' if still in held else ""
            yield f'<video controls src="{escape(url, quote=True)}"{poster}></video>'
        elif url in held or still in held:
            yield f'<img src="{escape(url if url in held else still, quote=True)}" alt="{alt}">'
        else:
            yield f"<p><em>Not held: {escape(url or 'a medium')}</em></p>"


def _url(value: object) -> str:
    found = value.get("url") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""


def _sources(body: Mapping[str, Any]) -> Iterator[str]:
    yield "<dl>"
    for field in _SHOWN:
        for fact in (body.get("facts") or {}).get(field) or ():
            said = f"{escape(str(fact.get('value'))[:300])} — {escape(str(fact.get('how')))}"
            yield f"<dt>{field}</dt><dd>{said}, record {escape(str(fact.get('record_id')))}</dd>"
    yield "</dl>"
