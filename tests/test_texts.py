from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import texts

TEXT = "Talks have failed, the port workers’ union says. More at noon."
LINKED = f"{TEXT} https://t.co/rQd6FIwZ0U"
PAGE = "https://www.reactjs.example/learn/tutorial-tic-tac-toe"
LEADS = texts.targets([{"short": "https://t.co/rQd6FIwZ0U", "to": PAGE}], ())
NOBODY_KNOWS: texts.Targets = {}


def said(claim: str, answer: str, targets: texts.Targets = LEADS, **more: object) -> tuple[object, ...]:
    """``(True, *only)`` or ``(False, what)``."""
    told = texts.alike({"value": claim, **more}, {"value": answer}, targets)
    return (True, *told.only) if told.same else (False, told.what)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (TEXT, (True,)),
        (TEXT.replace("’", "'"), (True,)),
        (TEXT.replace(" ", "\u00a0"), (True,)),
        (TEXT.replace(". ", ".\n\n"), (True,)),
        (TEXT.replace(". ", "."), (True,)),
        (TEXT.replace("failed", "fai\u00adled"), (True,)),
        ("Talks have failed, the port workers’ union says…", (True, "beginning")),
        ("Talks have failed, the port workers’ union...", (True, "beginning")),
        ("Talks…", (True, "beginning")),
        ("…the port workers’ union says. More at noon.", (True, "end")),
        ("... the port workers’ union says…", (True, "middle")),
        ("Talks have failed, the port workers’ union says.", (False, "cut-text")),
        ("the port workers’ union says. More at noon.", (False, "cut-text")),
        ("More at noon.", (False, "changed-text")),
        ("…More at noon.", (False, "changed-text")),
        (TEXT.replace("failed", "succeeded"), (False, "changed-text")),
        (TEXT.replace("union", "mayor"), (False, "changed-text")),
        ("Talks", (False, "changed-text")),
        ("…", (False, "changed-text")),
        ("T…", (False, "changed-text")),
        (TEXT.upper(), (False, "changed-text")),
        # words that look like the name of a host are words
        (TEXT + " vote.now", (False, "changed-text")),
        (TEXT.replace("More", "vote.now More"), (False, "changed-text")),
        ("vote.now " + TEXT, (False, "changed-text")),
        # a link that the post does not name
        (TEXT + " https://t.co/rQd6FIwZ0U", (True, "words")),
        (TEXT + " https://t.co/6HDggoMSi2pic.twitter.com/zv3zKmt2mB", (True, "words")),
        (TEXT + " beta.reactjs.org/learn/tutorial…", (True, "words")),
        (TEXT + " buff.ly/2uSOHDs", (True, "words")),
    ],
)
def test_the_same_words_in_another_dress_are_the_same(shown: str, expected: tuple[object, ...]) -> None:
    """White space and typography are nobody's words; what is cut must show it, and is said to be a part."""
    assert said(shown, TEXT) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (LINKED, (True,)),
        (TEXT, (True,)),  # embeds drop links
        (f"{TEXT} http://t.co/rQd6FIwZ0U", (True,)),
        (f"{TEXT} pic.twitter.com/rQd6FIwZ0U", (True,)),
        (f"{TEXT}https://t.co/rQd6FIwZ0U", (True,)),
        (f"{TEXT} https://t.co/rQd6FI…", (True, "beginning")),
        (f"{TEXT} {PAGE}", (True,)),
        (f"{TEXT} http://reactjs.example/learn/tutorial-tic-tac-toe/", (True,)),
        (f"{TEXT} reactjs.example/learn/tutorial…", (True,)),
        (f"{TEXT} https://t.co/XXXXXXXXXX", (False, "other-link")),
        (f"{TEXT} https://t.co/RQD6FIWZ0U", (False, "other-link")),
        (f"{TEXT} pic.twitter.com/XXXXXXXXXX", (False, "other-link")),
        (f"{TEXT} https://evil.example/", (False, "other-link")),
        (f"{TEXT} reactjs.example/learn/more…", (False, "other-link")),
        (f"{TEXT} https://t.co/rQd6FIwZ0U https://t.co/XXXXXXXXXX", (True, "words")),
    ],
)
def test_another_link_is_another_claim(shown: str, expected: tuple[object, ...]) -> None:
    """However a link is written; one that is left out is none, and one more is no word of the post's."""
    assert said(shown, LINKED) == expected


@pytest.mark.parametrize(
    ("claim", "answer", "expected"),
    [
        # a word that the service made a link of
        ("Go and vote.now today", "Go and https://t.co/rQd6FIwZ0U today", (True,)),
        ("Go and vote.now today", "Go and vote.now today", (True,)),
        ("Go and vote.now today", "Go and today", (False, "changed-text")),
        ("Go and vote.never today", "Go and https://t.co/rQd6FIwZ0U today", (False, "changed-text")),
        # both expanded, as by a content system and an archived page
        ("See http://vote.now/", "See https://vote.now", (True,)),
        ("See http://vote.now/a", "See https://vote.now/b", (False, "other-link")),
    ],
)
def test_a_link_may_look_like_a_word(claim: str, answer: str, expected: tuple[object, ...]) -> None:
    """It is one where the service says that a link leads there."""
    leads = texts.targets([{"short": "https://t.co/rQd6FIwZ0U", "to": "http://vote.now/"}], ())
    assert said(claim, answer, leads) == expected


