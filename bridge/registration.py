"""Makes KerasHub know `bridge`'s classes as soon as both are imported.

Keras can only load a saved `KerasTokenizer` if its class is registered, and a saved
preset asks for `import bridge`. That import must stay as light as numpy, so the classes
are registered with KerasHub's own import: now where that has been, else right after it.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_WATCHED = "keras_hub"
_MODULES = (
    "bridge.keras.pooling",
    "bridge.keras.token_classifier",
    "bridge.keras.token_classifier_preprocessor",
    "bridge.keras.tokenizer",
    "bridge.keras.word_lookup",
)


def register_with_keras_hub() -> None:
    """Register now, or when KerasHub is imported for the first time."""
    if _WATCHED in sys.modules:
        _register()
    elif not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())


def _register() -> None:
    for module in _MODULES:
        import_module(module)


class _Watcher(MetaPathFinder):
    """Steps in for one import of KerasHub, and leaves."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != _WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(_WATCHED)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """Loads KerasHub as its own loader would, then registers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # From here on the module is an ordinary one, for tools that look at it.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        _register()
