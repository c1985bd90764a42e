"""`AuditReport`: does a preset's own tokenizer give the ids it was trained with?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bridge.reporting.terminal import render
from bridge.tokenizers import Tokenizer, load_tokenizer
from bridge.tokenizers.base import check_texts
from bridge.vocabulary.display import escaped, quoted

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """One text that two tokenizers encode differently.

    Attributes:
        text: The shortest piece of the text, cut at white space, that still differs.
        preset_tokens: What the preset's own tokenizer makes of it.
        reference_tokens: What the reference makes of it.
    """

    text: str
    preset_tokens: tuple[str, ...]
    reference_tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How often a preset's own tokenizer differs from its reference.

    Attributes:
        texts: How many texts were encoded.
        differing: Positions of those that got other ids.
        examples: The shortest failing pieces.
    """

    texts: int
    differing: tuple[int, ...]
    examples: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the audit as text for a terminal."""
        return render(
            f"{len(self.differing):,} of {self.texts:,} texts get other ids from the "
            "preset's own tokenizer than from its reference.",
            *(
                f"  {quoted(example.text)}\n"
                f"    preset     {_joined(example.preset_tokens)}\n"
                f"    reference  {_joined(example.reference_tokens)}"
                for example in self.examples
            ),
        )


def audit(
    preset_tokenizer: Any,  # noqa: ANN401  whatever load_tokenizer takes
    reference_tokenizer: Any,  # noqa: ANN401
    texts: Sequence[str],
) -> AuditReport:
    """Compare the ids of a preset's own tokenizer with those of its reference.

    Args:
        preset_tokenizer: The preset's KerasHub tokenizer, or anything
            `load_tokenizer` takes.
        reference_tokenizer: The tokenizer the checkpoint was trained with.
        texts: Texts to encode with both, no special tokens added.

    Returns:
        How many differ, which, and the shortest examples.

    Raises:
        TextInputError: If a text is not a `str`.

    Example:
        >>> bridge.audit(native, reference, ["Café naïve"])  # doctest: +SKIP
    """
    native, reference = (
        load_tokenizer(preset_tokenizer),
        load_tokenizer(reference_tokenizer),
    )
    checked = check_texts(texts)
    differing = _differing(native, reference, checked)
    pieces = list(
        dict.fromkeys(word for row in differing for word in checked[row].split())
    )
    failing = [pieces[i] for i in _differing(native, reference, pieces)]
    # A text may differ only as a whole, in its white space for instance.
    failing = sorted(failing or [checked[i] for i in differing], key=len)[:_EXAMPLES]
    return AuditReport(
        texts=len(checked),
        differing=tuple(differing),
        examples=tuple(
            Difference(text, _tokens(native, text), _tokens(reference, text))
            for text in failing
        ),
    )


def _differing(first: Tokenizer, second: Tokenizer, texts: list[str]) -> list[int]:
    mine, theirs = first.encode_batch(texts), second.encode_batch(texts)
    return [
        row
        for row, (own, other) in enumerate(zip(mine, theirs, strict=True))
        if not np.array_equal(own, other)
    ]


def _tokens(tokenizer: Tokenizer, text: str) -> tuple[str, ...]:
    vocabulary = tokenizer.vocabulary
    return tuple(vocabulary.text(i) for i in tokenizer.encode_batch([text])[0].tolist())


def _joined(tokens: tuple[str, ...]) -> str:
    return " | ".join(map(escaped, tokens)) or "(nothing)"
