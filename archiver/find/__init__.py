"""What posts does a document show or link? Bytes in, finds out, in document order. Pure.

A document is looked through in three steps, each far cheaper than the next: does it hold any mark of a post at all; at
which places; what do those places say. Only the places are parsed.

==============  ===================================================================================================
form            what it looks like in the document
==============  ===================================================================================================
``blockquote``  X's own embed markup of any year, whole, link-only, or with its class stripped
``iframe``      the frame of a rendered embed, or of ``platform.twitter.com/embed/Tweet.html?id=…``
``element``     a placeholder or widget element that holds the post's id
``script``      the page's own state or structured data, holding the post's id
``plain-text``  running text that ends in ``— Name (@handle) June 28, 2021``
``url``         a link to a post
``short-link``  a t.co, pic.twitter.com or pic.x.com link outside any embed
==============  ===================================================================================================
"""

from __future__ import annotations

from archiver.find.finder import Found, find

__all__ = ["Found", "find"]
