"""Times of markets that close on weekends, as clocks show them, and files of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from barloom.bars.zones import Zone

Ints = npt.NDArray[np.int64]
MINUTE = 60 * 10**9
DAY = 24 * 60 * MINUTE
NEW_YORK = Zone.parse("America/New_York")


def market(first: str, last: str, minutes: int = 60, opens: int = 17 * 60) -> Ints:
    """Times in UTC of weeks that open on Sunday at ``opens`` (minutes of New York) and close on Friday at 17:00."""
    begin, end = (int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9 for text in (first, last))
    times = np.arange(begin, end, minutes * MINUTE, dtype=np.int64)
    there = NEW_YORK.to_wall(times)
    weekday, minute = (there // DAY + 3) % 7, there % DAY // MINUTE
    return times[(weekday < 4) | ((weekday == 4) & (minute < 17 * 60)) | ((weekday == 6) & (minute >= opens))]


def sessions(first: str, last: str) -> Ints:
    """Times in UTC of a stock exchange in New York, every half hour."""
    begin, end = (int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9 for text in (first, last))
    times = np.arange(begin, end, 30 * MINUTE, dtype=np.int64)
    there = NEW_YORK.to_wall(times)
    minute = there % DAY // MINUTE
    return times[((there // DAY + 3) % 7 < 5) & (minute >= 570) & (minute < 960)]


def write(path: Path, times: Ints, style: str = "naive", price: float = 1.1, volume: str | None = None) -> Path:
    """A file of bars around a price; ``style`` is ``naive``, ``z``, ``epoch`` or ``histdata``."""
    moves = np.random.default_rng(1).normal(0, 1e-4, len(times))
    closes = price * np.exp(np.cumsum(moves))
    opens = np.concatenate([[price], closes[:-1]])
    texts = times.astype("datetime64[ns]").astype("datetime64[s]").astype(str).tolist()
    lines = [] if style == "histdata" else ["time,open,high,low,close" + (",volume" if volume is not None else "")]
    for text, time, opened, close in zip(texts, times.tolist(), opens.tolist(), closes.tolist(), strict=True):
        prices = [opened, max(opened, close) * 1.0001, min(opened, close) * 0.9999, close]
        shown = {"naive": text.replace("T", " "), "z": f"{text}Z", "epoch": str(time // 10**9)}.get(style, "")
        if style == "histdata":
            shown = text.replace("-", "").replace(":", "").replace("T", " ")
            lines.append(";".join([shown, *(f"{one:.5f}" for one in prices), "0"]))
        else:
            lines.append(",".join([shown, *(f"{one:.5f}" for one in prices), *([] if volume is None else [volume])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
