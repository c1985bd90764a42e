"""Whole messages as patterns for `pytest.raises(..., match=)`."""

import re


def around(before, after):
    """A pattern for a message with some other library's words in the middle."""
    return rf"(?s)\A{re.escape(before)}.+{re.escape(after)}\Z"


def exactly(message):
    """A pattern that only this very text matches."""
    return rf"\A{re.escape(message)}\Z"
