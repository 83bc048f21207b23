from __future__ import annotations

from tests.loopback import table


def test_the_document_says_what_is_recorded() -> None:
    """``make table`` writes it; the program's own reading decides."""
    document = table.DOCUMENT.read_text("utf-8")
    assert table.written(document) == document, "run `make table`"
