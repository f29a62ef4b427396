"""Time spent in Python code, stack by stack, on every thread that is started meanwhile.

``cProfile`` watches one thread at a time from Python 3.12 on, and keeps callers but no stacks, so the interpreter's own hook
is used: a tree of calls a thread, each node with its own seconds. What the hook takes between two of its clock readings is
in no node.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

WAITS = ("lock.acquire", "SimpleQueue.get", "_ThreadHandle.join", "sleep", "poll.poll", "WaitForMultipleObjects")
"""Ends of the names of library functions in which a thread waits for another thread or for a worker process."""


@dataclass(slots=True)
class Call:
    """A function as it was called by the stack above it.

    Attributes:
        name, file, line: of the function; of compiled code of libraries, the file and the line that call it.
        own_ns: nanoseconds in it, without what it calls.
        total_ns: with it, in a tree that ``Stacks.threads`` gave.
    """

    name: str
    file: str
    line: int
    code: CodeType | None = None
    calls: int = 0
    own_ns: int = 0
    total_ns: int = 0
    called: dict[Hashable, Call] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """True if the call waits for another thread or process."""
        return self.code is None and self.name.endswith(WAITS)

    def walk(self) -> Iterator[Call]:
        """The call and every one below it, each before those that it makes."""
        waiting = [self]
        while waiting:
            call = waiting.pop()
            yield call
            waiting.extend(call.called.values())

    def take(self, other: Call) -> None:
        """Add another tree to this one."""
        waiting = [(self, other)]
        while waiting:
            call, more = waiting.pop()
            call.calls += more.calls
            call.own_ns += more.own_ns
            for key, below in more.called.items():
                if key in call.called:
                    waiting.append((call.called[key], below))
                else:
                    call.called[key] = below

    def add_up(self) -> None:
        """Compute ``total_ns`` here and below; without recursion, as a stack can be as deep as the interpreter allows."""
        for call in reversed(list(self.walk())):
            call.total_ns = call.own_ns + sum(below.total_ns for below in call.called.values())


class _Recorder:
    """The tree of one thread, and its current depth in it."""

    def __init__(self, name: str, stacks: Stacks) -> None:
        self.root = Call(name, "", 0)
        self._stacks = stacks
        self._stack = [self.root]
        self._last = time.perf_counter_ns()

    def hook(self, frame: FrameType, event: str, arg: Any) -> None:
        """Handle an event of the interpreter."""
        now = time.perf_counter_ns()
        stack = self._stack
        top = stack[-1]
        top.own_ns += now - self._last
        if self._stacks.stopped:
            sys.setprofile(None)
        elif event == "call":
            code = frame.f_code
            call = top.called.get(code)
            if call is None:
                call = Call(code.co_qualname, code.co_filename, code.co_firstlineno, code)
                top.called[code] = call
            call.calls += 1
            stack.append(call)
        elif event == "c_call":
            key = (arg.__qualname__, frame.f_lineno)
            call = top.called.get(key)
            if call is None:
                module = getattr(arg, "__module__", None)
                name = arg.__qualname__ if module in (None, "builtins") else f"{module}.{arg.__qualname__}"
                call = Call(name, frame.f_code.co_filename, frame.f_lineno)
                top.called[key] = call
            call.calls += 1
            stack.append(call)
        elif event == "return":
            self._leave(frame.f_code)
        elif top.code is None and len(stack) > 1:
            stack.pop()
        self._last = time.perf_counter_ns()

    def _leave(self, code: CodeType) -> None:
        """Return to the caller; a generator that is closed leaves without having been called, and changes nothing."""
        for depth in range(len(self._stack) - 1, 0, -1):
            if self._stack[depth].code is code:
                del self._stack[depth:]
                return


class Stacks:
    """Records the calls of this thread and of every thread started meanwhile; a context manager.

    One at a time in a process: the interpreter has one hook a thread.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._recorders: list[_Recorder] = []
        self._roots: dict[str, Call] = {}

    def __enter__(self) -> Self:
        threading.setprofile(self._begin)
        sys.setprofile(self._recorder("main").hook)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopped = True
        sys.setprofile(None)
        threading.setprofile(None)

    def _recorder(self, name: str) -> _Recorder:
        recorder = _Recorder(name, self)
        self._recorders.append(recorder)
        return recorder

    def _begin(self, frame: FrameType, event: str, arg: Any) -> None:
        """Handle the first event of a new thread."""
        recorder = self._recorder(threading.current_thread().name)
        sys.setprofile(recorder.hook)
        recorder.hook(frame, event, arg)

    def threads(self) -> list[Call]:
        """One tree per thread name, this thread first; the root has the name, and its ``calls`` is the number of threads."""
        while self._recorders:
            root = self._recorders.pop(0).root
            root.calls = 1
            if root.name in self._roots:
                self._roots[root.name].take(root)
            else:
                self._roots[root.name] = root
        for root in self._roots.values():
            root.add_up()
        return list(self._roots.values())
