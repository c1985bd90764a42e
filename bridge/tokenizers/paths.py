"""Tokenizers from folders, files and the Hugging Face Hub."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge.errors import TokenizerFileError
from bridge.spec import ROLES
from bridge.tokenizers.base import MANIFEST, Tokenizer
from bridge.tokenizers.build import build_wordpiece
from bridge.tokenizers.files import (
    file_error,
    read_json,
    read_ranks,
    read_tokenizer_json,
    read_vocab_txt,
)
from bridge.tokenizers.formats import (
    ADDED_TOKENS,
    CONFIG_NAMES,
    FILE_NAMES,
    MERGES_NAMES,
    TOKENIZER_FILE,
    VOCAB_TXT,
    VOCABULARY_NAMES,
    identify,
    is_huggingface,
    is_keras_hub,
    read_token_table,
)
from bridge.tokenizers.hub import download, is_hub_id
from bridge.tokenizers.huggingface import HuggingFaceTokenizer
from bridge.tokenizers.options import Options
from bridge.tokenizers.plain import VocabularyOnly, WordTokenizer, table_vocabulary
from bridge.tokenizers.saved import load_saved
from bridge.vocabulary import Convention, Vocabulary


def load_path(name: str | os.PathLike[str], options: Options) -> Tokenizer:
    """Load what a path or a Hub id names.

    Args:
        name: A folder, a file, or a Hub id.
        options: The other arguments of `load_tokenizer`.

    Returns:
        The tokenizer.

    Raises:
        TokenizerFileError: If there is nothing, or nothing readable.
    """
    path = Path(name).expanduser()
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError:  # such as a name that is too long for any file
        is_folder = is_there = False
    if is_folder:
        return _load_folder(path, options)
    if is_there:
        return _load_file(path, options)
    text = os.fspath(name)
    if is_hub_id(text):
        return _load_folder(download(text), options)
    raise TokenizerFileError(
        "A tokenizer's path must exist. Received: "
        f"{text!r:.200}, where there is neither a file nor a folder. Check the "
        "spelling and the working directory."
    )


def _load_folder(folder: Path, options: Options) -> Tokenizer:
    if (folder / MANIFEST).is_file():
        options.allow(source="a saved tokenizer")
        saved = load_saved(folder)
        return saved if options.roles is None else saved.with_roles(options.roles)
    for path in _candidates(folder):
        # KerasHub presets have a tokenizer.json too, which holds a class and options.
        if path.name == TOKENIZER_FILE and not is_huggingface(read_json(path)):
            continue
        return _load_file(path, options)
    found = sorted(path.name for path in folder.iterdir())
    remedy = f"It needs one of: {', '.join(FILE_NAMES)}."
    if TOKENIZER_FILE in found and is_keras_hub(read_json(folder / TOKENIZER_FILE)):
        remedy = (
            "This is a KerasHub preset: pass "
            "`keras_hub.tokenizers.Tokenizer.from_preset(folder)`."
        )
    raise TokenizerFileError(
        f"A tokenizer's folder must hold its files. Received: {folder}, which holds "
        f"{', '.join(found[:8]) or 'nothing'}. {remedy}"
    )


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files that may hold the tokenizer, the most complete first."""
    names = (TOKENIZER_FILE, *VOCABULARY_NAMES, "tekken.json")
    patterns = ("*.model", "*.model.v*", "*.tiktoken", VOCAB_TXT)
    for pattern in (*names, *patterns):
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())


def _load_file(path: Path, options: Options) -> Tokenizer:
    source = f"the file {path.name}"
    form = identify(path)
    if form == "tokenizer.json":
        options.allow(source=source)
        engine = read_tokenizer_json(path)
        stated = _stated_roles(path.parent, engine.get_vocab())
        return HuggingFaceTokenizer(engine, roles={**stated, **(options.roles or {})})
    if form == "table":
        return _load_table(path, options, source)
    if form == "sentencepiece":
        from bridge.tokenizers.load import renumber
        from bridge.tokenizers.sentencepiece import SentencePieceTokenizer

        options.allow("vocabulary", source=source)
        if options.vocabulary is None:
            return SentencePieceTokenizer.from_file(path, roles=options.roles)
        return renumber(SentencePieceTokenizer.from_file(path), options)
    if form == "vocab.txt":
        return _load_vocab_txt(path, options, source)
    from bridge.tokenizers.tiktoken import TiktokenTokenizer, read_tekken

    if form == "tekken.json":
        options.allow(source=source)
        return TiktokenTokenizer(read_tekken(path), roles=options.roles)
    options.allow("split", source=source)
    return _load_ranks(path, options)


