"""`ShardJob`: makes one shard of one part, whole or not at all."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bridge.corpus.beside import beside
from bridge.corpus.documents import Reject
from bridge.corpus.encode_batch import EncodeBatch
from bridge.corpus.formats import FORMATS, ShardFormat, ShardWriter
from bridge.corpus.parts import Part
from bridge.corpus.reading import read_part
from bridge.corpus.rows import Packer, Rows
from bridge.errors import CorpusError


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """What a manifest says of a shard.

    Attributes:
        index: Its number.
        documents: Texts in it.
        rows: Rows in it.
        tokens: Ids in it, special tokens among them.
        cut: Ids of its texts that a fixed width had no room for.
        rejects: Rows of the inputs that are no texts.
        size: About how many bytes of the inputs it is made from.
        files: For each of its files, bytes and SHA-256.
        digests: Of data that came from a stream.
    """

    index: int
    documents: int
    rows: int
    tokens: int
    cut: int
    rejects: int
    size: int
    files: dict[str, dict[str, Any]]
    digests: list[str]

    @property
    def name(self) -> str:
        """Name of its files, without their endings."""
        return shard_name(self.index)


def shard_name(index: int) -> str:
    """Return the name of a shard's files, without their endings."""
    return f"shard-{index:06d}"


def describe_file(path: Path) -> dict[str, Any]:
    """Return size and hash of a file.

    Args:
        path: The file.

    Returns:
        What a manifest says of it.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


@dataclass(frozen=True)
class ShardJob:
    """Makes shards. Wherever it runs and however often, a part gives the same bytes.

    Attributes:
        encode: Turns texts into rows.
        out: Folder of the shards.
        form: Name of their format.
        strict: Whether a row that is no text stops the job.
    """

    encode: EncodeBatch
    out: Path
    form: str
    strict: bool = False

    @property
    def format(self) -> ShardFormat:
        """The format of the shards."""
        encoder = self.encode.encoder
        return FORMATS[self.form](
            encoder.sequence_length, encoder.pad_id, encoder.form.padding_side
        )

    def __call__(self, part: Part) -> ShardRecord:
        """Make a shard.

        Args:
            part: What it is made from.

        Returns:
            What it holds.

        Raises:
            CorpusError: If an input cannot be read, the shard cannot be written, or
                `strict` is set and a row is no text.
        """
        import pyarrow

        try:
            with beside(self.out) as folder:
                counts = self._write(folder, part)
                files = {f.name: describe_file(f) for f in sorted(folder.iterdir())}
        except (OSError, pyarrow.ArrowException) as error:
            raise CorpusError(
                "A shard needs readable inputs and room on the disk. Received: "
                f"{error}, for shard {part.index}, made from "
                f"{', '.join(dict.fromkeys(x.name for x in part.pieces))}. Make room "
                "and make the same call again: shards that are done stay as they are. "
                "An input that is mended needs another folder."
            ) from error
        return ShardRecord(
            index=part.index,
            size=part.size,
            files=files,
            digests=part.digests,
            **counts,
        )

    def _write(self, folder: Path, part: Part) -> dict[str, int]:
        names = [piece.name for piece in part.pieces]
        counts = dict.fromkeys(("documents", "rows", "tokens", "cut", "rejects"), 0)
        with (
            self.format.create(folder, shard_name(part.index), names) as shard,
            _reject_file(folder / f"rejects-{part.index:06d}.jsonl") as rejected,
        ):
            for rows, documents, rejects in self._rows(part):
                _write_rows(shard, rows)
                _write_rejects(rejected, rejects)
                counts["documents"] += documents
                counts["rows"] += len(rows)
                counts["tokens"] += rows.ids.values.size
                counts["cut"] += rows.cut
                counts["rejects"] += len(rejects)
        return counts

    def _rows(self, part: Part) -> Iterator[tuple[Rows, int, tuple[Reject, ...]]]:
        """Yield rows, how many documents were read for them, and what was not."""
        packer = None
        if self.encode.layout == "packed":
            packer = Packer(self.encode.encoder.sequence_length)
        for documents in read_part(part, self.encode.text):
            if documents.rejects and self.strict:
                raise _refusal(documents.rejects[0])
            rows = self.encode.rows(documents)
            yield (
                rows if packer is None else packer.add(rows),
                len(documents.texts),
                documents.rejects,
            )
        if packer is not None:
            yield packer.finish(), 0, ()


def _write_rows(shard: ShardWriter, rows: Rows) -> None:
    if len(rows):
        shard.write(rows)


@contextmanager
def _reject_file(path: Path) -> Iterator[IO[str]]:
    """Open a file that is there afterwards only if something was written."""
    with path.open("w", encoding="utf-8") as file:
        yield file
    if not path.stat().st_size:
        path.unlink()


def _write_rejects(file: IO[str], rejects: tuple[Reject, ...]) -> None:
    file.writelines(json.dumps(reject._asdict()) + "\n" for reject in rejects)


def _refusal(reject: Reject) -> CorpusError:
    return CorpusError(
        "With `strict` every row must be a text. Received: "
        f"{reject.file}, line {reject.line}: {reject.reason}. Mend it and name another "
        "folder, or leave `strict` out, which writes such rows to rejects.jsonl."
    )
