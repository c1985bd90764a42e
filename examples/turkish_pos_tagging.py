"""Parts of speech of Turkish words, on the body of an English MiniLM.

The same tokenizer, trained here on Turkish, reaches the body in three ways: its ids
remapped to English pieces, its own ids with a transplanted embedding, and its own ids
with a random one. Each is trained on the same examples for as many steps.
"""

import keras
import keras_hub
import numpy as np
from comparing import show
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from treebank import load_treebank
from tweets import model_folder, texts_and_seeds

import bridge

count, seeds = texts_and_seeds(500)
(all_words, all_tags), (test_words, test_tags) = load_treebank()
words, tags = all_words[:count], all_tags[:count]
test_words, test_tags = test_words[:count], test_tags[:count]
names = sorted({tag for row in [*all_tags, *test_tags] for tag in row})

# A Turkish tokenizer, from the words of the whole train half.
turkish = Tokenizer(models.WordPiece(unk_token="[UNK]"))
turkish.decoder = decoders.WordPiece()
turkish.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
turkish.train_from_iterator(
    (word for row in all_words for word in row),
    trainers.WordPieceTrainer(
        vocab_size=6_000,
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        show_progress=False,
    ),
)

folder, texts = model_folder(), [" ".join(row) for row in all_words]
alignment = bridge.align(turkish, folder)
print(bridge.report(alignment, texts))


def make_task(way, seed):
    backbone = keras_hub.models.Backbone.from_preset(folder)
    if way == "remap":
        # English pieces are many. A text that is too long becomes several rows.
        tokenizer, length = bridge.KerasTokenizer(turkish, alignment=alignment), 96
    else:
        init = "compose" if way == "transplant" else "random"
        result = bridge.transplant(
            backbone, alignment, init=init, texts=texts, seed=seed
        )
        backbone, length = result.model, 48
        tokenizer = bridge.KerasTokenizer(
            turkish, vocabulary=result.vocabulary, spec=result.spec
        )
    preprocessor = bridge.TokenClassifierPreprocessor(tokenizer, sequence_length=length)
    return bridge.TokenClassifier(backbone, len(names), preprocessor, labels=names)


accuracies = {"remap": [], "transplant": [], "random": []}
for seed in range(seeds):
    for way, results in accuracies.items():
        print(f"\n{way}, seed {seed}")
        keras.utils.set_random_seed(seed)
        task = make_task(way, seed)
        task.compile(keras.optimizers.Adam(1e-4))
        task.fit(words, tags, batch_size=16, epochs=3)
        results.append(task.score_words(test_words, test_tags).accuracy)

truth = np.array([names.index(tag) for row in test_tags for tag in row])
print("\nShare of the words whose part of speech is found")
baseline = show(accuracies, truth)
assert np.mean(accuracies["transplant"]) > baseline, "the model learned nothing"
