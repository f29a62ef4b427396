"""A run that demands the real engines does not pass without them."""

from __future__ import annotations

import pytest

from parity.peers import DEMANDED, engine


def test_a_missing_engine_is_a_skip_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEMANDED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="tox -e parity"):
        engine("no_such_engine")


def test_a_missing_engine_is_an_error_where_the_run_demands_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEMANDED, "1")
    with pytest.raises(ImportError):
        engine("no_such_engine")
