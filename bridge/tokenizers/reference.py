"""The tokenizer a checkpoint was trained with, from KerasHub's own object."""

from typing import Any

from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.build import (
    build_bpe,
    build_wordpiece,
    unmergeable_specials,
)
from bridge.tokenizers.engines import AUTO, with_engine
from bridge.tokenizers.huggingface import HuggingFaceTokenizer
from bridge.tokenizers.keras_hub import KerasHubTokenizer
from bridge.tokenizers.keras_vocabulary import keras_merges, keras_proto
from bridge.tokenizers.patterns import word_pattern
from bridge.tokenizers.sentencepiece import SentencePieceTokenizer
from bridge.vocabulary import Vocabulary
from bridge.vocabulary.surface import CONTINUATION_PREFIX, END_OF_WORD


def rebuild_reference(keras_tokenizer: Any) -> Tokenizer:  # noqa: ANN401
    """Rebuild the tokenizer whose ids a checkpoint was trained with.

    KerasHub's own tokenizer often gives other ids: its BERT keeps accents where the
    checkpoint's did not, its byte-pair split is a literal string where the
    checkpoint's is a regular expression. The parts that matter, vocabulary, merges
    and options, are right, so the tokenizer can be rebuilt from them.

    Args:
        keras_tokenizer: A KerasHub tokenizer with a vocabulary.

    Returns:
        A tokenizer with the same ids and roles, and a fast engine where one gives
        those ids. `engine_note` says what was rebuilt;
        where KerasHub already drives the checkpoint's own engine it is that.

    Raises:
        MissingVocabularyError: If it has no table of tokens.

    Example:
        >>> own = keras_hub.models.BertTokenizer.from_preset(preset)  # doctest: +SKIP
        >>> rebuild_reference(own).encode_batch(["café"])  # doctest: +SKIP
    """
    own = KerasHubTokenizer(keras_tokenizer)
    rebuilt = (
        _wordpiece(keras_tokenizer, own.vocabulary)
        or _byte_pair(keras_tokenizer, own.vocabulary)
        or _sentencepiece(keras_tokenizer, own.vocabulary)
    )
    if rebuilt is not None:
        return with_engine(rebuilt._with_only(own.vocabulary.roles), AUTO)
    own.engine_note = "KerasHub drives the engine that the checkpoint was trained with"
    return own


def _wordpiece(tokenizer: Any, vocabulary: Vocabulary) -> Tokenizer | None:  # noqa: ANN401
    prefix = getattr(tokenizer, "suffix_indicator", None)
    # Text that arrives split is not BERT's, and neither is another mark.
    if prefix != CONTINUATION_PREFIX or not getattr(tokenizer, "split", True):
        return None
    lowercase = bool(tokenizer.lowercase)
    engine = build_wordpiece(
        _table(vocabulary),
        lowercase=lowercase,
        # BERT strips accents wherever it lower-cases; KerasHub has it as an option.
        strip_accents=True if tokenizer.strip_accents else None,
        split_on_cjk=bool(getattr(tokenizer, "split_on_cjk", True)),
        unk=tokenizer.oov_token,
        specials=_special_spellings(tokenizer),
        prefix=prefix,
    )
    reference = HuggingFaceTokenizer(engine, roles=vocabulary.roles)
    accents = " and accents stripped" if lowercase else ""
    case = "lower-cased" if lowercase else "with its case kept"
    reference.engine_note = f"rebuilt as BERT's WordPiece, {case}{accents}"
    return reference


def _byte_pair(tokenizer: Any, vocabulary: Vocabulary) -> Tokenizer | None:  # noqa: ANN401
    merges = keras_merges(tokenizer)
    # A tokenizer with an expression of its own (Tekken) or with word ends (CLIP)
    # already splits as its checkpoint did.
    if merges is None or getattr(tokenizer, "split_pattern", None) is not None:
        return None
    tokens = _table(vocabulary)
    if any(token.endswith(END_OF_WORD) for token in tokens):
        return None
    found = unmergeable_specials(tokens, merges)
    specials = list(dict.fromkeys([*found, *_special_spellings(tokenizer)]))
    own = [token for token in tokens if token not in set(specials)]
    pattern = word_pattern(own)
    engine = build_bpe(
        tokens,
        merges,
        specials=specials,
        pattern=pattern,
        add_prefix_space=bool(getattr(tokenizer, "add_prefix_space", False)),
    )
    reference = HuggingFaceTokenizer(engine, roles=vocabulary.roles)
    whose = "GPT-2's" if pattern is None else "the vocabulary's"
    reference.engine_note = f"rebuilt as byte-level BPE with {whose} split"
    return reference


def _sentencepiece(tokenizer: Any, vocabulary: Vocabulary) -> Tokenizer | None:  # noqa: ANN401
    proto = keras_proto(tokenizer)
    if proto is None:
        return None
    bare = SentencePieceTokenizer.from_proto(proto)
    # XLM-R's ids are shifted and DeBERTa's are extended: only the object knows how.
    if bare.vocabulary.tokens != vocabulary.tokens:
        return None
    reference = bare.with_roles(vocabulary.roles)
    reference.engine_note = "the sentencepiece model that KerasHub drives too"
    return reference


def _table(vocabulary: Vocabulary) -> dict[str, int]:
    return {
        token: i for i, token in enumerate(vocabulary.tokens) if isinstance(token, str)
    }


def _special_spellings(tokenizer: Any) -> list[str]:  # noqa: ANN401
    table = tokenizer.get_vocabulary()
    named = [t for t in tokenizer.special_tokens if isinstance(t, str) and t in table]
    # They come from a set, whose order changes from run to run.
    return sorted(named)
