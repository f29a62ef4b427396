"""Each test in a folder of its own, so that names of files in messages can be pasted as they are printed."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("faults.field.asked", "helpers.remedies")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path
