"""The only rooms that import Keras."""

# Before any module of this package begins: KerasHub's import registers classes of
# several of them (see `bridge.registration`), which must find no module half made.
import keras_hub as keras_hub
