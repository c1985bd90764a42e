"""Tokenizer files, read whole: within a size limit, and with one kind of error."""

import base64
import binascii
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import TokenizerFileError
from bridge.tokenizers.build import Merge

if TYPE_CHECKING:
    import tokenizers

# The largest published tokenizer file is about 35 MB. A file far beyond that is
# something else, such as weights, and must not fill the memory.
SIZE_LIMIT = 1_000_000_000


def file_error(path: Path, received: str, remedy: str) -> TokenizerFileError:
    """Build the one error of this room for a file that is not what it should be.

    Args:
        path: The file.
        received: What is wrong with it.
        remedy: What to do.

    Returns:
        The error, to be raised.
    """
    return TokenizerFileError(
        f"A tokenizer file must be complete and in a known format. Received: {path}, "
        f"{received}. {remedy}"
    )


def read_bytes(path: Path) -> bytes:
    """Read a whole file of at most `SIZE_LIMIT` bytes.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        TokenizerFileError: If it is missing, empty, too large or not readable.
    """
    try:
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise file_error(
                path,
                f"which has {size:,} bytes, more than {SIZE_LIMIT:,}",
                "Name the tokenizer's file, not the weights.",
            )
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise file_error(
            path, f"which cannot be read ({reason})", "Check the path."
        ) from error
    if not content:
        raise file_error(path, "which is empty", "Download it again.")
    return content


def read_text(path: Path) -> str:
    """Read a UTF-8 file, a byte-order mark left out.

    Args:
        path: The file.

    Returns:
        Its text.

    Raises:
        TokenizerFileError: If it cannot be read or is no UTF-8.
    """
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise file_error(
            path,
            f"which is no UTF-8 text (byte {error.start})",
            "Convert it to UTF-8, or name another file.",
        ) from error


def read_lines(path: Path) -> list[str]:
    r"""Read the lines of a UTF-8 file.

    Only `\n` and `\r\n` end a line: a vocabulary may hold U+2028 or U+0085.

    Args:
        path: The file.

    Returns:
        Its lines, without the empty one after the last line break.
    """
    lines = read_text(path).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def read_json(path: Path) -> Any:  # noqa: ANN401  any JSON value
    """Read a JSON file.

    Args:
        path: The file.

    Returns:
        Its value.

    Raises:
        TokenizerFileError: If it is no JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise file_error(
            path,
            f"which is no valid JSON ({error})",
            "It may be truncated: download it again.",
        ) from error


def read_tokenizer_json(path: Path) -> "tokenizers.Tokenizer":
    """Read a `tokenizers` file.

    Args:
        path: A tokenizer.json.

    Returns:
        The tokenizer.

    Raises:
        TokenizerFileError: If the library refuses it.
    """
    from tokenizers import Tokenizer

    text = read_text(path)
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the binding raises bare Exception
        raise file_error(
            path,
            f"which the tokenizers library cannot read ({error})",
            "It may be truncated, or written by a newer version: download it again, "
            "or update tokenizers.",
        ) from error


def read_merges(path: Path) -> list[Merge]:
    """Read a merges.txt or vocab.bpe.

    Args:
        path: Two tokens a line, in the order in which they are joined.

    Returns:
        The pairs.

    Raises:
        TokenizerFileError: If a line is no pair.
    """
    lines = read_lines(path)
    if lines and lines[0].startswith("#version"):
        lines = lines[1:]
    merges: list[Merge] = []
    for number, line in enumerate(lines):
        pair = line.split(" ")
        if len(pair) != 2 or not all(pair):
            # GPT-2's own file ends with an empty line.
            if not line and number == len(lines) - 1:
                break
            raise file_error(
                path,
                f"whose line {number + 1} after the header is {line[:40]!r}",
                "A merges file has two tokens a line with one space between.",
            )
        merges.append((pair[0], pair[1]))
    return merges


def read_vocab_txt(path: Path) -> dict[str, int]:
    """Read a vocab.txt: one token a line, its id is the number of the line.

    Args:
        path: The file.

    Returns:
        Token to id; of equal lines the last counts, as BERT's own reader does.

    Raises:
        TokenizerFileError: If it is no such file.
    """
    lines = read_lines(path)
    tokens = {line: number for number, line in enumerate(lines)}
    # Real ones have a few doubles at most; running text has many.
    if len(tokens) < 0.9 * len(lines):
        raise file_error(
            path,
            f"of whose {len(lines)} lines only {len(tokens)} differ",
            "A vocab.txt has one token a line.",
        )
    return tokens


def read_ranks(path: Path) -> dict[bytes, int]:
    """Read a .tiktoken file: a token in base64 and its rank on every line.

    Args:
        path: The file.

    Returns:
        Token bytes to rank.

    Raises:
        TokenizerFileError: If a line is something else.
    """
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(read_lines(path)):
        if not line:
            continue
        try:
            token, rank = line.split(" ")
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise file_error(
                path,
                f"whose line {number + 1} is {line[:40]!r}",
                "A .tiktoken file has base64 and a rank on every line; it may be "
                "truncated: download it again.",
            ) from error
    return ranks
