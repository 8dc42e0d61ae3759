"""Brings any file to plain UTF-8 text or Parquet, within limits: what is packed is unpacked.

What a file is shows in its first bytes; its name says nothing.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from agent_core.data.helper import pa
from agent_core.data.text_encoding import UTF8, encodings_of, other_encodings
from agent_core.errors import BadDataset

MAX_BYTES = 2 << 30
"""Of the file as it was attached."""
MAX_UNPACKED = 8 << 30
"""Of the text in it: 25 million interactions have about 0.7 GiB, with room for long rows."""
MAX_RATIO = 200
"""Unpacked to packed bytes beyond `FREE_BYTES`, wherever reading is; text packs to a tenth, bombs
to a thousandth."""
FREE_BYTES = 64 << 20
HEAD = 256 << 10
"""Characters that the form of a file is read from."""
CHUNK = 1 << 20
MAX_MEMBERS = 2_000
PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
REFUSED = {
    b"\x89PNG": "a PNG image",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\xff\xd8\xff": "a JPEG image",
    b"SQLite": "an SQLite database",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
}
OURS = frozenset(("results.json", "run.json", "labbook.sha256", "per_user.parquet"))
"""What runs write beside their datasets."""
PROGRAMS = (".py", ".pyc", ".pyi", ".pth", ".so", ".sh")
"""Endings of files that Python or a shell would run or import from beside a script."""
NO_DATA = (
    *PROGRAMS, ".pl", ".md", ".html", ".pdf", ".r", ".ipynb", ".css", ".png", ".jpg", ".vec",
)  # fmt: skip
"""Endings of files in archives that hold no data."""
MAX_LINE = 2 << 20
"""Characters of a line of a table; longer ones are no interactions."""
MAX_DOCUMENT = 64 << 20
"""Of an object in JSON, or a whole array; they are parsed in one piece."""
REMEDY = "Attach it as CSV or TSV, plain or in gz, zst or zip; Parquet and JSON lines work too."


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that can be read as it is: UTF-8 text, or Parquet."""

    path: Path
    """Of the text, unpacked where it was packed."""
    compression: str = ""
    member: str = ""
    encoding: str = "utf-8-sig"
    is_parquet: bool = False
    lines: int = 0
    """Physical lines."""
    head: str = ""
    """The first characters, whole lines."""
    longest: int = 0
    """Characters of the longest line."""
    longest_line: int = 0
    """Its number, from 1."""
    characters: int = 0
    has_blanks: bool = True
    """Whether blanks may stand around its fields; removing them takes a fifth of reading."""


def plain_file(
    path: Path, name: str, folder: Path, member: str = "", max_bytes: int = MAX_BYTES
) -> PlainFile:
    """Return a file as plain text or Parquet; what has to be unpacked goes to `folder`.

    Raises
    ------
    BadDataset
        When it is too large, unpacks to too much, or is no text.
    """
    _refuse_name(name)
    size = path.stat().st_size
    if size == 0:
        raise BadDataset(f"{name} is empty (0 bytes). Attach the file again.")
    if size > max_bytes:
        raise BadDataset(
            f"{name} has {size / 2**20:,.0f} MiB, the limit is {max_bytes / 2**20:,.0f} MiB. "
            "Attach a sample, or ask the admin to put it on the server."
        )
    packing = _packing(path)
    if packing == "zip" and not member:
        member = next(iter(members_of(path, name)))
    packed = _Packed(path, name, packing, member)
    start = packed.start()
    if start.startswith(b"PAR1"):
        target = packed.write_to(folder / "plain") if packing else path
        return PlainFile(target, packing, member, is_parquet=True)
    refuse_strange(start, name)
    encodings = encodings_of(start)
    for encoding in encodings:
        try:
            plain = _text(packed, encoding, folder / "plain")
        except UnicodeDecodeError as error:
            if encoding == UTF8 and start.isascii():
                encodings = other_encodings(error.object)
            continue
        return plain
    raise BadDataset(f"{name} is binary or in an unknown encoding. Save it as UTF-8.")


def is_zip(path: Path) -> bool:
    """Whether a file is a ZIP archive, by its first bytes."""
    return _packing(path) == "zip"


def first_bytes(path: Path, name: str, member: str = "") -> bytes:
    """Return the first bytes of a file, or of one in an archive, unpacked."""
    return _Packed(path, name, _packing(path), member).start()


def content_sha256(path: Path, name: str, member: str = "") -> str:
    """Return the hash of what is in a file, unpacked: the same for every packing of it."""
    digest = hashlib.sha256()
    for chunk in _Packed(path, name, _packing(path), member).chunks():
        digest.update(chunk)
    return digest.hexdigest()


