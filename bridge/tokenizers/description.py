"""What a serialised `tokenizers.Tokenizer` says of itself."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bridge.vocabulary import Convention, Token, Vocabulary
from bridge.vocabulary.roles import guess_roles
from bridge.vocabulary.surface import END_OF_WORD, detect, read_byte_piece

if TYPE_CHECKING:
    import tokenizers


def read_vocabulary(
    description: Mapping[str, Any],
    engine: "tokenizers.Tokenizer",
    roles: Mapping[str, int | Token] | None,
) -> Vocabulary:
    """Read what its ids mean.

    Args:
        description: The content of its tokenizer.json.
        engine: The tokenizer.
        roles: Role to id or token, beside those it states.

    Returns:
        The vocabulary.
    """
    tokens: dict[Any, int] = engine.get_vocab(with_added_tokens=True)
    entries = description.get("added_tokens", [])
    # The library spells an added token as it is normalised.
    spelled = {e["id"]: e["content"] for e in entries}
    tokens = {
        t: i for t, i in tokens.items() if spelled.get(i, engine.id_to_token(i)) == t
    }
    model = description["model"]
    own = engine.get_vocab(with_added_tokens=False)
    special = {e["content"]: e["id"] for e in entries if e["special"]}
    unk = _unk(model, tokens)
    known: dict[str, Any] = dict(roles or {})
    if unk is not None:
        known.setdefault("unk", unk)
        special.setdefault(engine.id_to_token(unk), unk)
    byte_pieces = {
        i
        for token, i in own.items()
        if model.get("byte_fallback") and read_byte_piece(token) is not None
    }
    return Vocabulary.from_tokens(
        tokens,
        roles=guess_roles(special, known=known),
        special=special.values(),
        added=_added(entries, model, own),
        byte_pieces=byte_pieces,
        convention=_convention(description) or _detect(model, own),
    )


def _added(
    entries: Sequence[Mapping[str, Any]],
    model: Mapping[str, Any],
    own: Mapping[str, int],
) -> list[int]:
    """Find the added tokens that the model itself would never give."""
    outside = [e["id"] for e in entries if e["content"] not in own]
    inside = [e for e in entries if e["content"] in own and len(e["content"]) > 1]
    if not inside or "merges" not in model:
        return outside
    # A merge is a pair, or in older files both tokens with a space between.
    made = {
        merge.replace(" ", "") if isinstance(merge, str) else "".join(merge)
        for merge in model["merges"]
    }
    return outside + [e["id"] for e in inside if e["content"] not in made]


def _unk(model: Mapping[str, Any], tokens: Mapping[str, int]) -> int | None:
    if model.get("unk_id") is not None:
        return int(model["unk_id"])
    unk = model.get("unk_token")
    return None if unk is None else tokens.get(unk)


def _convention(description: Mapping[str, Any]) -> Convention | None:
    """Read the alphabet off the parts that write and undo it; `None` to detect it."""
    if description["model"]["type"] == "WordPiece":
        prefix = description["model"].get("continuing_subword_prefix")
        return Convention.WORDPIECE if prefix == "##" else None
    if description["model"].get("end_of_word_suffix") == END_OF_WORD:
        return detect(description["model"]["vocab"])
    parts = {
        part["type"]
        for stage in ("pre_tokenizer", "decoder", "normalizer")
        for part in flatten(description.get(stage))
    }
    if "ByteLevel" in parts:
        return Convention.BYTE_LEVEL
    if "Metaspace" in parts or "ByteFallback" in parts:
        return Convention.METASPACE
    return None


def _detect(model: Mapping[str, Any], tokens: Mapping[str, int]) -> Convention:
    convention = detect(tokens)
    if convention == Convention.WORDS and model["type"] != "WordLevel":
        return Convention.PIECES
    return convention


def flatten(stage: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the parts of a stage in the order of their work.

    Args:
        stage: Its normaliser, pre-tokenizer or decoder, or `None`.

    Returns:
        The parts, without the sequences that hold them.
    """
    if stage is None:
        return []
    for key in ("pretokenizers", "decoders", "normalizers"):
        if key in stage:
            return [part for child in stage[key] for part in flatten(child)]
    return [stage]
