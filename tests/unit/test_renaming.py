"""Renames of finished files."""

from __future__ import annotations

import os

from barloom import renaming
from barloom.bars import writer as stores
from barloom.engine import sinks as results


def test_a_file_held_open_by_a_reader_is_waited_for_on_windows(tmp_path, monkeypatch):
    tries = []

    def held(source, target):
        tries.append(source)
        if len(tries) < 4:
            raise PermissionError(13, "held open")

    monkeypatch.setattr(renaming.sys, "platform", "win32")
    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr(renaming.time, "sleep", lambda seconds: None)
    renaming.replace(tmp_path / "a", tmp_path / "b")
    assert len(tries) == 4


def test_stores_and_results_are_renamed_that_way():
    assert stores.replace is renaming.replace and results.replace is renaming.replace
