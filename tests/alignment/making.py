"""Tiny vocabularies of every convention, drawn or by hand, and a slow alignment."""

import numpy as np
from hypothesis import strategies as st

from bridge.alignment import Alignment, MatchKind
from bridge.alignment.align import align_vocabularies
from bridge.spec import BackboneSpec
from bridge.tokenizers import load_tokenizer
from bridge.vocabulary import Convention, Position, TokenKind, Vocabulary

WORDS = ["a", "b", "ab", "ba", "aab", "A", "!", "!!", "\u4e2d", "\u00e9", "abA"]
ROLE_TOKENS = {"[PAD]": "pad", "[UNK]": "unk", "[CLS]": "cls", "[SEP]": "sep"}


def spelt(convention, word, place):
    """A word as a convention writes it, `place` "start" or "inside"."""
    start = place == "start"
    if convention == Convention.WORDPIECE:
        return word if start else f"##{word}"
    if convention == Convention.METASPACE:
        return f"\u2581{word}" if start else word
    if convention == Convention.END_OF_WORD:
        return f"{word}</w>" if start else word
    if convention == Convention.BYTE_LEVEL_END:
        bare = spelt(Convention.BYTE_LEVEL, word, "inside")
        return f"{bare}</w>" if start else bare
    if convention == Convention.BYTES:
        return (f" {word}" if start else word).encode()
    if convention == Convention.BYTE_LEVEL:
        from bridge.vocabulary.surface import CHARACTER_OF_BYTE

        content = (f" {word}" if start else word).encode()
        return "".join(CHARACTER_OF_BYTE[byte] for byte in content)
    return word


@st.composite
def vocabularies(draw, conventions=tuple(Convention)):
    """A vocabulary with some words at some places, roles, a hole, a reserved row."""
    convention = draw(st.sampled_from(conventions))
    entries = st.tuples(st.sampled_from(WORDS), st.sampled_from(["start", "inside"]))
    drawn = draw(st.lists(entries, min_size=1, max_size=14))
    tokens = [spelt(convention, word, place) for word, place in drawn]
    roles = draw(st.lists(st.sampled_from(list(ROLE_TOKENS)), unique=True))
    extra = draw(
        st.lists(st.sampled_from(["[unused1]", "<|chat|>", None]), unique=True)
    )
    every = list(dict.fromkeys([*roles, *extra, *tokens]))
    order = draw(st.permutations(every))
    return Vocabulary.from_tokens(
        order,
        roles={ROLE_TOKENS[token]: token for token in roles},
        special=[i for i, token in enumerate(order) if token == "<|chat|>"],
        convention=convention,
    )


def permuted(vocabulary, order):
    """The same tokens with other ids: id `i` becomes `order[i]`."""
    tokens = [None] * vocabulary.size
    for i, token in enumerate(vocabulary.tokens):
        tokens[order[i]] = token
    special = np.flatnonzero(vocabulary.kinds == TokenKind.SPECIAL)
    return Vocabulary.from_tokens(
        tokens,
        roles={role: order[i] for role, i in vocabulary.roles.items()},
        special=[order[i] for i in special],
        convention=vocabulary.convention,
    )


def align(tokenizer, reference, **options):
    """Kinds as a list, both piece tables as lists."""
    kinds, pieces, inside = align_vocabularies(tokenizer, reference, **options)
    return [MatchKind(int(k)) for k in kinds], pieces.to_lists(), inside.to_lists()


def as_alignment(tokenizer, reference, *, normalize=None):
    """An `Alignment` of two bare vocabularies."""
    mine, theirs = load_tokenizer(tokenizer), load_tokenizer(reference)
    if normalize is not None:
        theirs.normalize = normalize
    spec = BackboneSpec(vocabulary_size=reference.size, roles=reference.roles)
    fates = align_vocabularies(tokenizer, reference, normalize=theirs.normalize)
    return Alignment(mine, theirs, "by hand", spec, *fates)


