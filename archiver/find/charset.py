"""In which charset a document's bytes are: what says so, in the order of its weight, and how sure that is.

Where nothing says so, letters may: a text of some length in Cyrillic, or with the letters that only Polish has. Where
they are too few to decide, the language that the page names does, else it is windows-1252, as in browsers (WHATWG
HTML, "determining the character encoding"); that it is a guess is said in ``Reading.by``.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

SAMPLE_BYTES = 400_000
_LETTERS_BYTES = 16_000
_PIECE_BYTES = 8_192
_WHOLE = 4
"""So many whole characters for each broken one make UTF-8; as many, and none broken, gainsay another label."""
_AS_GOOD = 0.1
_ENOUGH = 8
"""Bytes beyond ASCII that it takes for letters to decide."""
_ALPHABET_RUN = 2
"""Letters beyond ASCII stand alone in Latin script, and next to each other in every other."""
_LATIN = ("cp1252", "cp1250", "cp1254")
_UNLABELLED = (
    *_LATIN, "cp1251", "cp1253", "cp1255", "cp1256", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "euc_kr",
)  # fmt: skip
"""What old pages and texts without a word about it are written in."""
_BY_LANGUAGE = {
    language: codecs_
    for languages, codecs_ in {
        "be bg mk ru sr uk": ("cp1251", "koi8_r"), "el": ("cp1253",), "az tr": ("cp1254",), "he iw yi": ("cp1255",),
        "ar fa ps ur": ("cp1256",), "bs cs hr hu pl ro sk sl sq": ("cp1250",), "et lt lv": ("cp1257",),
        "vi": ("cp1258",), "th": ("cp874",), "ja": ("euc_jp", "cp932"), "ko": ("euc_kr",), "zh": ("gb18030", "big5"),
    }.items()
    for language in languages.split()
}  # fmt: skip
"""What pages of a language were written in before UTF-8; windows-1252 for those not named."""
_LINES = re.compile(rb"[\n<>]+")
"""Bytes that are no part of a character in any of them."""
_BEYOND = re.compile(rb"[\x80-\xff]+")
_BOMS = (  # the longer mark first: UTF-32-LE begins like UTF-16-LE
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE = tuple(bom for bom, encoding in _BOMS if encoding != "utf-8")
"""The marks of the encodings in which ASCII is not ASCII."""
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I
)
_LANG = re.compile(rb"<(?:html|body)\b[^>]{0,1000}?\slang\s*=\s*[\"']?([A-Za-z]{2})(?![A-Za-z])", re.I)

By = Literal["mark", "header", "declaration", "bytes", "letters", "language", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as UTF-8 (undecodable bytes may remain). ``charset``: Python's name of what it was read as. ``by``:
    what says so: its byte order ``mark``, the server's ``header``, its own ``declaration``; its ``bytes``, which are
    UTF-8 or ASCII as they are, or plainly UTF-16; or a guess by its ``letters``, by the ``language`` that it names, or
    the ``default``."""

    data: bytes
    charset: str
    by: By


def as_utf8(data: bytes, header: str | None) -> Reading:
    """``data`` in UTF-8. A declaration that the bytes contradict is not believed."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            rest = data[len(bom) :]
            data = rest if encoding == "utf-8" else _transcode(rest, encoding)
            return Reading(data=data, charset=encoding, by="mark")
    declared = _META_CHARSET.search(data, 0, 4096)
    letters = _beyond_ascii(data)
    is_utf8 = _is_utf8(letters)
    labels: tuple[tuple[str | None, By], ...] = (
        (header, "header"),
        (declared[1].decode("ascii") if declared else None, "declaration"),
        (_wide(data), "bytes"),
    )
    for label, by in labels:
        codec = codec_of(label)
        if codec == "utf-8" and is_utf8:
            return Reading(data=data, charset=codec, by=by)
        if codec and codec != "utf-8":
            if is_utf8 and _whole(letters) >= _WHOLE and not _broken(letters):
                return Reading(data=data, charset="utf-8", by="bytes")
            return Reading(data=_transcode(data, codec), charset=codec, by=by)
    if is_utf8:
        return Reading(data=data, charset="utf-8", by="bytes")
    codec, by = _guessed(data)
    return Reading(data=_transcode(data, codec), charset=codec, by=by)


def codec_of(label: str | None) -> str | None:
    """Python's name of the encoding that browsers mean by ``label`` (WHATWG Encoding: Latin-1 means windows-1252)."""
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    known = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
    name = known.get(name, name)
    return (
        name
        if getattr(codecs.lookup(name), "_is_text_encoding", False) and name not in ("utf-7", "punycode", "idna")
        else None
    )


