"""What the ids of a KerasHub tokenizer mean, read without importing Keras."""

import ast
import re
from collections.abc import Mapping
from typing import Any

from bridge.errors import MissingVocabularyError
from bridge.tokenizers.build import Merge, unmergeable_specials
from bridge.vocabulary import Convention, Token, Vocabulary
from bridge.vocabulary.roles import SPELLINGS, guess_roles
from bridge.vocabulary.surface import CONTINUATION_PREFIX

_NUMBERED = re.compile(r"(\d+) (.+) (\d+)\s*")


def keras_vocabulary(
    tokenizer: Any,  # noqa: ANN401  Keras is not imported here
    *,
    roles: Mapping[str, int | Token] | None = None,
) -> Vocabulary:
    """Read the vocabulary of a KerasHub tokenizer.

    Ids are those the tokenizer emits, which may differ from those of the files it was
    built from (XLM-R's are the sentencepiece model's + 1).

    Args:
        tokenizer: A KerasHub tokenizer with a vocabulary.
        roles: Role to id or token, beside those the object states.

    Returns:
        The vocabulary, with roles from the special tokens that the object names. A
        hard-coded `pad_token_id = 0` without a pad token plays no role.

    Raises:
        MissingVocabularyError: If it has no table of tokens.
    """
    tokens = _tokens(tokenizer)
    special = _special_ids(tokenizer, tokens)
    stated = keras_roles(tokenizer, tokens)
    # A token that the object calls its mask is special, whatever role it plays here.
    special |= set(stated.values())
    known: dict[str, Any] = {**stated, **(roles or {})}
    spelled = {token: i for token, i in tokens.items() if i in special}
    return Vocabulary.from_tokens(
        tokens,
        roles=guess_roles(spelled, known=known),  # type: ignore[arg-type]
        special=special,
        byte_pieces=_byte_pieces(tokenizer, tokens),
        convention=_convention(tokenizer),
    )


def keras_roles(
    tokenizer: Any,  # noqa: ANN401  Keras is not imported here
    tokens: Mapping[Token, int],
) -> dict[str, int]:
    """Read the roles that a KerasHub tokenizer states.

    Args:
        tokenizer: A KerasHub tokenizer.
        tokens: Its tokens, with the ids it emits.

    Returns:
        Role to id. `start_token` is bos and `end_token` eos, unless they repeat the
        id of a `cls_token` and a `sep_token`.
    """
    named = {
        name: _role_id(tokenizer, name, tokens)
        for name in ("cls", "sep", "bos", "eos", "pad", "mask", "unk", "start", "end")
    }
    roles = {name: i for name, i in named.items() if i is not None}
    for name, role, twin in (("start", "bos", "cls"), ("end", "eos", "sep")):
        token_id = roles.pop(name, None)
        if token_id is not None and token_id != roles.get(twin):
            roles.setdefault(role, token_id)
    if "unk" not in roles:
        unk = _unk(tokenizer, tokens)
        if unk is not None:
            roles["unk"] = unk
    return roles


def _role_id(
    tokenizer: Any,  # noqa: ANN401
    name: str,
    tokens: Mapping[Token, int],
) -> int | None:
    token_id = getattr(tokenizer, f"{name}_token_id", None)
    if token_id is None:
        return None
    if isinstance(getattr(tokenizer, f"{name}_token", None), str):
        return int(token_id)
    # GPT-2 and Llama have `pad_token_id = 0` and no pad token: 0 is text there.
    spellings = SPELLINGS.get(name, ())
    is_spelled = any(tokens.get(spelling) == token_id for spelling in spellings)
    return int(token_id) if is_spelled else None


def _unk(tokenizer: Any, tokens: Mapping[Token, int]) -> int | None:  # noqa: ANN401
    spelling = getattr(tokenizer, "oov_token", None)
    if spelling is None and keras_proto(tokenizer) is not None:
        model = _model(tokenizer)
        spelling = model.id_to_piece(model.unk_id())
    return None if spelling is None else tokens.get(spelling)


