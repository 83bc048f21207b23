"""What makes an address of a post a post that is shown: the conventions of content systems, one rule each.

A status address in running text is a link. It is an embed where a system that publishes articles turns, or has turned,
that place into the post:

1. *Placeholder*: an element that is no anchor has it as the value of a data attribute, or inside that value as the
   parameter of an embedding service (``data-url``, ``data-resourceurl``, ``data-oembed-url``, AMP's ``data-tweetid``).
2. *Marked anchor*: an anchor whose class says that a script replaces it (Embedly's ``embedly-card``, ``oembed``).
3. *Frame*: the source of an ``iframe``, now or once consent is given, through an embedding service.
4. *Named element*: ``<Tweet url=…>`` of MDX and its kin, ``<oembed url=…>`` of CKEditor.
5. *Shortcode*: ``[embed]…[/embed]``, ``{% twitter … %}``, ``[tweet …]``, Gutenberg's ``<!-- wp:embed {…} -->``.
6. *Alone*: the address fills its paragraph, figure or line: what oEmbed consumers (WordPress, Ghost, Discourse, most
   Markdown sites) replace by the post.
7. *State*: an object of JSON, in a script or an attribute, whose type, provider or key says that it is an embed.
"""

from __future__ import annotations

import html
import re
from typing import Any

from archiver.find import state
from archiver.find.dates import DateReader
from archiver.find.layers import undo_json
from archiver.find.source import Source, Tag, Zone

_CHROME = re.compile(r"share|sharing|follow|intent|reply|button|btn|timeline|icon|social-?(?:links?|bar)|nav|menu")
_EMBED_CLASS = re.compile(r"embed|tweet(?!-?(?:link|fake))|onebox|iframely|twitter-(?:post|status|card)")
_TWEET_NAME = re.compile(r"tweet|twitter|embed|^x-?post$")
_FRAMES = frozenset(("iframe", "embed", "object", "amp-iframe", "amp-embedly-card", "amp-twitter"))
_SHORTCODE = re.compile(
    r"(?:\{\{[<%]?|\{%-?|\[|@\[|::|!\[|\.\. )[ ]*(?:media=|include |oembed|embed|tweet|twitter|x\b)[^\]}]*$"
    r"|\[(?:embed|tweet|twitter|oembed|media)\b[^\[\]]*\]\s*$|!\[[^\[\]]*\]\(\s*<?$",
    re.IGNORECASE,
)
_BLOCKS = r"p|div|figure|section|article|center|body|main|blockquote|content:encoded|content|description|summary"
_INLINE = r"a|span|strong|em|b|i|u|font|noscript|wbr"
_BEFORE_ALONE = re.compile(
    rf"(?:<(?P<block>{_BLOCKS})\b[^<>]*>|</(?:{_BLOCKS}|h[1-6]|ul|ol|table|iframe|script)\s*>|<!\[cdata\[|<br\s*/?>\s*<br\s*/?>"
    rf"|-->|(?P<lines>\n[ \t]*\n)|^)\s*(?P<inline>(?:<(?:{_INLINE})\b[^<>]*>\s*)*)$",
    re.IGNORECASE,
)
_AFTER_ALONE = re.compile(
    rf"[^\s<>\"']*\s*(?:</(?:{_INLINE})\s*>\s*)*"
    rf"(?:</?(?:{_BLOCKS}|h[1-6]|ul|ol|table|script|figcaption)\b|<!--|<br\s*/?>\s*<br|\]\]>|\n[ \t]*\n|$)",
    re.IGNORECASE,
)
_ANCHOR_TEXT = re.compile(r"(?P<text>[^<>]{0,600})</a\s{0,9}>")
_ADDRESS_TEXT = re.compile(r"(?:https?://|www\.)?\S*(?:twitter|x)\.com/\S*")
_ENDINGS = frozenset((">", "]", "[", ";", "n", "r", "e", ""))
"""The last sign of what opens a block: of a tag, a CDATA section, an entity, ``\\n``, ``\\u003e``."""
_LINE = re.compile(r"[ \t>*_<\\-]*(?:https?://)?[\w.-]+/[^\s<>\[\]()]+[>*_\\]*\s*")
_LINE_BEFORE, _LINE_AFTER = 40, 600
_UNWANTED_REL = re.compile(r"\b(?:ugc|nofollow)\b")


