"""Texts of the benchmark: unlabelled sentences, and two sets to fine-tune on."""

import re
from pathlib import Path

import numpy as np

WIKITEXT = "corpora/wikitext-2-valid-test"
LENGTHS = range(20, 301)  # characters of a sentence
_END = re.compile(r"(?<=[.!?]) +(?=[A-Z\"'])")


def read_sentences(data, seed=0):
    """Distinct sentences of Wikipedia, shuffled."""
    from sts import read_corpus

    lines = [*read_corpus(data), *read_wikitext(data)]
    found = (part for line in lines for part in _END.split(line.strip()))
    sentences = [s for s in found if len(s) in LENGTHS and "<unk>" not in s]
    distinct = list(dict.fromkeys(sentences))
    order = np.random.default_rng(seed).permutation(len(distinct))
    return [distinct[i] for i in order]


def read_wikitext(data):
    """WikiText-2 with its marks taken out: ` @-@ `, spaces before punctuation."""
    lines = []
    for name in ("valid", "test"):
        text = Path(data, WIKITEXT, f"{name}.txt").read_text("utf-8")
        text = re.sub(r" @(.)@ ", r"\1", text).replace(" n't", "n't")
        text = re.sub(r" ([.,;:!?)'])", r"\1", text).replace("( ", "(")
        lines += text.splitlines()
    return lines


def read_trec(data):
    """Questions and their coarse class, 5,452 to train and 500 to test."""
    parts = []
    for name in ("train", "test"):
        path = Path(data, "datasets/trec-questions", f"TREC.{name}.all")
        lines = path.read_text("latin-1").splitlines()
        labels, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
        parts.append((list(texts), np.array(labels, np.int32)))
    return parts


def read_sms(data):
    """Messages, 1 for spam; the first 4,574 train and the last 1,000 test."""
    path = Path(data, "datasets/sms-spam/SMSSpamCollection")
    lines = path.read_text("utf-8").splitlines()[1:]
    names, texts = zip(*(line.split("\t", 1) for line in lines), strict=True)
    labels = np.array([name == "spam" for name in names], np.int32)
    return [
        (list(texts[:-1_000]), labels[:-1_000]),
        (list(texts[-1_000:]), labels[-1_000:]),
    ]


TASKS = {"TREC": read_trec, "SMS": read_sms}
