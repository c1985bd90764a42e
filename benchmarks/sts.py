"""What the benchmarks of transplants share: tokenizers, STS-B, vectors, comparison."""

import csv
from dataclasses import replace

import numpy as np

TOKENIZERS = {
    "GPT-2": "gpt2",
    "DeepSeek-V3": "deepseek-v3",
    "Mistral-v3": "mistral-v3-spm",
    "T5": "t5-v1_1",
}
CORPUS = "corpora/enwiki-106-articles"
DRAWS = 1_000
BATCH = 128


def read_pairs(data, split, most):
    path = data / "datasets" / "stsb-en" / f"stsb-en-{split}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[:most]
    first, second, scores = zip(*rows, strict=True)
    return first, second, np.array(scores, float)


def read_corpus(data):
    files = sorted(p for p in (data / CORPUS).rglob("*.txt") if p.name != "SOURCE.txt")
    lines = (line for path in files for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line.strip()]


def load(data, name):
    import bridge

    folder = data / "tokenizers" / TOKENIZERS[name]
    models = sorted(folder.glob("*.model")) + sorted(folder.glob("*.model.v3"))
    file = folder / "tokenizer.json"
    return bridge.load_tokenizer(
        file if file.exists() else models[0] if models else folder
    )


def embed(model, tokenizer, roles, texts):
    """Mean of the hidden states of a text and its special tokens, of length 1."""
    rows = [
        [roles["cls"], *row[:126], roles["sep"]]
        for row in tokenizer.encode_batch(texts)
    ]
    order = np.argsort([len(row) for row in rows], kind="stable")
    vectors = np.empty((len(rows), 384), np.float32)
    for begin in range(0, len(rows), BATCH):
        chosen = order[begin : begin + BATCH]
        longest = -(-max(len(rows[i]) for i in chosen) // 16) * 16
        ids = np.full((BATCH, longest), roles["pad"], "int32")
        mask = np.zeros((BATCH, longest), "int32")
        for place, i in enumerate(chosen):
            ids[place, : len(rows[i])] = rows[i]
            mask[place, : len(rows[i])] = 1
        inputs = {
            "token_ids": ids,
            "padding_mask": mask,
            "segment_ids": np.zeros_like(ids),
        }
        hidden = model.predict_on_batch(inputs)["sequence_output"][: len(chosen)]
        weights = mask[: len(chosen), :, None]
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        vectors[chosen] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return vectors


def ranks(values):
    """Ranks, equal values at their mean."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[group]


def spearman(first, second):
    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def compare(cosines, baseline, scores):
    """Share of bootstrap draws in which `cosines` do better than `baseline`."""
    rng = np.random.default_rng(0)
    better = 0
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(scores), len(scores))
        gold = ranks(scores[drawn])
        mine, theirs = (
            np.corrcoef(ranks(part[drawn]), gold)[0, 1] for part in (cosines, baseline)
        )
        better += mine > theirs
    return better / DRAWS


def mean_of_pieces(alignment):
    """FVT (Gee et al. 2022): tokens of equal text, else the mean of their pieces.

    A token is read at a word start, as one that stands alone would be. Pieces are found
    by bytes: re-encoding the decoded text of a token, as published, gives GPT-2 0.8343
    instead of 0.8375 on the dev split and DeepSeek-V3 0.8207 instead of 0.8343.
    """
    return replace(alignment, continuation_pieces=alignment.pieces)
