"""Sample texts of the HTML report, coloured by token in both tokenizers."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from bridge.reporting.formats.parts import text
from bridge.reporting.formats.sections import joined
from bridge.reporting.numbers.side_by_side import SampleText, ShownToken

_COLOURS = 6


def sample_cards(samples: Sequence[SampleText]) -> str:
    """Show texts side by side.

    Args:
        samples: The texts.

    Returns:
        Markup; what to know of a token is in its `title`.
    """
    if not samples:
        return ""
    return (
        '<section class="samples" id="samples"><h2>Side by side</h2>'
        "<p>Each token has a colour of its own; the line under a token of the "
        "tokenizer tells its kind. Boxed tokens differ from the preset's own.</p>"
        '<p id="token-detail" class="detail" aria-live="polite">Point at a token, or '
        "tap it, to read more.</p>" + "".join(map(_card, samples)) + "</section>"
    )


def _card(sample: SampleText) -> str:
    rows = [
        _row("tokenizer", sample.tokenizer, ()),
        _row("preset", sample.preset, ()),
    ]
    for method, tokens in reversed(sample.remapped.items()):
        exact = sample.exact[method]
        off = () if exact else _differing(sample.preset, tokens)
        name = f"{method} {'=' if exact else '≠'} preset"
        rows.append(_row(name, tokens, off))
    return (
        f'<div class="card"><p class="source"><bdi>{text(sample.text)}</bdi></p>'
        f"{''.join(rows)}</div>"
    )


def _differing(
    preset: Sequence[ShownToken], tokens: Sequence[ShownToken]
) -> tuple[int, ...]:
    matcher = SequenceMatcher(
        None,
        [token.token_id for token in preset],
        [token.token_id for token in tokens],
        autojunk=False,
    )
    same = {
        place
        for block in matcher.get_matching_blocks()
        for place in range(block.b, block.b + block.size)
    }
    return tuple(place for place in range(len(tokens)) if place not in same)


def _row(name: str, tokens: Sequence[ShownToken], off: Sequence[int]) -> str:
    shown = "".join(
        _token(token, place, is_off=place in off) for place, token in enumerate(tokens)
    )
    return (
        f'<div class="tokens"><b>{text(name)}</b>'
        f"<span>{shown}</span><i>{len(tokens)}</i></div>"
    )


def _token(token: ShownToken, place: int, *, is_off: bool) -> str:
    classes = f"t c{place % _COLOURS}"
    detail = f"id {token.token_id}: {token.token}"
    if token.kind:
        classes += f" u-{token.kind}"
        detail += f", {token.kind}, in the preset: {joined(token.pieces)}"
    if is_off:
        classes += " off"
    return (
        f'<bdi class="{text(classes)}" title="{text(detail)}">{text(token.token)}</bdi>'
    )
