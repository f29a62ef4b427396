"""The profile of a run, a sweep or a walk forward: what measures it where it is asked for, and the files it is in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from barloom.observe.profiling import Profiler, ProfileSums, ProfilingReport

JSON = "profile.json"
PAGE = "profile.html"
log = logging.getLogger(__name__)


class ProfileAsked(Protocol):
    """Options that ask for a profile, or do not."""

    @property
    def profile(self) -> bool:
        """Whether ``profile.json`` is wanted."""

    @property
    def profile_html(self) -> bool:
        """Whether ``profile.html`` is wanted too."""


def files_asked(options: ProfileAsked) -> list[str]:
    """The names of the files that are wanted."""
    if options.profile_html:
        return [JSON, PAGE]
    return [JSON] if options.profile else []


def profiler_of(options: ProfileAsked) -> Profiler | None:
    """A profiler, not entered yet, where a profile is wanted."""
    if not files_asked(options):
        return None
    from barloom.observe.profiling import Profiler

    return Profiler()


@dataclass(frozen=True, slots=True)
class Profiled:
    """A report, and the files that it goes into: names and contents."""

    report: ProfilingReport
    files: list[tuple[str, bytes]]

    @classmethod
    def of(
        cls,
        profiler: Profiler,
        options: ProfileAsked,
        job_id: str,
        kernel_threads: int,
        *,
        tasks: Sequence[ProfileSums] = (),
        workers: int = 0,
        peak: int | None = None,
    ) -> Profiled:
        """What a profiler that was left has measured; see ``Profiler.report``."""
        report = profiler.report(job_id, kernel_threads, tasks=tasks, workers=workers, peak=peak)
        files = [(JSON, report.to_json())]
        if report.status == "incomplete":
            log.warning("the profile is incomplete: it has %d hotspots, fewer than 10", len(report.hotspots))
        if options.profile_html:
            from barloom.observe.flame import flame_page

            files.append((PAGE, flame_page(report, profiler.threads()).encode()))
        return cls(report, files)
