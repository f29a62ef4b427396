"""The encoding of a text: UTF-8, or another that the names of its columns prove."""

from __future__ import annotations

from barloom.bars.sources.csv_top import find_top, names_known
from barloom.errors import InputError

TRIED = ("gb18030", "shift_jis", "cp1251", "cp1252", "big5", "euc_kr", "euc_jp", "koi8_r", "cp1250", "mac_roman")
MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
NAMED = 4  # fields that a header has to name, for an encoding to be proven


def told_encoding(head: bytes) -> str | None:
    """The encoding of a text that begins with some bytes, None for UTF-8 and where nothing proves another."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    odd, even = head[1:512:2].count(0), head[0:512:2].count(0)
    half = max(min(len(head), 512) // 2, 1)
    if odd * 10 > half * 8 and even == 0:
        return "utf-16-le"
    if even * 10 > half * 8 and odd == 0:
        return "utf-16-be"
    if is_utf8(head):
        return None
    best, most = None, NAMED - 1
    whole = head[: head.rfind(b"\n") + 1] or head
    for name in TRIED:
        try:
            text = whole.decode(name).encode()
            top = find_top("", text)
        except (UnicodeError, InputError):
            continue
        known = 0 if top.header is None else names_known(top.header)
        if known > most:
            best, most = name, known
    return best


def is_utf8(head: bytes) -> bool:
    """Tell if bytes are UTF-8, the last character of which may be cut."""
    for cut in range(4):
        try:
            head[: len(head) - cut].decode()
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                return False
            continue
        return True
    return False
