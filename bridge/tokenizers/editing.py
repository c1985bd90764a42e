"""Tokenizers with more tokens or fewer: copies, the one passed in is unchanged."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bridge.errors import UnsupportedTokenizerError, VocabularyError
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.huggingface import HuggingFaceTokenizer

if TYPE_CHECKING:
    from tokenizers import AddedToken


def add_tokens(
    tokenizer: Tokenizer, tokens: Sequence["str | AddedToken"]
) -> HuggingFaceTokenizer:
    """Return a copy of a tokenizer that knows more tokens.

    They are found in running text before its model cuts anything, as Hugging Face's
    `add_tokens` has it. A token may be a `tokenizers.AddedToken`, which says for
    example that it stands for whole words only (`single_word=True`).

    Args:
        tokenizer: A tokenizer that Hugging Face's library runs.
        tokens: New tokens, in the order of their ids.

    Returns:
        The copy; old ids keep their meaning.

    Raises:
        UnsupportedTokenizerError: If another library runs the tokenizer.
        VocabularyError: If a token is empty, doubled, or one that it already has.
    """
    engine = _copy(tokenizer, "gets new tokens")
    known = tokenizer.vocabulary
    spellings = [token if isinstance(token, str) else token.content for token in tokens]
    taken = [token for token in spellings if not token.strip() or token in known]
    seen: set[str] = set()
    taken += [t for t in spellings if t in seen or seen.add(t)]  # type: ignore[func-returns-value]
    if taken or not spellings:
        raise VocabularyError(
            "New tokens must be new, different, and more than white space. Received: "
            + (
                f"{len(taken)} that are not, such as {taken[0]!r}. Leave them out."
                if taken
                else "none. Pass at least one."
            )
        )
    engine.add_tokens(list(tokens))
    longer = HuggingFaceTokenizer(engine, roles=known.roles)
    ids = {longer.vocabulary.id(token) for token in spellings}
    kept = longer.vocabulary.tokens[: known.size] == known.tokens
    if not kept or min(i for i in ids if i is not None) < known.size:
        raise VocabularyError(
            "New tokens get ids behind the old ones. Received: a tokenizer whose "
            "library gives them ids inside its vocabulary, where it has holes. Add "
            "the tokens with that library, and pass the result to `bridge.align`."
        )
    return longer


def keep_tokens(tokenizer: Tokenizer, ids: Collection[int]) -> HuggingFaceTokenizer:
    """Return a copy of a tokenizer that knows fewer tokens, without holes.

    A BPE keeps, with a token, those that its merges build it from.

    Args:
        tokenizer: A tokenizer that Hugging Face's library runs.
        ids: Ids to keep; added and special tokens are kept anyway.

    Returns:
        The copy. Tokens are in their old order and have new ids.

    Raises:
        UnsupportedTokenizerError: If another library runs the tokenizer.
    """
    engine = _copy(tokenizer, "loses tokens")
    description = json.loads(engine.to_str())
    model, added = description["model"], description.get("added_tokens", [])
    kept = {tokenizer.vocabulary.tokens[i] for i in ids}
    kept |= {entry["content"] for entry in added} | {model.get("unk_token")}
    old = engine.get_vocab(with_added_tokens=True)
    if model["type"] == "BPE":
        _keep_merges(model, kept)
    elif model["type"] == "Unigram" and model.get("unk_id") is not None:
        kept.add(model["vocab"][model["unk_id"]][0])
    order = sorted((token for token in old if token in kept), key=old.__getitem__)
    new_ids = {token: i for i, token in enumerate(order)}
    _renumber(description, new_ids, {old[token]: new_ids[token] for token in order})
    engine = type(engine).from_str(json.dumps(description, ensure_ascii=False))
    own = tokenizer.vocabulary
    names = {role: own.tokens[token_id] for role, token_id in own.roles.items()}
    return HuggingFaceTokenizer(
        engine, roles={role: name for role, name in names.items() if name is not None}
    )


def _copy(tokenizer: Tokenizer, what: str) -> Any:  # noqa: ANN401  a tokenizers.Tokenizer
    if not isinstance(tokenizer, HuggingFaceTokenizer):
        raise UnsupportedTokenizerError(
            f"A vocabulary {what} where Hugging Face's `tokenizers` runs it. Received: "
            f"a {type(tokenizer).__name__} (engine {tokenizer.engine!r}). Load the "
            "tokenizer.json of this tokenizer, or make one with `transformers`."
        )
    twin = type(tokenizer._engine).from_str(tokenizer._engine.to_str())
    twin.encode_special_tokens = tokenizer._engine.encode_special_tokens
    return twin


def _keep_merges(model: dict[str, Any], kept: set[Any]) -> None:
    """Keep the tokens that a kept one is merged from, and the merges of both."""
    merges = [
        tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair)
        for pair in model["merges"]
    ]
    prefix = model.get("continuing_subword_prefix") or ""
    results = [left + right.removeprefix(prefix) for left, right in merges]
    # Later merges are built from earlier ones, so one pass from the end is enough.
    for (left, right), result in zip(reversed(merges), reversed(results), strict=True):
        if result in kept:
            kept |= {left, right}
    model["merges"] = [
        [left, right]
        for (left, right), result in zip(merges, results, strict=True)
        if {left, right, result} <= kept
    ]


def _renumber(
    description: dict[str, Any],
    new_ids: Mapping[str, int],
    moved: Mapping[int, int],
) -> None:
    model = description["model"]
    if model["type"] == "Unigram":
        if model.get("unk_id") is not None:
            model["unk_id"] = moved[model["unk_id"]]
        model["vocab"] = [piece for piece in model["vocab"] if piece[0] in new_ids]
    else:
        own = model["vocab"]
        model["vocab"] = {t: new_ids[t] for t in own if t in new_ids}
    for entry in description.get("added_tokens", []):
        entry["id"] = new_ids[entry["content"]]
    _renumber_template(description.get("post_processor"), new_ids)


def _renumber_template(part: Any, new_ids: Mapping[str, int]) -> None:  # noqa: ANN401
    """Move the ids that a post-processor puts around texts."""
    if part is None:
        return
    for child in part.get("processors", []):
        _renumber_template(child, new_ids)
    for name in ("cls", "sep"):
        if isinstance(part.get(name), list):
            part[name][1] = new_ids[part[name][0]]
    if part.get("type") == "TemplateProcessing":
        for special in part["special_tokens"].values():
            special["ids"] = [new_ids[token] for token in special["tokens"]]
