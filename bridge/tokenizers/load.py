"""`load_tokenizer`: the one entrance for every kind of tokenizer."""

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bridge.errors import UnsupportedTokenizerError
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.build import build_bpe, unmergeable_specials
from bridge.tokenizers.engines import AUTO, REFERENCE, check_engine, with_engine
from bridge.tokenizers.huggingface import HuggingFaceTokenizer
from bridge.tokenizers.options import Options, Roles, Split
from bridge.tokenizers.patterns import word_pattern
from bridge.tokenizers.plain import (
    CallableTokenizer,
    VocabularyOnly,
    WordTokenizer,
    table_vocabulary,
)
from bridge.vocabulary import Vocabulary

ACCEPTED = (
    "a tokenizers.Tokenizer, a transformers, sentencepiece, tiktoken or KerasHub "
    "tokenizer, a path (folder, tokenizer.json, vocab.json with merges.txt, .model, "
    ".tiktoken, tekken.json, vocab.txt), a Hugging Face Hub id, a dict of token to "
    "id, a bridge.Vocabulary, or a function from text to ids with `vocabulary=`"
)


def load_tokenizer(
    obj_or_path: Any,  # noqa: ANN401  objects of many libraries
    *,
    vocabulary: Any = None,  # noqa: ANN401  a dict, a Vocabulary or a path
    merges: Any = None,  # noqa: ANN401  pairs or a path
    split: Split | None = None,
    lowercase: bool | None = None,
    roles: Roles | None = None,
    engine: str = "auto",
) -> Tokenizer:
    """Put any tokenizer behind the one protocol of `bridge`.

    The object is never changed and no code from a file is run.

    Args:
        obj_or_path: An object of tokenizers, transformers, sentencepiece, tiktoken or
            KerasHub; a path; a Hub id; a dict of token to id; a `Vocabulary`; or a
            function from one text to its ids. Files are told by their content.
        vocabulary: For a function: token to id, a `Vocabulary`, or a path. For a
            sentencepiece model whose own ids are not those in use: the same, or
            `"fairseq"` for XLM-R's (`<s>`, `<pad>`, `</s>`, `<unk>`, then the pieces,
            `<mask>` last).
        merges: For a byte-level BPE vocabulary (vocab.json or dict): its merges.txt,
            or the pairs. A file of that name beside vocab.json is found by itself.
        split: For a dict: `"whitespace"`, `"characters"`, a regular expression whose
            matches are words, or a function. For a .tiktoken file: its regular
            expression. Without it they are a vocabulary only, and encoding raises.
        lowercase: For a vocab.txt: whether its WordPiece lower-cases text (and strips
            accents with it, as BERT does). Without it, a vocabulary only.
        roles: Role (`pad`, `unk`, `bos`, `eos`, `cls`, `sep`, `mask`) to token or id;
            they win over those that the tokenizer states.
        engine: Library that does the work: `"auto"` for a faster one where it is
            installed and a probe finds no difference in ids, `"reference"` for the
            tokenizer's own, `"gigatoken"`, `"nanotoken"` or `"words"` for that one or
            an error.

    Returns:
        The tokenizer.

    Raises:
        UnsupportedTokenizerError: If nothing here knows this object.
        TokenizerFileError: If a file is missing, damaged or of an unknown format.
        VocabularyError: If tokens, ids or roles contradict each other.
        MissingDependencyError: If the library that reads it is not installed.
        ValueError: If `engine` is unknown or not exact for this tokenizer, or an
            argument does not fit the tokenizer.

    Example:
        >>> words = load_tokenizer({"[UNK]": 0, "hello": 1}, split="whitespace")
        >>> words.encode_batch(["hello world"]).to_lists()
        [[1, 0]]
    """
    check_engine(engine)
    options = Options(
        vocabulary=vocabulary,
        merges=merges,
        split=split,
        lowercase=lowercase,
        roles=roles,
    )
    if isinstance(obj_or_path, (str, os.PathLike)):
        from bridge.tokenizers.paths import load_path

        return with_engine(load_path(obj_or_path, options), engine)
    obj_or_path = _unwrapped(obj_or_path)
    loaded = _load_object(obj_or_path, options)
    if isinstance(obj_or_path, Tokenizer) and engine == AUTO:
        # It was chosen when that one was loaded.
        return loaded
    return with_engine(loaded, engine)


