"""`Alignment`: what every id of a tokenizer means to a backbone, as data."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.certainty import find_ties, find_weak
from bridge.alignment.kinds import MatchKind
from bridge.alignment.readings import Readings
from bridge.alignment.remap import Remapper
from bridge.alignment.storage import (
    FORMAT_VERSION,
    MANIFEST,
    read_fates,
    read_manifest,
    read_spec,
    read_untrained,
    write_fates,
)
from bridge.alignment.tables import Tables
from bridge.alignment.tracing import Traced, trace
from bridge.conversion import to_ragged
from bridge.lazy import lazy
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.load import load_tokenizer
from bridge.tokenizers.saving import replace_folder

Method = Literal["lookup", "expand", "retokenize"]
Policy = Literal["unk", "raise", "drop"]


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """Fate of every id of `tokenizer` in the vocabulary of `reference`.

    Attributes:
        tokenizer: The external tokenizer.
        reference: The tokenizer whose ids the checkpoint was trained with.
        reference_note: Where the reference was found.
        spec: What the backbone expects.
        kinds: `MatchKind` of every id, `(tokenizer.vocabulary.size,)` uint8.
        pieces: Backbone ids of every id, read at the start of a word.
        continuation_pieces: The same read inside a word. They differ only for tokens
            whose spelling does not tell the place.
        untrained: Ids of the preset whose rows training never touched,
            `(reference.vocabulary.size,)` bool; `None` where no weights were given.
    """

    tokenizer: Tokenizer
    reference: Tokenizer
    reference_note: str
    spec: BackboneSpec
    kinds: NDArray[np.uint8]
    pieces: Ragged
    continuation_pieces: Ragged
    untrained: NDArray[np.bool_] | None = None

    @lazy
    def dead(self) -> NDArray[np.bool_]:
        """Ids of the preset that no text produces (`##!`) or whose rows are untrained.

        `(reference.vocabulary.size,)` bool. Of tokens with the same bytes a live one
        is taken.
        """
        known = self.reference.vocabulary.dead
        return known if self.untrained is None else known | self.untrained

    @lazy
    def tied(self) -> NDArray[np.bool_]:
        """Ids whose counterpart was chosen among equal tokens of the preset.

        `(size,)` bool; a normal one goes before a byte piece, a live one before a dead,
        a lower id before a higher.
        """
        return find_ties(
            self.tokenizer.vocabulary,
            self.reference.vocabulary,
            self.kinds,
            self.pieces,
        )

    @lazy
    def weak(self) -> NDArray[np.bool_]:
        """Composed ids whose pieces are nothing but bytes, `(size,)` bool."""
        return find_weak(
            self.reference.vocabulary,
            self.kinds,
            self.pieces,
            self.continuation_pieces,
        )

    @lazy
    def tables(self) -> Tables:
        """What the remaps ask of an id; made on first use."""
        return Tables.build(self)

    @lazy
    def readings(self) -> Readings:
        """What `lookup` and `expand` look up; made on first use."""
        return Readings.of(self)

    def remap(
        self,
        ids: Any,  # noqa: ANN401  rows of ids in any form
        *,
        mask: Any = None,  # noqa: ANN401
        method: Method = "retokenize",
        on_unmapped: Policy = "unk",
    ) -> Ragged:
        """Turn the tokenizer's ids into the backbone's.

        Args:
            ids: Ids of the tokenizer: a `Ragged`, rows of ints, a `tf.RaggedTensor`,
                or a padded array or tensor with its mask.
            mask: Which cells of padded ids are real, 1 or true, same shape.
            method: `"lookup"` replaces each id by one id and keeps the length;
                `"expand"` replaces each by its pieces; `"retokenize"` rebuilds the
                text from the ids and cuts it as the preset's own tokenizer does,
                which is exact wherever the tokenizer loses nothing.
            on_unmapped: What becomes of an id that the method cannot express: the
                preset's unk id, an error, or nothing.

        Returns:
            Ids of the backbone, as many rows, every id in `[0, vocabulary_size)`.

        Raises:
            TokenIdError: If an id is not in the tokenizer's vocabulary.
            UnmappedTokenError: If `on_unmapped="raise"` and an id cannot be expressed.
                White space that the preset drops (`expand`) is not lost.
            MissingRoleError: If `on_unmapped="unk"` is needed and the preset has no
                unk token.

        Example:
            >>> alignment.remap(tokenizer.encode_batch(["hello"])).to_lists()
            [[7592]]
        """
        rows = _rows(ids, mask)
        return Remapper(self, on_unmapped=on_unmapped).remap(rows, method=method)

    def trace(
        self,
        ids: Any,  # noqa: ANN401  rows of ids in any form
        *,
        mask: Any = None,  # noqa: ANN401
        method: Method = "retokenize",
        on_unmapped: Policy = "unk",
    ) -> Traced:
        """Remap, and say which id every backbone id came from.

        Labels, offsets and word ids follow the ids by `result.carry(values)`.

        Args:
            ids: As `remap` takes them.
            mask: As `remap` takes it.
            method: As `remap` takes it; `"retokenize"` finds the places by text.
            on_unmapped: As `remap` takes it.

        Returns:
            The ids of `remap` and their sources.

        Raises:
            TextInputError: If `method="retokenize"` and the ids are not those that
                the tokenizer gives their text.
            NotImplementedError: If `method="retokenize"` and one of both tokenizers
                cannot tell where its tokens stand.

        Example:
            >>> ids = tokenizer.encode_batch(["unbelievably good"])
            >>> traced = alignment.trace(ids, method="expand")
            >>> traced.carry([0, 0, 0, 0, 1], repeated=-100).tolist()
            [0, 0, 0, -100, 0, 1]
        """
        return trace(self, _rows(ids, mask), method=method, on_unmapped=on_unmapped)

    def inverse(self) -> "Alignment":
        """Align the other way: the preset's ids to the tokenizer's.

        It remaps what a model generates. Keep the result: it is made anew each time.

        Returns:
            An alignment whose `tokenizer` is this one's reference, without overrides.

        Example:
            >>> tokenizer.decode_batch(alignment.inverse().remap([[7592, 2088]]))
            ['hello world']
        """
        from bridge.alignment.inverse import invert

        return invert(self)

    def counts(self) -> dict[str, int]:
        """Return how many ids have each `MatchKind`; they add up to the size."""
        counts = np.bincount(self.kinds, minlength=len(MatchKind))
        return {kind.name: int(counts[kind]) for kind in MatchKind}

    def diff(self, other: "Alignment") -> dict[int, tuple[str, str]]:
        """Compare with another alignment of the same tokenizer.

        Args:
            other: The other alignment.

        Returns:
            For every id whose fate differs, both fates as text; ids that only one
            side has count as `"absent"`.
        """
        size = max(len(self.kinds), len(other.kinds))
        fates = ((i, self._fate(i), other._fate(i)) for i in range(size))
        return {i: (mine, theirs) for i, mine, theirs in fates if mine != theirs}

    def _fate(self, token_id: int) -> str:
        if token_id >= len(self.kinds):
            return "absent"
        kind = MatchKind(int(self.kinds[token_id])).name
        pieces = self.pieces[token_id].tolist()
        inside = self.continuation_pieces[token_id].tolist()
        return f"{kind} {pieces}" + (f" / {inside}" if inside != pieces else "")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write alignment and both tokenizers into a folder.

        Args:
            path: Folder; replaced where it holds an older alignment, untouched if
                anything fails.

        Raises:
            UnsupportedTokenizerError: If a tokenizer is Python code.
        """
        with replace_folder(path, owner=MANIFEST) as folder:
            self.tokenizer.save(folder / "tokenizer")
            self.reference.save(folder / "reference")
            fates = (self.kinds, self.pieces, self.continuation_pieces)
            write_fates(folder, fates, untrained=self.untrained)
            manifest = {
                "format_version": FORMAT_VERSION,
                "reference_note": self.reference_note,
                "spec": self.spec.to_dict(),
            }
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Args:
            path: The folder.

        Returns:
            The alignment, with both tokenizers.

        Raises:
            SavedFormatError: If the folder is no alignment, or damaged, or of another
                format version.
        """
        folder = Path(path)
        manifest = read_manifest(folder / MANIFEST, FORMAT_VERSION)
        spec = read_spec(folder, manifest)
        tokenizer = load_tokenizer(folder / "tokenizer")
        reference = load_tokenizer(folder / "reference")
        kinds, pieces, inside = read_fates(
            folder, size=tokenizer.vocabulary.size, rows=reference.vocabulary.size
        )
        return cls(
            tokenizer=tokenizer,
            reference=reference,
            reference_note=str(manifest.get("reference_note", "")),
            spec=spec,
            kinds=kinds,
            pieces=pieces,
            continuation_pieces=inside,
            untrained=read_untrained(folder, rows=reference.vocabulary.size),
        )

    def _repr_html_(self) -> str:
        """Show the kinds in a notebook, with examples."""
        from bridge.alignment.notebook import to_html

        return to_html(self)

    def __repr__(self) -> str:
        """Show the counts that are not zero."""
        counts = ", ".join(f"{k}={n:,}" for k, n in self.counts().items() if n)
        return f"Alignment({len(self.kinds):,} ids: {counts})"


def _rows(ids: Any, mask: Any) -> Ragged:  # noqa: ANN401
    return ids if isinstance(ids, Ragged) and mask is None else to_ragged(ids, mask)
