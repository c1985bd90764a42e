"""`KerasTokenizer`: any tokenizer as a KerasHub tokenizer."""

import os
from collections.abc import Mapping
from typing import Any, Self

import keras
import keras_hub
from keras_hub.src.utils.preset_utils import load_json

from bridge.alignment import Alignment
from bridge.errors import BridgeError, MissingVocabularyError, TokenizerFileError
from bridge.keras.codec import Codec, Method, check_method
from bridge.keras.graph import decode_in_graph, encode_in_graph, graph_library
from bridge.keras.id_space import IdSpace
from bridge.keras.inputs import read_ids, read_texts
from bridge.keras.special_tokens import SpecialTokens
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.load import load_tokenizer
from bridge.vocabulary import Vocabulary

# Keras fetches assets by file name, so everything is in one file.
ASSET = "bridge_tokenizer.zip"
CONFIG_FILE = "tokenizer.json"  # KerasHub's name; Hugging Face's file is another


@keras.saving.register_keras_serializable(package="bridge")
class KerasTokenizer(SpecialTokens, keras_hub.tokenizers.Tokenizer):
    """Any tokenizer as a `keras_hub.tokenizers.Tokenizer`.

    It goes wherever KerasHub takes a tokenizer: into stock preprocessors and tasks, in
    eager code, `tf.function`, `tf.data` and grain, into presets and `.keras` files.
    Special tokens in texts follow the tokenizer's own rule. None are put around texts,
    and nothing is padded: KerasHub's packers do that.

    Without an alignment it emits the tokenizer's own ids. With one it emits the ids
    of the backbone, and every id it shows or takes is the backbone's.

    It makes no mask. KerasHub's classifier and masked-LM preprocessors compute
    `token_ids != pad_token_id`, which hides real tokens where `pad_is_text` is true.

    Text cannot be streamed while `generate` draws it: KerasHub draws all tokens in one
    call (compiled on TensorFlow and jax), which returns at its end.

    Args:
        tokenizer: A `bridge` tokenizer, or anything `load_tokenizer` takes.
        alignment: What its ids mean to a preset.
        method: How ids are remapped: `"lookup"`, `"expand"` or `"retokenize"`.
        vocabulary: Vocabulary that extends the tokenizer's own, such as
            `result.vocabulary` of a transplant.
        spec: What the backbone expects, in the ids that come out, where there is no
            alignment that says it: its pad id, its rows, and which special tokens its
            template does without.
        dtype: Always `"int32"`.
        **kwargs: Passed to the Keras layer.

    Raises:
        VocabularyError: If `alignment` or `vocabulary` belong to another tokenizer.
        ValueError: If an option is unknown, or options exclude one another.

    Example:
        >>> tokenizer = KerasTokenizer("tokenizer.json")
        >>> tokenizer(["a text", "another"])
        [[1037, 3793], [2178]]
    """

    def __init__(
        self,
        tokenizer: Tokenizer | Any = None,  # noqa: ANN401  whatever load_tokenizer takes
        *,
        alignment: Alignment | None = None,
        method: Method = "retokenize",
        vocabulary: Vocabulary | None = None,
        spec: BackboneSpec | Mapping[str, object] | None = None,
        dtype: Any = "int32",  # noqa: ANN401  a name or a Keras policy
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        if self.compute_dtype != "int32":
            raise ValueError(
                "Token ids are int32, whatever a model computes in. Received: "
                f"dtype={self.compute_dtype!r}. Leave `dtype` out."
            )
        check_method(method)
        self.file_assets = [ASSET]
        self.method = method
        self._spec = BackboneSpec.from_dict(spec) if isinstance(spec, Mapping) else spec
        self._codec: Codec | None = None
        if tokenizer is not None:
            self._codec = Codec(
                load_tokenizer(tokenizer), alignment, method, vocabulary, self._spec
            )
        elif alignment is not None or vocabulary is not None:
            raise ValueError(
                "`alignment` and `vocabulary` belong to a tokenizer. Received: "
                "tokenizer=None. Pass `alignment.tokenizer`, or the tokenizer that "
                "`vocabulary` extends."
            )

    @property
    def codec(self) -> Codec:
        """The parts that do the work, without Keras."""
        if self._codec is None:
            raise MissingVocabularyError(
                "A KerasTokenizer works once it has a tokenizer. Received: one built "
                "from a config, whose assets are not loaded. Load the preset or the "
                "`.keras` file as a whole, or call `load_assets`."
            )
        return self._codec

    @property
    def _space(self) -> IdSpace:
        return self.codec.space

    def call(self, inputs: Any, *, training: bool | None = None) -> Any:  # noqa: ANN401, ARG002
        """Tokenize, as a layer.

        Args:
            inputs: As in `tokenize`.
            training: Keras's own; it changes nothing.

        Returns:
            As `tokenize`.

        Raises:
            BridgeError: As `tokenize`.
        """
        try:
            return self.tokenize(inputs)
        except BridgeError as error:
            # Keras would wrap the message and print all texts after it, unless this
            # mark of its own says that it has done so.
            error._keras_call_info_injected = True  # type: ignore[attr-defined]
            raise

    def tokenize(self, inputs: Any) -> Any:  # noqa: ANN401  see below
        """Turn texts into ids: no special tokens around them, no padding, no mask.

        Args:
            inputs: One text, or a list, tuple, array or tensor of texts, as `str` or
                UTF-8 `bytes`.

        Returns:
            Eager: a list of lists of ids, or an `(n,)` int32 array for one text. In a
            graph: a `tf.RaggedTensor` `(batch_size, None)` int32, or an `(n,)` int32
            tensor for one text.

        Raises:
            TextInputError: If an input is no text.
            TokenIdError: If an id lies outside the backbone's table.
        """
        codec, tensorflow = self.codec, graph_library()
        if tensorflow is not None:
            return encode_in_graph(tensorflow, inputs, codec.encode)
        texts, is_single = read_texts(inputs)
        ids = codec.encode(texts)
        return ids[0] if is_single else ids.to_lists()

    def detokenize(self, inputs: Any) -> Any:  # noqa: ANN401  see below
        """Turn ids back into text; with an alignment, ids of the backbone.

        Args:
            inputs: One row of ids, or several: lists, an array or tensor, or a
                `tf.RaggedTensor`. Padding is decoded too: cut it off first.

        Returns:
            One text or a list of texts, special tokens kept as text. In a graph, a
            string tensor.

        Raises:
            TextInputError: If these are no ids.
            TokenIdError: If an id lies outside the vocabulary.
        """
        codec, tensorflow = self.codec, graph_library()
        if tensorflow is not None:
            return decode_in_graph(tensorflow, inputs, codec.decode)
        ids, is_single = read_ids(inputs)
        texts = codec.decode(ids)
        return texts[0] if is_single else texts

    def save_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Write tokenizer and alignment into one file.

        Args:
            dir_path: Folder to write into.

        Raises:
            UnsupportedTokenizerError: If the tokenizer is Python code.
        """
        self.codec.save(os.path.join(dir_path, ASSET))

    def load_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Read what `save_assets` wrote.

        Args:
            dir_path: Folder that holds it.

        Raises:
            SavedFormatError: If it is missing or damaged.
        """
        file = os.path.join(dir_path, ASSET)
        self._codec = Codec.load(file, method=self.method, spec=self._spec)

    def get_config(self) -> dict[str, Any]:
        """Return plain data; the tokenizer itself is an asset."""
        return {
            **super().get_config(),
            "method": self.method,
            "spec": None if self._spec is None else self._spec.to_dict(),
            # Where the class is not registered, Keras prints the config.
            "requires": "import bridge",
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Rebuild from `get_config`; `load_assets` brings the tokenizer.

        Args:
            config: What `get_config` returned.

        Returns:
            A tokenizer that has no vocabulary yet.
        """
        kept = {key: value for key, value in config.items() if key != "requires"}
        return super().from_config(kept)  # type: ignore[no-any-return]

    @classmethod
    def from_preset(
        cls,
        preset: str | os.PathLike[str],
        config_file: str = CONFIG_FILE,
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> Self:
        """Load the tokenizer of a preset.

        KerasHub's own method would look for a subclass that belongs to the preset's
        backbone; this class belongs to any.

        Args:
            preset: Folder or handle that `save_to_preset` wrote.
            config_file: File in it.
            **kwargs: Entries of the config to replace.

        Returns:
            The tokenizer.

        Raises:
            TokenizerFileError: If the preset's tokenizer is another one.
        """
        name = os.fspath(preset)
        serialized = load_json(name, config_file)
        found = serialized.get("registered_name")
        if found != keras.saving.get_registered_name(cls):
            raise TokenizerFileError(
                f"The preset's {config_file} must hold a tokenizer of bridge. "
                f"Received: {found!r} in {name}. Load it with "
                "`keras_hub.tokenizers.Tokenizer.from_preset`."
            )
        tokenizer = cls.from_config({**serialized["config"], **kwargs})
        tokenizer.load_preset_assets(name)
        return tokenizer
