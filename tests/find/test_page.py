import pytest

from archiver.find.page import MAX_PAGE_BYTES, read_page


@pytest.mark.parametrize(
    ("data", "charset", "used"),
    [
        ("<p>Ångström".encode(), None, "utf-8"),
        (b"\xef\xbb\xbf<p>\xc3\x85ngstr\xc3\xb6m", "latin-1", "utf-8"),
        ("<p>Ångström".encode("utf-16"), None, "utf-16-le"),
        ("<p>Ångström".encode("utf-16-be"), None, "utf-16-be"),
        ("<p>Ångström".encode("utf-32"), None, "utf-32-le"),
        ("<p>Ångström".encode("cp1252"), None, "cp1252"),
        ("<p>Ångström".encode("cp1252"), "utf-8", "cp1252"),
        ("<meta charset=iso-8859-1><p>Ångström".encode("latin-1"), None, "cp1252"),
        ("<p>Ångström".encode("latin-1"), '"ISO-8859-1"', "cp1252"),
        ("<meta charset=latin-1><p>Ångström".encode(), "utf-8", "utf-8"),
        ("<p>Ångström".encode(), "no-such-charset", "utf-8"),
        ("<p>Ångström, Ångström, Ångström".encode(), "iso-8859-1", "utf-8"),
        ("<p>a lost \ufffd, then Ångström".encode(), None, "utf-8"),
        ("<p>Ein Café, sonst nichts: Ångström".encode("latin-1"), "utf-8", "cp1252"),
        ("<p>La Niña: Ångström".encode("latin-1"), None, "cp1252"),
        ("<p>Ångström".encode(), "base64", "utf-8"),
    ],
)
def test_bytes_become_utf8_by_mark_header_declaration_or_guess(data, charset, used):
    """The stronger word counts; a declaration that the bytes contradict, or that names no text, does not."""
    page = read_page(data, charset=charset)
    assert used == page.charset
    assert page.data.decode().endswith("Ångström")


@pytest.mark.parametrize("before", ["", "plain words in ASCII, "])
@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("El Niño llegó ayer", "cp1252"),
        ("Le président a dit", "cp1252"),
        ("Prezydent powiedział, że jutro będzie padać. Żółte światło.", "cp1250"),
        ("Президент сказал, что приедет завтра. Дождь весь день.", "cp1251"),
        ("Президент сказал, что приедет завтра. Дождь весь день.", "koi8_r"),
        ("Ο πρόεδρος είπε ότι θα έρθει αύριο. Βροχή όλη μέρα.", "cp1253"),
        ("הנשיא אמר שהוא יגיע מחר. גשם כל היום. הרוח תתחזק בלילה.", "cp1255"),
        ("قال الرئيس إنه سيأتي غدا. مطر طوال اليوم.", "cp1256"),
        ("大統領は明日来ると言いました。一日中雨でした。", "cp932"),
        ("大統領は明日来ると言いました。一日中雨でした。", "euc_jp"),
        ("总统说他明天会来。整天下雨。", "gb18030"),
        ("總統說他明天會來。整天下雨。", "big5"),
        ("대통령은 내일 온다고 말했다. 하루종일 비가 왔다.", "euc_kr"),
    ],
)
def test_text_that_says_nothing_is_read_by_its_letters(text, charset, before):
    """Without a mark, a header or a declaration."""
    page = read_page((before + text).encode(charset), name="a.txt")
    assert (page.charset, page.data.decode()) == (charset, before + text)


