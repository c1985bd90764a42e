"""Whole messages as patterns for `pytest.raises(..., match=)`."""

import re


def exactly(message):
    """A pattern that only this very text matches."""
    return rf"\A{re.escape(message)}\Z"
