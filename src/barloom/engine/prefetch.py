"""Work one step ahead: the next item is made on another thread while the caller uses the one before."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from typing import Generic, TypeVar

from barloom.threads import start

T = TypeVar("T")


def ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The same items, each made while the caller is busy with the one before; never more than one ahead.

    So an item may use buffers that are valid until two more items are made. What making an item raises is raised here. Closing this
    iterator closes ``items`` and ends the thread.
    """
    maker = _Maker(items)
    thread = threading.Thread(target=maker.run, name="barloom-ahead", daemon=True)
    start(thread)
    try:
        while True:
            maker.made.acquire()
            if maker.error is not None:
                raise maker.error
            if maker.finished:
                return
            item = maker.item
            maker.wanted.release()
            yield item  # type: ignore[misc]
    finally:
        maker.stopped = True
        maker.wanted.release()
        thread.join()


class _Maker(Generic[T]):
    """The thread's side: makes an item each time one is wanted."""

    def __init__(self, items: Generator[T, None, None]) -> None:
        self.items = items
        self.item: T | None = None
        self.error: BaseException | None = None
        self.finished = False
        self.stopped = False
        self.wanted = threading.Semaphore(1)
        self.made = threading.Semaphore(0)

    def run(self) -> None:
        try:
            with closing(self.items) as items:
                while True:
                    self.wanted.acquire()
                    if self.stopped:
                        return
                    self.item = next(items, None)
                    self.finished = self.item is None
                    if self.finished:
                        return
                    self.made.release()
        except BaseException as error:
            self.error = error
        finally:
            self.made.release()
