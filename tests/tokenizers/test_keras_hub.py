"""KerasHub tokenizers: driven as they are, and rebuilt as checkpoints had them."""

import re
import sys

import pytest

from bridge.errors import (
    MissingDependencyError,
    MissingVocabularyError,
    SavedFormatError,
    TokenizerFileError,
    UnsupportedTokenizerError,
)
from bridge.ragged import Ragged
from bridge.tokenizers import HuggingFaceTokenizer, load_tokenizer
from bridge.tokenizers.keras_hub import KerasHubTokenizer
from bridge.tokenizers.reference import rebuild_reference
from bridge.tokenizers.sentencepiece import SentencePieceTokenizer
from bridge.vocabulary import Convention, TokenKind
from tests.factories import (
    HARD_TEXTS,
    ROBERTA_SPECIALS,
    albert_proto,
    bpe_tokenizer,
    byte_fallback_proto,
    byte_pair_parts,
    keras_albert,
    keras_bert,
    keras_byte_pair,
    keras_gpt2,
    keras_roberta,
    keras_xlm_roberta,
    sentencepiece_proto,
    wordpiece_tokenizer,
)

pytestmark = pytest.mark.keras


def whole(message):
    return f"^{re.escape(message)}$"


@pytest.mark.parametrize(
    "build", [keras_bert, keras_gpt2, keras_roberta, keras_albert, keras_xlm_roberta]
)
def test_ids_and_tokens_are_those_of_the_object(build):
    source = build()
    wrapped = load_tokenizer(source)
    assert isinstance(wrapped, KerasHubTokenizer)
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == source.tokenize(HARD_TEXTS)
    for token_id, token in enumerate(wrapped.vocabulary.tokens):
        assert source.id_to_token(token_id) == token


@pytest.mark.parametrize(
    ("build", "roles"),
    [
        (keras_bert, {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}),
        # `pad_token_id` is 0 there, and 0 is "!".
        (keras_gpt2, {"bos": 1, "eos": 1, "unk": 1}),
        (
            keras_roberta,
            {"bos": 0, "cls": 0, "pad": 1, "eos": 2, "sep": 2, "unk": 3, "mask": 4},
        ),
        (keras_albert, {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}),
        (
            keras_xlm_roberta,
            {"bos": 0, "cls": 0, "pad": 1, "eos": 2, "sep": 2, "unk": 3, "mask": 151},
        ),
    ],
)
def test_roles(build, roles):
    vocabulary = load_tokenizer(build()).vocabulary
    assert vocabulary.roles == roles
    assert all(vocabulary.kinds[i] == TokenKind.SPECIAL for i in set(roles.values()))
    reference = rebuild_reference(build())
    assert reference.vocabulary == vocabulary


def test_named_roles_win():
    wrapped = load_tokenizer(keras_gpt2(), roles={"pad": "!"})
    assert wrapped.vocabulary.roles == {"bos": 1, "eos": 1, "unk": 1, "pad": 0}


@pytest.mark.parametrize(
    ("build", "convention"),
    [
        (keras_bert, Convention.WORDPIECE),
        (keras_gpt2, Convention.BYTE_LEVEL),
        (keras_albert, Convention.METASPACE),
        (keras_xlm_roberta, Convention.METASPACE),
    ],
)
def test_conventions(build, convention):
    assert load_tokenizer(build()).vocabulary.convention == convention


def test_a_sparse_vocabulary_keeps_its_holes():
    import keras_hub

    table = {"a": 0, "b": 5, "ab": 9, "<|endoftext|>": 3}
    source = keras_hub.models.GPT2Tokenizer(vocabulary=table, merges=["a b"])
    wrapped = load_tokenizer(source)
    assert source.vocabulary_size() == 4
    assert wrapped.vocabulary.size == 10
    assert wrapped.encode_batch(["ab"]).to_lists() == [[9]]
    assert wrapped.decode_batch(Ragged.from_lists([[9, 3]])) == ["ab<|endoftext|>"]


@pytest.mark.parametrize("build", [keras_bert, keras_gpt2, keras_albert])
def test_an_object_that_pads_is_not_changed_and_does_not_pad_here(build):
    source = build(sequence_length=4)
    wrapped = load_tokenizer(source)
    plain = load_tokenizer(build())
    assert wrapped.encode_batch(HARD_TEXTS) == plain.encode_batch(HARD_TEXTS)
    assert source.sequence_length == 4
    assert len(source("the fox")) == 4


