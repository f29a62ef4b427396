"""The flame graph of a profile: one HTML page that needs nothing beside itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from barloom.observe.profiling import ProfilingReport, short_path
from barloom.observe.stacks import Call

LEAST_SHARE = 0.0005
"""Calls with a smaller share of the profile are left out: they would be thinner than a line."""
DEEPEST = 150
"""Rows of the graph; what lies deeper is part of the call above it."""
SHOWN = 20

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark}
body{font:14px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:90rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.5rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;white-space:nowrap}
th:first-child,td:first-child,td.text,th.text{text-align:left}
#flame{position:relative;overflow:hidden}
#flame div{position:absolute;height:19px;overflow:hidden;white-space:nowrap;font-size:12px;padding:0 3px;box-sizing:border-box;
border:1px solid Canvas;color:#000;cursor:pointer}
#said{min-height:1.5em}
"""

_SCRIPT = """
const tree = JSON.parse(document.getElementById("tree").textContent);
const flame = document.getElementById("flame"), said = document.getElementById("said");
function parents(call) { for (const each of call.c) { each.up = call; parents(each); } }
function colour(call) {
  let hash = 0;
  for (const letter of call.f || call.n) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  return call.w ? "hsl(0 0% 75%)" : `hsl(${10 + hash % 45} 85% ${65 + hash % 13}%)`;
}
function tell(call) {
  const share = (100 * call.t / tree.t).toFixed(1);
  said.textContent = `${call.n}${call.f ? "  " + call.f : ""}  ${(call.t / 1e6).toFixed(3)} ms, ${share}% of all threads, ${call.k} calls`;
}
function show(root) {
  flame.replaceChildren();
  let deepest = 0;
  function put(call, left, width, row) {
    if (width < 0.05) return;
    deepest = Math.max(deepest, row);
    const box = document.createElement("div");
    box.style.cssText = `left:${left}%;width:${width}%;top:${row * 19}px;background:${colour(call)}`;
    box.textContent = call.n;
    box.onmouseenter = () => tell(call);
    box.onclick = () => show(call);
    flame.append(box);
    return box;
  }
  function below(call, left, width, row) {
    for (const each of call.c) {
      const share = width * each.t / call.t;
      put(each, left, share, row);
      below(each, left, share, row + 1);
      left += share;
    }
  }
  const above = [];
  for (let call = root; call; call = call.up) above.unshift(call);
  above.forEach((call, row) => put(call, 0, 100, row));
  below(root, 0, 100, above.length);
  flame.style.height = `${(deepest + 1) * 19}px`;
  tell(root);
}
parents(tree);
show(tree);
"""


def _tree(call: Call, least: float, depth: int = 0) -> dict[str, Any]:
    """A call as the page draws it: name, file, total nanoseconds, calls, whether it waits, and what it calls."""
    wide = [each for each in call.called.values() if each.total_ns >= least] if depth < DEEPEST else []
    below = [_tree(each, least, depth + 1) for each in wide]
    return {
        "n": call.name,
        "f": f"{short_path(call.file)}:{call.line}" if call.file else "",
        "t": call.total_ns,
        "k": call.calls,
        "w": int(call.waits),
        "c": sorted(below, key=lambda each: -int(each["t"])),
    }


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], text: int) -> str:
    """A table whose first ``text`` columns are words."""

    def line(tag: str, cells: Sequence[str]) -> str:
        marked = (
            f"<{tag}{' class=text' if place < text else ''}>{escape(cell)}</{tag}>" for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(marked)}</tr>"

    return f"<table>{line('th', names)}{''.join(line('td', row) for row in rows)}</table>"


def flame_page(report: ProfilingReport, threads: Sequence[Call]) -> str:
    """The page: phases, kernels, the flame graph with a click to look closer, and the hotspots.

    Args:
        report: the profile.
        threads: the trees of calls, one for each name of a thread.
    """
    total = sum(root.total_ns for root in threads)
    count = sum(root.calls for root in threads)
    everything = Call("all threads", "", 0, calls=count, called=dict(enumerate(threads)))
    everything.add_up()
    tree = json.dumps(_tree(everything, LEAST_SHARE * total), separators=(",", ":"))
    phases = [
        (name, f"{cost.seconds:.3f}", f"{cost.percent:.1f}", f"{cost.overlapped_seconds:.3f}", _mb(cost.memory_mb))
        for name, cost in report.phases.items()
    ]
    kernels = [
        (
            name,
            f"{cost.calls:,}",
            f"{cost.bars:,}",
            f"{cost.seconds:.3f}",
            "" if cost.ns_a_bar is None else f"{cost.ns_a_bar:.2f}",
        )
        for name, cost in report.kernels.items()
    ]
    hotspots = [
        (spot.function, f"{spot.file}:{spot.line}", f"{spot.calls:,}", f"{spot.own_seconds:.3f}", f"{spot.percent:.1f}")
        for spot in report.hotspots[:SHOWN]
    ]
    title = escape(f"Profile of {report.job_id}")
    # JSON in a page: nothing in it may end the element it stands in.
    safe = tree.replace("<", "\\u003c")
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            f"<p>{report.wall_clock_total:.3f} s of wall clock were profiled, with what profiling itself costs; {report.status}.</p>",
            *_workers(report),
            "<h2>Phases</h2>",
            _table(("phase", "seconds", "% of wall clock", "of it beside another", "MB at most"), phases, 1),
            "<h2>Calls, by thread</h2><p id=said></p><div id=flame></div>",
            "<p>Click a call to look closer, and one above it to go back. Grey calls wait for another thread or process.</p>",
            "<h2>Kernels</h2>",
            _table(("kernel", "calls", "bars", "seconds", "ns a bar"), kernels, 1),
            "<h2>Hotspots, by own time</h2>",
            _table(("function", "where", "calls", "own seconds", "% of wall clock"), hotspots, 2),
            f'<script type="application/json" id="tree">{safe}</script><script>{_SCRIPT}</script>',
            "</body></html>",
            "",
        )
    )


def _workers(report: ProfilingReport) -> list[str]:
    if not report.workers:
        return []
    return [
        f"<p>{report.workers} workers were at sets for {report.worker_seconds:.3f} s in all. Their phases, kernels and hotspots are in the "
        "tables; the calls are those of the process that gave the sets out.</p>"
    ]


def _mb(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
