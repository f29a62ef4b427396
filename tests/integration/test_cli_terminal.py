"""At a terminal: the questions, the progress bar, the colours."""

import json
import os
import select
import subprocess
import sys

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.command import COMMAND, environment
from helpers.waiting import LOOK, PATIENCE, patient

pytestmark = [
    pytest.mark.waits,
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX"),
]


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.arrow"
    write_bars(from_synthetic(20_000, 1), path)
    return path


def at_terminal(words, cwd, answers=(), stdout=subprocess.PIPE):
    """Run at a pseudo-terminal, typing each answer when a question stands there; exit code, terminal text, stdout."""
    import pty

    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(TERM="xterm", COLUMNS="100"),
        stdin=terminal,
        stderr=terminal,
        stdout=terminal if stdout is None else stdout,
        start_new_session=True,
    )
    os.close(terminal)
    shown, asked, answers = b"", 0, list(answers)
    for _ in patient():
        # Looked at before the terminal is: what it has said by then is there to be read.
        over = process.poll() is not None
        if not select.select([master], [], [], 0.0 if over else LOOK)[0]:
            if over:
                break
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        while answers and shown.count(b"]: ") > asked:
            asked += 1
            os.write(master, answers.pop(0).encode())
    out = process.stdout.read().decode() if process.stdout else ""
    if process.stdout:
        process.stdout.close()
    code = process.wait(timeout=PATIENCE)
    os.close(master)
    return code, shown.decode().replace("\r\n", "\n"), out


def test_enter_runs_over_all_the_data(bars, tmp_path):
    code, shown, out = at_terminal(["run", bars, "--format", "json"], tmp_path, ["\n"])
    record = json.loads(out)
    assert code == 0 and record["data"]["selected_rows"] == 20_000
    assert shown.count("Fraction") == 1 and "Portion" not in shown


def test_a_fraction_and_a_portion_are_asked_for(bars, tmp_path):
    code, _, out = at_terminal(["run", bars, "--format", "json"], tmp_path, ["0.25\n", "2\n"])
    data = json.loads(out)["data"]
    assert code == 0 and (data["fraction"], data["portion"], data["selected_rows"]) == (0.25, 2, 5000)


def test_two_wrong_answers_are_forgiven_and_recorded(bars, tmp_path):
    code, _, out = at_terminal(["run", bars, "--format", "json"], tmp_path, ["0\n", "1.2\n", "0.5\n", "9\n", "1\n"])
    assert code == 0 and json.loads(out)["data"]["selected_rows"] == 10_000
    (path,) = tmp_path.glob("results/runs/*/benchmark.json")
    verdict = json.loads(path.read_text())["criteria"]["prompts"]
    assert (verdict["status"], verdict["value"]) == ("pass", 2.0)


def test_the_third_wrong_answer_ends_it_cleanly(bars, tmp_path):
    code, shown, out = at_terminal(["run", bars], tmp_path, ["0\n", "nan\n", "x\n"])
    assert code == 2 and shown.count("Fraction of the data") == 3 and out == ""
    assert "barloom: error: " in shown and "Traceback" not in shown and list(tmp_path.iterdir()) == []


def test_end_of_input_ends_it_cleanly(bars, tmp_path):
    code, shown, _ = at_terminal(["run", bars], tmp_path, ["\x04"])
    assert code == 2 and "no answer" in shown and list(tmp_path.iterdir()) == []


def test_an_interrupt_at_the_question_ends_with_130(bars, tmp_path):
    import pty

    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", str(bars)], cwd=tmp_path, env=environment(), stdin=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = b""
    while b"]: " not in shown:
        shown += os.read(controller, 4096)
    process.send_signal(2)
    assert process.wait(timeout=PATIENCE) == 130
    os.close(controller)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extra", [["--non-interactive"], ["--data-frac", "1"], ["--config", "s.toml"]])
def test_nothing_is_asked_when_it_is_settled(bars, tmp_path, extra):
    (tmp_path / "s.toml").write_text("data_frac = 0.5\n")
    code, shown, _ = at_terminal(["run", bars, *extra], tmp_path)
    assert code == 0 and "Fraction" not in shown


def test_the_sample_asks_nothing(tmp_path):
    code, shown, _ = at_terminal(["run", "--sample"], tmp_path)
    assert code == 0 and "Fraction" not in shown


def test_a_bar_is_drawn_and_taken_away(bars, tmp_path):
    code, shown, out = at_terminal(["run", bars, "--data-frac", "1", "--chunk-rows", "100"], tmp_path)
    assert code == 0 and "bars" in shown and "\x1b[" in shown
    assert "net PnL" in out and "\x1b" not in out


def test_colours_are_left_out_where_they_are_not_wanted(bars, tmp_path, monkeypatch):
    def table():
        _, shown, _ = at_terminal(["strategies", "list"], tmp_path, stdout=None)
        return shown

    assert "\x1b[1m" in table()
    monkeypatch.setenv("TERM", "dumb")
    coloured = ("\x1b[3", "\x1b[38", "\x1b[4")
    assert not any(code in table() for code in coloured)
