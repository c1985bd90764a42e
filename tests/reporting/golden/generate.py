"""What reports looked like when these files were made, to be read as they are.

Made from the two vocabularies below, which no library trains, with `python -m
tests.reporting.golden.generate`. Never edit a file to make a test pass: make them anew,
and read what changed.
"""

from pathlib import Path

import bridge
from tests.reporting.making import by_words

HERE = Path(__file__).parent
TOKENS = ("<unk>", "the", "The", "Caf\u00e9", "2023", "playing", ".", "\u202egnp", "7")
PIECES = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[unused0]", "the", "cafe", "play", "##ing"),
    *("20", "##23", ".", "7", "##!", "!", "x", "gnp"),
)
TEXTS = (
    "The Caf\u00e9 playing",
    "the Caf\u00e9 2023 .",
    "The owl the 7 .",
    "\u202egnp",
)


def load_preset():
    """A small BERT."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    table = {piece: place for place, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(table, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return bridge.load_tokenizer(tokenizer)


def make_files():
    """Every golden: name to content."""
    preset = load_preset()
    alignment = bridge.align(by_words(TOKENS, unk="<unk>"), preset)
    report = bridge.report(alignment, TEXTS, sequence_length=4, hidden_dim=8)
    bare = bridge.load_tokenizer(alignment.tokenizer.vocabulary)
    partial = bridge.report(bridge.align(bare, preset), TEXTS, hidden_dim=8)
    return {
        "report.txt": f"{report}\n",
        "report.md": report.to_markdown(),
        "report.json": report.to_json() + "\n",
        "vocabulary_only.txt": f"{partial}\n",
        "comparison.txt": f"{report.compare(partial)}\n",
    }


if __name__ == "__main__":
    for name, content in make_files().items():
        (HERE / name).write_text(content, encoding="utf-8")
