"""``bl.sweep`` from Python: ranked sets that are the single runs, to the bit."""

import pandas as pd
import pytest

import barloom as bl

GRID = {"fast": range(5, 16, 5), "stop": ["atr:1", "atr:2"]}


@pytest.fixture(scope="module")
def bars():
    return bl.from_synthetic(20_000, 4)


@pytest.fixture(scope="module")
def swept(bars):
    return bl.sweep(bars, "ema-cross", GRID, risk_pct=0.5, keep_trades="best:2", rank_by="net_pnl")


def test_the_table_is_ranked_and_every_row_is_a_single_run(bars, swept):
    table = swept.table
    assert len(swept) == len(table) == 6
    assert table.net_pnl.is_monotonic_decreasing
    assert sorted(zip(table.set_id, table.fast, table.stop, strict=True)) == [
        (0, 5, "atr:1"),
        (1, 5, "atr:2"),
        (2, 10, "atr:1"),
        (3, 10, "atr:2"),
        (4, 15, "atr:1"),
        (5, 15, "atr:2"),
    ]
    for row in table.itertuples():
        once = bl.run(bars, "ema-cross", {"fast": row.fast}, stop=row.stop, risk_pct=0.5)
        assert row.checksum == once.checksum
        assert (row.trades, row.net_pnl, row.sharpe) == (once.metrics.trades, once.metrics.net_pnl, once.metrics.sharpe)


def test_trades_of_any_set_whether_they_were_kept_or_not(bars, swept):
    kept = set(swept.outcome.trades["set_id"].to_pylist())
    assert kept == set(swept.table.set_id[:2])
    for set_id in range(len(swept)):
        once = bl.run(
            bars, "ema-cross", {"fast": 5 + set_id // 2 * 5}, stop=("atr:1", "atr:2")[set_id % 2], risk_pct=0.5
        )
        pd.testing.assert_frame_equal(swept.trades(set_id), once.trades, check_categorical=False, check_dtype=False)
        assert swept.run(set_id).digest == once.digest


def test_the_best_set_with_what_can_be_said_of_it(swept):
    best = swept.best
    assert best["set_id"] == swept.table.set_id[0] == swept.stability.best
    assert best["net_pnl"] == swept.table.net_pnl.max() == swept.stability.result
    assert swept.overfitting.tried == 6 and swept.overfitting.best == best["set_id"]
    assert swept.folder is None
    none = bl.sweep(swept.bars, "ema-cross", {"fast": [5]}, min_trades=10**6)
    assert none.best is None and none.stability is None


def test_where_sample_and_seed(bars):
    grid = {"fast": range(5, 30, 5), "slow": [10, 20, 30]}
    some = bl.sweep(bars, "ema-cross", grid, where="fast < slow", sample=4, seed=3)
    again = bl.sweep(bars, "ema-cross", grid, where=["fast < slow"], sample=4, seed=3)
    assert len(some) == 4 and (some.table.fast < some.table.slow).all()
    assert some.outcome.table.table.equals(again.outcome.table.table)
    assert bl.sweep(bars, "ema-cross", ["fast=5:10:5"], where="fast > 5").table.fast.tolist() == [10]


def test_a_search_tries_so_many_sets_of_the_grid(bars):
    grid = {"fast": range(3, 40), "slow": [50, 60]}
    found = bl.sweep(bars, "ema-cross", grid, search="tpe", trials=12, seed=1)
    assert len(found) == 12 and found.table[["fast", "slow"]].drop_duplicates().shape[0] == 12
    assert set(found.table.fast) <= set(range(3, 40))


def test_a_set_that_is_refused_has_its_sentence_and_the_others_go_on(bars):
    found = bl.sweep(bars, "ema-cross", {"slow": [50, 30_000]})
    assert found.table.error.isna().tolist() == [True, False]
    assert "give more bars" in found.table.error[1]
    with pytest.raises(bl.InputError, match="give more bars"):
        found.trades(1)


def test_files_go_where_out_says_and_the_same_sweep_finds_them(bars, tmp_path):
    first = bl.sweep(bars, "ema-cross", {"fast": [5, 6]}, out=tmp_path)
    second = bl.sweep(bars, "ema-cross", {"fast": [5, 6]}, out=tmp_path)
    assert first.folder == second.folder and first.folder.parent == tmp_path / "sweeps"
    assert second.outcome.already and not first.outcome.already
    pd.testing.assert_frame_equal(first.table, second.table)


def test_a_heat_map_is_a_picture_or_a_page(swept, tmp_path):
    assert swept.save_heat_map(tmp_path / "map.png", "fast", "stop").read_bytes().startswith(b"\x89PNG")
    text = swept.save_heat_map(tmp_path / "map.html", "fast", "stop", by="sharpe").read_text(encoding="utf-8")
    assert "sharpe by stop and fast" in text and "<script" not in text
    with pytest.raises(bl.InputError, match=r"neither a \.png nor an \.html"):
        swept.save_heat_map(tmp_path / "map.pdf", "fast", "stop")
    with pytest.raises(bl.InputError, match="there is no folder"):
        swept.save_heat_map(tmp_path / "no" / "map.html", "fast", "stop")
    with pytest.raises(bl.InputError, match="did you mean 'fast'"):
        swept.save_heat_map(tmp_path / "map.html", "fats", "stop")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grid": {"fats": [1]}}, "did you mean 'fast'"),
        ({"grid": {}}, "a sweep needs a grid"),
        ({"grid": {"fast": []}}, "fast"),
        ({"grid": {"fast": [5, 5]}}, "given twice"),
        ({"grid": {"fast": range(10**7)}}, "too many"),
        ({"grid": {"fast": range(1, 2001), "slow": range(1, 2001)}}, "above --max-sets, which is 1,000,000"),
        ({"grid": {"fast": [5]}, "params": {"fast": 9}}, "on the grid as well"),
        ({"grid": {"stop": ["atr:1"]}, "stop": "atr:2"}, "on the grid as well"),
        ({"grid": {"fast": [5]}, "where": "fast"}, "no comparison"),
        ({"grid": {"fast": [5]}, "rank_by": "sharp"}, "did you mean 'sharpe'"),
        ({"grid": {"fast": [5]}, "keep_trades": "some"}, "best:10, all, none"),
        ({"grid": {"fast": [5]}, "stp": "atr:1"}, "sweep\\(\\) has no option 'stp': did you mean 'stop'"),
        ({"grid": {"fast": [5]}, "workers": 0}, "workers of sweep\\(\\)"),
        ({"grid": {"fast": [5]}, "risk_pct": -1.0}, "risk_pct of sweep\\(\\)"),
        ({"grid": {"fast": [5]}, "search": "tpe"}, "--trials"),
        ({"grid": {"fast": [5]}, "trials": 3}, "--search"),
        ({"grid": {"fast": [5]}, "scheduler": "tcp://127.0.0.1:9", "workers": 2}, "--max-workers"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_it_starts(bars, changes, said):
    changes = dict(changes)
    with pytest.raises(bl.InputError, match=said):
        bl.sweep(bars, "ema-cross", changes.pop("grid"), **changes)
