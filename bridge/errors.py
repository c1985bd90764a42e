"""Every exception `bridge` raises on purpose.

    BridgeError
    ├── MissingDependencyError(ImportError)     an optional library is not installed
    ├── UnsupportedTokenizerError(TypeError)    no adapter for this object
    ├── ArgumentTypeError(TypeError)            an argument of another kind than needed
    ├── TokenizerFileError(ValueError)          a file cannot be read as a tokenizer
    ├── TextInputError(TypeError)               a text is not a usable `str`
    ├── SequenceLengthError(ValueError)         a length that cannot hold the input
    ├── BackboneError(ValueError)               a backbone or preset that does not fit
    ├── SavedFormatError(ValueError)            a saved folder this version cannot read
    ├── CorpusError(ValueError)                 a corpus job that cannot go on
    └── VocabularyError(ValueError)             tokens or ids that do not make sense
        ├── MissingVocabularyError(LookupError) no vocabulary to align with
        ├── MissingRoleError(LookupError)       no pad, cls, ... where one is needed
        ├── TokenIdError(IndexError)            an id outside the vocabulary
        └── UnmappedTokenError(KeyError)        a token without a counterpart

Messages have three parts: the rule, what was received, the remedy.
"""


class BridgeError(Exception):
    """Base class of all errors raised by `bridge`.

    Example:
        >>> try:
        ...     bridge.load_tokenizer(42)
        ... except bridge.BridgeError as error:
        ...     print(type(error).__name__)
        UnsupportedTokenizerError
    """

    def __str__(self) -> str:
        """Return the message itself, also where `KeyError` would quote it."""
        return str(self.args[0]) if self.args else ""


class MissingDependencyError(BridgeError, ImportError):
    """An optional library is needed and not installed."""


class UnsupportedTokenizerError(BridgeError, TypeError):
    """No adapter knows this kind of tokenizer."""


class ArgumentTypeError(BridgeError, TypeError):
    """An argument is an object of another kind than is needed."""


class TokenizerFileError(BridgeError, ValueError):
    """A file cannot be read as the tokenizer it should hold."""


class TextInputError(BridgeError, TypeError):
    """An input is not a text that can be encoded."""


class SequenceLengthError(BridgeError, ValueError):
    """A sequence length cannot hold what must go into it."""


class BackboneError(BridgeError, ValueError):
    """A backbone or preset does not fit what was asked of it."""


class SavedFormatError(BridgeError, ValueError):
    """A saved folder is damaged or was written by another version."""


class CorpusError(BridgeError, ValueError):
    """A corpus job cannot begin or go on; shards that are there stay."""


class VocabularyError(BridgeError, ValueError):
    """Tokens, ids or roles contradict each other."""


class MissingVocabularyError(VocabularyError, LookupError):
    """There is no vocabulary to align with."""


class MissingRoleError(VocabularyError, LookupError):
    """A special token of a given role is needed and missing."""


class TokenIdError(VocabularyError, IndexError):
    """A token id lies outside the vocabulary."""


class UnmappedTokenError(VocabularyError, KeyError):
    """A token has no counterpart and the caller asked for an error."""
