"""Kernels against textbook formulas, and on the inputs that break running sums."""

import math
from fractions import Fraction

import numpy as np
import pytest

from barloom._native.indicators import AverageTrueRange, Extremes, Moments, RelativeStrength, Smoother, TrueRange


def moments(x, n):
    mean, deviation, score = (np.empty(len(x)) for _ in range(3))
    Moments(n).update(x, mean, deviation, score)
    return mean, deviation, score


def windows(x, n):
    return np.lib.stride_tricks.sliding_window_view(x, n)


@pytest.fixture(scope="module")
def walk():
    return 1.1 + np.cumsum(np.random.default_rng(7).normal(0.0, 1e-4, 3_000))


@pytest.mark.parametrize("n", (1, 2, 3, 14, 255, 256, 257, 1_000))
def test_rolling_moments_are_those_of_each_window(walk, n):
    mean, deviation, score = moments(walk, n)
    assert np.isnan(mean[: n - 1]).all() and np.isnan(deviation[: n - 1]).all() and np.isnan(score[: n - 1]).all()
    np.testing.assert_allclose(mean[n - 1 :], windows(walk, n).mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(deviation[n - 1 :], windows(walk, n).std(axis=1), rtol=1e-9)
    if n == 1:
        assert (deviation == 0.0).all() and (score == 0.0).all()
    else:
        want = (walk[n - 1 :] - windows(walk, n).mean(axis=1)) / windows(walk, n).std(axis=1)
        np.testing.assert_allclose(score[n - 1 :], want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n", (1, 2, 3, 14, 255, 256, 257, 1_000))
def test_rolling_extremes_are_those_of_each_window(walk, n):
    low, high, place = (np.empty(len(walk)) for _ in range(3))
    Extremes(n).update(walk, low, high, place)
    lows, highs = windows(walk, n).min(axis=1), windows(walk, n).max(axis=1)
    np.testing.assert_array_equal(low[n - 1 :], lows)
    np.testing.assert_array_equal(high[n - 1 :], highs)
    want = np.zeros(len(lows)) if n == 1 else (walk[n - 1 :] - lows) / (highs - lows)
    np.testing.assert_array_equal(place[n - 1 :], want)
    assert np.isnan(low[: n - 1]).all() and np.isnan(high[: n - 1]).all() and np.isnan(place[: n - 1]).all()


@pytest.mark.parametrize(("n", "weight"), ((1, 1.0), (3, 0.5), (14, 1 / 14), (20, 2 / 21)))
def test_an_average_begins_with_the_mean_and_moves_by_its_weight(walk, n, weight):
    out = np.empty(len(walk))
    Smoother([n], [weight]).update(walk, [out])
    want = [math.nan] * (n - 1) + [sum(walk[:n]) / n]
    for value in walk[n:]:
        want.append(want[-1] + weight * (value - want[-1]))
    np.testing.assert_allclose(out, want, rtol=1e-13)


@pytest.mark.parametrize("count", (1, 2, 3, 4))
def test_averages_computed_together_are_those_computed_alone(walk, count):
    periods, weights = [20, 3, 50, 7][:count], [2 / 21, 1 / 3, 1 / 50, 0.25][:count]
    together = [np.empty(len(walk)) for _ in periods]
    Smoother(periods, weights).update(walk, together)
    for n, weight, values in zip(periods, weights, together, strict=True):
        alone = np.empty(len(walk))
        Smoother([n], [weight]).update(walk, [alone])
        assert values.tobytes() == alone.tobytes()


def test_outputs_asked_for_together_are_those_asked_for_alone(walk):
    mean, deviation, score = moments(walk, 20)
    for name, together in {"mean": mean, "deviation": deviation, "score": score}.items():
        alone = np.empty(len(walk))
        Moments(20).update(walk, **{name: alone})
        assert alone.tobytes() == together.tobytes()


def test_the_deviation_stays_exact_over_a_million_quiet_bars():
    rng = np.random.default_rng(11)
    price = 1.1 + rng.normal(0.0, 1e-5, 1_000_000)
    n = 100
    deviation = moments(price, n)[1]
    for bar in (n - 1, n, 1_023, 4_096, 65_535, 65_536, 500_000, 999_998, 999_999):
        exact = [Fraction(value) for value in price[bar - n + 1 : bar + 1].tolist()]
        mean = sum(exact) / n
        variance = sum((value - mean) ** 2 for value in exact) / n
        assert deviation[bar] == pytest.approx(math.sqrt(variance), rel=1e-11)


def test_a_bad_tick_leaves_no_trace_once_out_of_the_window():
    rng = np.random.default_rng(13)
    clean = 1.1 + rng.normal(0.0, 1e-5, 1_000)
    n = 20
    for bar in range(300, 345):  # wherever it falls in its block
        spoilt = clean.copy()
        spoilt[bar] = 1e9
        for after, want in zip(moments(spoilt, n), moments(clean, n), strict=True):
            np.testing.assert_allclose(after[bar + n :], want[bar + n :], rtol=1e-8, atol=1e-9)


def test_a_flat_window_has_no_deviation_even_after_a_jump():
    price = np.concatenate([np.full(130, 0.1), np.full(130, 7.3), np.full(130, 1e5 / 3)])
    n = 50
    mean, deviation, score = moments(price, n)
    for begin in (0, 130, 260):
        flat = slice(begin + n - 1, begin + 130)
        assert (deviation[flat] == 0.0).all() and (score[flat] == 0.0).all()
        np.testing.assert_allclose(mean[flat], price[flat], rtol=1e-14)


def test_the_place_in_a_range_that_rounding_made_is_zero():
    x = np.full(40, 1.0 / 3.0)
    x[1::2] = np.nextafter(x[1::2], 1.0)
    place = np.empty(40)
    Extremes(14).update(x, place=place)
    assert (place[13:] == 0.0).all()


@pytest.mark.parametrize("blanks", (1, 5, 40))
def test_a_source_that_begins_with_nan_starts_at_its_first_value(walk, blanks):
    led = np.concatenate([np.full(blanks, np.nan), walk])

    def averaged(x, out):
        Smoother([9], [0.2]).update(x, [out])

    kernels = [averaged, *(kind(9).update for kind in (RelativeStrength, Moments, Extremes))]
    again = [averaged, *(kind(9).update for kind in (RelativeStrength, Moments, Extremes))]
    for kernel, fresh in zip(kernels, again, strict=True):
        out, want = np.empty(len(led)), np.empty(len(walk))
        kernel(led, out)
        fresh(walk, want)
        assert np.isnan(out[:blanks]).all()
        assert out[blanks:].tobytes() == want.tobytes()


def test_read_only_input_is_taken():  # pandas copy-on-write hands out such arrays
    x = np.arange(1.0, 50.0)
    x.flags.writeable = False
    out = np.empty(49)
    Extremes(5).update(x, out)
    RelativeStrength(5).update(x, out)
    Smoother([5], [0.5]).update(x, [out])
    TrueRange().update(x, x, x, out)
    AverageTrueRange(5).update(x, x, x, out)


@pytest.mark.parametrize("rows", (0, 1, 2))
def test_hardly_any_bars(rows):
    x, out = np.ones(rows), np.empty(rows)
    for kernel in (Extremes(5), Moments(5), RelativeStrength(5)):
        kernel.update(x, out)
        assert np.isnan(out).all()
    Smoother([5], [0.5]).update(x, [out])
    assert np.isnan(out).all()
    AverageTrueRange(5).update(x, x, x, out)
    assert np.isnan(out).all()
    TrueRange().update(x, x, x, out)
    assert np.isnan(out[:1]).all() and (out[1:] == 0.0).all()


def test_lengths_that_differ_are_refused():
    x, short = np.ones(5), np.empty(4)
    for call in (
        lambda: Extremes(2).update(x, short),
        lambda: Moments(2).update(x, None, short),
        lambda: RelativeStrength(2).update(x, short),
        lambda: Smoother([2], [0.5]).update(x, [short]),
        lambda: Smoother([2], [0.5]).update(x, []),
        lambda: Smoother([2, 3], [0.5]),
        lambda: Smoother([], []),
        lambda: TrueRange().update(x, x, np.ones(4), np.empty(5)),
        lambda: AverageTrueRange(2).update(x, np.ones(4), x, np.empty(5)),
    ):
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("kind", (Extremes, Moments, RelativeStrength, AverageTrueRange))
def test_a_window_of_no_bars_is_refused(kind):
    for n in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            kind(n)


def test_strided_input_is_refused():
    with pytest.raises(ValueError):
        RelativeStrength(2).update(np.ones(10)[::2], np.empty(5))
