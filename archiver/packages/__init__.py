"""Archives that travel: a part of this one as a WACZ, and what others made taken in.

::

    choice ──► closure ──► contents (WARCs, cards, CDXJ, pages, records) ──► wacz ──► seal ──► FILE.wacz [.tsr]
    FILE.wacz ──► proof: what is whole, what is signed, what is proven and what is not
"""