@pytest.mark.parametrize(
    ("data", "charset", "by"),
    [
        ("Été à".encode("latin-1"), "cp1252", "default"),
        ("<title>Été à</title><p>Été à".encode("latin-1"), "cp1252", "default"),
        ("Café".encode("latin-1"), "cp1252", "default"),
        ("<title>É già qui</title><p>É già qui".encode("latin-1"), "cp1252", "default"),
        ("<p>Привет".encode("cp1251"), "cp1252", "default"),
        ("<html lang=ru><p>Привет".encode("cp1251"), "cp1251", "language"),
        ('<html class=x lang="tr-TR"><p>Ağaç'.encode("cp1254"), "cp1254", "language"),
        ("<html lang=pl><p>Żółć".encode("cp1250"), "cp1250", "language"),
        ("<html lang=ja><p>日本".encode("cp932"), "cp932", "language"),
        ("<html lang=ja><p>日本".encode("euc_jp"), "euc_jp", "language"),
        ("<html lang=de><p>Größe".encode("latin-1"), "cp1252", "default"),
        ("Çok güzel bir gün, İstanbul’da yağmur yağıyor ve şehir ışıl ışıl.".encode("cp1254"), "cp1254", "letters"),
        ("<html lang=tr><p>Bugün İstanbul’da yağmur yağıyor, şehir ışıl ışıl.".encode("cp1254"), "cp1254", None),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy".encode("cp1250"), "cp1250", "letters"),
        ("Já não sei o que é, mas há coisas que não são assim à noite, não é?".encode("latin-1"), "cp1252", "letters"),
        ("Árvíztűrő tükörfúrógép, jó éjszakát és szép napot kívánok".encode("cp1250"), "cp1250", "letters"),
        (b"plain words", "utf-8", "bytes"),
        (b"\xef\xbb\xbfplain", "utf-8", "mark"),
        (b"<meta charset=latin-1>\xe9", "cp1252", "declaration"),
    ],
)
def test_a_charset_is_a_guess_where_nothing_decides(data, charset, by):
    """Few letters decide nothing: then the page's language does, or it is windows-1252; and that is said."""
    page = read_page(data)
    assert page.charset == charset
    assert page.charset_by == by or (by is None and page.charset_by in ("letters", "language"))


def test_a_servers_word_about_the_charset_is_named_as_such():
    """And it is not when the bytes gainsay it."""
    assert read_page(b"\xe9", charset="latin-1").charset_by == "header"
    assert read_page("Ångström, Ångström, Ångström".encode(), charset="latin-1").charset_by == "bytes"


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("<meta charset=shift_jis><p>日本のニュース", "cp932"),
        ("<meta charset='gb2312'><p>新闻报道", "gb18030"),
        ('<meta http-equiv="content-type" content="text/html; charset=windows-1251"><p>новости', "cp1251"),
        ('<?xml version="1.0" encoding="EUC-KR"?><p>뉴스', "euc_kr"),
    ],
)
def test_a_page_may_declare_its_own_charset(text, charset):
    """In a meta element of either kind, or in XML's first line."""
    page = read_page(text.encode(charset))
    assert (charset, text) == (page.charset, page.data.decode())


@pytest.mark.parametrize(
    ("data", "name", "media_type", "kind"),
    [
        (b"plain words", "a.html", None, "html"),
        (b"<p>markup", "a.txt", None, "text"),
        (b"<p>markup", "https://example.com/a", "text/plain; charset=utf-8", "text"),
        (b"words", "https://example.com/a.txt", "TEXT/HTML", "html"),
        (b"<rss>", "https://example.com/feed", "application/rss+xml", "html"),
        (b"# Title\n\nwords", "-", None, "text"),
        (b"\n<!DOCTYPE html><html>", "-", None, "html"),
        (b"<blockquote class=twitter-tweet>", "-", None, "html"),
        (b"%PDF-1.7 <html>", "a.html", None, "other"),
        (b"\x89PNG\r\n", "a", None, "other"),
        (b"\x7fELF\x02\x01", "a.html", None, "other"),
        (bytes(range(256)) * 8, "a.txt", None, "other"),
        (b"plain\0words\0and NULs", "a.txt", None, "text"),
        (b"\x01\x02\x03\x04<p>a page all the same</p>", "a.html", None, "html"),
    ],
)
def test_html_or_text_is_told_by_server_then_name_then_content(data, name, media_type, kind):
    """What is binary is neither, whatever its name says."""
    assert kind == read_page(data, name=name, media_type=media_type).kind


def test_the_head_says_title_language_and_addresses():
    """Entities are decoded, white space collapsed; the base element is what links are relative to."""
    page = read_page(
        b"""<!doctype html><HTML class=x lang="de-AT"><head><title>
        Rain &amp; wind</title><link href="https://example.com/rain" rel="canonical"><base href='https://cdn.example/'>""",
        url="https://example.com/rain?utm_source=x",
    )
    assert (page.title, page.lang) == ("Rain & wind", "de-AT")
    assert (page.canonical_url, page.base_url) == ("https://example.com/rain", "https://cdn.example/")


def test_a_page_without_a_head_says_nothing():
    """Not known is ``None``; links are then relative to where the page came from."""
    page = read_page(b"<p>x", url="https://example.com/x")
    assert (page.title, page.lang, page.canonical_url, page.base_url) == (None, None, None, "https://example.com/x")


def test_a_page_beyond_the_limit_is_marked_truncated():
    """What is left out is said."""
    assert not read_page(b"<p>" + b" " * 100).truncated
    page = read_page(b"<p>" + b" " * MAX_PAGE_BYTES)
    assert page.truncated
    assert len(page.data) == MAX_PAGE_BYTES