def members_of(path: Path, name: str) -> dict[str, int]:
    """Return the files of an archive that can hold data, with their sizes unpacked.

    Raises
    ------
    BadDataset
        When the archive is damaged, locked, or has too many or no files.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    # Directories that are damaged raise any of these.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadDataset(f"{name} is a damaged ZIP archive ({error}). Pack it again.") from error
    if len(entries) > MAX_MEMBERS:
        raise BadDataset(f"{name} holds {len(entries):,} files, more than {MAX_MEMBERS:,}.")
    if any(e.filename in ("[Content_Types].xml", "mimetype") for e in entries):
        raise BadDataset(f"{name} is an office document, not a table. {REMEDY}")
    if any(e.flag_bits & 1 for e in entries):
        raise BadDataset(f"{name} is locked with a password. Pack it without one.")
    sizes = {e.filename: e.file_size for e in entries if not e.is_dir() and e.file_size}
    found = {n: size for n, size in sizes.items() if is_data(n)}
    if not found:
        raise BadDataset(f"{name} holds no data file. {REMEDY}")
    return found


def _packing(path: Path) -> str:
    """Return how a file is packed, by its first bytes."""
    with path.open("rb") as file:
        start = file.read(8)
    return next((k for magic, k in PACKED.items() if start.startswith(magic)), "")


def is_data(name: str) -> bool:
    """Whether a file can hold data, by its name."""
    path = PurePosixPath(name.replace("\\", "/"))
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    plain = path.name.lower()
    is_text = plain.startswith(("readme", "license", "licence")) or plain.endswith(NO_DATA)
    return not (is_hidden or is_text)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Packed:
    """A file as it was attached, and how its bytes are come by."""

    path: Path
    name: str
    packing: str
    member: str

    def chunks(self) -> Iterator[bytes]:
        """Yield what is in it, unpacked, up to the limits."""
        total = 0
        with ExitStack() as stack:
            try:
                packed = stack.enter_context(self.path.open("rb"))
                stream = self._opened(packed, stack)
                while chunk := stream.read(CHUNK):
                    total += len(chunk)
                    self._refuse_bomb(total, packed.tell())
                    yield bytes(chunk)
            except (EOFError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error) as error:
                raise BadDataset(f"{self.name} is damaged: {error}. Pack it again.") from error

    def _refuse_bomb(self, unpacked: int, read: int) -> None:
        """Refuse what unpacks to far more than was read of it, as soon as that shows."""
        limit = (
            min(MAX_UNPACKED, max(FREE_BYTES, read * MAX_RATIO)) if self.packing else MAX_UNPACKED
        )
        if unpacked > limit:
            raise BadDataset(
                f"{self.name} unpacks to more than {limit / 2**20:,.0f} MiB, the limit for "
                f"{read / 2**20:,.1f} MiB of packed data. Attach a sample, or attach it unpacked."
            )

    def start(self) -> bytes:
        """Return its first bytes.

        Raises
        ------
        BadDataset
            When there are none.
        """
        first = next(self.chunks(), b"")
        if not first:
            raise BadDataset(f"{self.name} unpacks to nothing. Attach the file again.")
        return first

    def write_to(self, target: Path) -> Path:
        """Write it unpacked."""
        with target.open("wb") as out:
            out.writelines(self.chunks())
        return target

    def _opened(self, packed: IO[bytes], stack: ExitStack) -> _Stream:
        if self.packing == "zip":
            archive = stack.enter_context(zipfile.ZipFile(packed))
            return stack.enter_context(archive.open(self.member))
        if self.packing == "gzip":
            return stack.enter_context(gzip.GzipFile(fileobj=packed))
        if self.packing == "zstd":
            source = stack.enter_context(pa.PythonFile(packed, mode="r"))
            stream: _Stream = stack.enter_context(pa.CompressedInputStream(source, "zstd"))
            return stream
        return packed


def refuse_long(plain: PlainFile, name: str, *, is_array: bool, is_object: bool) -> None:
    """Refuse lines, objects and arrays that are too long to be interactions."""
    if is_array and plain.characters > MAX_DOCUMENT:
        raise BadDataset(
            f"{name} is one JSON document of {plain.characters / 2**20:,.0f} MiB; up to "
            f"{MAX_DOCUMENT >> 20} MiB are read. Attach it with one object a line."
        )
    limit = MAX_DOCUMENT if is_array or is_object else MAX_LINE
    if plain.longest > limit:
        raise BadDataset(
            f"{name} is no table of interactions: line {plain.longest_line:,} has "
            f"{plain.longest / 2**20:,.1f} MiB, more than {limit >> 20} MiB. Attach one "
            "interaction a line."
        )


def _refuse_name(name: str) -> None:
    """Refuse names under which a file would take the place of another in a run."""
    plain = PurePosixPath(name.replace("\\", "/")).name.lower()
    if plain in OURS or plain.startswith("."):
        raise BadDataset(f"{name} has the name of a file that runs write. Rename it.")
    if plain.endswith(PROGRAMS):
        raise BadDataset(f"{name} has the name of a program, not of a dataset. Rename it.")


def refuse_strange(start: bytes, name: str) -> None:
    """Refuse what is no table: pictures, documents, pages, binary data."""
    kind = next((k for magic, k in REFUSED.items() if start.startswith(magic)), "")
    if kind:
        raise BadDataset(f"{name} is {kind}, not a table. {REMEDY}")
    if re.match(rb"\s*<\?xml(?![^>]*>\s*<(!doctype|html))", start, re.IGNORECASE):
        raise BadDataset(f"{name} is XML, not a table. {REMEDY}")
    if re.match(rb"\s*<(!doctype|html|\?xml)", start, re.IGNORECASE):
        raise BadDataset(f"{name} is a web page, not a table. Attach the data file itself.")
    if not start.strip():
        raise BadDataset(f"{name} holds only blank lines. Attach the file again.")


def _text(packed: _Packed, encoding: str, target: Path) -> PlainFile:
    """Look at each character once; write text as UTF-8 where it is not that already.

    Raises
    ------
    BadDataset
        For a zero byte.
    UnicodeDecodeError
        Where the text is in another encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    must_write = bool(packed.packing) or not encoding.startswith("utf-8")
    ends = _LineEnds()
    lengths, last, head, has_blanks = _Lengths(), "", "", False
    with target.open("w", encoding="utf-8", newline="") as out:
        for chunk in chain(packed.chunks(), (b"",)):
            text = decoder.decode(chunk, final=not chunk)
            if "\x00" in text:
                raise BadDataset(f"{packed.name} is binary (a zero byte), not a text table.")
            head += text[: HEAD - len(head)] if len(head) < HEAD else ""
            lengths.add(text)
            ends.add(text)
            has_blanks = has_blanks or " " in text or not text.isascii()
            last = text[-1:] or last
            if must_write:
                out.write(text)
    lengths.end_line()
    if ends.are_mixed(lengths.lines):
        return _text_of_one_end(packed, encoding, target)
    whole = head[: head.rfind("\n") + 1] if len(head) >= HEAD and "\n" in head else head
    return PlainFile(
        target if must_write else packed.path,
        packed.packing,
        packed.member,
        encoding,
        lines=lengths.lines + (last != "\n"),
        head=whole,
        longest=lengths.longest,
        longest_line=lengths.longest_line,
        characters=lengths.characters,
        has_blanks=has_blanks,
    )


