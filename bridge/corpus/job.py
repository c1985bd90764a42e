"""`encode_corpus`: big inputs to shards of ids; goes on where it was stopped."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from bridge.alignment import Alignment
from bridge.alignment.remap import check_choice
from bridge.corpus.beside import beside, sweep
from bridge.corpus.encode_batch import EncodeBatch
from bridge.corpus.encoders import make_encoder
from bridge.corpus.engines.local import refuse_import, run_local
from bridge.corpus.engines.ray_data import run_ray
from bridge.corpus.fingerprint import describe_encoder
from bridge.corpus.formats import FORMATS
from bridge.corpus.inputs import FORMS, Form, Input, find_inputs, names_of
from bridge.corpus.manifest import JOURNAL, MANIFEST, REJECTS, Manifest, note
from bridge.corpus.parts import make_parts
from bridge.corpus.progress import show_progress
from bridge.corpus.rows import Layout
from bridge.corpus.shard import ShardJob, ShardRecord
from bridge.corpus.todo import Todo
from bridge.errors import CorpusError, MissingDependencyError
from bridge.tokenizers.saving import check_owned

Format = Literal["parquet", "tfrecord", "npy"]
Engine = Literal["local", "ray"]
SHARD_SIZE = 32 * 2**20


def encode_corpus(
    inputs: Any,  # noqa: ANN401  see below
    out: str | os.PathLike[str],
    tokenizer: Any,  # noqa: ANN401  an Encoder, or whatever load_tokenizer takes
    *,
    alignment: Alignment | None = None,
    form: Form = "auto",
    text: str = "text",
    layout: Layout = "documents",
    stride: int = 0,
    format: Format = "parquet",
    shard_size: int = SHARD_SIZE,
    strict: bool = False,
    engine: Engine = "local",
    workers: int = 1,
    address: str | None = None,
    **encoder: Any,  # noqa: ANN401  Encoder's own
) -> dict[str, int]:
    """Encode inputs of any size into shards, in bounded memory.

    The shards and their bytes depend on the inputs and the options alone: not on the
    engine, the number of workers, or on how often the job was killed. Each appears
    whole or not at all. The same call again goes on where the last one stopped, and
    makes shards that are missing.

    Args:
        inputs: Files, directories and glob patterns, one or a list of them; `"-"` for
            the standard input; a Hugging Face data set; any other iterable of texts
            or records (a list of texts is one of names: pass `iter(texts)`). `.gz`
            and `.zst` files are read as they are; such a file, and a CSV file, is
            never cut, so that it lies in one shard.
        out: Folder to write, not in one that is read: the shards,
            `bridge_corpus.json`, and `rejects.jsonl` where a row is no text.
        tokenizer: A tokenizer, anything `load_tokenizer` takes, or an `Encoder`. Where
            it has no pad token, its eos, or else another token, fills cells (of `npy`;
            lengths are stored).
        alignment: What its ids mean to a preset; needed for a remap.
        form: How files are read: `"lines"` or `"paragraphs"` (blank lines between),
            `"jsonl"`, `"csv"`, `"parquet"`; `"auto"` by their endings.
        text: Member of the JSON objects, column of the tables, that holds the text.
        layout: What a row is; see `EncodeBatch`.
        stride: Ids that two neighbouring windows share.
        format: `"parquet"`; `"tfrecord"`; or `"npy"`, arrays padded to
            `sequence_length`, to which whole documents are cut.
        shard_size: Bytes of the inputs that make a shard.
        strict: Whether a row that is no text stops the job.
        engine: `"local"`, or `"ray"` for Ray Data.
        workers: Processes of the local engine, this one among them.
        address: Of a Ray cluster; see `ray.init`.
        **encoder: Options of `Encoder`: `strategy`, `sequence_length`, `specials` ...

    Returns:
        Counts: `shards`, `documents`, `rows`, `tokens` (special tokens among them),
        `cut` (ids that npy had no room for), `rejects`, `bytes`.

    Raises:
        CorpusError: If inputs are missing or unreadable, differ from those the folder
            was begun with, a disk is full or a worker dies. Finished shards stay.
        SavedFormatError: If the folder holds something else.
        UnsupportedTokenizerError: If the tokenizer is Python code, so that nothing
            tells whether it is still the same.
        MissingDependencyError: If pyarrow is not installed.

    Example:
        >>> bridge.encode_corpus("texts.txt", "ids", "tokenizer.json")
        {...'documents': 4...}
    """
    refuse_import()
    _check(form=form, format=format, engine=engine)
    _check_positive(workers=workers, shard_size=shard_size)
    _require("pyarrow", *(["google_crc32c"] if format == "tfrecord" else []))
    folder = Path(out)
    with _writing(folder):
        sweep(folder)
        check_owned(folder, owner=MANIFEST)
    encode = EncodeBatch(
        make_encoder(tokenizer, alignment, encoder),
        text=text,
        layout=layout,
        stride=stride,
        cut=layout == "documents" and format == "npy",
    )
    found = find_inputs(inputs, form=form, column=text, size=shard_size)
    _check_apart(folder, [*(names_of(inputs) or ()), *(x.name for x in found)])
    settings = {
        "inputs": [each.to_dict() for each in found],
        "encoder": describe_encoder(encode.encoder),
        "template": astuple(encode.template),
        "options": {
            "form": form,
            "text": text,
            "layout": layout,
            "stride": stride,
            "format": format,
            "shard_size": shard_size,
        },
    }
    with _writing(folder):
        manifest = _open(folder, json.loads(json.dumps(settings)))
    if strict and manifest.totals["rejects"]:
        raise CorpusError(
            "With `strict` every row must be a text. Received: rows that are none, in "
            f"{folder}/rejects-*.jsonl of an earlier call. Mend them and name another "
            "folder, or leave `strict` out."
        )
    pieces = (piece for each in found for piece in each.pieces)
    todo = Todo(make_parts(pieces, shard_size), manifest)
    job = ShardJob(encode, folder, format, strict)
    if engine == "ray":
        made = run_ray(job, todo, address=address)
    else:
        made = run_local(job, todo, workers=workers)
    shards = dict(manifest.shards)
    with show_progress(_left(found, shards.values())) as progress:
        for record in made:
            with _writing(folder):
                note(folder, record)
            shards[record.index] = record
            progress.add(record)
    with _writing(folder):
        return _finish(folder, replace(manifest, shards=shards, complete=True))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell what keeps the manifest or its journal from being written."""
    try:
        yield
    except OSError as error:
        raise CorpusError(
            "A corpus needs a folder to write to and room on the disk. Received: "
            f"{error}, for {folder}. Mend that and make the same call again: shards "
            "that are done stay as they are."
        ) from error


