"""One article, one address: what of a web address names the article, and what only says who sent the reader.

``tidy`` is the address that is asked for; ``identity`` is what two forms of one article have in common, and is never
asked for. Both are text alone: nobody is trusted, and nothing is looked up.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

MAX_URL = 4000
# Parameters that name a campaign, a click or a reader. Those of analytics vendors, as their documentation spells them,
# and as ClearURLs and Firefox's query stripping list them.
_TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|matomo_\w+|hsa_\w+|oly_\w+|at_(?:campaign|medium|custom\d|link_\w+|format|ptr_name)"
    r"|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id|epik|s_cid|mc_cid|mc_eid"
    r"|mkt_tok|_hsenc|_hsmi|__hssc|__hstc|__hsfp|hsctatracking|vero_id|vero_conv|wickedid|cmpid|ito|icid|ncid"
    r"|ns_(?:mchannel|source|campaign|linkname|fee)"
    r"|ref_src|ref_url|smid|smtyp|sr_share|xtor|__twitter_impression|guccounter|guce_\w+",
    re.IGNORECASE,
)
# Short names that are others' too: told by their values (the Guardian's, Alibaba's, those of feeds).
_TRACKING_PAIR = re.compile(r"cmp=[a-z]\w*|spm=[\w-]+(?:\.[\w-]*)+|rss(?:=(?:1|true|yes)?)?", re.IGNORECASE)
_AMP_PARAMETER = re.compile(r"(?:amp|outputtype=amp|output=amp|amp=\w*)", re.IGNORECASE)
_AMP_ENDING = re.compile(r"\.amp(?=\.html?$)|\.amp$", re.IGNORECASE)
# What an article is called, as opposed to a section: `/amp/guitar` may be another page than `/guitar`.
_SLUG = re.compile(r"[-_\d]|\.html?$", re.IGNORECASE)
_CACHE_PATH = re.compile(r"/[a-z]/(s/)?(?=[^/]+\.)")
_GOOGLE_AMP = re.compile(r"/amp/(s/)?(?=[^/]+\.)")
_SITE_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


def tidy(url: str, base: str | None = None) -> str | None:
    """``url`` absolute, without fragment, user, default port and tracking parameters, host in lower case, and out of
    an AMP cache; ``None`` for what is no http(s) address, or longer than ``MAX_URL``."""
    text = url.strip()
    if not text or len(text) > MAX_URL:
        return None
    try:
        parts = urlsplit(urljoin(base, text) if base else text)
        scheme, host = parts.scheme.lower(), parts.netloc.lower()
        if (
            scheme not in _DEFAULT_PORT
            or not parts.hostname
            or "@" in host
            or _UNSAFE.search(parts.netloc + parts.path)
        ):
            return None
    except ValueError:
        return None
    host = host.removesuffix(_DEFAULT_PORT[scheme]).rstrip(".")
    if not host:
        return None
    uncached = _uncached(host, parts.path)
    if uncached:
        host, path, scheme = *uncached[:2], uncached[2]
    else:
        path = parts.path or "/"
    query = "&".join(part for part in parts.query.split("&") if part and not _is_tracking(part))
    made = parts._replace(scheme=scheme, netloc=host, path=path, query=query, fragment="").geturl()
    return made if len(made) <= MAX_URL else None


def identity(url: str) -> str:
    """What the forms of one article's address share: no scheme, no ``www.``/``m.``/``amp.``, no AMP marks, no slash at
    the end, parameters sorted. ``url`` as ``tidy`` leaves it."""
    parts = urlsplit(url)
    path = _without_amp(parts.path.rstrip("/"))
    query = "&".join(sorted(part for part in parts.query.split("&") if part and not _AMP_PARAMETER.fullmatch(part)))
    return f"{site(parts.netloc)}{path}" + (f"?{query}" if query else "")


def site(host: str) -> str:
    """``host`` without the prefixes under which one site serves its devices."""
    return _SITE_PREFIX.sub("", host.lower())


def same_site(one: str, other: str) -> bool:
    """Whether both addresses are of one site; only then may a page say that it is another one."""
    return site(urlsplit(one).netloc) == site(urlsplit(other).netloc)


def _without_amp(path: str) -> str:
    """``path`` without AMP's ending, and without a folder ``amp`` before or behind an article's name."""
    segments = _AMP_ENDING.sub("", path).split("/")
    others = [one for one in segments if one.lower() != "amp"]
    return "/".join(others if _SLUG.search(others[-1]) else segments)


def _is_tracking(part: str) -> bool:
    return bool(_TRACKING.fullmatch(part.partition("=")[0]) or _TRACKING_PAIR.fullmatch(part))


def _uncached(host: str, path: str) -> tuple[str, str, str] | None:
    """(host, path, scheme) of the page that an AMP cache's address shows."""
    if host.endswith(".cdn.ampproject.org") or host == "cdn.ampproject.org":
        found = _CACHE_PATH.match(path)
    elif re.fullmatch(r"(?:www\.)?google\.[a-z.]{2,6}", host):
        found = _GOOGLE_AMP.match(path)
    else:
        return None
    if not found:
        return None
    named, slash, rest = path[found.end() :].partition("/")
    return named.lower(), f"{slash}{rest}" or "/", "https" if found[1] else "http"
