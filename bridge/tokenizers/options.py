"""What the caller of `load_tokenizer` said besides the tokenizer itself."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.errors import VocabularyError
from bridge.tokenizers.build import Merge
from bridge.tokenizers.files import read_merges
from bridge.vocabulary import Token

Roles = Mapping[str, int | Token]
Split = str | Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of `load_tokenizer`; `None` where not given.

    Attributes:
        vocabulary: Token to id, for a function.
        merges: Pairs, or the file that holds them, for a byte-pair vocabulary.
        split: How text becomes words, for a bare vocabulary.
        lowercase: Whether text is lower-cased, for a WordPiece vocabulary.
        roles: Role to id or token.
    """

    vocabulary: Any = None
    merges: Any = None
    split: Split | None = None
    lowercase: bool | None = None
    roles: Roles | None = None

    def allow(self, *names: str, source: str) -> None:
        """Refuse arguments that would be ignored.

        Args:
            *names: Arguments that count for this source, beside `roles`.
            source: What the tokenizer is, for the message.

        Raises:
            ValueError: If another argument was given.
        """
        for name in ("vocabulary", "merges", "split", "lowercase"):
            if getattr(self, name) is not None and name not in names:
                usable = ", ".join((*names, "roles"))
                raise ValueError(
                    f"An argument of `load_tokenizer` must fit the tokenizer. "
                    f"Received: `{name}=` with {source}, which takes only: {usable}. "
                    f"Leave `{name}=` out."
                )

    def merge_pairs(self) -> list[Merge]:
        """Return `merges` as pairs, whatever form it was given in.

        Returns:
            Pairs in the order in which they are joined.

        Raises:
            TokenizerFileError: If it names a file that holds no merges.
            VocabularyError: If an entry is no pair.
        """
        if isinstance(self.merges, (str, os.PathLike)):
            return read_merges(Path(self.merges))
        pairs: list[Merge] = []
        for entry in self.merges:
            pair = entry.split(" ") if isinstance(entry, str) else list(entry)
            if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
                raise VocabularyError(
                    "Every merge must be a pair of tokens. Received: "
                    f"{entry!r:.60}. Pass `('a', 'b')` or `'a b'`."
                )
            pairs.append((pair[0], pair[1]))
        return pairs
