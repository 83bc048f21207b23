"""Web archives: what is asked of them, and what their answers mean. Pure.

The Wayback Machine answers three questions: which capture lies nearest (``wayback.availability_url``), which captures
there are (``cdx.query_url``), and what one holds, byte for byte (``wayback.replay_url``). Nothing here fetches.
"""
