"""Text files, plain or compressed, as pieces of about 4 MB that end with a line."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import tempfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, BinaryIO

from barloom.bars.sources.archives import bars_in
from barloom.bars.sources.base import read_ahead
from barloom.bars.sources.encodings import told_encoding
from barloom.errors import InputError

PIECE = 4 << 20
SHORTEST = 1 << 16  # bytes of the last piece at least, where there are several
LONGEST_LINE = 1 << 20
MOST_RATIO = 250  # text over what it is packed into, past the first bytes: bars pack 10 to 40 times
FREE_BYTES = 16 << 20
UTF16 = (b"\xff\xfe", b"\xfe\xff")
COMPRESSIONS = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x28\xb5\x2f\xfd": "zstd"}

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")

Load = Callable[[], bytes]


def compression(head: bytes) -> str | None:
    """Compression of a file, told by its first bytes; None if it has none."""
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), None)


def is_text(head: bytes) -> bool:
    """Check if bytes could begin a text file: no control characters but tabs and line ends."""
    if head.startswith(UTF16) or told_encoding(head) in ("utf-16-le", "utf-16-be"):
        return True
    return _CONTROLS.search(head) is None


def count_rows(piece: bytes) -> int:
    """Lines of a piece that are not empty."""
    if b"\n\n" in piece or b"\n\r\n" in piece or piece[:1] in (b"\n", b"\r"):
        return sum(1 for line in piece.split(b"\n") if line.strip(b"\r"))
    return piece.count(b"\n") + (not piece.endswith(b"\n"))


class TextFile:
    """The content of a text file from its first byte, however it is compressed."""

    def __init__(self, path: Path, head: bytes, encoding: str | None = None) -> None:
        self.path = path
        self.compression = compression(head)
        self.encoding: str | None = None
        """Encoding of the content; None for UTF-8 and for bytes that are read as they are."""
        self._given = encoding
        self._member: str | None = None
        self._unpacked: Any = None

    def first_lines(self) -> bytes:
        """The first 64 kB of the content in UTF-8, or as much of it as holds its first line."""
        with self._content() as stream:
            raw = stream.read(1 << 16)
        self.encoding = self._given or told_encoding(raw)
        if self.encoding in ("utf-8", "ascii"):
            self.encoding = None
        with self._content() as stream:
            first: bytes = stream.read(1 << 16)
            while b"\n" not in first:
                more = stream.read(1 << 16)
                if not more:
                    break
                first += more
                if len(first) > LONGEST_LINE:
                    raise InputError(self._too_long())
        return first

    @contextmanager
    def content(self) -> Iterator[Any]:
        """The content as a binary stream; damaged parts are refused.

        Raises:
            InputError: what is compressed is damaged or cut short.
        """
        with self._content() as stream:
            yield stream

    @contextmanager
    def pieces(self, offset: int) -> Iterator[Iterator[Load]]:
        """The content from ``offset`` on, as calls that return its pieces in order; any thread may make them.

        Raises:
            InputError: a line is longer than 1 MB, or what is compressed is damaged or cut short.
        """
        if self._unpacked is not None:
            yield self._ranges(self._unpacked, offset)
            return
        if self.compression is None and self.encoding is None:
            with open(self.path, "rb", buffering=0) as file:
                yield self._ranges(file, offset)
            return
        with self._content() as stream:
            stream.read(offset)
            with closing(read_ahead(repeat(self._joined(stream)), 1)) as drawn:
                yield self._until_none(drawn)

    def unpack(self) -> None:
        """Keep the content of a packed file on disk, in an unnamed temporary file, to read parts of it in any order.

        Raises:
            InputError: what is compressed is damaged or cut short, or the disk is full.
        """
        if self._unpacked is not None or (self.compression is None and self.encoding is None):
            return
        with self._content() as stream:
            file: Any = None
            while True:
                part = stream.read(1 << 20)
                try:
                    if file is None:
                        file = tempfile.TemporaryFile(prefix="barloom-")  # noqa: SIM115 - open as long as this is
                        weakref.finalize(self, file.close)
                    file.write(part)
                    if not part:
                        file.flush()
                        break
                except OSError as error:
                    raise InputError(
                        f"{self.path} has the newest bars first, and to read it backwards it is unpacked into "
                        f"{tempfile.gettempdir()}, which fails ({error.strerror}): name another folder with TMPDIR"
                    ) from error
        self._unpacked = file

    def _ranges(self, file: Any, offset: int) -> Iterator[Load]:
        size = os.fstat(file.fileno()).st_size
        read = partial(_read_at, file, threading.Lock(), str(self.path))
        while offset < size:
            stop = self._line_end(read, offset + PIECE, size) if size - offset > PIECE + SHORTEST else size
            yield partial(read, offset, stop - offset)
            offset = stop

    def _line_end(self, read: Callable[[int, int], bytes], at: int, size: int) -> int:
        """The position after the first line end at or after ``at``."""
        for window in range(at, min(at + LONGEST_LINE, size), 1 << 14):
            found = read(window, min(1 << 14, size - window)).find(b"\n")
            if found >= 0:
                return window + found + 1
        if at + LONGEST_LINE < size:
            raise InputError(self._too_long())
        return size

    def _joined(self, stream: Any) -> Callable[[], bytes | None]:
        """A call that returns the next piece of a stream, None after the last."""
        carried = b""
        ended = False

        def next_piece() -> bytes | None:
            nonlocal carried, ended
            if ended:
                return None
            parts, size = [], 0
            with self._undamaged():
                while size < PIECE:
                    part = stream.read(PIECE - size)
                    if not part:
                        ended = True
                        break
                    parts.append(part)
                    size += len(part)
            piece = b"".join(parts)
            if ended:  # the end of a text comes in one piece, a footer with the rows before it
                return carried + piece or None
            cut = piece.rfind(b"\n") + 1
            if not cut and len(carried) + len(piece) > LONGEST_LINE:
                raise InputError(self._too_long())
            whole, carried = carried + piece[:cut], piece[cut:] if cut else carried + piece
            return whole if cut else b""

        return next_piece

    @staticmethod
    def _until_none(drawn: Iterator[bytes | None]) -> Iterator[Load]:
        for piece in drawn:
            if piece is None:
                return
            if piece:
                yield partial(_given, piece)

    @contextmanager
    def _content(self) -> Iterator[Any]:
        with self._undamaged(), open(self.path, "rb") as file, self._decompressed(file) as stream:
            yield io.BufferedReader(_Recoded(stream, self.encoding, self.path), 1 << 16) if self.encoding else stream

    def _decompressed(self, file: BinaryIO) -> Any:
        if self.compression == "gzip":
            return _Unfolded(gzip.GzipFile(fileobj=file), file, self.path)
        if self.compression == "zip":
            archive = zipfile.ZipFile(file)
            if self._member is None:
                self._member = bars_in(archive, self.path)
            return _Unfolded(archive.open(self._member), file, self.path)
        if self.compression == "zstd":
            import pyarrow as pa

            return _Unfolded(pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"), file, self.path)
        return file

    @contextmanager
    def _undamaged(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except (
            EOFError,
            zlib.error,
            zipfile.BadZipFile,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
        ) as error:
            if self.compression is None:
                raise InputError(f"{self.path} cannot be read: {error}") from error
            first = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise InputError(
                f"{self.path} cannot be read as {self.compression}, it is damaged or cut short: {first}"
            ) from error

    def _too_long(self) -> str:
        return f"{self.path} has a line longer than {LONGEST_LINE >> 20} MB: it is no CSV of bars"


class _Recoded(io.RawIOBase):
    """Text in another encoding, read as UTF-8."""

    def __init__(self, stream: Any, encoding: str, path: Path) -> None:
        super().__init__()
        self._stream = stream
        self._encoding = encoding
        self._path = path
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            raw = self._stream.read(1 << 16)
            try:
                self._left = self._decoder.decode(raw, final=not raw).encode()
            except UnicodeError as error:
                raise InputError(
                    f"{self._path} is no text in {self._encoding} ({error}): name its encoding with --encoding"
                ) from None
            if not raw:
                break
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


class _Unfolded:
    """A stream of text from a packed file, limited to a few hundred times the packed size."""

    def __init__(self, stream: Any, packed: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._packed = packed
        self._path = path
        self._given = 0

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes.

        Raises:
            InputError: what came so far is far longer than what it was packed into.
        """
        part: bytes = self._stream.read(size)
        self._given += len(part)
        if self._given > FREE_BYTES and self._given > MOST_RATIO * self._packed.tell():
            raise InputError(
                f"{self._path} unfolds to more than {MOST_RATIO} times its size, as no bars do: unpack it and look"
            )
        return part

    def __enter__(self) -> _Unfolded:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stream.close()


def _given(piece: bytes) -> bytes:
    return piece


def _read_at(file: Any, lock: threading.Lock, label: str, at: int, size: int) -> bytes:
    """Exactly ``size`` bytes of a file from ``at`` on, from any thread."""
    parts = []
    while size > 0:
        if hasattr(os, "pread"):
            part = os.pread(file.fileno(), size, at)
        else:
            with lock:
                file.seek(at)
                part = file.read(size)
        if not part:
            raise InputError(f"{label} became shorter while it was read: run again when nothing writes to it")
        parts.append(part)
        at += len(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
