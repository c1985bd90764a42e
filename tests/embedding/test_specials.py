import pytest

from bridge.embedding.specials import (
    extend_vocabulary,
    extended_spec,
    needed_roles,
    role_rows,
)
from bridge.errors import BackboneError
from bridge.spec import BackboneSpec, Template
from bridge.vocabulary import Vocabulary


def test_one_token_for_everything_serves_no_role_of_bert(gpt2, bert_spec):
    extended = extend_vocabulary(gpt2.vocabulary, bert_spec)

    assert extended.tokens[8:] == ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]")
    assert dict(extended.roles) == {
        "bos": 0,
        "eos": 0,
        "unk": 12,
        "cls": 8,
        "sep": 9,
        "pad": 10,
        "mask": 11,
    }
    assert role_rows(extended, bert_spec, first=8) == [2, 3, 0, 4, 1]
    assert extended.tokens[:8] == gpt2.vocabulary.tokens


def test_a_counterpart_serves_and_is_named(bert_spec):
    llama = Vocabulary.from_tokens(
        ["<unk>", "<s>", "</s>", "a"], roles={"unk": 0, "bos": 1, "eos": 2}
    )

    extended = extend_vocabulary(llama, bert_spec)

    assert extended.tokens[4:] == ("[PAD]", "[MASK]")
    assert extended.roles["cls"] == 1
    assert extended.roles["sep"] == 2
    assert extended.roles["unk"] == 0


def test_roles_that_the_preset_shares_too_stay_together(gpt2):
    spec = BackboneSpec(
        template=Template(("bos",), (), ("eos",)),
        roles=dict.fromkeys(("bos", "eos", "unk"), 50256),
    )

    extended = extend_vocabulary(gpt2.vocabulary, spec)

    assert extended.tokens[8:] == ("[PAD]",)
    assert role_rows(extended, spec, first=8) == [None]
    assert extended.roles["eos"] == 0


def test_padding_shares_with_nothing(bert_spec):
    deepseek = Vocabulary.from_tokens(
        ["<bos>", "<eos>", "a"], roles={"bos": 0, "eos": 1, "pad": 1}
    )

    extended = extend_vocabulary(deepseek, bert_spec)

    assert extended.roles["pad"] == 4
    assert extended.roles["sep"] == 3
    assert extended.roles["eos"] == 1


def test_a_taken_spelling_gets_a_number(bert_spec):
    vocabulary = Vocabulary.from_tokens(["[CLS]", "[CLS]2", "[CLS2]"])

    extended = extend_vocabulary(vocabulary, bert_spec)

    assert extended.tokens[extended.roles["cls"]] == "[CLS3]"


def test_needed_are_template_pad_and_what_the_preset_has():
    assert needed_roles(BackboneSpec()) == ("pad",)
    assert needed_roles(BackboneSpec(roles={"mask": 1, "eos": 2})) == ("pad", "mask")
    ids = BackboneSpec(
        template=Template((0,), (2, 2), (2,)), roles={"cls": 0, "sep": 2}
    )
    assert needed_roles(ids) == ("cls", "sep", "pad")


def test_the_spec_holds_ids_of_the_new_vocabulary(gpt2, bert_spec):
    extended = extend_vocabulary(gpt2.vocabulary, bert_spec)

    spec = extended_spec(bert_spec, extended)

    assert (spec.vocabulary_size, spec.pad_id, spec.pad_is_text) == (13, 10, False)
    assert spec.template.resolve(spec.roles) == Template((8,), (9,), (9,))


def test_a_template_of_nameless_ids_is_refused(gpt2):
    spec = BackboneSpec(template=Template((7,), (), ()), roles={"pad": 0})

    with pytest.raises(BackboneError, match="by role") as error:
        extend_vocabulary(gpt2.vocabulary, spec)
    assert str(error.value) == (
        "A template must name its tokens by role to hold in another vocabulary. "
        "Received: id 7, which plays none of {'pad': 0}. Give the reference's token a "
        "role, with `bridge.load_tokenizer(..., roles={role: token})`."
    )
