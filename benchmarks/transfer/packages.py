"""Peers as they ship, where they are installed."""

import tempfile
from pathlib import Path

import numpy as np


def deepfocus_table(alignment, table, texts, seed):
    """Rows for a tokenizer's tokens by `deepfocus.FOCUS`, or `None` without it.

    With its defaults: fastText of 100 columns on the texts' tokens, 3 epochs, tokens
    that come ten times. fastText is trained here, as the package would, since it wants
    to send the tokenizer to another process.
    """
    try:
        import fasttext
        import torch
        from deepfocus import FOCUS
    except ImportError:
        return None
    target = _as_hf(alignment.tokenizer, alignment.spec)
    names = target.convert_ids_to_tokens(range(alignment.tokenizer.vocabulary.size))
    with tempfile.TemporaryDirectory() as folder:
        lines, model = Path(folder, "tokens.txt"), Path(folder, "vectors.bin")
        rows = alignment.tokenizer.encode_batch(texts).to_lists()
        tokens = (" ".join(names[i] for i in row) + "\n" for row in rows)
        lines.write_text("".join(tokens), "utf-8")
        vectors = fasttext.train_unsupervised(
            str(lines), dim=100, neg=10, model="cbow", epoch=3, minCount=10, thread=1
        )
        vectors.save_model(str(model))
        found = FOCUS(
            target,
            _as_hf(alignment.reference, alignment.spec),
            torch.from_numpy(np.array(table)),
            fasttext_model_path=str(model),
            seed=seed,
            verbosity="silent",
        )
    return found.numpy()


def _as_hf(tokenizer, spec):
    import bridge

    return bridge.Encoder(tokenizer, backbone=spec, specials=None).as_hf()
