"""A night: sources → new articles; what is due → looks; what came of it → a report.

::

    discovery   each source's answer ─► entries that nobody knows ─► announced (a document, due at once)
    local       folders, crawls, standard input ─► saved as they are read
    order       everything due, oldest first, by many hands, until a budget or a signal says stop
    report      what all of it adds up to: a dictionary, a page, metrics, an exit code
    told        up to when what changed is reported and told
"""

from archiver.night.budget import Budget, Limits
from archiver.night.order import Night
from archiver.night.report import MOST_NAMED, Tally, exit_code, metrics, news, page, report, shown
from archiver.night.told import Marks, begun_between, marks

__all__ = [
    "MOST_NAMED", "Budget", "Limits", "Marks", "Night", "Tally", "begun_between", "exit_code", "marks",
    "metrics", "news", "page", "report", "shown",
]  # fmt: skip
