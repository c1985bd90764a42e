"""`find_inputs`: what a user names, as inputs that are hashed and cut into pieces."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bridge.corpus.cutting import cut_file, cut_stream, cut_values
from bridge.corpus.files import find_files
from bridge.corpus.parts import Piece
from bridge.corpus.reading import COMPRESSED, unreadable
from bridge.errors import CorpusError

Form = Literal["auto", "lines", "paragraphs", "jsonl", "csv", "parquet"]
_FORMS = {
    ".txt": "lines",
    ".text": "lines",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
FORMS = ("auto", *dict.fromkeys(_FORMS.values()), "paragraphs")
STDIN = "-"
_SLICE = 1024


@dataclass(frozen=True, slots=True)
class Input:
    """One input.

    Attributes:
        name: Its path, or what stands for it.
        pieces: What it is cut into; can be read once where it is a stream.
        size: Bytes of a file, else `None`.
        sha256: Of a file; `None` for a stream, whose pieces have theirs.
    """

    name: str
    pieces: Iterable[Piece] = field(repr=False)
    size: int | None = None
    sha256: str | None = None

    @property
    def read_size(self) -> int | None:
        """About how many bytes its pieces have; `None` for a stream."""
        if self.sha256 is None:
            return None
        return sum(piece.size for piece in self.pieces)

    def to_dict(self) -> dict[str, Any]:
        """Return what a manifest keeps of it."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}


def find_inputs(
    inputs: Any,  # noqa: ANN401  see below
    *,
    form: Form,
    column: str,
    size: int,
) -> list[Input]:
    """Find, hash and cut inputs. Files are read once, from end to end.

    Args:
        inputs: Files, directories and glob patterns, one or a list of them; `"-"` for
            the standard input; a Hugging Face data set; any other iterable of texts
            or records.
        form: How files are read; `"auto"` by their endings.
        column: Member or column that holds the text.
        size: About how many bytes a piece has.

    Returns:
        The inputs: files in the order they are named, those of a directory sorted;
        each once, however many paths lead to it.

    Raises:
        CorpusError: If there is no input, or one that cannot be read.
    """
    names = names_of(inputs)
    if names is None:
        return [_open_object(inputs, column, size)]
    if names == [STDIN]:
        pieces = cut_stream(
            sys.stdin.buffer, "lines" if form == "auto" else form, size=size
        )
        return [Input("<stdin>", pieces)]
    files = find_files(names)
    forms = [_form_of(path) if form == "auto" else form for path in files]
    # Hashing and reading let other threads run.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(partial(_scan, column, size), files, forms))


def names_of(inputs: Any) -> list[str | os.PathLike[str]] | None:  # noqa: ANN401
    """Return the paths and patterns among inputs.

    Args:
        inputs: As `find_inputs` takes them.

    Returns:
        The names, or `None` where texts themselves are given.
    """
    if isinstance(inputs, (str, os.PathLike)):
        return [inputs]
    if not isinstance(inputs, (list, tuple)):
        return None
    named = all(isinstance(each, (str, os.PathLike)) for each in inputs)
    return list(inputs) if named else None


def _scan(column: str, size: int, path: Path, form: str) -> Input:
    name = path.as_posix()
    try:
        name.encode()  # a manifest is UTF-8; names need not be
        digest, pieces = cut_file(path, form, column=column, size=size)
    except (OSError, ValueError) as error:
        if isinstance(error, CorpusError):
            raise
        raise unreadable(path, error) from error
    return Input(name, pieces, path.stat().st_size, digest)


def _form_of(path: Path) -> str:
    endings = [x for x in path.suffixes if x not in COMPRESSED]
    form = _FORMS.get(endings[-1]) if endings else None
    if form is None:
        raise CorpusError(
            "The ending of a file must tell how it is read: "
            f"{', '.join(_FORMS)}, alone or before {' or '.join(COMPRESSED)}. "
            f"Received: {path}. Pass `form=`, such as 'lines', or name the files by a "
            "pattern that leaves it out."
        )
    return form


def _open_object(source: Any, column: str, size: int) -> Input:  # noqa: ANN401
    # Iterated, a table gives its names and not its rows.
    if isinstance(source, (Mapping, bytes)) or hasattr(source, "columns"):
        raise _unknown(source)
    if hasattr(source, "column_names") and hasattr(source, "__len__"):
        if column not in source.column_names:
            raise CorpusError(
                "The texts must be in the column that is named. Received: "
                f"{column!r} for columns {sorted(source.column_names)}. Pass `text=`."
            )
        return Input("<dataset>", cut_values(_rows(source, column), column, size=size))
    try:
        values = iter(source)
    except TypeError as error:
        raise _unknown(source) from error
    return Input("<texts>", cut_values(values, column, size=size))


def _unknown(source: object) -> CorpusError:
    return CorpusError(
        "Inputs are files, directories, patterns, a data set or an iterable of texts. "
        f"Received: {type(source).__name__}. Pass one of these."
    )


def _rows(source: Any, column: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield the rows of a Hugging Face data set: slices are quick, rows are not."""
    for begin in range(0, len(source), _SLICE):
        for text in source[begin : begin + _SLICE][column]:
            yield {column: text}