def test_an_object_that_adds_marks_or_gives_strings_gives_bare_ids_here():
    plain = load_tokenizer(keras_albert()).encode_batch(HARD_TEXTS)
    marked = load_tokenizer(keras_albert(add_bos=True, add_eos=True))
    assert marked.encode_batch(HARD_TEXTS) == plain
    strings = load_tokenizer(keras_bert(dtype="string"))
    bert = load_tokenizer(keras_bert())
    assert strings.encode_batch(HARD_TEXTS) == bert.encode_batch(HARD_TEXTS)


def test_the_graph_path_gives_the_same_kind_of_rows():
    source = keras_bert(_allow_python_workflow=False)
    rows = load_tokenizer(source).encode_batch(["the fox", "a dog sleeps"]).to_lists()
    assert rows == keras_bert().tokenize(["the fox", "a dog sleeps"])


def test_byte_pieces_come_from_the_model():
    import keras_hub

    source = keras_hub.models.MistralTokenizer(proto=byte_fallback_proto())
    vocabulary = load_tokenizer(source).vocabulary
    assert sum(vocabulary.kinds == TokenKind.BYTE) == 256
    # `pad_token_id` is hard-coded to 0, which is unk.
    assert vocabulary.roles == {"unk": 0, "bos": 1, "eos": 2}


def test_a_tokenizer_without_a_vocabulary_is_refused():
    import keras_hub

    source = keras_hub.models.BertTokenizer()
    with pytest.raises(MissingVocabularyError, match="needs a vocabulary"):
        load_tokenizer(source)


def test_a_saved_class_is_looked_up_in_keras_hub_only(tmp_path):
    load_tokenizer(keras_bert()).save(tmp_path / "saved")
    path = tmp_path / "saved" / "bridge_tokenizer.json"
    for name in ("os", "BertBackbone", "__doc__", "a.b"):
        text = path.read_text("utf-8").replace("BertTokenizer", name)
        other = tmp_path / "other"
        if not other.exists():
            load_tokenizer(keras_bert()).save(other)
        (other / "bridge_tokenizer.json").write_text(text, encoding="utf-8")
        message = (
            "A saved KerasHub tokenizer must name one of its public classes. "
            f"Received: {name!r} in {other}. Save it again, or update keras-hub."
        )
        with pytest.raises(SavedFormatError, match=whole(message)):
            load_tokenizer(other)


def test_bert_is_rebuilt_with_accents_stripped():
    reference = rebuild_reference(keras_bert())
    assert isinstance(reference, HuggingFaceTokenizer)
    assert reference.without_engine().engine_note == (
        "rebuilt as BERT's WordPiece, lower-cased and accents stripped"
    )
    published = wordpiece_tokenizer()
    published.no_padding()
    published.no_truncation()
    for special in (False, True):
        ours = reference.encode_batch(HARD_TEXTS, add_special_tokens=special)
        theirs = published.encode_batch(HARD_TEXTS, add_special_tokens=special)
        assert ours.to_lists() == [encoding.ids for encoding in theirs]
    # KerasHub's own keeps accents, and so loses the word.
    own = load_tokenizer(keras_bert())
    assert own.encode_batch(["caf\u00e9"]) != reference.encode_batch(["caf\u00e9"])
    cased = rebuild_reference(keras_bert(lowercase=False))
    assert cased.normalize("CAF\u00c9") == "CAF\u00c9"
    stripped = rebuild_reference(keras_bert(lowercase=False, strip_accents=True))
    assert stripped.normalize("CAF\u00c9") == "CAFE"


def test_gpt2_is_rebuilt_with_its_regular_expression():
    source = keras_byte_pair("GPT2Tokenizer", ("<|endoftext|>",))
    reference = rebuild_reference(source)
    published = bpe_tokenizer()
    ours = reference.encode_batch(HARD_TEXTS).to_lists()
    assert ours == [encoding.ids for encoding in published.encode_batch(HARD_TEXTS)]
    note = reference.without_engine().engine_note
    assert note == "rebuilt as byte-level BPE with GPT-2's split"


