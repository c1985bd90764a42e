"""`encode_arrays`: inputs that fit into memory, as an encoder's arrays."""

from collections.abc import Sequence
from typing import Any

from bridge.corpus.documents import Reject
from bridge.corpus.inputs import Form, find_inputs
from bridge.corpus.parts import Part, make_parts
from bridge.corpus.reading import read_part, unreadable
from bridge.encoder import Encoder
from bridge.errors import CorpusError
from bridge.row_format import Arrays

# Bytes of the inputs in a part; all of them end in memory anyway.
_SIZE = 64 * 2**20


def encode_arrays(
    inputs: Any,  # noqa: ANN401  as encode_corpus
    encoder: Encoder,
    *,
    form: Form = "auto",
    text: str = "text",
    pairs: str | None = None,
) -> Arrays:
    """Encode whole inputs, or pairs of texts in them.

    Args:
        inputs: As `encode_corpus` takes them.
        encoder: Makes the arrays.
        form: How files are read; see `encode_corpus`.
        text: Member or column of the texts.
        pairs: Member or column of the second texts, or `None`.

    Returns:
        What the encoder gives: a row for every row of the inputs.

    Raises:
        CorpusError: If an input cannot be read, or a row of it is no text.
    """
    found = find_inputs(inputs, form=form, column=text, size=_SIZE)
    pieces = (piece for each in found for piece in each.pieces)
    parts = list(make_parts(pieces, _SIZE))
    second = None if pairs is None else _texts(parts, pairs)
    return encoder(_texts(parts, text), second)


def _texts(parts: Sequence[Part], field: str) -> list[str]:
    texts: list[str] = []
    for part in parts:
        try:
            for documents in read_part(part, field):
                for reject in documents.rejects:
                    raise _refusal(reject)
                texts += documents.texts
        except OSError as error:
            names = dict.fromkeys(piece.name for piece in part.pieces)
            raise unreadable(", ".join(names), error) from error
    return texts


def _refusal(reject: Reject) -> CorpusError:
    return CorpusError(
        f"Arrays need a text in every row of the inputs. Received: {reject.file}, line "
        f"{reject.line}: {reject.reason}. Mend it, or write a folder, where such rows "
        "go to rejects.jsonl."
    )
