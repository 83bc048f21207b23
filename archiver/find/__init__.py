"""What posts does a document show or link? Bytes in, finds out, in document order. Pure.

A document is looked through in three steps, each far cheaper than the next: does it hold any mark of a post at all; at
which places; what do those places say. Only the places are parsed. What makes an address an embed rather than a link is
said in ``carriers``, ``ids`` and ``state``, by the convention of the systems that write it.

==============  ===================================================================================================
form            what it looks like in the document
==============  ===================================================================================================
``blockquote``  X's own embed markup of any year, whole, link-only, or with its class stripped
``iframe``      the frame of a rendered embed, or of ``platform.twitter.com/embed/Tweet.html?id=…``
``element``     a placeholder, widget, card or component that holds the post's id, its address or its words
``shortcode``   ``{{< tweet … >}}``, ``[embed]…[/embed]``, ``{% twitter … %}`` and the like
``bare-url``    an address that fills its paragraph or line, which oEmbed consumers replace by the post
``script``      the page's own state, holding the post's id or address as that of an embed
``plain-text``  running text that ends in ``— Name (@handle) June 28, 2021``
``url``         a link to a post
``short-link``  a t.co, pic.twitter.com or pic.x.com link outside any embed
==============  ===================================================================================================
"""

from __future__ import annotations

from archiver.find.finder import Found, find

__all__ = ["Found", "find"]
