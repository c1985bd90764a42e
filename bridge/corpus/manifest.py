"""`Manifest`: what a corpus is made from and of, and how far its job came."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from bridge.alignment.storage import read_manifest
from bridge.corpus.beside import beside
from bridge.corpus.shard import ShardRecord
from bridge.errors import CorpusError, SavedFormatError

MANIFEST = "bridge_corpus.json"
JOURNAL = "journal.jsonl"
REJECTS = "rejects.jsonl"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """All that is known of a corpus. Nothing in it depends on when or where it ran.

    Attributes:
        settings: Inputs, encoder and options: what decides about every byte.
        shards: The shards that are done, by their numbers.
        complete: Whether these are all.
    """

    settings: Mapping[str, Any]
    shards: Mapping[int, ShardRecord] = field(default_factory=dict)
    complete: bool = False

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote, and the journal that `note` wrote since.

        Args:
            folder: Folder of the corpus.

        Returns:
            The manifest.

        Raises:
            SavedFormatError: If there is none that can be read.
        """
        data = read_manifest(folder / MANIFEST, FORMAT_VERSION)
        try:
            records = [*map(_record, data["shards"]), *_read_journal(folder)]
            return cls(
                data["settings"],
                {record.index: record for record in records},
                bool(data["complete"]),
            )
        except (KeyError, TypeError) as error:
            raise SavedFormatError(
                f"A corpus holds a readable {MANIFEST}. Received: {folder}, whose "
                f"entries are not as expected ({type(error).__name__}: {error}). Run "
                "the job again in another folder."
            ) from error

    def write(self, folder: Path) -> None:
        """Write the manifest; it appears whole, or the old one stays.

        Args:
            folder: Folder of the corpus.
        """
        data = {
            "format_version": FORMAT_VERSION,
            "complete": self.complete,
            "totals": self.totals,
            "settings": self.settings,
            "shards": [asdict(self.shards[index]) for index in sorted(self.shards)],
        }
        with beside(folder) as made:
            (made / MANIFEST).write_text(
                json.dumps(data, ensure_ascii=False, indent=1), "utf-8"
            )

    @property
    def totals(self) -> dict[str, int]:
        """Sums over all shards."""
        names = ("documents", "rows", "tokens", "cut", "rejects")
        shards = self.shards.values()
        return {
            "shards": len(shards),
            **{name: sum(getattr(x, name) for x in shards) for name in names},
            "bytes": sum(f["size"] for x in shards for f in x.files.values()),
        }

    def check_same(self, settings: Mapping[str, Any], folder: Path) -> None:
        """Refuse to go on with other inputs or options.

        Args:
            settings: Those of the present call.
            folder: Folder of the corpus.

        Raises:
            CorpusError: If they differ; the message names the first difference.
        """
        began, now = dict(_leaves(self.settings)), dict(_leaves(settings))
        for name in dict.fromkeys([*began, *now]):
            before, after = began.get(name, "nothing"), now.get(name, "nothing")
            if before != after:
                raise CorpusError(
                    "A job goes on with the inputs and options it began with. "
                    f"Received: {name} = {after!r}, in {folder} begun with "
                    f"{before!r}. Restore them, or name another folder."
                )


def note(folder: Path, record: ShardRecord) -> None:
    """Note a finished shard, so that it is known after a crash.

    Args:
        folder: Folder of the corpus.
        record: The shard.
    """
    with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(asdict(record)) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def _read_journal(folder: Path) -> Iterator[ShardRecord]:
    path = folder / JOURNAL
    if not path.exists():
        return
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            yield _record(json.loads(line))
        except (ValueError, TypeError):
            # A process was killed while it wrote the line: the shard is made again.
            continue


def _record(data: Mapping[str, Any]) -> ShardRecord:
    return ShardRecord(**data)


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield what nested mappings and lists hold, with a path to each."""
    if isinstance(value, Mapping):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(str(key), item) for key, item in enumerate(value)]
    else:
        yield name, value
        return
    for key, item in items:
        yield from _leaves(item, f"{name}.{key}" if name else key)
