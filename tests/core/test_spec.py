"""`Template` and `BackboneSpec`: plain data that survives a file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import MissingRoleError
from bridge.spec import ROLES, BackboneSpec, Template, find_role
from tests.core.messages import exactly

ENTRY = st.sampled_from(ROLES) | st.integers(0, 99)
PART = st.lists(ENTRY, max_size=3).map(tuple)
TEMPLATE = st.builds(Template, PART, PART, PART)


@given(
    st.none() | TEMPLATE,
    st.dictionaries(st.sampled_from(ROLES), st.integers(0, 99)),
    st.none() | st.integers(0, 99),
    st.booleans(),
)
def test_a_spec_survives_json(template, roles, number, flag):
    spec = BackboneSpec(
        vocabulary_size=number,
        template=template,
        roles=roles,
        pad_id=number,
        pad_is_text=flag,
        max_sequence_length=number,
        padding_sides=("right",),
    )
    assert BackboneSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_an_empty_template_is_not_an_unknown_one():
    spec = BackboneSpec(template=Template())
    assert BackboneSpec.from_dict(spec.to_dict()).template == Template()


def test_counterparts_stand_in_and_id_zero_counts():
    assert find_role({"cls": 0}, "bos") == 0
    assert find_role({"cls": 0, "bos": 5}, "bos") == 5
    assert find_role({"cls": 0}, "eos") is None
    assert find_role({"cls": 0}, "pad") is None


def test_a_template_names_its_roles_once_and_in_order():
    template = Template(("bos", 7), ("sep", "sep"), ("sep", "cls"))
    assert template.roles == ("cls", "sep", "bos")


def test_a_template_becomes_ids():
    template = Template(("cls",), ("sep", 9), ("eos",))
    assert template.resolve({"cls": 0, "sep": 4}) == Template((0,), (4, 9), (4,))


def test_a_role_that_nothing_plays():
    message = (
        "The template needs a 'cls' token. Received: a vocabulary whose roles are "
        "{'pad': 0}. Name one with `bridge.load_tokenizer(..., roles={'cls': token})`, "
        "or pass `specials=None` to add no special tokens."
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        Template(("cls",)).resolve({"pad": 0})


def test_another_vocabulary_brings_its_own_ids():
    spec = BackboneSpec(vocabulary_size=9, pad_id=3, pad_is_text=True)
    other = spec.with_vocabulary({"pad": 5}, 12)
    assert (other.vocabulary_size, other.pad_id, other.pad_is_text) == (12, 5, False)
    assert other.roles == {"pad": 5}
