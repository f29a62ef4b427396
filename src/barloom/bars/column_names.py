"""Names that columns of bars go by in files, in the languages of their vendors."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIME = (
    "timestamp time date datetime open_time ts __index_level_0__ mts unix gmt&time local&time date&time date/time "
    "date_time trade_date tradedate time_utc time&(utc) datetime_utc window_start ts_event dtyyyymmdd dt "
    "tstamp bar_time unix&timestamp unix_timestamp unixtime unix&time "
    "day hour minute clock time&of&day jour día dia giorno tag datum zeit uhrzeit zeitpunkt datum/zeit "
    "date&heure heure fecha hora fecha&y&hora data data&e&ora ora tijd "
    "tarih saat tarih/saat czas dato candle_date_time_kst "
    "日期 时间 交易日期 交易时间 日期时间 时间戳 時間 日時 日付 日付け 年月日 時刻 日付/時刻 日付&時刻 "
    "дата время дата&и&время 날짜 일자 시간 일시"
)
_OPENS = (
    "timeopen time_open open_time opentime open&time starttime start_time start&time time&open bar_start "
    "startedat begin "
    "begins start starts from opens opened bar_open_time time&left left&time candle_date_time_utc"
)
_CLOSES = (
    "timeclose time_close close_time closetime close&time endtime end_time end&time time&close bar_end endedat end "
    "ends expires until to stop closes closed bar_close_time time&right right&time"
)
_PRICES = {
    "open": (
        "open o op opening openprice open_price opening&price open&price first eröffnung eröffn. eröffnungskurs eröffnungspreis "
        "ouverture ouv. apertura abertura openen opening_price erster erster&kurs otwarcie kurs&otwarcia açılış "
        "开盘 开盘价 開盤 開盤價 今开 始値 открытие откр. открытие&торгов 시가"
    ),
    "high": (
        "high h hi highest highest&price high&price max highprice high_price höchst hoch höchstkurs tageshoch plus&haut +&haut haut "
        "máximo máximo. "
        "máxima máx. maximo massimo max. hoog najwyższy najwyzszy kurs&max. kurs&maksymalny yüksek en&yüksek "
        "最高 最高价 最高價 高 高値 максимум макс. 고가"
    ),
    "low": (
        "low l lo lowest lowest&price low&price min lowprice low_price tiefst tief tiefstkurs tagestief plus&bas +&bas bas mínimo "
        "mínima mín. minimo "
        "min. laag najniższy najnizszy kurs&min. kurs&minimalny düşük en&düşük 最低 最低价 最低價 低 安値 минимум мин. 저가"
    ),
    "close": (
        "close c cl closing closeprice close_price closing&price close&price schluss schluß schlusskurs clôture cloture "
        "clôt. cierre "
        "fechamento chiusura slot zamknięcie zamkniecie kurs&zamknięcia kapanış 收盘 收盘价 收盤 收盤價 終値 закрытие закр. 종가"
    ),
    "volume": (
        "volume v vol vol. volumes tickvol tick_volume tickvolume tickqty tick_qty volumen umsatz volume_traded "
        "shares&traded total&volume totalvolume total_volume no.of&shares no.&of&shares number&of&shares shares "
        "total&traded&quantity stück stuecke stücke candle_acc_trade_volume wolumen wol. hacim hac. quantità volym "
        "成交量 交易量 出来高 объем объём 거래량"
    ),
}
_LAST = (
    "last price last&price last&traded&price ltp close/last trade_price zuletzt dernier último ultimo ultima última "
    "laatst laatste ostatnio son şimdi цена 最新价 收市"
)
_SYMBOLS = (
    "symbol symbols ticker tickers contract name instrument instrument_id instrumentid pair market "
    "security code isin ric "
    "secid sec_id asset product underlying sym stock coin stock_code ts_code wkn figi permno conid con_id "
    "expiry expiration "
    "delivery instrument_name shortname 代码 股票代码 名称 证券代码 合约 銘柄 コード тикер инструмент 종목"
)
_UNREAD = (
    "adj&close adj_close adjclose adjusted_close adjusted&close close&adj close_adj trades count "
    "tradecount trade_count number_of_trades "
    "num_trades transactions quote_volume quote&volume quote_asset_volume volume_quote taker_base "
    "taker_quote taker_buy_volume "
    "taker_buy_quote_volume ignore vwap wap average barcount bar_count change change&% change_pct "
    "pct_change %change chg% chg "
    "dividends dividend stock&splits splits split openint openinterest open_interest oi real_volume "
    "realvolume rtype publisher_id "
    "marketcap market_cap turnover amount value numberoftrades # trades_count n vw hasgaps capital&gains "
    "+/-&% diff. var.% var% veränderung 涨跌幅 涨跌额 涨跌 成交额 成交金额 换手率 振幅 изм.% 변동&% per index row id timeframe "
    "period interval resolution average&price avg&price mean&price money notional cost bid&volume ask&volume bidvolume "
    "askvolume vol_ccy volccy vol_quote volccyquote volume_ccy confirm turnover_rate peratio market&cap mcap label "
    "gmtoffset gmt_offset utcoffset key subkey simfinid complete numtrades legalcloseprice waprice marketprice2 "
    "admittedquote adjustflag lastsize homenotional foreignnotional unit candle_acc_trade_price otc up down "
    "total&turnover&(rs.) deliverable&quantity spread&high-low spread&close-open updated pricedate "
    "总市值 流通市值 成交笔数 量比 前收盘 昨收 終値調整値 前日比"
)
# Parts of names of what vendors write beside the bars: adjusted prices, changes, counts and sums of trades.
_BESIDE = re.compile(
    r"(adj|prev|pre[ _]?close|div(idend|[ _]?cash)|split|chg|pct|taker|circulating|52w|market[ _]?cap|marketchange).*"
    r"|.*(%|\bchg\b|_chg\b|change|variation|verschil|zmiana|fark|\bvar\.|turnover|trades\b|dividend|vwap|quote[ _]asset"
    r"|quote[ _]volume|shares outstanding|circulating|市值|涨跌|変化率|前日比|등락|변동).*"
    r"|time_?(high|low)|(time of )?(high|low)_?time|[uf](open|high|low|close|volume)"
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("&", " ").casefold() for name in text.split())


OPENING = frozenset(_names(_OPENS))
"""Names of the time at which a bar opens, where others stand beside it."""
CLOSING = frozenset(_names(_CLOSES))
"""Names of the time at which a bar closes."""
TIMES = frozenset(_names(_TIME)) | OPENING
LAST = frozenset(_names(_LAST))
"""Names of the close where no column is called so."""
SYMBOLS = frozenset(_names(_SYMBOLS))
"""Names of columns that tell the rows of one instrument from those of another."""
HARMLESS = frozenset(_names(_UNREAD))
"""Names of columns that vendors write beside the bars and that say nothing of which bar a row is."""

ALIASES: dict[str, str] = {
    **dict.fromkeys(TIMES, "time"),
    **{name: field for field, names in _PRICES.items() for name in _names(names)},
}
"""Name as it is compared -> field."""

_SIDE_NAMES = {field: (*_names(_PRICES[field]), field[0]) for field in ("open", "high", "low", "close")}
SIDES: dict[str, str] = {
    written: ("ask_" if side == "ask" else "") + field
    for side in ("bid", "ask")
    for field, names in _SIDE_NAMES.items()
    for name in names
    for mark in ("_", " ", "", ".", "-")
    for written in (f"{side}{mark}{name}", f"{name}{mark}{side}", f"{name}{mark}({side})")
}
"""Names of the prices of one side, as bid_open, AskClose, open.ask or 始値(BID)."""


_UNIT = re.compile(r"[ _]*\([^()]*\)$")


def field_of(name: str) -> str | None:
    """The field of a name as it is compared, a unit in brackets behind it left out, as in 开盘价(元) or Volume (BTC)."""
    return ALIASES.get(name) or (None if name in SIDES else ALIASES.get(_UNIT.sub("", name)))


def is_beside(name: str) -> bool:
    """Tell if a name as it is compared is of a column that vendors write beside the bars, and that is not read."""
    return name in HARMLESS or _BESIDE.fullmatch(name) is not None


_APART = re.compile(r"[\s_.\-/:|(),'\"]+")


def affixed(names: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """The prices and volumes among names that share a word beside the field, as AAPL.Open, mid_o or ('Open', 'AAPL').

    Returns:
        word -> field -> places, for each word that has all four prices.
    """
    found: dict[str, dict[str, list[int]]] = {}
    for at, name in enumerate(names):
        words = [word for word in _APART.split(name) if word]
        for ends in ((words[:-1], words[-1:]), (words[1:], words[:1])):
            beside, field = " ".join(ends[0]), ALIASES.get(" ".join(ends[1]))
            if beside and field is not None and field != "time" and not is_beside(beside):
                found.setdefault(beside, {}).setdefault(field, []).append(at)
    return {word: places for word, places in found.items() if set(_SIDE_NAMES) <= places.keys()}