def _text_of_one_end(packed: _Packed, encoding: str, target: Path) -> PlainFile:
    """Write a text whose lines end in several ways with one end for all, and look at that."""
    one = target.with_name("one-end")
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder(encoding)(), translate=True
    )
    with one.open("w", encoding="utf-8", newline="") as out:
        for chunk in chain(packed.chunks(), (b"",)):
            out.write(decoder.decode(chunk, final=not chunk))
    plain = _text(_Packed(one, packed.name, "", ""), UTF8, target)
    return replace(plain, compression=packed.packing, member=packed.member, encoding=encoding)


@dataclass(slots=True)
class _LineEnds:
    """How the lines of a text end, counted over its pieces."""

    returns: int = 0
    both: int = 0
    _is_open: bool = False

    def add(self, text: str) -> None:
        """Count the next piece."""
        returns = text.count("\r")
        if returns or self._is_open:
            self.both += text.count("\r\n") + (self._is_open and text.startswith("\n"))
        self.returns += returns
        self._is_open = text.endswith("\r")

    def are_mixed(self, feeds: int) -> bool:
        """Whether some lines end otherwise than others, or all as no reader expects."""
        return self.returns > self.both or 0 < self.both < feeds


@dataclass(slots=True)
class _Lengths:
    """Lines and their lengths, counted over pieces of a text."""

    lines: int = 0
    characters: int = 0
    longest: int = 0
    longest_line: int = 0
    _open: int = 0
    """Characters of the line that is not at its end."""

    def add(self, text: str) -> None:
        """Count the next piece; a line that is wholly inside is never longer than the piece."""
        self.characters += len(text)
        first = text.find("\n")
        if first < 0:
            self._open += len(text)
            return
        self._open += first
        self.end_line()
        self.lines += text.count("\n")
        self._open = len(text) - 1 - text.rfind("\n")

    def end_line(self) -> None:
        """Hold the line that ends against the longest."""
        if self._open > self.longest:
            self.longest, self.longest_line = self._open, self.lines + 1
        self._open = 0
