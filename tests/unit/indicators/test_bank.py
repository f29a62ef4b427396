"""The bank: each distinct indicator once, aligned with the chunk, whatever the chunks."""

import numpy as np
import pytest

from barloom.bars.chunk import Chunk
from barloom.errors import InputError
from barloom.indicators import (
    Indicator,
    IndicatorBank,
    atr,
    ema,
    rma,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
    rsi,
    sma,
    stoch_rsi,
    true_range,
    zscore,
)

EVERY = [
    sma(9), ema(5), ema(9), ema(12), ema(20), ema(31), rma(9), true_range(), atr(9), rsi(9), stoch_rsi(9),
    rolling_min(9), rolling_max(9), rolling_std(9), zscore(9), ema(4, rsi(9)), rolling_max(6, "high"), sma(3,
    "volume"), zscore(4, ema(5)), rolling_min(9, rsi(9)),
]  # fmt: skip


def market(rows, seed=0):
    rng = np.random.default_rng(seed)
    close = 1.1 + np.cumsum(rng.normal(0.0, 1e-4, rows))
    return np.arange(rows), close, close + 1e-4, close - 1e-4, close, rng.random(rows)


def cut(columns, base, end, history):
    led = base - min(history, base)
    return Chunk(base, base - led, end - base, end == len(columns[0]), *(column[led:end] for column in columns))


def whole(columns, specs):
    return IndicatorBank(specs).update(cut(columns, 0, len(columns[0]), 0))


def test_each_distinct_spec_is_computed_once_a_chunk():
    bank = IndicatorBank(
        [stoch_rsi(14), rsi(14), stoch_rsi(14), ema(20), ema(20), rolling_mean(20), sma(20), zscore(20)]
    )
    columns = market(100)
    for base in (0, 40, 70):
        bank.update(cut(columns, base, {0: 40, 40: 70, 70: 100}[base], 0))
    assert bank.computed == dict.fromkeys([stoch_rsi(14), rsi(14), ema(20), sma(20), zscore(20)], 3)


def test_a_spec_has_the_same_bits_alone_and_in_company():
    columns = market(500)
    together = whole(columns, EVERY)
    for spec in EVERY:
        assert whole(columns, [spec])[spec].tobytes() == together[spec].tobytes(), str(spec)


@pytest.mark.parametrize("history", (0, 1, 7, 60))
@pytest.mark.parametrize("sizes", ([1], [3], [64], [1, 50, 2, 100, 7], [200, 1]))
def test_values_are_aligned_with_the_chunk_and_keep_their_history(history, sizes):
    columns = market(300)
    want = whole(columns, EVERY)
    bank = IndicatorBank(EVERY, history)
    base = turn = 0
    while base < 300:
        end = min(300, base + sizes[turn % len(sizes)])
        chunk = cut(columns, base, end, history)
        for spec, values in bank.update(chunk).items():
            assert values.tobytes() == want[spec][base - chunk.history : end].tobytes(), str(spec)
        base, turn = end, turn + 1


def test_values_hold_until_the_update_after_the_next():
    columns = market(300)
    bank = IndicatorBank([ema(5)], 20)
    first = bank.update(cut(columns, 0, 100, 20))[ema(5)]
    kept = first.copy()
    bank.update(cut(columns, 100, 200, 20))
    assert first.tobytes() == kept.tobytes()


@pytest.mark.parametrize("spec", EVERY, ids=str)
def test_warmup_counts_the_bars_to_the_first_value(spec):
    values = whole(market(300), [spec])[spec]
    first = int(np.argmax(~np.isnan(values)))
    assert IndicatorBank([spec]).warmup == first + 1


def test_columns_say_what_is_read():
    assert IndicatorBank([ema(5), ema(5, rsi(3, "open"))]).columns == {"open", "close"}
    assert IndicatorBank([atr(5)]).columns == {"high", "low", "close"}
    assert IndicatorBank([]).columns == frozenset()


def test_no_indicators_is_no_values():
    bank = IndicatorBank([], 5)
    assert bank.warmup == 0
    assert bank.update(cut(market(10), 0, 10, 5)) == {}


def test_a_chunk_out_of_order_is_refused():
    bank = IndicatorBank([ema(5)], 5)
    columns = market(100)
    bank.update(cut(columns, 0, 50, 5))
    with pytest.raises(ValueError, match="in order"):
        bank.update(cut(columns, 60, 70, 5))
    with pytest.raises(ValueError, match="history"):
        bank.update(cut(columns, 50, 60, 6))


def test_a_volume_indicator_needs_volumes():
    columns = market(50)
    chunk = Chunk(0, 0, 50, True, *columns[:5])
    with pytest.raises(ValueError, match="volume"):
        IndicatorBank([sma(5, "volume")]).update(chunk)


def test_an_unknown_indicator_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'ema'"):
        IndicatorBank([Indicator("emma", "close", (5,))])