def test_roberta_is_rebuilt_with_its_template():
    reference = rebuild_reference(keras_roberta())
    vocabulary, merges = byte_pair_parts(tuple(ROBERTA_SPECIALS))
    published = load_tokenizer(vocabulary, merges=merges)
    assert reference.template == published.template
    assert reference.encode_batch(HARD_TEXTS) == published.encode_batch(HARD_TEXTS)


def test_sentencepiece_is_taken_unless_its_ids_are_shifted():
    albert = rebuild_reference(keras_albert())
    assert isinstance(albert, SentencePieceTokenizer)
    model = SentencePieceTokenizer.from_proto(albert_proto())
    assert albert.encode_batch(HARD_TEXTS) == model.encode_batch(HARD_TEXTS)
    xlm_roberta = rebuild_reference(keras_xlm_roberta())
    assert isinstance(xlm_roberta, KerasHubTokenizer)
    proto = sentencepiece_proto(unk_id=0, bos_id=1, eos_id=2)
    shifted = SentencePieceTokenizer.from_proto(proto).encode_batch(["the fox"])[0] + 1
    row = xlm_roberta.encode_batch(["the fox"])[0]
    assert row.tolist() == [3 if i == 1 else i for i in shifted.tolist()]


def test_a_tokenizer_that_splits_words_itself_is_its_own_reference():
    import keras_hub

    table = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a": 2, "a</w>": 3, "aa</w>": 4}
    clip = keras_hub.models.CLIPTokenizer(vocabulary=table, merges=["a a</w>"])
    reference = rebuild_reference(clip)
    assert isinstance(reference, KerasHubTokenizer)
    assert reference.encode_batch(["aa a"]).to_lists() == [[4, 3]]


def test_a_keras_nlp_tokenizer_is_the_same():
    import keras_nlp

    source = keras_nlp.models.BertTokenizer(
        vocabulary=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the"]
    )
    assert load_tokenizer(source).encode_batch(["the"]).to_lists() == [[5]]


@pytest.mark.parametrize("build", [keras_bert, keras_gpt2, keras_albert])
def test_a_reference_can_be_saved(build, tmp_path):
    reference = rebuild_reference(build())
    reference.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.encode_batch(HARD_TEXTS) == reference.encode_batch(HARD_TEXTS)
    note = reference.without_engine().engine_note
    assert loaded.without_engine().engine_note == note
    # The same engine, whether it was chosen when rebuilt or when loaded.
    assert loaded.engine == reference.engine
    assert loaded.vocabulary == reference.vocabulary


def test_a_class_of_ones_own_is_not_saved(tmp_path):
    import keras_hub

    class Own(keras_hub.models.BertTokenizer):
        pass

    source = Own(vocabulary=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
        load_tokenizer(source).save(tmp_path / "saved")


def test_damaged_assets_are_refused(tmp_path):
    load_tokenizer(keras_bert()).save(tmp_path / "saved")
    (tmp_path / "saved" / "assets" / "vocabulary.txt").unlink()
    with pytest.raises(TokenizerFileError, match="which KerasHub cannot load"):
        load_tokenizer(tmp_path / "saved")


def test_a_saved_keras_hub_tokenizer_needs_keras_hub(tmp_path, monkeypatch):
    load_tokenizer(keras_bert()).save(tmp_path / "saved")
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    message = (
        "A saved KerasHub tokenizer needs KerasHub. Received: BertTokenizer, and "
        "keras_hub is not installed. Run `pip install 'tokenizer-bridge[keras]'`."
    )
    with pytest.raises(MissingDependencyError, match=whole(message)):
        load_tokenizer(tmp_path / "saved")


def test_a_byte_tokenizer_has_a_table_too():
    import keras_hub

    wrapped = load_tokenizer(keras_hub.tokenizers.ByteTokenizer())
    assert wrapped.vocabulary.size == 256
    assert wrapped.encode_batch(["ab"]).to_lists() == [[97, 98]]


def test_another_object_of_keras_hub_is_refused():
    import keras_hub

    packer = keras_hub.layers.StartEndPacker(sequence_length=4)
    with pytest.raises(UnsupportedTokenizerError, match="StartEndPacker"):
        load_tokenizer(packer)
