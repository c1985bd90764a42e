"""`Todo`: the parts of a job that are still to be done."""

from collections.abc import Iterable, Iterator

from bridge.corpus.manifest import Manifest
from bridge.corpus.parts import Part
from bridge.errors import CorpusError


class Todo:
    """The parts whose shards are not there.

    Args:
        parts: All parts.
        manifest: Says which shards are there.
    """

    def __init__(self, parts: Iterable[Part], manifest: Manifest) -> None:
        self._parts = parts
        self._manifest = manifest

    def __iter__(self) -> Iterator[Part]:
        """Yield them; refuse a stream that is not the one of the last time."""
        shards = self._manifest.shards
        count = 0
        for part in self._parts:
            count += 1
            record = shards.get(part.index)
            if record is None and not self._manifest.complete:
                yield part
            elif record is None or record.digests != part.digests:
                raise _other_stream(part.index)
        if any(index >= count for index in shards):
            raise _other_stream(count)


def _other_stream(index: int) -> CorpusError:
    return CorpusError(
        "A job goes on with the texts it began with. Received: others from the stream, "
        f"for shard {index}. Restore them, or name another folder."
    )
