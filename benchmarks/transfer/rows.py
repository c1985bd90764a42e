"""The rows of the table: how each makes a model for another tokenizer."""

from dataclasses import dataclass
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from packages import deepfocus_table
from sts import mean_of_pieces

HELD_OUT = 512  # sentences that only measure
VALIDATION = 256  # sentences by which distillation keeps its best rows


@dataclass(frozen=True)
class Setting:
    """What a row is made from."""

    backbone: Any
    alignment: Any
    sentences: list[str]
    seed: int
    donor: str | None

    @property
    def held_out(self):
        return self.sentences[:HELD_OUT]

    @property
    def validation(self):
        return self.sentences[HELD_OUT : HELD_OUT + VALIDATION]

    @property
    def train(self):
        return self.sentences[HELD_OUT + VALIDATION :]

    def transplant(self, alignment=None, **options):
        import bridge

        return bridge.transplant(
            self.backbone, alignment or self.alignment, seed=self.seed, **options
        )


def original(setting):
    """The preset under its own tokenizer."""
    reference = setting.alignment.reference
    return SimpleNamespace(
        model=setting.backbone,
        tokenizer=reference,
        vocabulary=reference.vocabulary,
        spec=setting.alignment.spec,
    )


def random(setting):
    """Every row drawn, but those of special tokens."""
    return setting.transplant(init="random")


def mean(setting):
    """Copies, and the mean for the rest: what `resize_token_embeddings` draws near."""
    return setting.transplant(init="mean")


def fvt(setting):
    """Copies, and the plain mean of pieces (Gee et al. 2022); re-implemented."""
    return setting.transplant(mean_of_pieces(setting.alignment), weights="uniform")


def wechsel(setting):
    """Softmax over the ten nearest (Minixhofer et al. 2022); the formula only.

    Over copied tokens, in vectors of the same text's co-occurrences.
    """
    from bridge.embedding import Anchors

    return setting.transplant(init=[Anchors()], texts=setting.train)


def focus(setting):
    """Sparsemax over copied tokens (Dobler and de Melo 2023); the formula only.

    In vectors of the same text's co-occurrences, not of fastText.
    """
    from bridge.embedding import Anchors

    anchors = Anchors(weighting="sparsemax")
    return setting.transplant(init=[anchors], texts=setting.train)


def focus_package(setting):
    """FOCUS as `deepfocus` ships it; special tokens keep their rows."""
    import numpy as np

    layer = setting.backbone.token_embedding
    table = deepfocus_table(
        setting.alignment, layer.embeddings, setting.train, setting.seed
    )
    if table is None:
        return None
    result = setting.transplant(init="random")
    embeddings = result.model.token_embedding.embeddings
    rows = np.array(embeddings)
    ids = np.setdiff1d(range(len(table)), [*result.vocabulary.roles.values()])
    rows[ids] = table[ids]
    embeddings.assign(rows)
    return result


def omp(setting):
    """Matching pursuit in the table of the tokenizer's own model (arXiv:2506.06607)."""
    from bridge.embedding import MatchingPursuit

    if setting.donor is None:
        return None
    return setting.transplant(init=[MatchingPursuit(setting.donor)])


def compose(setting):
    """Ours by composition, with text."""
    return setting.transplant(texts=setting.train)


def compose_words(setting):
    """The same, and words that the tokenizer cuts by their tokens."""
    return setting.transplant(texts=setting.train, words=True)


FIRST_LAYERS = {"trainable": "all", "until": "transformer_layer_1"}
ALL_LAYERS = {
    "trainable": "all",
    "cut_words": True,
    "body_learning_rate": 3e-4,
    "learning_rate": 0.05,
    "text_weight": 5.0,
}
WORDS = {"cut_words": True, "body_learning_rate": 1e-3}
# What a row does, in parts: the share of the budget, and options.
DISTILLED = {
    "": [(1, {})],
    ", first layers": [(1, FIRST_LAYERS)],
    ", first layers and cut words": [(1, {**FIRST_LAYERS, **WORDS})],
    ", in two parts": [
        (1 / 3, {**FIRST_LAYERS, **WORDS}),
        (2 / 3, ALL_LAYERS),
    ],
}


def distilled(limit, amount, parts, dtype, start=compose):
    """Ours, then trained in one part or several."""

    def make(setting):
        import bridge

        result = start(setting)
        for share, options in parts:
            # A body that trains fast gets worse on sentences before it gets better.
            alone = "trainable" not in options
            done = bridge.distill(
                result,
                setting.train,
                val_texts=setting.validation if alone else None,
                seed=setting.seed,
                compute_dtype=dtype,
                **{limit: max(1, round(share * amount))},
                **options,
            )
            print(done, flush=True)
            result = done.result
        return result

    return make


def rows(minutes, steps, dtype):
    """Name -> function, in the order of the table."""
    budgets = {f"{count:g} min": ("seconds", 60 * count) for count in minutes}
    budgets |= {f"{count} steps": ("steps", count) for count in steps}
    return {
        "original": original,
        "random": random,
        "mean (HF resize)": mean,
        "FVT": fvt,
        "WECHSEL's formula": wechsel,
        "FOCUS's formula": focus,
        "FOCUS (deepfocus)": focus_package,
        "OMP": omp,
        "composed": compose,
        "composed, words": compose_words,
        **{
            f"distilled {name}{what}": distilled(*budget, parts, dtype)
            for what, parts in DISTILLED.items()
            for name, budget in budgets.items()
        },
        **{
            f"distilled {name}, words": distilled(
                *budget, [(1, ALL_LAYERS)], dtype, compose_words
            )
            for name, budget in budgets.items()
        },
    }


def make(function, setting):
    """Make a row; returns it and the seconds that it took."""
    begun = perf_counter()
    return function(setting), perf_counter() - begun