def shown(
    source: Source, start: int, end: int, zone: Zone, tag: Tag | None, dates: DateReader
) -> dict[str, Any] | None:
    """The fields of the sighting that the carrier of the address at ``start`` to ``end`` (of its id) tells beside the
    post: at least its ``form``. ``None`` where it is merely linked."""
    if zone == "comment":
        opening = source.low[source.zone_start(start) : start]
        return {"form": "shortcode"} if re.match(r"<!--\s*/?wp:(?:core-)?embed", opening) else None
    if tag:
        return _of_tag(source, start, tag, dates) or _alone_in_anchor(source, tag)
    if zone == "script":
        return state.shown(source, start, dates)
    before = source.low[max(0, start - 160) : start]
    if any(sign in before for sign in ("[", "{", "::", ".. ")) and _SHORTCODE.search(before):
        return {"form": "shortcode"}
    alone = _alone(source, start, end) if source.markup else _line(source, start, end)
    return alone or state.shown(source, start, dates)


def _of_tag(source: Source, start: int, tag: Tag, dates: DateReader) -> dict[str, Any] | None:
    name = tag.attribute_at(start) or ""
    value = tag.attributes.get(name, "")
    marks = " ".join(tag.attributes.get(key, "") for key in ("class", "id", "data-type", "data-provider")).lower()
    whole = len(value) < 400 and not re.search(r"\s\S", value.strip())
    if tag.name in ("a", "area"):
        ours = _EMBED_CLASS.search(marks) and not _CHROME.search(marks)
        return {"form": "element"} if ours and name in ("href", "data-href", "data-url") else None
    if tag.name in _FRAMES:
        return {"form": "iframe" if "frame" in tag.name else "element"} if whole else None
    if not name.startswith(("data-", "props", "cite", "src", "url", "value", "content-")) and not _TWEET_NAME.search(
        tag.name
    ):
        return None
    if not whole or value.lstrip()[:1] in "{[" or value.lstrip()[:5] == "&#123":
        return state.shown(source, start, dates)
    if _CHROME.search(marks) or tag.name in ("button", "img", "input"):
        return None
    return {"form": "element", **_told_beside(tag, dates)}


def _told_beside(tag: Tag, dates: DateReader) -> dict[str, Any]:
    """What another attribute of a placeholder, a post as JSON, tells of it."""
    for value in tag.attributes.values():
        if len(value) > 40 and (post := state.read(value)):
            return state.facts(post, dates)
    return {}


def _alone_in_anchor(source: Source, tag: Tag) -> dict[str, Any] | None:
    """An anchor that fills its block and shows nothing but its own address: an oEmbed that somebody linked."""
    if tag.name != "a" or _UNWANTED_REL.search(tag.attributes.get("rel", "")):
        return None
    text = _ANCHOR_TEXT.match(source.text, tag.end)
    if not text or not _ADDRESS_TEXT.fullmatch(text["text"].strip()):
        return None
    before = _BEFORE_ALONE.search(source.low[max(0, tag.start - 300) : tag.start])
    after = _AFTER_ALONE.match(source.low[text.end() : text.end() + 200])
    return {"form": "bare-url"} if before and before["block"] and after else None


def _alone(source: Source, start: int, end: int) -> dict[str, Any] | None:
    before = source.low[max(0, start - 300) : start]
    if before.rstrip()[-1:] not in _ENDINGS and before[len(before.rstrip()) :].count("\n") < 2:
        return None
    after = source.low[end : end + 300]
    if "&lt;" in before or "&gt;" in before:
        before, after = html.unescape(before), html.unescape(after)
    elif "\\u003" in before or "\\n" in before or '\\"' in before:
        before, after = undo_json(before), undo_json(after)
    opened = _BEFORE_ALONE.search(before)
    if not opened or not _AFTER_ALONE.match(after):
        return None
    return None if "<a" in opened["inline"] else {"form": "bare-url"}


def _line(source: Source, start: int, end: int) -> dict[str, Any] | None:
    """In Markdown and plain text, an address on a line of its own."""
    low, high = max(0, start - _LINE_BEFORE), min(len(source.text), end + _LINE_AFTER)
    begin, until = source.text.rfind("\n", low, start) + 1, source.text.find("\n", end, high)
    if (begin == 0 and low > 0) or (until < 0 and high < len(source.text)):
        return None
    line = source.text[begin : until if until >= 0 else high]
    return {"form": "bare-url"} if _LINE.fullmatch(line) else None