def test_where_a_link_leads_is_known_from_following_it() -> None:
    """Every address on the way is as good as its end; what nobody knows is neither confirmed nor contradicted."""
    hops = [{"url": "https://t.co/aaaaaaaaaa", "http_status": 301}, {"url": "https://bit.ly/b", "http_status": 301}]
    body = {"short": "https://t.co/aaaaaaaaaa", "end": "https://news.example/c?d=1", "ended": "page", "hops": hops}
    followed = texts.targets((), [body])
    for shown in ("https://bit.ly/b", "http://www.news.example/c?d=1", "news.example/c…"):
        assert said("See https://t.co/aaaaaaaaaa", f"See {shown}", followed)[0] is True
        assert said("See https://t.co/aaaaaaaaaa", f"See {shown}", NOBODY_KNOWS) == (True, "words")
    assert said("See https://t.co/aaaaaaaaaa", "See https://evil.example/", followed) == (False, "other-link")
    assert said("See https://t.co/bbbbbbbbbb", "See https://t.co/aaaaaaaaaa", NOBODY_KNOWS) == (False, "other-link")


@pytest.mark.parametrize(
    ("before", "value", "expected"),
    [
        ("It was night. Talks have failed, the port workers’ union says.", "More at noon.", (True,)),
        ("Talks have failed,", "the port workers’ union says…", (True, "beginning")),
        ("Talks have succeeded, the port workers’ union says.", "More at noon.", (False, "changed-text")),
        ("Talks have failed, the port workers’ union says.", "More at night.", (False, "changed-text")),
    ],
)
def test_a_text_that_may_begin_earlier_begins_where_the_posts_does(before: str, value: str, expected: object) -> None:
    """What stands before it in the article is the post's as far as the post says so, and nobody's otherwise."""
    assert said(value, TEXT, before=before) == expected


@pytest.mark.parametrize(
    ("answer", "claim", "expected"),
    [
        ("Wait for it…", "Wait for it: the mayor resigns.", (False, "changed-text")),
        ("A" * 120 + "…", "A" * 120 + " and more", (True, "beyond")),
        ("A" * 120 + " and more", "A" * 120 + "…", (True, "beginning")),
        ("A" * 120, "A" * 120 + " and more", (False, "cut-text")),
    ],
)
def test_an_ellipsis_may_be_the_authors(answer: str, claim: str, expected: tuple[object, ...]) -> None:
    """Only a long answer may have been cut by its service."""
    assert said(claim, answer) == expected


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://t.co/rQd6FIwZ0U", "t.co/rQd6FIwZ0U"),
        ("PIC.twitter.com/rQd6FIwZ0U", "t.co/rQd6FIwZ0U"),
        ("pic.x.com/rQd6FIwZ0U", "t.co/rQd6FIwZ0U"),
        ("HTTP://WWW.News.example/A/", "news.example/A"),
        ("news.example", "news.example"),
        ("https://news.example/a?b=C).", "news.example/a?b=C"),
        ("", ""),
    ],
)
def test_an_address_is_the_same_however_it_is_written(url: str, key: str) -> None:
    """The letters of its path count."""
    assert texts.key(url) == key


@settings(max_examples=60)
@given(st.text(st.characters() | st.sampled_from("./…:thpsco"), max_size=80))
def test_a_text_is_the_same_as_itself(text: str) -> None:
    """Whatever it holds; and with a link behind it no other."""
    linked = f"{text} https://t.co/rQd6FIwZ0U"
    assert said(text, text) == (True,)
    assert said(text, linked)[0] is True
    assert said(linked, text)[0] is True


def test_a_hostile_text_takes_no_longer_than_its_length() -> None:
    """A hundred thousand characters of what looks like links, on either side or both."""
    for piece in ("a.", "http://", "t.co/", "…", "a-", "&amp;", "t.co/a ", "vote.now ", "a.bc/d "):
        hostile = {"value": piece * 8_000}
        began = time.process_time()
        texts.alike(hostile, {"value": LINKED}, LEADS)
        texts.alike({"value": LINKED}, hostile, LEADS)
        texts.alike(hostile, {"value": f"b{hostile['value']}"}, LEADS)
        assert time.process_time() - began < 10, piece


@pytest.mark.parametrize(
    ("text", "end", "ways"),
    [
        (f"The president writes: {TEXT}", TEXT, ("The president writes:", TEXT)),
        (f"She said:\n\n{TEXT.replace('’', chr(39))} ", TEXT, ("She said:", TEXT.replace("’", "'") + " ")),
        (f"See {LINKED}", TEXT, ("See", LINKED)),
        (TEXT, TEXT, None),
        (TEXT, f"The president writes: {TEXT}", None),
        (f"The president writes: {TEXT} No.", TEXT, None),
        (f"Re{TEXT}", TEXT, None),
        ("The president writes:", "", None),
        ("", "", None),
    ],
)
def test_a_text_is_parted_before_the_words_that_it_ends_with(text: str, end: str, ways: tuple[str, str] | None) -> None:
    """At the beginning of a word; typography and links are nobody's words."""
    assert texts.parted(text, end) == ways
