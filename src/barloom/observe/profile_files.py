"""The profile of a run, a sweep or a walk-forward: the profiler, if one is asked for, and its files."""

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


class ProfileOptions(Protocol):
    """Options that decide if a profile is made."""

    @property
    def profile(self) -> bool:
        """True if ``profile.json`` is wanted."""

    @property
    def profile_html(self) -> bool:
        """True if ``profile.html`` is wanted too."""


def files_requested(options: ProfileOptions) -> list[str]:
    """The names of the requested files."""
    if options.profile_html:
        return [JSON, PAGE]
    return [JSON] if options.profile else []


def profiler_of(options: ProfileOptions) -> Profiler | None:
    """A profiler, not started yet, if a profile is wanted, else None."""
    if not files_requested(options):
        return None
    from barloom.observe.profiling import Profiler

    return Profiler()


@dataclass(frozen=True, slots=True)
class Profiled:
    """A report and its files, as names and contents."""

    report: ProfilingReport
    files: list[tuple[str, bytes]]

    @classmethod
    def of(
        cls,
        profiler: Profiler,
        options: ProfileOptions,
        job_id: str,
        kernel_threads: int,
        *,
        tasks: Sequence[ProfileSums] = (),
        workers: int = 0,
        peak: int | None = None,
    ) -> Profiled:
        """Result of a stopped profiler; see ``Profiler.report``."""
        report = profiler.report(job_id, kernel_threads, tasks=tasks, workers=workers, peak=peak)
        files = [(JSON, report.to_json())]
        if report.status == "incomplete":
            log.warning("the profile is incomplete: it has %d hotspots, fewer than 10", len(report.hotspots))
        if options.profile_html:
            from barloom.observe.flame import flame_page

            files.append((PAGE, flame_page(report, profiler.threads()).encode()))
        return cls(report, files)
