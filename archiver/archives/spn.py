"""Save Page Now 2: asking the Internet Archive to capture a page itself.

``POST https://web.archive.org/save`` with the account's S3-like keys; what comes back names a job, also for a page that
was captured within the hour, and trouble comes as 200 with ``status_ext`` (``protocols`` 6.5).
"""

from __future__ import annotations

from archiver.model import Request

_UNLESS_WITHIN = "30d"


def request(endpoint: str, url: str, keys: str) -> Request:
    """The request that submits ``url`` to ``endpoint``, unless the archive captured it in the last 30 days. ``keys``:
    ``key:secret``; sent, and never stored."""
    form = (("url", url), ("skip_first_archive", "1"), ("if_not_archived_within", _UNLESS_WITHIN))
    secret = (("Authorization", f"LOW {keys}"),)
    slot = f"submit:{url}"
    return Request(url=endpoint, why="submit", slot=slot, accept="application/json", secret_headers=secret, form=form)
