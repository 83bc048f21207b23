"""What may block for as long as it likes, away from everything else that goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """``work()``, in a thread of its own that nobody waits for once this is cancelled, not even the end of the program:
    a pipe that stays open, or a crawl without an article in it, holds up no night. So ``work`` only reads."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # whatever it is, it is raised where it is waited for
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(result)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(future)
