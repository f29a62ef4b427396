"""Damaged files by the thousand, each different, all from one seed: the readers give good bars or one sentence.

python tests/faults/fuzz.py --inputs 100000 --seed 0

Bytes are cut, joined and changed, and odd things are put into the cells of text. A crash leaves the input
that caused it in the folder, a hang ends with a traceback after 30 s.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.made import KINDS, columns, read

HANG = 30
ODD = (
    b"", b"-", b"nan", b"inf", b"-inf", b"1e308", b"1e-320", b"1e999", b"0", b"-0.0", b"-1", b"9" * 40, b"9223372036854775807",
    b"-9223372036854775808", b"1_0", b"0x10", b"1,5", b'"', b'""', b'"1', b"'", b"\r", b"\n", b"\r\n", b"\t", b";", b"|", b" ", b"\0",
    b"\xff", b"\xef\xbb\xbf", b"\xc2\xa0", "\u0661".encode(), b"2012-02-01", b"2012.02.01,00:00", b"20120201 000000", b"01.02.2012",
    b"1328054400", b"1328054400000", b"1328054400000000", b"1.328e9", b"9999-12-31", b"T", b"Z", b"+25:00", b"time", b"open", b"<OPEN>",
    b"#", b"sep=;", b"NULL", b"None", b"true",
)  # fmt: skip


def damaged(random: Random, whole: dict[str, bytes]) -> tuple[str, bytes]:
    """A kind, and the bytes of a file of it after one to four faults."""
    kind = random.choice(list(whole))
    data, separator = whole[kind], KINDS[kind].separator.encode()
    for _ in range(random.randint(1, 4)):
        odd = separator and random.random() < 0.7
        data = _odd_cell(random, data, separator) if odd else _cut(random, data, whole)
    return kind, data


def _odd_cell(random: Random, data: bytes, separator: bytes) -> bytes:
    rows = data.split(b"\n")
    at = random.randrange(len(rows))
    cells = rows[at].split(separator)
    cell = random.randrange(len(cells))
    odd = random.choice(ODD)
    how = random.randrange(5)
    if how == 0:
        cells[cell] = odd
    elif how == 1:
        cells[cell] += odd
    elif how == 2:
        cells.insert(cell, odd)
    elif how == 3:
        del cells[cell]
    else:
        cells[cell] = odd + cells[cell]
    rows[at] = separator.join(cells)
    if random.random() < 0.1:
        rows.insert(random.randrange(len(rows)), rows[at])
    return b"\n".join(rows)


def _cut(random: Random, data: bytes, whole: dict[str, bytes]) -> bytes:
    at, to = sorted(random.randrange(len(data) + 1) for _ in range(2))
    to = min(to, at + random.choice((1, 4, 8, 64, 4096)))
    how = random.randrange(7)
    if how == 0:
        return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
    if how == 1:
        return data[:at] + data[to:]
    if how == 2:
        return data[:to] + data[at:]
    if how == 3:
        return data[:at] + random.randbytes(to - at) + data[to:]
    if how == 4:
        return data[:at] + random.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * random.choice((1, 4, 8)) + data[to:]
    if how == 5:
        other = whole[random.choice(list(whole))]
        return data[:at] + other[min(at, len(other)) :]
    return data[:at]


def inputs(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """``count`` different files, kind and bytes."""
    random = Random(seed)
    whole = {kind: told.make(columns(8)) for kind, told in KINDS.items()}
    seen: set[bytes] = set()
    while len(seen) < count:
        kind, data = damaged(random, whole)
        key = hashlib.blake2b(kind.encode() + data, digest_size=12).digest()
        if key not in seen:
            seen.add(key)
            yield kind, data


def fuzz(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Read that many damaged files; how many of each kind were read and refused."""
    found: collections.Counter[str] = collections.Counter()
    for number, (kind, data) in enumerate(inputs(seed, count)):
        path = KINDS[kind].path(folder)
        path.write_bytes(data)
        faulthandler.dump_traceback_later(HANG, exit=True)
        try:
            refused = read(path, on_bad_rows="drop" if number % 2 else "error").refused
        except BaseException:
            print(f"input {number} of seed {seed} is left in {path}", file=sys.stderr)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        found[f"{kind} {'refused' if refused else 'read'}"] += 1
        path.unlink()
    return dict(sorted(found.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the input at work is kept; default: a new temporary one")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="barloom-fuzz-"))
    found = fuzz(folder, options.inputs, options.seed)
    for name, count in found.items():
        print(f"{name}: {count:,}")
    print(f"{sum(found.values()):,} different inputs of seed {options.seed}: no crash, no hang, no traceback")


if __name__ == "__main__":
    main()
