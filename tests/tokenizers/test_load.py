"""`load_tokenizer`: what it takes, what it refuses, and with which words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import (
    MissingDependencyError,
    SavedFormatError,
    TokenizerFileError,
    UnsupportedTokenizerError,
    VocabularyError,
)
from bridge.ragged import Ragged
from bridge.tokenizers import HuggingFaceTokenizer, Tokenizer, load_tokenizer
from bridge.tokenizers.load import ACCEPTED
from bridge.vocabulary import Vocabulary
from tests.factories import (
    GPT2_PATTERN,
    HARD_TEXTS,
    LETTERS,
    ROBERTA_SPECIALS,
    bpe_tokenizer,
    byte_pair_parts,
    letters_to_ids,
    transformers_slow,
    wordpiece_tokenizer,
    wordpiece_vocabulary,
)


def whole(message):
    return f"^{re.escape(message)}$"


def test_a_loaded_tokenizer_is_returned_as_it_is():
    tokenizer = load_tokenizer({"a": 0, "b": 1})
    assert load_tokenizer(tokenizer) is tokenizer
    marked = load_tokenizer(tokenizer, roles={"pad": "b"})
    assert marked is not tokenizer
    assert marked.vocabulary.roles == {"pad": 1}
    assert tokenizer.vocabulary.roles == {}


def test_a_vocabulary_is_a_vocabulary_only():
    vocabulary = Vocabulary.from_tokens({"a": 0, "b": 3}, roles={"unk": 0})
    tokenizer = load_tokenizer(vocabulary)
    assert tokenizer.vocabulary is vocabulary
    message = (
        f"A vocabulary alone cannot encode text. Received: 1 texts for {vocabulary!r}. "
        'Name how text is split: `load_tokenizer(..., split="whitespace")`.'
    )
    with pytest.raises(UnsupportedTokenizerError, match=whole(message)):
        tokenizer.encode_batch(["a"])
    words = load_tokenizer(vocabulary, split="whitespace", roles={"pad": 3})
    assert words.encode_batch(["b a c"]).to_lists() == [[3, 0, 0]]
    assert words.vocabulary.roles == {"unk": 0, "pad": 3}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            object(),
            "A tokenizer must be of a known kind. Received: an object of type "
            f"builtins.object. Pass {ACCEPTED}.",
        ),
        (
            dict,
            "A tokenizer must be an object, not its class. Received: the class "
            f"builtins.dict. Build one first. Accepted are {ACCEPTED}.",
        ),
        (
            len,
            "A tokenizer must be of a known kind. Received: an object of type "
            "builtins.builtin_function_or_method. A function needs `vocabulary=`, a "
            f"dict of token to id. Pass {ACCEPTED}.",
        ),
    ],
)
def test_anything_else_is_refused(value, message):
    with pytest.raises(UnsupportedTokenizerError, match=whole(message)):
        load_tokenizer(value)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (
            {"a": 0},
            {"lowercase": True},
            "An argument of `load_tokenizer` must fit the tokenizer. Received: "
            "`lowercase=` with a dict of token to id, which takes only: split, merges, "
            "roles. Leave `lowercase=` out.",
        ),
        (
            letters_to_ids,
            {"vocabulary": LETTERS, "split": "characters"},
            "An argument of `load_tokenizer` must fit the tokenizer. Received: "
            "`split=` with a function, which takes only: vocabulary, roles. Leave "
            "`split=` out.",
        ),
        (
            {"a": 0},
            {"engine": "fast"},
            "`engine` must be one of 'auto', 'reference', 'gigatoken', 'nanotoken', "
            "'words'. Received: 'fast'. Leave it out for the fastest that gives the "
            "same ids.",
        ),
        (
            {"a": 0},
            {"split": "("},
            '`split` must be "whitespace", "characters", a regular expression or a '
            "function. Received: '(' (missing ), unterminated subpattern at position "
            "0). Mend the expression.",
        ),
        (
            {"a": 0},
            {"merges": ["a b"], "split": str.split},
            "`split` beside `merges` must be a regular expression. Received: a "
            "function. Leave it out for the one that the vocabulary shows.",
        ),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(source, options, message):
    with pytest.raises(ValueError, match=whole(message)):
        load_tokenizer(source, **options)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {0: "a"},
            "A token must be a str or bytes. Received: 0 (int). Pass `{token: id}`.",
        ),
        (
            {"a": "x"},
            "A vocabulary maps tokens to integer ids. Received: 'a' -> 'x'. Use "
            "`{token: id}`.",
        ),
        (
            {"a": -1},
            "Token ids count from 0; a negative id would read the table from its end. "
            "Received: 'a' -> -1. Give it a free id.",
        ),
        (
            {"a": 0, "b": 0},
            "Every id must occur once. Received: 1 doubled, such as 0 (one of them "
            "'b'). Keep one entry for each.",
        ),
    ],
)
def test_a_dict_that_is_no_vocabulary_is_refused(table, message):
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer(table)


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        (
            ["a b"],
            "Every merge must join tokens of the vocabulary. Received: 'a' + 'b', "
            "where 'b' is missing. Pass the vocabulary and the merges of one "
            "tokenizer.",
        ),
        (
            ["ab"],
            "Every merge must be a pair of tokens. Received: 'ab'. Pass `('a', 'b')` "
            "or `'a b'`.",
        ),
        (
            [("a", 1)],
            "Every merge must be a pair of tokens. Received: ('a', 1). Pass "
            "`('a', 'b')` or `'a b'`.",
        ),
    ],
)
def test_merges_that_do_not_fit_are_refused(merges, message):
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer({"a": 0, "c": 1}, merges=merges)


def test_merges_need_a_byte_level_vocabulary():
    message = (
        "A vocabulary with merges must be byte-level BPE, as GPT-2's. Received: 2 "
        "tokens written in the 'end_of_word' way. Pass the tokenizer's "
        "tokenizer.json, which says how it splits text."
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer({"a": 0, "ab</w>": 1}, merges=[])


def test_a_token_with_a_lone_surrogate_is_refused():
    message = (
        "A token must be valid Unicode. Received: '\\ud800', which holds a lone "
        "surrogate. Mend the file it comes from."
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer({"a": 0, "\ud800": 1}, merges=[])


def test_vocabulary_and_merges_equal_the_library():
    vocabulary, merges = byte_pair_parts(("<|endoftext|>",))
    built = load_tokenizer(vocabulary, merges=merges)
    assert isinstance(built, HuggingFaceTokenizer)
    reference = bpe_tokenizer()
    for text, row in zip(HARD_TEXTS, built.encode_batch(HARD_TEXTS), strict=True):
        assert row.tolist() == reference.encode(text).ids
    assert built.vocabulary.roles == {"bos": 0, "eos": 0, "unk": 0}
    # With GPT-2's expression written out it is the same tokenizer.
    spelled = load_tokenizer(vocabulary, merges=merges, split=GPT2_PATTERN)
    assert spelled.encode_batch(HARD_TEXTS) == built.encode_batch(HARD_TEXTS)
    note = spelled.without_engine().engine_note
    assert note == "built as byte-level BPE with the given split"


def test_robertas_special_tokens_bring_its_template():
    vocabulary, merges = byte_pair_parts(tuple(ROBERTA_SPECIALS))
    tokenizer = load_tokenizer(vocabulary, merges=merges)
    assert tokenizer.template.start == (0,)
    assert tokenizer.template.separator == (2, 2)
    assert tokenizer.template.end == (2,)
    roles = {"bos": 0, "cls": 0, "pad": 1, "eos": 2, "sep": 2, "unk": 3, "mask": 4}
    assert tokenizer.vocabulary.roles == roles
    # The mask takes the space before it.
    (row,) = tokenizer.encode_batch(["a <mask>"])
    assert row.tolist() == [vocabulary["a"], 4]


def test_a_dict_guesses_roles_and_takes_others():
    table = {"[PAD]": 0, "[UNK]": 1, "<s>": 2, "word": 3}
    assert load_tokenizer(table).vocabulary.roles == {"pad": 0, "unk": 1, "bos": 2}
    named = load_tokenizer(table, roles={"unk": "word"})
    assert named.vocabulary.roles == {"pad": 0, "unk": 3, "bos": 2}


def test_a_role_that_names_no_token_is_refused():
    message = (
        "A role must name a token of the vocabulary. Received: 'pad' -> 'zzz', which "
        "is not among its 1 tokens. Add the token or name another."
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer({"a": 0}, roles={"pad": "zzz"})


def test_vocabulary_of_a_function_may_be_anything_that_has_one(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(LETTERS), encoding="utf-8")
    sources = (LETTERS, Vocabulary.from_tokens(LETTERS), path, load_tokenizer(LETTERS))
    for source in sources:
        tokenizer = load_tokenizer(letters_to_ids, vocabulary=source)
        assert tokenizer.encode_batch(["ab"]).to_lists() == [[1, 2]]
        assert tokenizer.vocabulary.size == 27


def test_a_user_class_of_a_library_is_told_by_its_base():
    class Own(dict):
        pass

    assert load_tokenizer(Own(a=0)).vocabulary.size == 1


def test_saving_replaces_only_its_own_folder(tmp_path):
    tokenizer = load_tokenizer({"a": 0}, split="characters")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    message = (
        "A save replaces an empty folder or an older save. Received: "
        f"{tmp_path}, which holds other files and no bridge_tokenizer.json. Name "
        "another folder."
    )
    with pytest.raises(SavedFormatError, match=whole(message)):
        tokenizer.save(tmp_path)
    message = (
        f"A save is a folder. Received: {tmp_path / 'notes.txt'}, which is a file. "
        "Name another place."
    )
    with pytest.raises(SavedFormatError, match=whole(message)):
        tokenizer.save(tmp_path / "notes.txt")
    tokenizer.save(tmp_path / "saved")
    load_tokenizer({"b": 0}, split="characters").save(tmp_path / "saved")
    assert load_tokenizer(tmp_path / "saved").vocabulary.tokens == ("b",)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("target", [".", ".."])
def test_the_working_directory_is_not_replaced(tmp_path, monkeypatch, target):
    folder = tmp_path / "saved" / "within"
    tokenizer = load_tokenizer({"a": 0}, split="characters")
    tokenizer.save(folder)
    tokenizer.save(folder.parent / "other")
    monkeypatch.chdir(folder)
    message = (
        "A save replaces a whole folder, which cannot be the one you are in. "
        f"Received: {target}. Name another folder."
    )
    with pytest.raises(SavedFormatError, match=whole(message)):
        tokenizer.save(target)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_the_older_save_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path, monkeypatch, error
):
    folder = tmp_path / "saved"
    load_tokenizer({"a": 0}, split="characters").save(folder)
    rename = Path.rename

    def failing(path, target):
        if path.name == "new":
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(type(error)) as raised:
        load_tokenizer({"b": 0}, split="characters").save(folder)
    assert raised.value is error
    assert load_tokenizer(folder).vocabulary.tokens == ("a",)
    assert [*tmp_path.iterdir()] == [folder]


@pytest.fixture
def saved(tmp_path):
    folder = tmp_path / "saved"
    load_tokenizer({"a": 0}, split="characters").save(folder)
    manifest = json.loads((folder / "bridge_tokenizer.json").read_text("utf-8"))

    def change(**changes):
        text = json.dumps({**manifest, **changes})
        (folder / "bridge_tokenizer.json").write_text(text, encoding="utf-8")
        return folder

    return change


def test_a_save_of_another_version_is_refused(saved):
    folder = saved(format_version=99)
    message = (
        f"A saved tokenizer must have format version 1. Received: 99 in {folder}. Save "
        "it again with this version of bridge."
    )
    with pytest.raises(SavedFormatError, match=whole(message)):
        load_tokenizer(folder)


def test_a_save_of_an_unknown_kind_is_refused(saved):
    folder = saved(kind="os")
    message = (
        "A saved tokenizer must name its kind and its roles. Received: kind 'os' in "
        f"{folder}. Save it again."
    )
    with pytest.raises(SavedFormatError, match=whole(message)):
        load_tokenizer(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": {"unk": 7}},
        {"roles": {"unk": "../../secret"}},
        {"kind": "tiktoken"},
        {"kind": "huggingface"},
        {"kind": "sentencepiece"},
        {"split": "("},
        {"special": [99]},
        {"special": None},
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(saved, changes):
    with pytest.raises((SavedFormatError, TokenizerFileError), match="Received: "):
        load_tokenizer(saved(**changes))


def test_a_damaged_vocabulary_file_is_refused(saved):
    folder = saved()
    for content in ("", "{", "[]", '{"tokens": ["a"], "kinds": [], "roles": {}}'):
        (folder / "bridge_vocabulary.json").write_text(content, encoding="utf-8")
        with pytest.raises(TokenizerFileError, match="A tokenizer file must be"):
            load_tokenizer(folder)


@pytest.mark.parametrize("name", ["owner/name", "just-a-name", "Qwen/Qwen2.5-0.5B"])
def test_a_hub_id_that_cannot_be_fetched_says_what_to_do(name, monkeypatch, tmp_path):
    import huggingface_hub

    def offline(*_, **__):
        raise ConnectionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    message = (
        "A tokenizer must be a path that exists or a Hub id that can be fetched. "
        f"Received: {name!r}, which is no path here and could not be fetched "
        "(ConnectionError). Download tokenizer.json and tokenizer_config.json from "
        f"https://huggingface.co/{name} into a folder and pass that folder."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(name)


def test_a_hub_id_is_loaded_from_where_it_was_fetched(monkeypatch, tmp_path):
    import huggingface_hub

    tokenizer = wordpiece_tokenizer()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda *_, **__: str(tmp_path)
    )
    loaded = load_tokenizer("owner/name")
    assert loaded.vocabulary.size == len(wordpiece_vocabulary())


@pytest.mark.parametrize("name", ["missing.json", "a/b/c", "x" * 5000, "a\0b"])
def test_a_path_that_does_not_exist_is_refused(name):
    message = (
        f"A tokenizer's path must exist. Received: {name!r:.200}, where there is "
        "neither a file nor a folder. Check the spelling and the working directory."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(name)


def test_loading_imports_no_library_but_the_one_it_needs():
    code = (
        "import sys, bridge.tokenizers as t\n"
        "t.load_tokenizer({'a': 0}, split='whitespace').encode_batch(['a'])\n"
        "heavy = {'keras', 'tensorflow', 'transformers', 'tokenizers', 'tiktoken',"
        " 'sentencepiece', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_protocol_can_be_implemented_elsewhere():
    class Reverse(Tokenizer):
        kind = "reverse"
        engine = "python"

        def __init__(self):
            self.vocabulary = Vocabulary.from_tokens({"a": 0, "b": 1})

        def _encode(self, texts):
            return Ragged.from_lists([["ab".index(c) for c in t[::-1]] for t in texts])

        def _decode(self, ids):
            return ["".join("ab"[i] for i in row)[::-1] for row in ids]

        def _save_files(self, folder):  # noqa: ARG002
            return {}

        @classmethod
        def _load(cls, folder, manifest):  # noqa: ARG003
            return cls()

    tokenizer = load_tokenizer(Reverse())
    assert tokenizer.encode_batch(["aab"]).to_lists() == [[1, 0, 0]]
    assert tokenizer.normalize("x") == "x"
    assert "Reverse(engine='python', vocabulary=" in repr(tokenizer)


@pytest.mark.parametrize(
    ("library", "extra", "source"),
    [("tiktoken", "tiktoken", "ranks"), ("transformers", "transformers", "saved")],
)
def test_a_library_that_is_missing_is_named(
    library, extra, source, tmp_path, monkeypatch
):
    path = tmp_path / "r.tiktoken"
    path.write_text("QQ== 0\n", encoding="utf-8")
    if source == "saved":
        path = tmp_path / "saved"
        load_tokenizer(transformers_slow()).save(path)
    monkeypatch.setitem(sys.modules, library, None)
    options = {"split": "."} if source == "ranks" else {}
    remedy = f"Run `pip install 'tokenizer-bridge[{extra}]'`."
    with pytest.raises(MissingDependencyError, match=re.escape(remedy)):
        load_tokenizer(path, **options)


def test_another_object_of_a_known_library_is_refused():
    import sentencepiece
    import tokenizers
    import transformers

    for value in (
        tokenizers.AddedToken("x"),
        sentencepiece.SentencePieceNormalizer(rule_name="nfkc"),
        transformers.BertConfig(),
    ):
        with pytest.raises(UnsupportedTokenizerError, match="must be of a known kind"):
            load_tokenizer(value)


def test_a_vocabulary_only_decodes_and_is_saved(tmp_path):
    tokenizer = load_tokenizer({"play": 0, "##ing": 1, "now": 4})
    ids = Ragged.from_lists([[0, 1, 4], []])
    assert tokenizer.decode_batch(ids) == ["playing now", ""]
    tokenizer.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.vocabulary == tokenizer.vocabulary
    with pytest.raises(UnsupportedTokenizerError, match="Name how text is split"):
        loaded.encode_batch(["a"])


def test_damaged_files_of_a_slow_tokenizer_are_refused(tmp_path):
    load_tokenizer(transformers_slow()).save(tmp_path / "saved")
    for path in (tmp_path / "saved" / "transformers").iterdir():
        path.write_text("{", encoding="utf-8")
    with pytest.raises(TokenizerFileError, match="ByT5Tokenizer cannot load"):
        load_tokenizer(tmp_path / "saved")
