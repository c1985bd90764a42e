"""Files: told apart by content, refused with one clear error."""

import base64
import json
import re

import pytest

from bridge.errors import TokenizerFileError
from bridge.tokenizers import files, load_tokenizer
from bridge.tokenizers.formats import identify
from bridge.vocabulary import TokenKind
from tests.factories import (
    HARD_TEXTS,
    bpe_tokenizer,
    byte_pair_parts,
    sentencepiece_proto,
    tiktoken_ranks,
    wordpiece_tokenizer,
    wordpiece_vocabulary,
)

RULE = "A tokenizer file must be complete and in a known format. Received: "


def whole(message):
    return f"^{re.escape(message)}$"


@pytest.fixture
def byte_pair_folder(tmp_path):
    vocabulary, merges = byte_pair_parts(("<|endoftext|>",))
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges), ""]
    (tmp_path / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_formats_are_told_by_content_and_not_by_name(tmp_path):
    path = tmp_path / "anything"
    ranks = base64.b64encode(b"abc") + b" 0\n" + base64.b64encode(b"d") + b" 1\n"
    contents = {
        "sentencepiece": sentencepiece_proto(),
        "tokenizer.json": wordpiece_tokenizer().to_str().encode(),
        "table": b'\xef\xbb\xbf {"a": 0}',
        "tiktoken": ranks,
        "tekken.json": b'{"config": {"pattern": "."}, "vocab": []}',
    }
    for form, content in contents.items():
        path.write_bytes(content)
        assert identify(path) == form
    text = tmp_path / "words.txt"
    text.write_bytes(b"{\n[UNK]\n##s\n")
    assert identify(text) == "vocab.txt"


def test_vocab_json_finds_its_merges(byte_pair_folder):
    reference = [bpe_tokenizer().encode(text).ids for text in HARD_TEXTS]
    vocab, merges = byte_pair_folder / "vocab.json", byte_pair_folder / "merges.txt"
    for tokenizer in (
        load_tokenizer(byte_pair_folder),
        load_tokenizer(str(vocab)),
        load_tokenizer(vocab, merges=merges),
    ):
        assert tokenizer.encode_batch(HARD_TEXTS).to_lists() == reference
    merges.unlink()
    assert load_tokenizer(vocab).engine == "none"


def test_added_tokens_beside_a_vocabulary(byte_pair_folder):
    before = load_tokenizer(byte_pair_folder)
    size, path = before.vocabulary.size, byte_pair_folder / "added_tokens.json"
    path.write_text("{}", "utf-8")
    assert load_tokenizer(byte_pair_folder).vocabulary.size == size
    added = {"new word": size + 2, "<|im_end|>": size}
    path.write_text(json.dumps(added), "utf-8")
    tokenizer = load_tokenizer(byte_pair_folder)
    assert tokenizer.vocabulary.size == size + 3
    the = before.encode_batch(["the", " the"]).to_lists()
    assert tokenizer.encode_batch(["the<|im_end|>new word the"]).to_lists() == [
        [*the[0], size, size + 2, *the[1]]
    ]
    kinds = tokenizer.vocabulary.kinds
    assert kinds[size] == TokenKind.SPECIAL
    assert kinds[size + 1] == TokenKind.UNUSED
    assert kinds[size + 2] == TokenKind.ADDED
    assert tokenizer.encode_batch(HARD_TEXTS) == before.encode_batch(HARD_TEXTS)


def test_added_tokens_of_another_vocabulary(byte_pair_folder):
    the = load_tokenizer(byte_pair_folder).vocabulary.id("the")
    path = byte_pair_folder / "added_tokens.json"
    path.write_text(json.dumps({"the": the + 1}), "utf-8")
    message = (
        "A tokenizer file must be complete and in a known format. Received: "
        f"{path}, which gives 'the' the id {the + 1} where the vocabulary beside it "
        f"has {the}. Use the two files of one tokenizer."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(byte_pair_folder)


def test_windows_line_ends_and_encoder_json(byte_pair_folder):
    before = load_tokenizer(byte_pair_folder).encode_batch(HARD_TEXTS)
    text = (byte_pair_folder / "merges.txt").read_text("utf-8")
    (byte_pair_folder / "vocab.bpe").write_bytes(text.replace("\n", "\r\n").encode())
    (byte_pair_folder / "merges.txt").unlink()
    (byte_pair_folder / "vocab.json").rename(byte_pair_folder / "encoder.json")
    assert load_tokenizer(byte_pair_folder).encode_batch(HARD_TEXTS) == before


def test_roles_come_from_the_files_beside(tmp_path):
    wordpiece_tokenizer().save(str(tmp_path / "tokenizer.json"))
    config = {"pad_token": {"content": "the"}, "bos_token": "[CLS]", "unk_token": "no"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    (tmp_path / "special_tokens_map.json").write_text('{"eos_token": "[SEP]"}', "utf-8")
    vocabulary = load_tokenizer(tmp_path).vocabulary
    assert vocabulary.roles["pad"] == vocabulary.id("the")
    assert vocabulary.roles["bos"] == 2
    assert vocabulary.roles["eos"] == 3
    assert vocabulary.roles["unk"] == 1  # the model's own: the stated one has no id
    named = load_tokenizer(tmp_path, roles={"pad": "[PAD]"}).vocabulary
    assert named.roles["pad"] == 0


def test_vocab_txt_is_bert_when_its_case_is_known(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(wordpiece_vocabulary()) + "\n", encoding="utf-8")
    bare = load_tokenizer(path)
    message = (
        f"A vocabulary alone cannot encode text. Received: 1 texts for "
        f"{bare.vocabulary!r}. A vocab.txt does not say whether its text is "
        "lower-cased: `load_tokenizer(path, lowercase=True)` or `lowercase=False`."
    )
    with pytest.raises(TypeError, match=whole(message)):
        bare.encode_batch(["a"])
    reference = wordpiece_tokenizer()
    reference.no_padding()
    reference.no_truncation()
    uncased = load_tokenizer(path, lowercase=True)
    for text, row in zip(HARD_TEXTS, uncased.encode_batch(HARD_TEXTS), strict=True):
        assert row.tolist() == reference.encode(text, add_special_tokens=False).ids
    assert uncased.normalize("CAF\u00c9") == "cafe"
    assert uncased.template.start == (2,)
    assert load_tokenizer(path, lowercase=False).normalize("CAF\u00c9") == "CAF\u00c9"
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": true}', "utf-8")
    assert load_tokenizer(tmp_path).normalize("CAF\u00c9") == "cafe"


def test_vocab_txt_without_unk_says_how_to_name_one(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("oov\na\n##b\n", encoding="utf-8")
    message = (
        "WordPiece needs a token for words that it cannot split. Received: 3 tokens, "
        "none of which is '[UNK]'. Name it: `roles={\"unk\": token}`."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load_tokenizer(path, lowercase=True)
    named = load_tokenizer(path, lowercase=True, roles={"unk": "oov"})
    assert named.encode_batch(["ab zz"]).to_lists() == [[1, 2, 0]]


def test_vocab_txt_may_be_words(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[UNK]\nthe\ncat\n", encoding="utf-8")
    words = load_tokenizer(path, split="whitespace")
    assert words.encode_batch(["the dog"]).to_lists() == [[1, 0]]


def test_a_vocabulary_keeps_lines_that_look_like_breaks(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[UNK]\n\u2028\n\u0085\n a \n\n", encoding="utf-8")
    tokens = load_tokenizer(path).vocabulary.tokens
    assert tokens == ("[UNK]", "\u2028", "\u0085", " a ", "")


def test_ranks_need_their_expression(tmp_path):
    path = tmp_path / "own.tiktoken"
    path.write_bytes(
        b"".join(
            base64.b64encode(token) + f" {rank}\n".encode()
            for token, rank in tiktoken_ranks().items()
        )
    )
    tokenizer = load_tokenizer(path)
    assert tokenizer.vocabulary.tokens[258] == b" the"
    with pytest.raises(TypeError, match=re.escape("`load_tokenizer(path, split=pat")):
        tokenizer.encode_batch(["a"])
    with pytest.raises(TokenizerFileError, match="which tiktoken refuses"):
        load_tokenizer(path, split="(")
    with pytest.raises(TokenizerFileError, match="Pass it as a string"):
        load_tokenizer(path, split=str.split)


@pytest.mark.parametrize(
    ("name", "content", "received"),
    [
        ("t.json", b"", "which is empty. Download it again."),
        (
            "t.json",
            b'{"a": ',
            "which is no valid JSON (Expecting value: line 1 column 7 (char 6)). It "
            "may be truncated: download it again.",
        ),
        (
            "t.json",
            b'{"a": "b"}',
            "whose JSON is of no tokenizer format. Known are tokenizer.json, "
            "vocab.json and tekken.json.",
        ),
        (
            "t.json",
            b'{"class_name": "BertTokenizer", "config": {}}',
            "which is the configuration of a Keras object. Pass "
            "`keras_hub.tokenizers.Tokenizer.from_preset(folder)`.",
        ),
        (
            "t.json",
            b'{"model": {"type": "BPE", "vocab": {}}}',
            "which the tokenizers library cannot read (Missing vocab/merges at line 1 "
            "column 39). It may be truncated, or written by a newer version: download "
            "it again, or update tokenizers.",
        ),
        (
            "merges.txt",
            b"#version: 0.2\na b\n",
            "which holds the merges of a byte-pair tokenizer. Pass its vocab.json, "
            "with `merges=` naming this file.",
        ),
        (
            "vocab.txt",
            b"abc\xff",
            "which is no UTF-8 text (byte 3). Convert it to UTF-8, or name another "
            "file.",
        ),
        (
            "vocab.txt",
            b"the\ncat\nthe\ncat\n",
            "of whose 4 lines only 2 differ. A vocab.txt has one token a line.",
        ),
        (
            "r.tiktoken",
            b"QQ== 0\nQg==",
            "whose line 2 is 'Qg=='. A .tiktoken file has base64 and a rank on every "
            "line; it may be truncated: download it again.",
        ),
        (
            "notes.md",
            b"# Notes",
            "which begins with b'# Notes'. Known are tokenizer.json, vocab.json, "
            ".model, .tiktoken, tekken.json and vocab.txt.",
        ),
    ],
)
def test_a_damaged_file_gives_one_clear_error(tmp_path, name, content, received):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TokenizerFileError, match=whole(f"{RULE}{path}, {received}")):
        load_tokenizer(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_model_is_refused(tmp_path, share):
    proto = sentencepiece_proto()
    path = tmp_path / "m.model"
    path.write_bytes(proto[: int(len(proto) * share)])
    with pytest.raises(TokenizerFileError, match="A tokenizer file must be complete"):
        load_tokenizer(path)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0", b"\x80\x04\x95pickle", b"\0" * 9]
)
def test_other_binary_files_are_refused(tmp_path, content):
    path = tmp_path / "thing.bin"
    path.write_bytes(content)
    with pytest.raises(TokenizerFileError, match="which sentencepiece cannot read"):
        load_tokenizer(path)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "weights.json"
    path.write_bytes(b"{" * 100)
    monkeypatch.setattr(files, "SIZE_LIMIT", 99)
    message = (
        f"{RULE}{path}, which has 100 bytes, more than 99. Name the tokenizer's file, "
        "not the weights."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(path)


def test_deep_json_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"a":' * 100_000, encoding="utf-8")
    with pytest.raises(TokenizerFileError, match="which is no valid JSON"):
        load_tokenizer(path)


def test_a_line_that_is_no_merge_is_refused(byte_pair_folder):
    path = byte_pair_folder / "merges.txt"
    path.write_text("#version: 0.2\nt h\na b c\n", encoding="utf-8")
    message = (
        f"{RULE}{path}, whose line 2 after the header is 'a b c'. A merges file has "
        "two tokens a line with one space between."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(byte_pair_folder)


def test_an_empty_folder_says_what_it_needs(tmp_path):
    message = (
        f"A tokenizer's folder must hold its files. Received: {tmp_path}, which holds "
        "nothing. It needs one of: tokenizer.json, vocab.json, encoder.json, "
        "merges.txt, vocab.bpe, vocab.txt, tokenizer_config.json, "
        "special_tokens_map.json, *.model, *.tiktoken, tekken.json."
    )
    with pytest.raises(TokenizerFileError, match=whole(message)):
        load_tokenizer(tmp_path)


def test_a_keras_hub_preset_is_told_by_content(tmp_path):
    config = {"module": "keras_hub", "class_name": "BertTokenizer", "config": {}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(TokenizerFileError, match="This is a KerasHub preset: pass"):
        load_tokenizer(tmp_path)


def test_a_damaged_tekken_file_is_refused(tmp_path):
    path = tmp_path / "tekken.json"
    config = {
        "pattern": ".",
        "default_num_special_tokens": 1,
        "default_vocab_size": 10**12,
    }
    path.write_text(json.dumps({"config": config, "vocab": []}), encoding="utf-8")
    with pytest.raises(TokenizerFileError, match="says that it is no Tekken file"):
        load_tokenizer(path)
    del config["default_vocab_size"]
    path.write_text(json.dumps({"config": config, "vocab": []}), encoding="utf-8")
    with pytest.raises(TokenizerFileError, match="whose KeyError says"):
        load_tokenizer(path)