def _open(folder: Path, settings: Mapping[str, Any]) -> Manifest:
    """Begin a corpus, or find out how far it is."""
    if not (folder / MANIFEST).exists():
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest(settings)
        manifest.write(folder)
        return manifest
    manifest = Manifest.read(folder)
    manifest.check_same(settings, folder)
    whole = {i: x for i, x in manifest.shards.items() if _is_whole(folder, x)}
    if not manifest.complete or len(whole) < len(manifest.shards):
        manifest = replace(manifest, shards=whole, complete=False)
        # What the journal says is in it now, and a line that was cut short is gone.
        manifest.write(folder)
        (folder / JOURNAL).unlink(missing_ok=True)
    return manifest


def _left(found: Iterable[Input], done: Iterable[ShardRecord]) -> int | None:
    """Return about how many bytes are to be read, if that can be known."""
    sizes = [each.read_size for each in found]
    if None in sizes:
        return None
    return sum(filter(None, sizes)) - sum(record.size for record in done)


def _is_whole(folder: Path, record: ShardRecord) -> bool:
    files = {folder / name: known["size"] for name, known in record.files.items()}
    return all(f.is_file() and f.stat().st_size == size for f, size in files.items())


def _finish(folder: Path, manifest: Manifest) -> dict[str, int]:
    """Put the rejects together and write down that all is done."""
    if manifest.totals["rejects"]:
        with beside(folder) as made, (made / REJECTS).open("wb") as whole:
            for part in sorted(folder.glob("rejects-*.jsonl")):
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)
    manifest.write(folder)
    (folder / JOURNAL).unlink(missing_ok=True)
    return manifest.totals


def _check_apart(folder: Path, names: Iterable[str | os.PathLike[str]]) -> None:
    own = folder.resolve()
    for name in names:
        path = Path(name).resolve()
        # A directory above would hold the shards when the job goes on.
        if path.is_relative_to(own) or own.is_relative_to(path):
            raise CorpusError(
                "Shards may not lie among the inputs. Received: the input "
                f"{os.fspath(name)} and the output {folder}. Name another folder."
            )


def _check(**chosen: str) -> None:
    choices = {"form": FORMS, "format": tuple(FORMATS), "engine": ("local", "ray")}
    for name, value in chosen.items():
        check_choice(name, value, choices[name])


def _check_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(
                f"`{name}` must be at least 1. Received: {name}={number}. Leave it "
                "out for the default."
            )


def _require(*modules: str) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"Corpus jobs need {' and '.join(missing)}. Received: not installed. Run "
            "`pip install 'tokenizer-bridge[corpus]'`."
        )
