"""Peak memory is told and a threshold is warned of once."""

import logging

import numpy as np
import pytest

from barloom.observe import memory
from barloom.observe.memory import MB, MemoryWatch, peak_rss


def test_the_peak_grows_with_what_is_touched_and_stays():
    before = peak_rss()
    block = np.ones(4 * before // 8)
    during = peak_rss()
    assert during >= before + 2 * before
    del block
    # The kernel counts in batches, a few pages up or down.
    assert peak_rss() >= 0.95 * during


def test_past_the_threshold_one_warning_is_given(caplog, monkeypatch):
    monkeypatch.setattr(memory, "peak_rss", lambda: 301 * MB)
    watch = MemoryWatch(300)
    with caplog.at_level(logging.WARNING):
        watch.look()
        watch.look()
    assert [record.getMessage() for record in caplog.records] == ["peak memory 301 MB is past the threshold of 300 MB"]


@pytest.mark.parametrize(("threshold", "peak"), [(0, 301 * MB), (302, 301 * MB), (1, None)])
def test_no_warning_below_the_threshold_or_without_one(caplog, monkeypatch, threshold, peak):
    monkeypatch.setattr(memory, "peak_rss", lambda: peak)
    MemoryWatch(threshold).look()
    assert not caplog.records


def test_a_platform_that_does_not_tell_gives_none(monkeypatch):
    def fails():
        raise OSError("no /proc here")

    monkeypatch.setattr(memory, "_linux", fails)
    monkeypatch.setattr(memory, "_unix", fails)
    monkeypatch.setattr(memory, "_windows", fails)
    assert peak_rss() is None
