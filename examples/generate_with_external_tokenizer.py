"""A small GPT-2, trained for some minutes on the manual that comes with Python.

Its tokenizer is not GPT-2's: a metaspace BPE, trained here by `tokenizers`. Texts go
into KerasHub's own task and come out of `generate`.
"""

import math
import re
from pydoc_data.topics import topics

import keras
import keras_hub
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tweets import texts_argument

import bridge

LENGTH = 48
paragraphs = [
    " ".join(paragraph.split())
    for topic in topics.values()
    for paragraph in re.split(r"\n\s*\n", topic)
]
# Once each: topics repeat one another.
paragraphs = sorted({p for p in paragraphs if len(p) > 80})
order = np.random.default_rng(0).permutation(len(paragraphs))
held_out, train = np.split(order, [200])
train = [paragraphs[i] for i in train[: texts_argument(1_500)]]
test = [paragraphs[i] for i in held_out]

own = Tokenizer(models.BPE(unk_token="<unk>"))
own.pre_tokenizer = pre_tokenizers.Metaspace()
own.decoder = decoders.Metaspace()
specials = ["<pad>", "<s>", "</s>", "<unk>"]
own.train_from_iterator(
    train, trainers.BpeTrainer(vocab_size=2_000, special_tokens=specials)
)
tokenizer = bridge.KerasTokenizer(own)
task = keras_hub.models.GPT2CausalLM(
    keras_hub.models.GPT2Backbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=2,
        num_heads=4,
        hidden_dim=128,
        intermediate_dim=512,
        max_sequence_length=LENGTH,
    ),
    keras_hub.models.GPT2CausalLMPreprocessor(tokenizer, sequence_length=LENGTH),
)
task.compile(
    keras.optimizers.Adam(2e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    # The loss counts padding as right; this does not.
    weighted_metrics=[
        keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="a_token")
    ],
    sampler=keras_hub.samplers.TopKSampler(k=10, seed=0),
)
task.fit(train, epochs=10, batch_size=32)

# How well is the next token told, against knowing only how frequent each is?
_, y, weights = keras.tree.map_structure(np.asarray, task.preprocessor(test))
counts = np.bincount(np.concatenate(tokenizer(train)), minlength=2_000) + 1
frequency = -np.log(counts / counts.sum())[y][weights].mean()
model = task.evaluate(test, batch_size=40, verbose=0, return_dict=True)["a_token"]
for prompt in ("The class", "If an exception is raised"):
    print(f"\n{task.generate(prompt, max_length=LENGTH)}")
print(f"\n{'perplexity on held-out paragraphs':36}")
print(f"{'token frequencies alone':36}{math.exp(frequency):.0f}")
print(f"{'this model':36}{math.exp(model):.0f}")
assert model < frequency - 0.2, "the model learned no more than frequencies"