class SlowAlign:
    """Looks through every token of the preset for every token of the tokenizer."""

    def __init__(self, tokenizer, reference, normalize):
        self.tokenizer, self.reference = tokenizer, reference
        self.normalize = normalize
        self.keeps = reference.convention.keeps_spaces
        self.marks_ends = reference.convention.marks_ends
        dead = reference.dead
        live = [
            i
            for i in range(reference.size)
            if reference.kinds[i] <= TokenKind.ADDED and reference.keys[i]
        ]
        self.order = sorted(live, key=lambda i: (reference.kinds[i], dead[i], i))

    @staticmethod
    def ends(vocabulary, i):
        """Whether a word ends with a token, as far as its vocabulary says."""
        spelling = vocabulary.tokens[i]
        says = vocabulary.convention.marks_ends and vocabulary.kinds[i] == 0
        return not says or spelling[-4:] == "</w>"

    def find(self, key, inside, ends=True):
        """Ids with these bytes at this place, best first."""
        if self.marks_ends:
            for i in self.order:
                same = self.reference.keys[i] == key
                if same and self.ends(self.reference, i) == ends:
                    return i
            return None
        wanted = (
            [Position.EITHER, Position.CONTINUATION] if inside else [Position.START]
        )
        if not inside and not self.keeps:
            wanted.append(Position.EITHER)
        for position in wanted:
            for i in self.order:
                same = self.reference.keys[i] == key
                if same and self.reference.positions[i] == position:
                    return i
        return None

    def normal(self, key):
        try:
            return self.normalize(key.decode()).encode()
        except UnicodeDecodeError:
            return key

    def spelling_of(self, i):
        """Bytes of a piece of the preset, its space included where it has one."""
        start = self.reference.positions[i] == Position.START
        before = b" " if self.keeps and start else b""
        after = b" " if self.marks_ends and self.ends(self.reference, i) else b""
        return before + self.reference.keys[i] + after

    def target(self, key, inside, ends):
        before = b" " if self.keeps and not inside else b""
        return before + self.normal(key) + (b" " if self.marks_ends and ends else b"")

    def can_spell(self, text, inside):
        """Whether pieces exist that spell a text without spaces."""
        reached = {0}
        for begin in range(len(text)):
            for i in self.order if begin in reached else []:
                content = self.spelling_of(i)
                position = self.reference.positions[i]
                first = begin == 0 and not inside
                wrong = Position.CONTINUATION if first else Position.START
                fits = self.keeps or position != wrong
                if fits and text.startswith(content, begin):
                    reached.add(begin + len(content))
        return len(text) in reached

    def read(self, key, inside, ends):
        """Kind and, where there is one, the single piece."""
        found = self.find(key, inside, ends)
        if found is not None:
            return MatchKind.EXACT, found
        normal = self.normal(key)
        found = self.find(normal, inside, ends)
        if found is not None:
            return MatchKind.NORMALIZED, found
        other = (inside, not ends) if self.marks_ends else (not inside, ends)
        for form in (key, normal):
            found = self.find(form, *other)
            if found is not None:
                return MatchKind.BOUNDARY, found
        return None, None

    def reads_once(self, i):
        """Whether a token has one reading, at the start of a word or inside."""
        if self.tokenizer.positions[i] != Position.EITHER or self.marks_ends:
            return True
        return self.keeps and self.tokenizer.convention.keeps_spaces

    def check_spelling(self, i, kind, pieces, *, inside):
        """A token without a single counterpart is spelt, if pieces can spell it."""
        key, ends = self.tokenizer.keys[i], self.ends(self.tokenizer, i)
        # Where the counted reading has no pieces, the other one lends its own.
        places = [inside] if self.reads_once(i) else [inside, not inside]
        texts = [self.target(key, place, ends) for place in places]
        can = [
            self.can_spell(text, place or self.keeps)
            for text, place in zip(texts, places, strict=True)
        ]
        text = texts[can.index(True)] if any(can) else texts[0]
        # These are words of their own, except where spaces are content.
        cut = any(character in text.decode() for character in "!\u4e2d")
        if kind == MatchKind.COMPOSED and (self.keeps or (self.marks_ends and not cut)):
            assert b"".join(map(self.spelling_of, pieces)) == text
            assert len(pieces) > 1
        if not cut:
            assert any(can) == (kind in (MatchKind.COMPOSED, MatchKind.NORMALIZED))
