"""`encoder.as_hf()`: what the encoder knows, by transformers' names."""

import numpy as np

from bridge.alignment import align_vocabularies