def _load_table(path: Path, options: Options, source: str) -> Tokenizer:
    from bridge.tokenizers.load import from_dict

    tokens = read_token_table(path)
    added = _added_tokens(path.parent, tokens)
    tokens |= added
    if options.merges is None and options.split is None:
        for name in MERGES_NAMES:
            if (path.parent / name).is_file():
                options = replace(options, merges=path.parent / name)
                break
    if options.roles is None:
        stated = _stated_roles(path.parent, tokens)
        options = replace(options, roles=stated or None)
    return from_dict(tokens, options, source=source, added=added)


def _added_tokens(folder: Path, tokens: Mapping[str, int]) -> dict[str, int]:
    """Read the tokens that transformers keeps beside a vocabulary it did not train."""
    path = folder / ADDED_TOKENS
    if not path.is_file():
        return {}
    if read_json(path) == {}:  # as transformers writes where there is none
        return {}
    table = read_token_table(path)
    for token, token_id in table.items():
        if tokens.get(token, token_id) != token_id:
            raise file_error(
                path,
                f"which gives {token!r} the id {token_id} where the vocabulary beside "
                f"it has {tokens[token]}",
                "Use the two files of one tokenizer.",
            )
    return table


def _load_vocab_txt(path: Path, options: Options, source: str) -> Tokenizer:
    options.allow("lowercase", "split", source=source)
    tokens = read_vocab_txt(path)
    config = _config(path.parent)
    roles = {**_stated_roles(path.parent, tokens), **(options.roles or {})}
    lowercase = options.lowercase
    if lowercase is None and isinstance(config.get("do_lower_case"), bool):
        lowercase = config["do_lower_case"]
    vocabulary = table_vocabulary(tokens, roles)
    if options.split is not None:
        return WordTokenizer(vocabulary, split=options.split)
    if lowercase is None:
        return VocabularyOnly(
            vocabulary,
            remedy="A vocab.txt does not say whether its text is lower-cased: "
            "`load_tokenizer(path, lowercase=True)` or `lowercase=False`.",
        )
    unk = vocabulary.roles.get("unk")
    spellings = {i: token for token, i in tokens.items()}
    engine = build_wordpiece(
        tokens,
        lowercase=lowercase,
        strip_accents=config.get("strip_accents"),
        split_on_cjk=config.get("tokenize_chinese_chars", True) is not False,
        unk=None if unk is None else spellings[unk],
    )
    return HuggingFaceTokenizer(engine, roles=roles)


def _load_ranks(path: Path, options: Options) -> Tokenizer:
    from bridge.tokenizers.tiktoken import TiktokenTokenizer, build_encoding

    ranks = read_ranks(path)
    if options.split is None:
        vocabulary = Vocabulary.from_tokens(
            ranks,  # type: ignore[arg-type]
            roles=options.roles,
            convention=Convention.BYTES,
        )
        return VocabularyOnly(
            vocabulary,
            remedy="A .tiktoken file does not say how text is split: "
            "`load_tokenizer(path, split=pattern)` with its regular expression.",
        )
    encoding = build_encoding(path.stem, ranks, pattern=options.split, specials={})
    return TiktokenTokenizer(encoding, roles=options.roles)


def _config(folder: Path) -> dict[str, Any]:
    """Merge the settings that transformers keeps beside a tokenizer."""
    merged: dict[str, Any] = {}
    for name in CONFIG_NAMES:
        if (folder / name).is_file():
            value = read_json(folder / name)
            merged |= value if isinstance(value, Mapping) else {}
    return merged


def _stated_roles(folder: Path, tokens: Mapping[str, int]) -> dict[str, int]:
    config = _config(folder)
    roles: dict[str, int] = {}
    for role in ROLES:
        token = config.get(f"{role}_token")
        token = token.get("content") if isinstance(token, Mapping) else token
        # A stated token that has no id would only be added by transformers itself.
        if isinstance(token, str) and token in tokens:
            roles[role] = tokens[token]
    return roles
