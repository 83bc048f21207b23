"""A status page as twitter.com rendered it on the server until mid-2020, read back from an archive.

Such a page shows the post that it is about, what that one answers, and the answers to it, all in the same markup: the
post wanted is the element whose ``data-tweet-id`` is its id (``protocols`` 6.6). The page's printed times are those of
its visitor's zone and language, so only ``data-time`` is read. Pages of later years are shells without the post;
some of them still name it in their ``og:`` lines, which is read as the weaker form that it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from archiver.model import Moment, PostRef
from archiver.platforms.x import media, urls
from archiver.platforms.x.shown import Shown

MAX_POST_CHARS = 60_000
"""What one post's markup is read to; in recorded pages it is 10,000 to 25,000 characters long."""

MAX_QUOTE_CHARS = 10_000
_MAX_HEAD_CHARS = 400_000
_POST = re.compile(r"<(?:div|li|article)\b([^<>]{0,6000})>")
_ID = re.compile(r"\bdata-tweet-id\s*=\s*[\"']?(\d{1,20})\b", re.ASCII)
_META = re.compile(r"<meta\b([^<>]{1,6000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(property|name|content)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_OG_TITLE = re.compile(
    r"(?P<name>.{1,200}?)(?: \(@(?P<handle>\w{1,20})\))? on (?:Twitter|X)(?P<text>: [\"“].*)?", re.DOTALL
)
_DOUBLED = re.compile(r"(?<! ) {2,}+(?=pic\.)")
_HANDLE = re.compile(r"\w{1,20}", re.ASCII)
_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
_STILL = re.compile(r"background-image:\s*url\(\s*[\"']?(https://[^\"')\s]{1,900})")


def read(page: str, post_id: str) -> Shown | None:
    """The post with ``post_id`` as ``page`` shows it; ``None`` when it does not show it with a text."""
    return _element(page, post_id) or _quote(page, post_id) or _named(page[:_MAX_HEAD_CHARS], post_id)


def _element(page: str, post_id: str) -> Shown | None:
    """The post's own element, the one that the page is about before one that merely stands in it."""
    posts = [(found.start(), _ID.search(found[1]), found[1]) for found in _POST.finditer(page)]
    own = [(start, told) for start, named, told in posts if named and named[1] == post_id and _is_so(told, post_id)]
    if not own:
        return None
    start, told = next(((start, told) for start, told in own if "permalink-tweet" in told), own[0])
    answers = "permalink-tweet" in told and _attribute_in(told, "data-has-parent-tweet") == "true"
    others = (place for place, named, _ in posts if place > start and named and named[1] != post_id)
    end = min(next(others, len(page)), start + MAX_POST_CHARS)
    soup = BeautifulSoup(page[start:end].replace("\0", ""), "lxml", multi_valued_attributes=None)
    post = soup.find(True, attrs={"data-tweet-id": post_id})
    words = _first(post, "p", "tweet-text") if isinstance(post, Tag) else None
    if not isinstance(post, Tag) or words is None:
        return None
    text = _text(words)
    pictures = (*_pictures(post), *_stills(post))
    if not text and not pictures:
        return None
    name = _first(post, "strong", "fullname")
    return Shown(
        form="permalink",
        post_id=post_id,
        text=text,
        author=_attribute(post, "data-name") or (_own_words(name) if name else None) or None,
        handle=_matching(_HANDLE, _attribute(post, "data-screen-name")),
        author_id=_matching(_NUMBER, _attribute(post, "data-user-id")),
        posted_at=_posted_at(post),
        lang=_attribute(words, "lang") or None,
        avatar=_avatar(post),
        media=pictures,
        quoted=_quoted(post),
        in_reply_to=_answered(page[:start]) if answers else None,
    )


def _is_so(told: str, post_id: str) -> bool:
    """Whether the address in a post's opening tag, where there is one, is that of the id beside it."""
    path = _attribute_in(told, "data-permalink-path")
    return not path or path.rstrip("/").rpartition("/")[2] == post_id


def _quote(page: str, post_id: str) -> Shown | None:
    """The post as the box shows it that another one quotes it in: its author and words."""
    place = next(
        (
            found.start()
            for found in _POST.finditer(page)
            if "QuoteTweet-innerContainer" in found[1] and _attribute_in(found[1], "data-item-id") == post_id
        ),
        None,
    )
    if place is None:
        return None
    soup = BeautifulSoup(page[place : place + MAX_QUOTE_CHARS].replace("\0", ""), "lxml", multi_valued_attributes=None)
    box = soup.find("div", attrs={"data-item-id": post_id})
    words = box.find(class_=re.compile(r"\bQuoteTweet-text\b")) if isinstance(box, Tag) else None
    if not isinstance(box, Tag) or not isinstance(words, Tag) or not (text := _text(words)):
        return None
    name = box.find(class_=re.compile(r"\bQuoteTweet-fullname\b"))
    return Shown(
        form="permalink",
        post_id=post_id,
        text=text,
        author=(_own_words(name) or None) if isinstance(name, Tag) else None,
        handle=_matching(_HANDLE, _attribute(box, "data-screen-name")),
        author_id=_matching(_NUMBER, _attribute(box, "data-user-id")),
        lang=_attribute(words, "lang") or None,
    )


def _first(post: Tag, name: str, word: str) -> Tag | None:
    """The first ``name`` element of the class ``word`` within ``post``, what it quotes left out."""
    for found in post.find_all(name):
        if word in _attribute(found, "class").split() and not _is_quoted(found, post):
            return found
    return None


