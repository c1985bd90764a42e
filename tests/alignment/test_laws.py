"""What must hold for every pair of vocabularies, whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.alignment import MatchKind
from bridge.vocabulary import Position, TokenKind, Vocabulary
from tests.alignment.making import SlowAlign, align, permuted, spelt, vocabularies

SINGLE = {MatchKind.EXACT, MatchKind.NORMALIZED, MatchKind.BOUNDARY}
MATCHED = {*SINGLE, MatchKind.COMPOSED, MatchKind.ROLE}


@given(vocabularies())
def test_a_vocabulary_aligned_with_itself_is_the_identity(vocabulary):
    kinds, pieces, inside = align(vocabulary, vocabulary)
    for i, kind in enumerate(kinds):
        hole = vocabulary.tokens[i] is None
        assert pieces[i] == inside[i] == ([] if hole else [i])
        unused = vocabulary.kinds[i] == TokenKind.UNUSED
        assert kind == MatchKind.UNUSED if unused else kind in MATCHED


@given(vocabularies(), vocabularies())
def test_every_id_has_one_kind_and_the_counts_add_up(mine, theirs):
    kinds, pieces, inside = align(mine, theirs)
    assert len(kinds) == len(pieces) == len(inside) == mine.size
    for i, kind in enumerate(kinds):
        unused = mine.kinds[i] == TokenKind.UNUSED
        assert (kind == MatchKind.UNUSED) == unused
        assert all(0 <= piece < theirs.size for piece in (*pieces[i], *inside[i]))
        if kind == MatchKind.UNMAPPED:
            assert pieces[i] == inside[i] == []
        if kind in MATCHED:
            assert pieces[i]
            assert inside[i]
        if mine.positions[i] != Position.EITHER:
            assert pieces[i] == inside[i]


@given(vocabularies(), vocabularies(), st.data())
def test_other_ids_of_the_preset_change_no_count(mine, theirs, data):
    order = data.draw(st.permutations(range(theirs.size)))
    kinds, pieces, _ = align(mine, theirs)
    again, moved, _ = align(mine, permuted(theirs, order))
    assert again == kinds
    for kind, before, after in zip(kinds, pieces, moved, strict=True):
        if kind != MatchKind.COMPOSED:  # ties between equal tokens go by lower id
            same = [theirs.keys[i] for i in before]
            assert [theirs.keys[order.index(i)] for i in after] == same


@given(vocabularies(), vocabularies(), st.data())
def test_other_ids_of_the_tokenizer_permute_the_map(mine, theirs, data):
    order = data.draw(st.permutations(range(mine.size)))
    before = align(mine, theirs)
    after = align(permuted(mine, order), theirs)
    for table, moved in zip(before, after, strict=True):
        assert [moved[order[i]] for i in range(mine.size)] == table


@given(vocabularies(), vocabularies())
def test_the_order_of_a_dict_never_matters(mine, theirs):
    def reread(vocabulary):
        table = {t: i for i, t in enumerate(vocabulary.tokens) if t is not None}
        special = [i for i, k in enumerate(vocabulary.kinds) if k == TokenKind.SPECIAL]
        options = {"roles": vocabulary.roles, "convention": vocabulary.convention}
        return (
            Vocabulary.from_tokens(table, special=special, **options),
            Vocabulary.from_tokens(
                dict(reversed(table.items())), special=special[::-1], **options
            ),
        )

    first, second = zip(reread(mine), reread(theirs), strict=True)
    assert align(*first) == align(*second)


@given(vocabularies(), vocabularies(), st.sampled_from(["b", "\u4e2d", "zz", "!"]))
def test_one_more_token_never_unmaps_another(mine, theirs, word):
    more = spelt(theirs.convention, word, "start")
    if more in theirs:
        return
    special = [i for i, k in enumerate(theirs.kinds) if k == TokenKind.SPECIAL]
    longer = Vocabulary.from_tokens(
        [*theirs.tokens, more],
        roles=theirs.roles,
        special=special,
        convention=theirs.convention,
    )
    before, _, _ = align(mine, theirs)
    after, _, _ = align(mine, longer)
    for old, new in zip(before, after, strict=True):
        assert old in (new, MatchKind.UNMAPPED) or new < old


def lower(text):
    return text.lower()


@pytest.mark.parametrize("normalize", [str, lower])
@given(vocabularies(), vocabularies())
def test_the_slow_alignment_agrees(normalize, mine, theirs):
    slow = SlowAlign(mine, theirs, normalize)
    kinds, starts, insides = align(mine, theirs, normalize=normalize)
    # Tokens that mark a word's end are mostly whole words, and counted as such.
    whole = mine.convention.marks_ends
    for i, kind in enumerate(kinds):
        same = mine.convention == theirs.convention and mine.tokens[i] in theirs
        if mine.kinds[i] < TokenKind.SPECIAL and not same:
            inside = mine.positions[i] != Position.START and not whole
            pieces = (starts if whole else insides)[i]
            expected, piece = slow.read(mine.keys[i], inside, slow.ends(mine, i))
            if kind == MatchKind.EXACT != expected:
                # A character cut off everywhere, and the preset has its other form.
                assert mine.isolates
                assert slow.find(mine.keys[i], inside=not inside) is not None
            elif expected is not None:
                assert kind == expected
                if slow.reads_once(i):
                    assert pieces == [piece]
            else:
                slow.check_spelling(i, kind, pieces, inside=inside)
