"""One reading of HTTP/1 answers: the live wire and bytes read back from a WARC go through the same code.

Rule 1: what is stored is never touched; everything here only *reads*.
Rule 2: heads are read as browsers read them (illegal lines skipped, folded lines joined, ``HTTP 200``, ``ICY 200``, a
bare body without a head), because a strict reader would lose evidence that every visitor could see.
Rule 3: where a message *ends* is read strictly (RFC 9112, 6.3), because a wrong end attributes one answer's bytes to
another URL. What could end in two places is a ``BadMessage``.
Rule 4: every loop is bounded by bytes or by count; nothing is quadratic in what a stranger sends.
"""

from archiver.message.coding import Undecodable, codings, decode
from archiver.message.heads import BadMessage, Head, HeadReader, mend_head, read_head, values
from archiver.message.layout import MAX_CHUNKS, entity, lay_out, read_layout, trailer

__all__ = [
    "MAX_CHUNKS", "BadMessage", "Head", "HeadReader", "Undecodable", "codings", "decode", "entity", "lay_out",
    "mend_head", "read_head", "read_layout", "trailer", "values",
]  # fmt: skip