def _unwrapped(obj: Any) -> Any:  # noqa: ANN401
    """Take a tokenizer out of a `KerasTokenizer`, unless that one emits other ids."""
    codec = getattr(obj, "codec", None)
    inside = getattr(codec, "tokenizer", None)
    if not isinstance(inside, Tokenizer):
        return obj
    return inside if codec.alignment is None is codec.vocabulary else obj  # type: ignore[union-attr]


def _load_object(obj: Any, options: Options) -> Tokenizer:  # noqa: ANN401
    if isinstance(obj, Tokenizer):
        options.allow(source="a tokenizer that is already loaded")
        return obj if options.roles is None else obj.with_roles(options.roles)
    if isinstance(obj, Vocabulary):
        options.allow("split", source="a Vocabulary")
        chosen = obj if options.roles is None else obj.with_roles(options.roles)
        return _from_vocabulary(chosen, options.split)
    if isinstance(obj, Mapping):
        return from_dict(obj, options)
    wrapped = None if isinstance(obj, type) else _from_library(obj, options)
    if wrapped is not None:
        return wrapped
    if callable(obj) and not isinstance(obj, type) and options.vocabulary is not None:
        options.allow("vocabulary", source="a function")
        vocabulary = as_vocabulary(options.vocabulary, options.roles)
        return CallableTokenizer(obj, vocabulary=vocabulary)
    raise UnsupportedTokenizerError(_unsupported(obj))


def _from_library(obj: Any, options: Options) -> Tokenizer | None:  # noqa: ANN401
    if hasattr(obj, "id_to_piece") and options.vocabulary is not None:
        options.allow("vocabulary", source="a tokenizer of sentencepiece")
        inner = _from_library(obj, Options())
        return None if inner is None else renumber(inner, options)
    # The classes' own modules name the library: nothing is imported to ask.
    libraries = {c.__module__.partition(".")[0] for c in type(obj).__mro__}
    for library, wrap in _LIBRARIES.items():
        wrapped = wrap(obj, options.roles) if library in libraries else None
        if wrapped is not None:
            options.allow(source=f"a tokenizer of {library}")
            return wrapped
    return None


def renumber(tokenizer: Tokenizer, options: Options) -> Tokenizer:
    """Give a tokenizer the ids of `vocabulary`.

    Args:
        tokenizer: Whose tokens they are.
        options: The arguments of `load_tokenizer`.

    Returns:
        The same tokenizer with those ids.

    Raises:
        VocabularyError: If a token that a text can give has no id there.
    """
    from bridge.tokenizers.renumbered import FAIRSEQ, RenumberedTokenizer

    source = options.vocabulary
    numbers = None if source == FAIRSEQ else as_vocabulary(source)
    return RenumberedTokenizer.of(tokenizer, numbers, roles=options.roles)


def as_vocabulary(
    source: Any,  # noqa: ANN401
    roles: Roles | None = None,
) -> Vocabulary:
    """Read a vocabulary from a dict, a path, or a tokenizer that has one.

    Args:
        source: Token to id, a `Vocabulary`, or anything `load_tokenizer` takes.
        roles: Role to token or id.

    Returns:
        The vocabulary.

    Raises:
        UnsupportedTokenizerError: If it is none of these.
    """
    return load_tokenizer(source, roles=roles, engine=REFERENCE).vocabulary