def _is_quoted(tag: Tag, post: Tag) -> bool:
    for parent in tag.parents:
        if parent is post:
            return False
        if "QuoteTweet" in _attribute(parent, "class"):
            return True
    return False


def _text(words: Tag) -> str:
    """What the author wrote: a link as its target where the page names it, an emoji as its character."""
    return _DOUBLED.sub(" ", "".join(_pieces(words)).replace("\xa0", " ")).strip()


def _pieces(words: Tag) -> Iterator[str]:
    stack: list[PageElement] = list(reversed(words.contents))
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            if node.name == "img":
                yield _attribute(node, "alt")
            elif node.name == "br":
                yield "\n"
            elif node.name == "a" and (target := _attribute(node, "data-expanded-url")):
                yield _apart(target)
            elif node.name == "a" and "u-hidden" in _attribute(node, "class").split():
                yield _apart(node.get_text())
            else:
                stack.extend(reversed(node.contents))
        elif type(node) is NavigableString:
            yield str(node)


def _apart(link: str) -> str:
    """A picture's link with a blank before it, which the page may leave out; any other as it is."""
    return link if link.startswith("http") else f" {link.strip()}"


def _own_words(tag: Tag) -> str:
    return "".join(str(child) for child in tag.contents if type(child) is NavigableString).strip()


def _posted_at(post: Tag) -> Moment | None:
    """``data-time`` of the post's own time stamp, whole seconds since 1970."""
    stamp = _first(post, "span", "_timestamp")
    seconds = _attribute(stamp, "data-time") if stamp else ""
    if not re.fullmatch(r"\d{9,11}", seconds, re.ASCII):
        return None
    return Moment(at=datetime.fromtimestamp(int(seconds), UTC), precision="second")


def _pictures(post: Tag) -> Iterator[media.Medium]:
    """The photos of the post, each once."""
    seen: set[str] = set()
    for tag in post.find_all(True, attrs={"data-image-url": True}):
        url = _attribute(tag, "data-image-url")
        if url in seen or not media.ours(url) or _is_quoted(tag, post):
            continue
        seen.add(url)
        image = tag.find("img")
        alt = _attribute(image, "alt") if isinstance(image, Tag) else ""
        plain = re.sub(r":\w+$", "", url)
        yield media.Medium(
            type="photo",
            url=plain,
            ladder=media.photo_ladder(plain),
            alt=alt if alt and alt != "Embedded image permalink" else None,
        )


def _avatar(post: Tag) -> str | None:
    image = _first(post, "img", "avatar")
    return (_attribute(image, "src") or None) if image else None


def _stills(post: Tag) -> Iterator[media.Medium]:
    """Films, by the still behind the player; where they play from the page does not say."""
    for tag in post.find_all("div"):
        still = _STILL.search(_attribute(tag, "style"))
        if still is None or "PlayableMedia-player" not in _attribute(tag, "class").split():
            continue
        if not media.ours(still[1]) or _is_quoted(tag, post):
            continue
        gif = any("PlayableMedia--gif" in _attribute(parent, "class").split() for parent in tag.parents)
        kind: Literal["video", "animated_gif"] = "animated_gif" if gif else "video"
        yield media.Medium(type=kind, url=still[1], ladder=(), poster=media.photo_ladder(still[1]))


def _quoted(post: Tag) -> PostRef | None:
    inner = post.find(class_=re.compile(r"\bQuoteTweet-innerContainer\b"))
    if not isinstance(inner, Tag):
        return None
    return urls.post_of(_attribute(inner, "data-item-id"), _matching(_HANDLE, _attribute(inner, "data-screen-name")))


def _answered(before: str) -> PostRef | None:
    """The post that the page's own one answers: the last one that stands above it."""
    place = before.rfind("permalink-in-reply-tos")
    above = [found[1] for found in _POST.finditer(before, max(0, place)) if _ID.search(found[1])] if place >= 0 else []
    if not above:
        return None
    handle = _matching(_HANDLE, _attribute_in(above[-1], "data-screen-name"))
    return urls.post_of(_attribute_in(above[-1], "data-tweet-id"), handle)


def _named(head: str, post_id: str) -> Shown | None:
    """The post as the page's ``og:`` lines tell it to other sites: name, and text between quotation marks."""
    told: dict[str, str] = {}
    for element in _META.finditer(head):
        pairs = {name.lower(): html.unescape(one or other) for name, one, other in _ATTRIBUTE.findall(element[1])}
        key = pairs.get("property") or pairs.get("name") or ""
        if key.startswith("og:") and "content" in pairs:
            told.setdefault(key, pairs["content"])
    page = urls.match(told.get("og:url", ""))
    text = told.get("og:description", "").strip()
    title = _OG_TITLE.match(told.get("og:title", ""))
    quoted = re.fullmatch(r"[“\"](.*)[”\"]", text, re.DOTALL)
    if page is None or page.post_id != post_id or title is None or not (quoted and quoted[1].strip()):
        return None
    return Shown(form="og", post_id=post_id, text=quoted[1].strip(), author=title["name"], handle=page.handle)


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value.strip() if isinstance(value, str) else ""


def _attribute_in(told: str, name: str) -> str:
    """The value of ``name`` in an opening tag's own text."""
    found = re.search(rf"\b{name}\s*=\s*[\"']([^\"']*)", told)
    return found[1].strip() if found else ""


def _matching(pattern: re.Pattern[str], text: str) -> str | None:
    return text if pattern.fullmatch(text) else None