def _tokens(tokenizer: Any) -> dict[Token, int]:  # noqa: ANN401
    table = getattr(tokenizer, "vocabulary", None)
    if isinstance(table, Mapping):
        # `get_vocabulary` of a byte-pair tokenizer is in no order of ids.
        return {token: int(i) for token, i in table.items()}
    try:
        listed = tokenizer.get_vocabulary()
        if isinstance(listed, Mapping):
            return {token: int(i) for token, i in listed.items()}
        spellings = list(listed)
    except Exception as error:  # whatever an empty tokenizer of theirs raises
        raise MissingVocabularyError(
            "A KerasHub tokenizer needs a vocabulary. Received: "
            f"{type(tokenizer).__name__} ({error}). Load it from a preset, or build "
            "it with its vocabulary."
        ) from error
    tokens = _numbered_lines(spellings)
    if tokens:
        return tokens
    for token_id, spelling in enumerate(spellings):
        # A model may hold a piece spelled like a special token that the class adds;
        # the first is the one its look-up knows.
        tokens.setdefault(spelling, token_id)
    return tokens


def _numbered_lines(lines: list[Any]) -> dict[Token, int]:
    """Read RWKV's table, whose lines hold an id, a Python literal and its length.

    Args:
        lines: What the tokenizer lists, such as `"2 'the' 3"`.

    Returns:
        Token to id, of bytes; empty for any other list.
    """
    found = [_NUMBERED.fullmatch(line) for line in lines if isinstance(line, str)]
    if len(found) < len(lines) or None in found:
        return {}
    try:
        # Only literals are read, nothing is run.
        parsed = [(int(m[1]), ast.literal_eval(m[2]), int(m[3])) for m in found if m]
    except (ValueError, SyntaxError):
        return {}
    tokens: dict[Token, int] = {}
    for token_id, literal, length in parsed:
        token = literal.encode() if isinstance(literal, str) else literal
        if not isinstance(token, bytes) or len(token) != length:
            return {}
        tokens[token] = token_id
    return tokens


def _special_ids(
    tokenizer: Any,  # noqa: ANN401
    tokens: Mapping[Token, int],
) -> set[int]:
    stated = getattr(tokenizer, "special_token_ids", None) or []
    special = {i for i in stated if i is not None}
    merges = keras_merges(tokenizer)
    if merges is not None:
        special |= set(unmergeable_specials(tokens, merges).values())  # type: ignore[arg-type]
    if keras_proto(tokenizer) is not None:
        model = _model(tokenizer)
        special |= {
            tokens[piece]
            for i in range(model.get_piece_size())
            if (model.is_control(i) or model.is_unknown(i))
            and (piece := model.id_to_piece(i)) in tokens
        }
    return {int(i) for i in special}


def _byte_pieces(
    tokenizer: Any,  # noqa: ANN401
    tokens: Mapping[Token, int],
) -> list[int] | None:
    if keras_proto(tokenizer) is None:
        return []
    model = _model(tokenizer)
    pieces = [
        model.id_to_piece(i) for i in range(model.get_piece_size()) if model.is_byte(i)
    ]
    return [tokens[piece] for piece in pieces if piece in tokens]


def _convention(tokenizer: Any) -> Convention | None:  # noqa: ANN401
    if keras_proto(tokenizer) is not None:
        return Convention.METASPACE
    if getattr(tokenizer, "suffix_indicator", None) == CONTINUATION_PREFIX:
        return Convention.WORDPIECE
    return None


def keras_merges(tokenizer: Any) -> list[Merge] | None:  # noqa: ANN401
    """Return the merges of a byte-pair tokenizer, or `None` for another kind.

    Args:
        tokenizer: A KerasHub tokenizer.

    Returns:
        Pairs in the order in which they are joined.
    """
    merges = getattr(tokenizer, "merges", None)
    if merges is None:
        return None
    pairs = [str(merge).split(" ") for merge in merges if "#version:" not in merge]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]


def keras_proto(tokenizer: Any) -> bytes | None:  # noqa: ANN401
    """Return the sentencepiece model of a tokenizer, or `None` for another kind.

    Args:
        tokenizer: A KerasHub tokenizer.

    Returns:
        The serialised model.
    """
    proto = getattr(tokenizer, "proto", None)
    return proto if isinstance(proto, bytes) else None


def _model(tokenizer: Any) -> Any:  # noqa: ANN401  sentencepiece has no types
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_proto=keras_proto(tokenizer))
