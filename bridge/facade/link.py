"""`Bridge`: a tokenizer connected with a preset, ready to use."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bridge.alignment import Alignment
from bridge.alignment.storage import read_manifest
from bridge.encoder import Encoder
from bridge.errors import BackboneError
from bridge.facade.masking import check_masks
from bridge.layout import Strategy
from bridge.lazy import lazy
from bridge.reporting import RemapReport
from bridge.spec import BackboneSpec
from bridge.tokenizers.saving import replace_folder
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.keras.transplant import TransplantResult

MANIFEST = "bridge.json"
FORMAT_VERSION = 1


class Bridge:
    """A tokenizer connected with a preset. Made by `connect` or `Bridge.load`.

    Args:
        alignment: What every id means to the preset.
        report: How the two line up.
        strategy: How ids reach the backbone.
        preset: The preset's name or folder, or a KerasHub object.
        texts: Texts that the rows of a transplant are measured on.
        words: Whether a transplant knows words by their tokens.
        seed: Of everything random in a transplant.

    Example:
        >>> link.encoder(["a text"])["padding_mask"].shape
        (1, 32)
        >>> link.save("link")
        >>> bridge.Bridge.load("link").strategy
        'retokenize'
    """

    def __init__(
        self,
        alignment: Alignment,
        report: RemapReport,
        *,
        strategy: Strategy,
        preset: Any,  # noqa: ANN401  name, folder or KerasHub object
        texts: Sequence[str] | None = None,
        words: bool = False,
        seed: int = 0,
    ) -> None:
        self.alignment = alignment
        self.report = report
        self.strategy = strategy
        self.tokenizer = alignment.tokenizer
        self._preset = preset
        self._texts = texts
        self._words = words
        self._seed = seed

    @lazy
    def transplant(self) -> "TransplantResult | None":
        """Result of the transplant, or `None` with another strategy."""
        if self.strategy != "transplant":
            return None
        from bridge.keras.transplant import transplant

        return transplant(
            self._pretrained(),
            self.alignment,
            texts=self._texts,
            words=self._words,
            seed=self._seed,
        )

    @lazy
    def backbone(self) -> Any:  # noqa: ANN401  a keras_hub Backbone
        """The backbone that takes the link's ids, with pretrained weights.

        Loaded on first use and shared by every task made from this link.
        """
        result = self.transplant
        return self._pretrained() if result is None else result.model

    @lazy
    def vocabulary(self) -> Vocabulary:
        """Vocabulary of the ids that the backbone gets."""
        if self.transplant is not None:
            return self.transplant.vocabulary
        if self.strategy == "identity":
            return self.tokenizer.vocabulary
        return self.alignment.reference.vocabulary

    @lazy
    def spec(self) -> BackboneSpec:
        """What the backbone expects, in ids of `vocabulary`."""
        spec = self.alignment.spec
        if self.strategy != "transplant":
            return spec
        return spec.with_vocabulary(self.vocabulary.roles, self.vocabulary.size)

    @lazy
    def encoder(self) -> Encoder:
        """Encoder with a sequence length of 128, or the backbone's limit below it."""
        limit = self.alignment.spec.max_sequence_length
        return self.make_encoder(128 if limit is None else min(128, limit))

    def make_encoder(self, sequence_length: int) -> Encoder:
        """Make an encoder of another length.

        Args:
            sequence_length: Columns of its arrays.

        Returns:
            The encoder.

        Raises:
            SequenceLengthError: If the backbone takes no such length.
        """
        own = self.strategy in ("identity", "transplant")
        return Encoder(
            self.tokenizer,
            alignment=self.alignment,
            strategy=self.strategy,
            backbone=self.spec,
            vocabulary=self.vocabulary if own else None,
            sequence_length=sequence_length,
        )

    def keras_tokenizer(self) -> Any:  # noqa: ANN401  a KerasTokenizer
        """Return a KerasHub tokenizer that emits the ids the backbone gets."""
        from bridge.keras.tokenizer import KerasTokenizer

        if self.strategy == "identity" or self.strategy == "transplant":
            return KerasTokenizer(
                self.tokenizer, vocabulary=self.vocabulary, spec=self.spec
            )
        return KerasTokenizer(
            self.tokenizer, alignment=self.alignment, method=self.strategy
        )

    def preprocessor(
        self,
        preprocessor_class: Any,  # noqa: ANN401  a keras_hub Preprocessor class
        *,
        sequence_length: int = 128,
        **options: Any,  # noqa: ANN401  the class's own options
    ) -> Any:  # noqa: ANN401
        """Make one of KerasHub's preprocessors with this tokenizer.

        Args:
            preprocessor_class: Such as
                `keras_hub.models.BertTextClassifierPreprocessor`.
            sequence_length: Columns of what it makes, of encoder and decoder alike.
            **options: Passed on to the class. Masked language modelling hides nine of
                ten chosen tokens and keeps the tenth, unless `mask_token_rate` and
                `random_token_rate` say otherwise: KerasHub draws random tokens from
                all ids, among them special and unused ones.

        Returns:
            The preprocessor. Give it pairs as `preprocessor((first, second), y=None)`:
            KerasHub takes the second of two for labels, which raises here.

        Raises:
            BackboneError: If the class computes its mask from the pad id while the
                preset's pad id is an ordinary token.
        """
        from bridge.keras.preprocessing import build_preprocessor

        if self.strategy != "transplant":
            check_masks(preprocessor_class, self.alignment)
        return build_preprocessor(
            preprocessor_class, self.keras_tokenizer(), sequence_length, options
        )

    def task(
        self,
        task_class: Any,  # noqa: ANN401  a keras_hub Task class
        *,
        sequence_length: int = 128,
        **options: Any,  # noqa: ANN401  the class's own options
    ) -> Any:  # noqa: ANN401
        """Make a KerasHub task that takes raw texts.

        Args:
            task_class: Such as `keras_hub.models.BertTextClassifier`.
            sequence_length: Tokens of a text that it looks at.
            **options: Passed on to the class, such as `num_classes=2`.

        Returns:
            The task: `fit(texts, labels)`, `predict(texts)`. KerasHub does not shuffle
            what `fit` gets: shuffle it yourself, or see `bridge.TextDataset`.

        Raises:
            BackboneError: If the task is of another family than the preset.
        """
        expected = getattr(task_class, "backbone_cls", None)
        if expected is not None and not isinstance(self.backbone, expected):
            raise BackboneError(
                "A task takes the backbone of its own family. Received: "
                f"{task_class.__name__} for a {type(self.backbone).__name__}. Use a "
                f"task of that family, or a preset with a {expected.__name__}."
            )
        preprocessor = self.preprocessor(
            task_class.preprocessor_cls, sequence_length=sequence_length
        )
        from bridge.keras.guards import guard_task

        return guard_task(
            task_class(backbone=self.backbone, preprocessor=preprocessor, **options)
        )

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write everything into a folder: backbone, alignment, tokenizers, report.

        The backbone is a plain KerasHub preset that loads without `bridge`, unless it
        knows words by their tokens.

        Args:
            directory: Folder; replaced where it holds an older link, untouched if
                anything fails.

        Raises:
            UnsupportedTokenizerError: If the tokenizer is Python code.
        """
        with replace_folder(directory, owner=MANIFEST) as folder:
            self.alignment.save(folder / "alignment")
            self.backbone.save_to_preset(str(folder / "backbone"))
            vocabulary = self.vocabulary
            appended = vocabulary.tokens[self.tokenizer.vocabulary.size :]
            manifest = {
                "format_version": FORMAT_VERSION,
                "strategy": self.strategy,
                "seed": self._seed,
                "appended": list(appended) if self.strategy == "transplant" else [],
                "roles": dict(vocabulary.roles),
                "report": self.report.to_dict(),
            }
            (folder / MANIFEST).write_text(
                json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8"
            )

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        What a task or a preprocessor of the link saved, KerasHub's `from_preset` and
        Keras's `load_model` read, once `bridge` is imported.

        Args:
            directory: The folder.

        Returns:
            The link. Its `transplant` is `None`: the model is there, the record of
            how its rows were made is not kept.

        Raises:
            SavedFormatError: If the folder is no link, or damaged.
        """
        folder = Path(directory)
        manifest = read_manifest(folder / MANIFEST, FORMAT_VERSION)
        alignment = Alignment.load(folder / "alignment")
        link = cls(
            alignment,
            RemapReport.from_dict(manifest["report"]),
            strategy=manifest["strategy"],
            preset=str(folder / "backbone"),
            seed=manifest["seed"],
        )
        if link.strategy == "transplant":
            link._restore(manifest["roles"], manifest["appended"])
        return link

    def _restore(self, roles: Mapping[str, int], appended: Iterable[str]) -> None:
        # Written where cached properties keep their values, so that nothing is
        # transplanted a second time.
        vocabulary = self.tokenizer.vocabulary.with_roles(roles, append=appended)
        self.__dict__["vocabulary"] = vocabulary
        self.__dict__["transplant"] = None
        self.__dict__["backbone"] = self._pretrained()

    def _pretrained(self) -> Any:  # noqa: ANN401
        from bridge.keras.presets import load_backbone
        from bridge.keras.spec import backbone_of

        if isinstance(self._preset, (str, os.PathLike)):
            return load_backbone(self._preset)
        return backbone_of(self._preset)

    def __repr__(self) -> str:
        """Show the strategy and the alignment."""
        return f"Bridge(strategy={self.strategy!r}, alignment={self.alignment!r})"
