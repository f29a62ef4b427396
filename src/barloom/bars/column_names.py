"""Names that columns of bars go by in files, in the languages of their vendors."""

from __future__ import annotations

_TIME = (
    "timestamp time date datetime open_time ts __index_level_0__ mts unix gmt&time local&time date&time date/time "
    "date_time trade_date tradedate time_utc time&(utc) datetime_utc window_start ts_event dtyyyymmdd dt "
    "tstamp bar_time "
    "day hour minute clock time&of&day jour día dia giorno tag datum zeit uhrzeit zeitpunkt datum/zeit "
    "date&heure heure fecha hora fecha&y&hora data data&e&ora ora tijd "
    "日期 时间 交易日期 交易时间 日期时间 时间戳 時間 日時 日付 年月日 時刻 日付/時刻 дата время дата&и&время 날짜 일자 시간"
)
_OPENS = (
    "timeopen time_open open_time opentime open&time starttime start_time start&time time&open bar_start "
    "startedat begin "
    "begins start starts from opens opened bar_open_time"
)
_CLOSES = (
    "timeclose time_close close_time closetime close&time endtime end_time end&time time&close bar_end endedat end "
    "ends expires until to stop closes closed bar_close_time"
)
_PRICES = {
    "open": (
        "open o op opening openprice open_price opening&price open&price first eröffnung eröffn. eröffnungskurs eröffnungspreis "
        "ouverture ouv. apertura abertura openen 开盘 开盘价 開盤 開盤價 始値 открытие откр. открытие&торгов 시가"
    ),
    "high": (
        "high h hi highest highest&price high&price max highprice high_price höchst hoch höchstkurs tageshoch plus&haut +&haut haut "
        "máximo máximo. "
        "máxima máx. maximo massimo max. hoog 最高 最高价 最高價 高値 максимум макс. 고가"
    ),
    "low": (
        "low l lo lowest lowest&price low&price min lowprice low_price tiefst tief tiefstkurs tagestief plus&bas +&bas bas mínimo "
        "mínima mín. minimo "
        "min. laag 最低 最低价 最低價 安値 минимум мин. 저가"
    ),
    "close": (
        "close c cl closing closeprice close_price closing&price close&price schluss schluß schlusskurs clôture cloture "
        "clôt. cierre "
        "fechamento chiusura slot 收盘 收盘价 收盤 收盤價 終値 закрытие закр. 종가"
    ),
    "volume": (
        "volume v vol vol. volumes tickvol tick_volume tickvolume volumen umsatz volume_traded shares&traded "
        "成交量 出来高 объем "
        "объём 거래량"
    ),
}
_LAST = "last price last&price zuletzt dernier último ultimo ultima última laatst цена 最新价 收市"
_SYMBOLS = (
    "symbol symbols ticker tickers contract name instrument instrument_id instrumentid pair market "
    "security code isin ric "
    "secid sec_id asset product underlying sym stock coin stock_code ts_code wkn figi permno conid con_id "
    "expiry expiration "
    "delivery 代码 股票代码 名称 证券代码 合约 銘柄 コード тикер инструмент 종목"
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
    "period interval resolution"
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

SIDES: dict[str, str] = {
    f"{side}{mark}{name}": ("ask_" if side == "ask" else "") + field
    for side in ("bid", "ask")
    for field in ("open", "high", "low", "close")
    for name in (field, field[0])
    for mark in ("_", " ", "", ".", "-")
} | {
    f"{name}{mark}{side}": ("ask_" if side == "ask" else "") + field
    for side in ("bid", "ask")
    for field in ("open", "high", "low", "close")
    for name in (field, field[0])
    for mark in ("_", " ", ".", "-", "")
}
"""Names of the prices of one side, as bid_open, AskClose or open.ask."""
