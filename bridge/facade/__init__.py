"""`align`, `connect` and `Bridge`: everything together, in one call each."""

from bridge.facade.aligning import align
from bridge.facade.connecting import connect
from bridge.facade.link import Bridge

__all__ = ["Bridge", "align", "connect"]
