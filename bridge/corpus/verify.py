"""`verify_corpus`: whether a corpus is what its manifest says."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.corpus.formats import FORMATS, ShardFormat, Stored
from bridge.corpus.manifest import JOURNAL, MANIFEST, REJECTS, Manifest
from bridge.corpus.shard import ShardRecord, describe_file
from bridge.errors import CorpusError

# Problems that a message shows.
_SHOWN = 5


def verify_corpus(directory: str | os.PathLike[str]) -> dict[str, int]:
    """Read every byte of a corpus, and compare it with the manifest.

    Args:
        directory: Folder of the corpus.

    Returns:
        The counts that `encode_corpus` returned.

    Raises:
        CorpusError: If the job did not end, a file is missing, changed or was added,
            counts differ, an id is no row of the vocabulary, or an input that is still
            there has changed.
        SavedFormatError: If there is no manifest.
    """
    folder = Path(directory)
    manifest = Manifest.read(folder)
    problems = list(_problems(folder, manifest))
    if problems:
        more = len(problems) - _SHOWN
        raise CorpusError(
            "A corpus must be as it was written. Received: "
            f"{'; '.join(problems[:_SHOWN])}{f'; {more} more' if more > 0 else ''}, in "
            f"{folder}. Delete what is wrong there and make the same call again: it "
            "makes what is missing."
        )
    return manifest.totals


def _problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    if not manifest.complete:
        yield f"a job that did not end, with {len(manifest.shards)} shards"
    known = {MANIFEST, JOURNAL, REJECTS}
    form = shard_format(manifest)
    size = manifest.settings["encoder"]["vocabulary_size"]
    for record in manifest.shards.values():
        known |= set(record.files)
        wrong = list(_changed(folder, record.files))
        yield from wrong
        if not wrong:
            yield from _miscounted(record, form.read(folder, record.name), size)
    yield from _rejects(folder, manifest)
    found = {path.relative_to(folder).as_posix() for path in folder.iterdir()}
    yield from (f"{name}, which no job wrote" for name in sorted(found - known))
    inputs = {
        each["name"]: each
        for each in manifest.settings["inputs"]
        if each["size"] is not None and Path(each["name"]).exists()
    }
    yield from (f"the input {problem}" for problem in _changed(Path(), inputs))


def shard_format(manifest: Manifest) -> ShardFormat:
    """Return the format that the shards of a corpus have.

    Args:
        manifest: Its manifest.

    Returns:
        The format.
    """
    encoder = manifest.settings["encoder"]
    return FORMATS[manifest.settings["options"]["format"]](
        encoder["sequence_length"], encoder["pad_id"], encoder["padding_side"]
    )


def _changed(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, known in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
            continue
        found = describe_file(path)
        for key in ("size", "sha256"):
            if found[key] != known[key]:
                yield f"{name} has {key} {found[key]}, not {known[key]}"
                break


def _miscounted(record: ShardRecord, stored: Stored, size: int) -> Iterator[str]:
    ids = stored.ids
    for name, count in (("rows", len(ids)), ("tokens", ids.values.size)):
        if count != getattr(record, name):
            yield f"{record.name} has {count} {name}, not {getattr(record, name)}"
    if ids.values.size and not 0 <= ids.values.min() <= ids.values.max() < size:
        yield f"{record.name} has an id outside [0, {size})"


def _rejects(folder: Path, manifest: Manifest) -> Iterator[str]:
    path, count = folder / REJECTS, manifest.totals["rejects"]
    if not manifest.complete:
        return
    found = 0
    if path.exists():
        with path.open("rb") as file:
            found = sum(1 for _ in file)
    if found != count:
        yield f"{REJECTS} has {found} lines, not {count}"
