"""Whether what lies in an archive, or in anybody's WARC, is what was written: every byte, every record, every claim.

::

    file ─► gzip members ─► records ─► rules for one record ─┐
                                └────► relations of records ─┼─► findings
    catalog and manifest ─► against what the WARCs say ──────┘
"""