def looks_wide(data: bytes) -> bool:
    """Whether ``data`` is UTF-16 without its mark."""
    return _wide(data) is not None


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark shows as a zero in every second byte of its ASCII part."""
    sample = data[:512]
    if len(sample) >= 8:
        first, second = sample[::2].count(0), sample[1::2].count(0)
        if max(first, second) > len(sample) // 4 and min(first, second) < len(sample) // 20:
            return "utf-16-be" if first > second else "utf-16-le"
    return None


def _beyond_ascii(data: bytes) -> bytes:
    """The parts of what ``data`` begins with that are not all ASCII; no character of UTF-8 is cut."""
    sample = data[:SAMPLE_BYTES]
    if sample.isascii():
        return b""
    pieces = (sample[place : place + _PIECE_BYTES] for place in range(0, len(sample), _PIECE_BYTES))
    return b"".join(piece for piece in pieces if not piece.isascii())


def _is_utf8(letters: bytes) -> bool:
    """Whether ``letters`` are UTF-8, give or take the odd broken character of pages put together from parts: text in
    another encoding has hardly a whole one."""
    try:
        letters.decode("utf-8")
    except UnicodeDecodeError:
        return _whole(letters) >= max(1, _WHOLE * _broken(letters))
    return True


def _broken(letters: bytes) -> int:
    """How many characters of ``letters`` are not UTF-8; the last, which may have been cut off, is not counted."""
    return max(0, letters.decode("utf-8", "replace").count("\ufffd", 0, -3) - letters.count("\ufffd".encode(), 0, -9))


def _whole(letters: bytes) -> int:
    """How many characters beyond ASCII ``letters`` hold as UTF-8."""
    return sum(char > "\x7f" for char in letters.decode("utf-8", "ignore"))


def _guessed(data: bytes) -> tuple[str, By]:
    """The encoding of what says nothing about it, and by what it was guessed."""
    lines = (line for line in _LINES.split(data[:SAMPLE_BYTES]) if not line.isascii())
    sample = b"\n".join(lines)[:_LETTERS_BYTES]
    named = _LANG.search(data, 0, 4096)
    of_language = _BY_LANGUAGE.get(named[1].decode("ascii").lower(), ()) if named else ()
    if codec := _by_its_letters(sample, of_language):
        return codec, "letters"
    for codec in of_language:
        if _decodes(sample, codec):
            return codec, "language"
    return "cp1252", "default"


def _by_its_letters(sample: bytes, of_language: tuple[str, ...]) -> str | None:
    """The encoding in which ``sample`` reads as words: windows-1252 where that is no worse, ``None`` where there is too
    little of it to say. ``of_language``: those of the language that its page names."""
    runs = _BEYOND.findall(sample)
    beyond = sum(map(len, runs))
    if beyond < _ENOUGH:
        return None
    import charset_normalizer  # noqa: PLC0415  # takes longer to load than most pages to read, and is seldom asked

    possible = _LATIN if beyond < _ALPHABET_RUN * len(runs) else _UNLABELLED
    wanted = tuple(codec for codec in of_language if codec in possible)
    found = charset_normalizer.from_bytes(sample, cp_isolation=[*dict.fromkeys(("cp1252", *(wanted or possible)))])
    best = found.best()
    if best is None:
        return None
    western = next((one for one in found if "cp1252" in (one.encoding, *one.could_be_from_charset)), None)
    if western and western.chaos <= best.chaos and western.coherence > best.coherence - _AS_GOOD:
        return None if wanted else "cp1252"
    return best.encoding


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _transcode(data: bytes, codec: str) -> bytes:
    return data.decode(codec, "replace").encode("utf-8", "replace")