def from_dict(
    tokens: Mapping[Any, int],
    options: Options,
    *,
    source: str = "a dict of token to id",
    added: Collection[str] = (),
) -> Tokenizer:
    """Load a table of token to id, with merges, with a split, or bare.

    Args:
        tokens: Token to id.
        options: The other arguments of `load_tokenizer`.
        source: What it is, for messages.
        added: Which tokens were added to those that merges make.

    Returns:
        Byte-level BPE, whole words, or a vocabulary only.

    Raises:
        VocabularyError: If tokens, ids, merges or roles contradict each other.
    """
    options.allow("split", "merges", source=source)
    if options.merges is None:
        return _from_vocabulary(table_vocabulary(tokens, options.roles), options.split)
    if options.split is not None and not isinstance(options.split, str):
        raise ValueError(
            "`split` beside `merges` must be a regular expression. Received: a "
            "function. Leave it out for the one that the vocabulary shows."
        )
    # Doubled or negative ids are refused here, with a clearer message than theirs.
    Vocabulary.from_tokens(tokens)
    merges = options.merge_pairs()
    specials = unmergeable_specials(tokens, merges)
    own = [token for token in tokens if token not in {*specials, *added}]
    pattern = options.split or word_pattern(own)
    bpe = build_bpe(tokens, merges, specials=specials, added=added, pattern=pattern)
    tokenizer = HuggingFaceTokenizer(bpe, roles=options.roles)
    if pattern is not None:
        whose = "the vocabulary's own" if options.split is None else "the given"
        tokenizer.engine_note = f"built as byte-level BPE with {whose} split"
    return tokenizer


def _from_vocabulary(vocabulary: Vocabulary, split: Split | None) -> Tokenizer:
    if split is not None:
        return WordTokenizer(vocabulary, split=split)
    return VocabularyOnly(
        vocabulary,
        remedy='Name how text is split: `load_tokenizer(..., split="whitespace")`.',
    )


def _wrap_tokenizers(obj: Any, roles: Roles | None) -> Tokenizer | None:  # noqa: ANN401
    return HuggingFaceTokenizer(obj, roles=roles) if hasattr(obj, "to_str") else None


def _wrap_transformers(obj: Any, roles: Roles | None) -> Tokenizer | None:  # noqa: ANN401
    from bridge.tokenizers.transformers import wrap_transformers

    return wrap_transformers(obj, roles=roles)


def _wrap_sentencepiece(obj: Any, roles: Roles | None) -> Tokenizer | None:  # noqa: ANN401
    from bridge.tokenizers.sentencepiece import SentencePieceTokenizer

    if not hasattr(obj, "id_to_piece"):
        return None
    return SentencePieceTokenizer(obj, roles=roles)


def _wrap_tiktoken(obj: Any, roles: Roles | None) -> Tokenizer | None:  # noqa: ANN401
    from bridge.tokenizers.tiktoken import TiktokenTokenizer

    if not hasattr(obj, "encode_ordinary_batch"):
        return None
    return TiktokenTokenizer(obj, roles=roles)


def _wrap_keras_hub(obj: Any, roles: Roles | None) -> Tokenizer | None:  # noqa: ANN401
    from bridge.tokenizers.keras_hub import KerasHubTokenizer

    if not (hasattr(obj, "tokenize") and hasattr(obj, "get_vocabulary")):
        return None
    return KerasHubTokenizer(obj, roles=roles)


# In this order: a transformers tokenizer may hold an object of another library.
_LIBRARIES: Mapping[str, Callable[[Any, Roles | None], Tokenizer | None]] = {
    "transformers": _wrap_transformers,
    "keras_hub": _wrap_keras_hub,
    "keras_nlp": _wrap_keras_hub,
    "tokenizers": _wrap_tokenizers,
    "sentencepiece": _wrap_sentencepiece,
    "tiktoken": _wrap_tiktoken,
}


def _unsupported(obj: object) -> str:
    kind = type(obj)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(obj, type):
        return (
            "A tokenizer must be an object, not its class. Received: the class "
            f"{obj.__module__}.{obj.__qualname__}. Build one first. Accepted are "
            f"{ACCEPTED}."
        )
    remedy = f"Pass {ACCEPTED}."
    if callable(obj):
        remedy = "A function needs `vocabulary=`, a dict of token to id. " + remedy
    return (
        "A tokenizer must be of a known kind. Received: an object of type "
        f"{name}. {remedy}"
    )
