"""Texts that commands read from files."""

import codecs
from pathlib import Path

from bridge.errors import TextInputError


def read_texts(file: Path) -> list[str]:
    """Read texts, one a line; lines of white space only are left out.

    Args:
        file: A file in UTF-8.

    Returns:
        The texts, without their line ends.

    Raises:
        TextInputError: If the file holds no text, or is not in UTF-8.
    """
    # Not `splitlines`: a text may hold U+2028.
    lines = decode_file(file).replace("\r\n", "\n").split("\n")
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise TextInputError(
            f"A file of texts must hold at least one. Received: {file}, which holds "
            "none. Write one text on each line."
        )
    return texts


def decode_file(file: Path) -> str:
    """Read a whole file as UTF-8, with or without a byte order mark.

    Args:
        file: The file.

    Returns:
        Its text.

    Raises:
        TextInputError: If it is not in UTF-8; the message names the line.
    """
    content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TextInputError(
            f"A file of texts must be in UTF-8. Received: {file}, whose line {line} "
            f"is not. Convert it, such as by `iconv -f latin1 -t utf-8 {file}`."
        ) from error
