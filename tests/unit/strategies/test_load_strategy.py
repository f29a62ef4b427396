"""Finding a strategy by name, module or file, and its parameters; what cannot be used is refused in one sentence."""

import hashlib
import os
import subprocess
import sys

import pytest

from barloom.errors import InputError
from barloom.strategies import BUILT_IN, Strategy, StrategyOrigin, load_strategy
from barloom.strategies.parameters import accepts

FILE = """
from __future__ import annotations
from pydantic import Field
from barloom.strategies.base import Period, Strategy

class Mine(Strategy):
    class Params(Strategy.Params):
        n: Period = Field(5, description="bars")
        ratio: float = 0.5
        label: str = "x"
        on: bool = False
    params: Params

class Needy(Strategy):
    class Params(Strategy.Params):
        n: int

class Other:
    pass

number = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(FILE.encode())
    path.chmod(0o644)
    return path


def refusal(text, params=None, **options):
    with pytest.raises(InputError) as caught:
        load_strategy(text, params, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_by_name(name):
    strategy = load_strategy(name)
    assert strategy.name == name
    assert strategy.origin == StrategyOrigin("built-in", name, None)
    assert all(field.description for field in type(strategy).Params.model_fields.values())


def test_text_is_converted():
    params = load_strategy("ema-cross", {"fast": "8", "stop_atr": "1.5", "slow": 21}).params
    assert (params.fast, params.stop_atr, params.slow) == (8, 1.5, 21)


def test_an_unknown_strategy_is_refused_with_the_nearest_and_all():
    message = refusal("ema-kross", source_option="strategy=")
    assert message.startswith("strategy= ema-kross") and "did you mean 'ema-cross'" in message
    assert all(name in message for name in BUILT_IN)


def test_an_unknown_parameter_is_refused_with_the_nearest_and_all():
    message = refusal("ema-cross", {"fats": "8"})
    assert "'fats'" in message and "did you mean 'fast'" in message and "target_r" in message and "ema-cross" in message


@pytest.mark.parametrize(
    ("params", "words"),
    (
        ({"fast": "abc"}, "parameter 'fast' of ema-cross is 'abc': give a whole number at least 1 and at most 1000000"),
        ({"fast": "0"}, "parameter 'fast' of ema-cross is '0': give a whole number at least 1"),
        ({"fast": 2.5}, "parameter 'fast' of ema-cross is 2.5: give a whole number"),
        ({"stop_atr": "0"}, "parameter 'stop_atr' of ema-cross is '0': give a number above 0"),
        ({"stop_atr": "nan"}, "parameter 'stop_atr' of ema-cross is 'nan'"),
        ({"stop_atr": "inf"}, "parameter 'stop_atr' of ema-cross is 'inf'"),
    ),
)
def test_a_bad_value_names_the_parameter_and_what_it_accepts(params, words):
    assert words in refusal("ema-cross", params)


def test_what_a_parameter_accepts_in_words():
    fields = BUILT_IN["trend-pullback"].Params.model_fields
    assert accepts(fields["oversold"]) == "a number at least 0 and at most 100"
    assert accepts(fields["range_crossings"]) == "a whole number at least 1"


def test_from_a_file_with_its_hash(file):
    strategy = load_strategy(f"{file}:Mine", {"n": "7", "on": "true"})
    assert strategy.name == "Mine" and strategy.params.n == 7 and strategy.params.on is True
    assert strategy.origin == StrategyOrigin("file", str(file.resolve()), hashlib.sha256(FILE.encode()).hexdigest())


def test_two_files_of_one_name_are_two_strategies(tmp_path):
    for folder, n in (("a", 1), ("b", 2)):
        path = tmp_path / folder / "same.py"
        path.parent.mkdir()
        path.write_text(FILE.replace("Field(5", f"Field({n}"))
    assert [load_strategy(f"{tmp_path / folder / 'same.py'}:Mine").params.n for folder in "ab"] == [1, 2]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_everyone_may_write_is_not_run(file):
    file.write_text("raise SystemExit('it ran')")
    file.chmod(0o666)
    assert "chmod o-w" in refusal(f"{file}:Mine")


def test_from_a_module(tmp_path, monkeypatch):
    (tmp_path / "barloom_test_module.py").write_bytes(FILE.encode())
    monkeypatch.syspath_prepend(tmp_path)
    strategy = load_strategy("barloom_test_module:Mine")
    assert strategy.origin.kind == "module"
    assert strategy.origin.location == str((tmp_path / "barloom_test_module.py").resolve())
    assert strategy.origin.sha256 == hashlib.sha256(FILE.encode()).hexdigest()
    sys.modules.pop("barloom_test_module")


@pytest.mark.parametrize(
    ("text", "words"),
    (
        ("{file}", "name the class"),
        ("{file}:Min", "did you mean 'Mine'"),
        ("{file}:Other", "no subclass of"),
        ("{file}:number", "no subclass of"),
        ("{file}:Strategy", "Strategy"),
        ("{file}:", "no class ''"),
        ("{folder}/gone.py:Mine", "cannot be read"),
        ("{folder}:Mine", "is no module name"),
        ("nowhere.at.all:Mine", "give its file as path/to/file.py:Mine"),
        (":Mine", "is no module name"),
        ("..:Mine", "is no module name"),
        ("", "no such strategy"),
    ),
)
def test_what_is_not_there_is_refused(file, text, words):
    assert words in refusal(text.format(file=file, folder=file.parent))


@pytest.mark.parametrize(
    ("code", "words"),
    (
        ("x = 1\ndef f(:\n", "SyntaxError on line 2"),
        ("x = 1\ny = 2\n1 / 0\n", "ZeroDivisionError on line 3"),
        ("import not_there_at_all\n", "ModuleNotFoundError on line 1"),
        ("x = '\0'\n", "mine.py"),
    ),
)
def test_code_that_fails_to_load_is_refused_with_its_line(file, code, words):
    file.write_text(code)
    assert words in refusal(f"{file}:Mine")


def test_a_parameter_without_default_must_be_given(file):
    assert "parameter 'n' of Needy has no default" in refusal(f"{file}:Needy")
    assert load_strategy(f"{file}:Needy", {"n": 3}).params.n == 3


def test_a_strategy_without_signals_says_so():
    class Empty(Strategy):
        name = "empty"

    with pytest.raises(NotImplementedError, match="Empty defines no signals"):
        Empty().signals(None)


def test_a_script_that_python_reads_from_a_pipe_may_name_its_class(tmp_path):
    script = (
        "import barloom as bl\n\n\nclass Never(bl.Strategy):\n"
        "    def signals(self, window):\n        return bl.Entries([], 1, stop=0.001)\n\n\n"
        "print(bl.run(bl.from_synthetic(1_000), '__main__:Never').trades_count)\n"
    )
    done = subprocess.run(
        [sys.executable, "-"], input=script, text=True, capture_output=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0 and done.stdout == "0\n", done.stderr
