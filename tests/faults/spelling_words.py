"""Words of spellings: names of months and weekdays, and names of columns."""

from __future__ import annotations

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "en-short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",  # codespell:ignore
    "de-short": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",  # codespell:ignore
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",  # codespell:ignore
    "fr-short": "janv févr mars avr mai juin juil août sept oct nov déc",  # codespell:ignore
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",  # codespell:ignore
    "es-short": "ene feb mar abr may jun jul ago sep oct nov dic",  # codespell:ignore
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",  # codespell:ignore
    "pt-short": "jan fev mar abr mai jun jul ago set out nov dez",  # codespell:ignore
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",  # codespell:ignore
    "it-short": "gen feb mar apr mag giu lug ago set ott nov dic",  # codespell:ignore
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",  # codespell:ignore
    "nl-short": "jan feb mrt apr mei jun jul aug sep okt nov dec",  # codespell:ignore
}
MONTHS_OF = {language: names.split() for language, names in MONTHS.items()}
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "en-short": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}

# Names of the one column of times, of two columns, and of the prices and the volume.
ONE_TIME = {
    "day": ("Date", "date", "DATE", "Day", "time", "Time", "timestamp", "datetime"),
    "time": (
        "Date",
        "time",
        "Time",
        "timestamp",
        "Timestamp",
        "datetime",
        "Datetime",
        "DateTime",
        "date_time",
        "Date/Time",
        "Date Time",
    ),
}
OPEN_TIME = ("open_time", "Open time", "timeOpen", "Open Time")
CLOSE_TIME = {"open_time": "close_time", "Open time": "Close time", "timeOpen": "timeClose", "Open Time": "Close Time"}
TWO_TIMES = (("Date", "Time"), ("date", "time"), ("DATE", "TIME"), ("Date", "Timestamp"), ("Day", "Time"))
PRICES = (
    ("open", "high", "low", "close"),
    ("Open", "High", "Low", "Close"),
    ("OPEN", "HIGH", "LOW", "CLOSE"),
    ("o", "h", "l", "c"),
    ("O", "H", "L", "C"),
    ("Open", "High", "Low", "Last"),
    ("oPeN", "hIgH", "lOw", "cLoSe"),
)
LONG_PRICES = (
    ("Open Price", "High Price", "Low Price", "Close Price"),
    ("open_price", "high_price", "low_price", "close_price"),
    ("Opening Price", "Highest Price", "Lowest Price", "Closing Price"),
)
VOLUMES = ("volume", "Volume", "VOLUME", "Vol", "vol", "Vol.")
SYMBOLS = ("symbol", "Symbol", "ticker", "Ticker", "contract", "Contract", "name", "Name", "instrument", "Pair")
ODD_SYMBOLS = ("Series", "kontrakt", "Market Id")  # a column of one value under such a name may be asked about
SYMBOL_VALUES = (
    ("FRONT", "BACK"),
    ("ABC", "XYZ"),
    ("ESH4", "ESM4"),
    ("BTC-USD", "ETH-USD"),
    ("Brent Mar", "Brent Apr"),
    ("A&B", "O'X"),
)
UNKNOWN = ("Turnover (Cr)", "Trades", "VWAP", "Change %", "Shares Traded", "note")

# Usual names of time, open, high, low, close, volume in other scripts, with the encodings they come in.
SCRIPTS = (
    (("日期", "开盘", "最高", "最低", "收盘", "成交量"), ("gbk", "gb18030", "utf-8")),
    (("时间", "开盘价", "最高价", "最低价", "收盘价", "成交量"), ("gbk", "utf-8")),
    (("日付", "始値", "高値", "安値", "終値", "出来高"), ("shift_jis", "cp932", "utf-8")),
    (("Дата", "Открытие", "Максимум", "Минимум", "Закрытие", "Объём"), ("cp1251", "utf-8")),
)
