"""Messages about bad rows, refused or left out: how many, which, what share, and the options that continue."""

from __future__ import annotations

from collections.abc import Mapping

from barloom.bars.intake import Tally
from barloom.bars.sources.base import Source
from barloom.errors import InputError, Question

MOST_DROPPED = 0.01
"""Share of the rows, or of the time, above which ``drop`` is refused and ``drop:any`` is needed."""
SHAPE = ("unparsable_time", "unparsable_price", "malformed")
"""Kinds of bad rows that are no accident if many rows have them."""
ACCIDENTS = 0.1
"""Share of the rows up to which such a kind may be an accident."""
CROSSED = "crossed: the ask is below the bid"


def share(part: float) -> str:
    """A share as a percentage, with enough digits to tell it from 0% and 100%."""
    if part in (0, 1):
        return f"{part:.0%}"
    text = f"{100 * part:.1f}%"
    return "less than 0.1%" if text == "0.0%" else "more than 99.9%" if text == "100.0%" else text


def _shown(source: Source, tally: Tally) -> str:
    firsts = tally.first_rows()
    counts = tally.by_kind()
    return ", ".join(f"{count} {kind} (first: {source.show(firsts[kind])})" for kind, count in counts.items())


def _taken(rows: int, total: int, tally: Tally, kept: int, step: int) -> str:
    """Share of the rows and of the time that would be left out, in words."""
    time = tally.share_of_time(kept, step)
    return f"{share(rows / total)} of the rows" + ("" if time is None else f" and {share(time)} of the time")


def too_many(tally: Tally, kept: int, step: int) -> bool:
    """Check if bad rows not forgiven take more than 1% of the rows or of the time; a single row never does."""
    rows = tally.refused
    time = tally.share_of_time(kept, step) or 0.0
    return rows > 1 and (rows > MOST_DROPPED * (kept + tally.bad) or (not tally.forgiven and time > MOST_DROPPED))


def refused_rows(source: Source, tally: Tally, kept: int, step: int) -> InputError:
    """The refusal of bad rows: one sentence, with the options that continue if there are any."""
    counts, bad, total = tally.by_kind(), tally.bad, kept + tally.bad
    said = f"{source.label}: {bad} bad {'row' if bad == 1 else 'rows'}: {_shown(source, tally)}"
    shape = sum(counts.get(kind, 0) for kind in SHAPE)
    if not kept or shape > max(1, ACCIDENTS * total):
        return InputError(
            f"{said}; that is {share(bad / total)} of the rows, which is no accident: the file is of another shape than it was taken "
            "for, say how it is to be read, as with --columns, --input-format or --time-zone"
        )
    drop = "drop:any" if too_many(tally, kept, step) else "drop"
    crossed = counts.get("crossed", 0)
    if not crossed or tally.forgiven:
        much = "" if drop == "drop" else f", {_taken(bad, total, tally, kept, step)}"
        return Question(f"{said}{much}; correct the data or use --on-bad-rows {drop}", [("--on-bad-rows", drop)])
    others = "" if crossed == bad else f" beside --on-bad-rows {drop}"
    rest = () if crossed == bad else ("--on-bad-rows", drop)
    return Question(
        f"{said}; {CROSSED}, in {share(crossed / total)} of the rows: correct the data, or use --on-crossed widen, which raises the ask "
        f"to the bid where it is below, or --on-crossed drop, which leaves these rows out{others}",
        [("--on-crossed", "widen", *rest), ("--on-crossed", "drop", *rest)],
    )


def share_dropped(source: Source, tally: Tally, kept: int, step: int, on_bad_rows: str) -> list[str]:
    """Sentence that says what share was left out as bad rows; an empty list if there were none.

    Raises:
        Question: more than 1% of the rows or of the time, and only ``drop`` was said.
    """
    if not tally.bad:
        return []
    total = kept + tally.bad
    if on_bad_rows == "drop" and too_many(tally, kept, step):
        raise Question(
            f"{source.label}: --on-bad-rows drop would leave out {_taken(tally.bad, total, tally, kept, step)}, and takes up to 1% unasked: "
            f"{_shown(source, tally)}; correct the data, or use --on-bad-rows drop:any",
            [("--on-bad-rows", "drop:any")],
        )
    rows = "1 bad row is" if tally.bad == 1 else f"{tally.bad:,} bad rows are"
    return [
        f"{rows} left out, {_taken(tally.bad, total, tally, kept, step)} "
        f"({', '.join(f'{count:,} {kind}' for kind, count in tally.by_kind().items())})"
    ]


def notes_of(tally: Tally, widened: int, left_out: Mapping[str, int], kept: int) -> list[str]:
    """Sentences about other changes to the rows of a pass, one each."""
    notes = []
    total = kept + tally.bad
    if widened:
        notes.append(
            f"{CROSSED} in {widened:,} of {total:,} rows ({share(widened / total)}); it was raised to the bid there"
        )
    if left_out.get("shared"):
        count = left_out["shared"]
        bars = "1 bar that two files hold is" if count == 1 else f"{count:,} bars that two files hold are"
        notes.append(f"{bars} taken once")
    if tally.odd_volumes:
        count = tally.odd_volumes
        bars = "1 bar has" if count == 1 else f"{count:,} bars have"
        notes.append(f"{bars} no volume that can be used (missing, infinite or negative): kept, the volume is unknown")
    return notes
