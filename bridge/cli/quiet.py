"""Imports Keras without TensorFlow's start-up lines."""

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def quiet_errors() -> Iterator[None]:
    """Hold back what libraries write to the error stream; show it if they fail.

    TensorFlow's C++ side writes before any setting can silence it, so the stream
    itself is turned away for a moment.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)


def import_keras() -> None:
    """Import KerasHub and its backend, quietly; freed memory is kept from then on.

    Raises:
        MissingDependencyError: If the extra is not installed.
    """
    from bridge.errors import MissingDependencyError
    from bridge.memory import keep_freed

    keep_freed()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Grain and TensorFlow warn about thread counts on small machines.
    logging.getLogger("absl").setLevel(logging.ERROR)
    # Keras warns of what saving and loading a task always does.
    warnings.filterwarnings("ignore", category=UserWarning, module="keras")
    try:
        with quiet_errors():
            import_module("keras_hub")
    except ImportError as error:
        raise MissingDependencyError(
            "This command needs KerasHub and a backend. Received: "
            f"{error}. Install them with `pip install 'tokenizer-bridge[keras]'`."
        ) from error
