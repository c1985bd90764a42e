"""`tokenizers.Tokenizer` objects from a vocabulary, merges and options."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from bridge.errors import VocabularyError
from bridge.vocabulary.roles import SPELLINGS, guess_roles
from bridge.vocabulary.surface import Convention, detect

if TYPE_CHECKING:
    import tokenizers

Merge = tuple[str, str]

_END_OF_TEXT = "<|endoftext|>"


def spelled_specials(tokens: Mapping[str, int]) -> dict[str, int]:
    """Find the tokens whose spelling published vocabularies reserve for a role.

    Only for vocabularies whose tokenizer does not say which tokens are special.

    Args:
        tokens: Token to id.

    Returns:
        Spelling to id, in id order.
    """
    known = {_END_OF_TEXT, *(s for spellings in SPELLINGS.values() for s in spellings)}
    found = {token: i for token, i in tokens.items() if token in known}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def unmergeable_specials(
    tokens: Mapping[str, int], merges: Iterable[Merge]
) -> dict[str, int]:
    """Find the special tokens of a byte-pair vocabulary: those no merge produces.

    Args:
        tokens: Token to id.
        merges: Pairs that are joined.

    Returns:
        Spelling to id, in id order, of tokens that look special (a known spelling,
        or `<|...|>`) and that no text could give by merging.
    """
    made = {left + right for left, right in merges}
    known = spelled_specials(tokens)
    found = {
        token: i
        for token, i in tokens.items()
        if token not in made
        and (token in known or (token.startswith("<|") and token.endswith("|>")))
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def build_bpe(
    tokens: Mapping[str, int],
    merges: Iterable[Merge],
    *,
    specials: Collection[str] | None = None,
    added: Collection[str] = (),
    pattern: str | None = None,
    add_prefix_space: bool = False,
) -> "tokenizers.Tokenizer":
    """Build a byte-level BPE tokenizer as GPT-2, RoBERTa and their heirs use it.

    Args:
        tokens: Token, in GPT-2's alphabet of printable bytes, to id.
        merges: Pairs of tokens in the order in which they are joined.
        specials: Tokens that text is searched for before anything else; found in the
            vocabulary if `None`.
        added: Further tokens that text is searched for, which are not special.
        pattern: Regular expression whose matches are words; GPT-2's if `None`.
        add_prefix_space: Whether every text gets a space in front.

    Returns:
        A tokenizer. One that has RoBERTa's special tokens also has its template.

    Raises:
        VocabularyError: If the vocabulary is not byte-level, or a merge names a
            token that is missing.
    """
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        processors,
    )

    merges = list(merges)
    specials = unmergeable_specials(tokens, merges) if specials is None else specials
    _check_unicode(tokens)
    plain = [token for token in added if token not in set(specials)]
    _check_bpe(tokens, merges, {*specials, *plain})
    tokenizer = Tokenizer(models.BPE(vocab=dict(tokens), merges=merges))
    words = pre_tokenizers.ByteLevel(
        add_prefix_space=add_prefix_space, use_regex=pattern is None
    )
    tokenizer.pre_tokenizer = words
    if pattern is not None:
        # `Split` takes a plain string literally: without `Regex` nothing is split.
        split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, words])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    roles = guess_roles({token: tokens[token] for token in specials})
    # RoBERTa says cls and sep only by having a mask beside <s> and </s>.
    is_roberta = (
        "mask" in roles and _same(roles, "cls", "bos") and _same(roles, "sep", "eos")
    )
    if is_roberta:
        names = {i: token for token, i in tokens.items()}
        tokenizer.post_processor = processors.RobertaProcessing(
            (names[roles["sep"]], roles["sep"]),
            (names[roles["cls"]], roles["cls"]),
            trim_offsets=True,
            add_prefix_space=add_prefix_space,
        )
    tokenizer.add_special_tokens(
        [
            # RoBERTa's mask takes the space before it, so that its word may not.
            AddedToken(
                token,
                lstrip=is_roberta and tokens[token] == roles["mask"],
                normalized=False,
                special=True,
            )
            for token in specials
        ]
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in plain])
    return tokenizer


def _same(roles: Mapping[str, int], role: str, other: str) -> bool:
    return role in roles and other in roles and roles[role] == roles[other]


def _check_unicode(tokens: Iterable[str]) -> None:
    for token in tokens:
        try:
            token.encode("utf-8")
        except UnicodeEncodeError as error:
            raise VocabularyError(
                f"A token must be valid Unicode. Received: {token!a}, which holds a "
                "lone surrogate. Mend the file it comes from."
            ) from error


def _check_bpe(
    tokens: Mapping[str, int], merges: list[Merge], specials: Collection[str]
) -> None:
    own = [token for token in tokens if token not in set(specials)]
    convention = detect(own)
    # A tiny vocabulary may have no word start; it must not have another mark.
    if convention not in (Convention.BYTE_LEVEL, Convention.WORDS):
        raise VocabularyError(
            "A vocabulary with merges must be byte-level BPE, as GPT-2's. Received: "
            f"{len(own)} tokens written in the {convention.value!r} way. Pass the "
            "tokenizer's tokenizer.json, which says how it splits text."
        )
    for left, right in merges:
        missing = [t for t in (left, right, left + right) if t not in tokens]
        if missing:
            raise VocabularyError(
                "Every merge must join tokens of the vocabulary. Received: "
                f"{left!r} + {right!r}, where {missing[0]!r} is missing. Pass the "
                "vocabulary and the merges of one tokenizer."
            )


def build_wordpiece(
    tokens: Mapping[str, int],
    *,
    lowercase: bool,
    strip_accents: bool | None = None,
    split_on_cjk: bool = True,
    unk: str | None = None,
    specials: Collection[str] | None = None,
    prefix: str = "##",
) -> "tokenizers.Tokenizer":
    """Build a WordPiece tokenizer as BERT uses it.

    Args:
        tokens: Token to id.
        lowercase: Whether text is lower-cased.
        strip_accents: Whether accents are removed; as `lowercase` if `None`, which is
            what BERT was trained with.
        split_on_cjk: Whether every CJK ideograph is a word.
        unk: Token for words that cannot be split; the one with role unk if `None`.
        specials: Tokens that text is searched for before anything else; found by
            spelling if `None`.
        prefix: Mark of a piece that continues a word.

    Returns:
        A tokenizer, with BERT's template where the vocabulary has cls and sep.

    Raises:
        VocabularyError: If there is no unk token.
    """
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    _check_unicode(tokens)
    found = spelled_specials(tokens) if specials is None else specials
    roles = guess_roles({token: tokens[token] for token in found})
    names = {i: token for token, i in tokens.items()}
    if unk is None and "unk" in roles:
        unk = names[roles["unk"]]
    if unk is None or unk not in tokens:
        raise VocabularyError(
            "WordPiece needs a token for words that it cannot split. Received: "
            f"{len(tokens)} tokens, none of which is "
            f"{unk if unk is not None else SPELLINGS['unk'][0]!r}. "
            'Name it: `roles={"unk": token}`.'
        )
    tokenizer = Tokenizer(
        models.WordPiece(
            vocab=dict(tokens),
            unk_token=unk,
            max_input_chars_per_word=100,
            continuing_subword_prefix=prefix,
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=split_on_cjk,
        strip_accents=strip_accents,
        lowercase=lowercase,
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=prefix)
    if "cls" in roles and "sep" in roles:
        tokenizer.post_processor = processors.BertProcessing(
            (names[roles["sep"]], roles["sep"]),
            (names[roles["cls"]], roles["cls"]),
        )
    tokenizer.add_special_tokens(list(dict.fromkeys([*found, unk])))
    return tokenizer
