"""Tokenizers with more tokens or fewer."""

import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

from bridge.errors import UnsupportedTokenizerError, VocabularyError
from bridge.tokenizers.editing import add_tokens, keep_tokens
from bridge.tokenizers.load import load_tokenizer


def wordpiece():
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "play", "##ing", "##ed", "the"]
    tokens = {name: i for i, name in enumerate([*names, *"abc"])}
    engine = Tokenizer(models.WordPiece(tokens, unk_token="[UNK]"))
    engine.pre_tokenizer = pre_tokenizers.Whitespace()
    engine.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    engine.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return load_tokenizer(engine)


def bpe():
    tokens = ["<s>", *"abcd", "ab", "cd", "abc", "abcd", "da"]
    merges = [("a", "b"), ("c", "d"), ("ab", "c"), ("ab", "cd"), ("d", "a")]
    model = models.BPE({token: i for i, token in enumerate(tokens)}, merges)
    engine = Tokenizer(model)
    engine.add_special_tokens(["<s>"])
    return load_tokenizer(engine)


def unigram():
    pieces = [("<pad>", 0.0), ("<unk>", 0.0), ("a", -2.0), ("ab", -1.0), ("b", -2.5)]
    return load_tokenizer(Tokenizer(models.Unigram(pieces, unk_id=1)))


def pieces(tokenizer, text):
    ids = tokenizer.encode_batch([text], add_special_tokens=True)[0]
    return [tokenizer.vocabulary.tokens[i] for i in ids]


def test_new_tokens_go_behind_the_old_ones():
    tokenizer = wordpiece()
    before = tokenizer.encode_batch(["the playing"]).to_lists()

    longer = add_tokens(tokenizer, ["tachycardia", "covid"])

    assert longer.vocabulary.tokens[:12] == tokenizer.vocabulary.tokens
    assert longer.vocabulary.tokens[12:] == ("tachycardia", "covid")
    assert pieces(longer, "the covid") == ["[CLS]", "the", "covid", "[SEP]"]
    assert longer.encode_batch(["the playing"]).to_lists() == before
    assert longer.vocabulary.roles == tokenizer.vocabulary.roles
    assert "covid" not in tokenizer.vocabulary
    assert tokenizer.encode_batch(["covid"]).to_lists() == [[1]]


def test_an_added_token_says_where_it_stands():
    whole = add_tokens(bpe(), [AddedToken("bc", single_word=True)])
    anywhere = add_tokens(bpe(), ["bc"])

    assert pieces(whole, "abcd") == ["abcd"]
    assert pieces(anywhere, "abcd") == ["a", "bc", "d"]


@pytest.mark.parametrize(
    ("tokens", "received"),
    [
        (["the"], "1 that are not, such as 'the'. Leave them out."),
        (["x", "x"], "1 that are not, such as 'x'. Leave them out."),
        ([" "], "1 that are not, such as ' '. Leave them out."),
        ([], "none. Pass at least one."),
    ],
)
def test_tokens_that_are_not_new(tokens, received):
    with pytest.raises(VocabularyError, match="New tokens") as error:
        add_tokens(wordpiece(), tokens)
    assert str(error.value) == (
        f"New tokens must be new, different, and more than white space. Received: "
        f"{received}"
    )


def test_ids_inside_the_vocabulary_are_refused():
    model = models.WordLevel({"a": 0, "b": 5}, unk_token="a")

    with pytest.raises(VocabularyError, match="holes") as error:
        add_tokens(load_tokenizer(Tokenizer(model)), ["c"])
    assert str(error.value) == (
        "New tokens get ids behind the old ones. Received: a tokenizer whose library "
        "gives them ids inside its vocabulary, where it has holes. Add the tokens with "
        "that library, and pass the result to `bridge.align`."
    )


@pytest.mark.parametrize(
    ("edit", "what"), [(add_tokens, "gets new tokens"), (keep_tokens, "loses tokens")]
)
def test_another_library_is_refused(edit, what):
    words = load_tokenizer({"a": 0}, split="whitespace")

    with pytest.raises(UnsupportedTokenizerError, match="tokenizers") as error:
        edit(words, [])
    assert str(error.value) == (
        f"A vocabulary {what} where Hugging Face's `tokenizers` runs it. Received: a "
        "WordTokenizer (engine 'python'). Load the tokenizer.json of this tokenizer, "
        "or make one with `transformers`."
    )


def test_a_wordpiece_loses_tokens():
    shorter = keep_tokens(wordpiece(), [5, 6, 9, 10, 11])

    assert shorter.vocabulary.tokens == (
        *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ing", "a", "b", "c"),
    )
    assert pieces(shorter, "playing the") == [
        *("[CLS]", "play", "##ing", "[UNK]", "[SEP]")
    ]
    assert shorter.vocabulary.roles == wordpiece().vocabulary.roles


def test_a_bpe_keeps_what_its_tokens_are_merged_from():
    tokenizer = bpe()
    kept = [tokenizer.vocabulary.id(token) for token in ("a", "b", "c", "d", "abcd")]

    shorter = keep_tokens(tokenizer, kept)

    assert shorter.vocabulary.tokens == ("<s>", *"abcd", "ab", "cd", "abcd")
    assert pieces(shorter, "abcda") == ["abcd", "a"]


def test_a_unigram_keeps_its_unk():
    shorter = keep_tokens(unigram(), [2, 4])

    assert shorter.vocabulary.tokens == ("<unk>", "a", "b")
    assert pieces(shorter, "abx") == ["a", "b", "<unk>"]
    assert shorter.vocabulary.roles["unk"] == 0
