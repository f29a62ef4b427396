import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Prices = tuple[_Floats, _Floats, _Floats, _Floats]

FINDINGS: tuple[str, ...]
BAD_ROWS: tuple[str, ...]

class Checker:
    gaps: _Ints
    spikes: _Ints
    listed: int
    def __init__(
        self,
        step: int,
        phase: int,
        listed: int,
        room: int,
        close: float,
        usual: float,
        deviations: float,
        spikes: int = 0,
    ) -> None: ...
    def take(
        self,
        time: _Ints,
        open: _Floats,
        high: _Floats,
        low: _Floats,
        close: _Floats,
        volume: _Floats | None,
        first_row: int,
        ask: _Prices | None = None,
    ) -> None: ...
    def finish(self) -> None: ...
    @property
    def good(self) -> int: ...
    @property
    def traded(self) -> int: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    def weekdays(self) -> list[int]: ...
    def short_gaps(self) -> list[int]: ...
    def counts(self) -> dict[str, int]: ...
    def runs(self) -> dict[str, int]: ...
    def first_rows(self) -> dict[str, list[tuple[int, int]]]: ...
