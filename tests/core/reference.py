"""Slow second opinions, one cell at a time."""


def pack_row(first, second, *, template, length, pad, side, truncation):
    """One row as lists: ids, mask, segment ids."""
    specials = len(template.start) + len(template.end)
    if second is not None:
        specials += len(template.separator)
    room = length - specials
    kept = [0, 0]
    segments = [first, [] if second is None else second]
    turn = 0
    while sum(kept) < room and any(kept[i] < len(segments[i]) for i in (0, 1)):
        if truncation == "waterfall":
            turn = 0 if kept[0] < len(segments[0]) else 1
        if kept[turn] < len(segments[turn]):
            kept[turn] += 1
        turn = 1 - turn
    row = [(token, 0) for token in (*template.start, *first[: kept[0]])]
    if second is not None:
        row += [(token, 0) for token in template.separator]
        row += [(token, 1) for token in second[: kept[1]]]
    row += [(token, int(second is not None)) for token in template.end]
    mask = [True] * len(row)
    blank = length - len(row)
    filler, hidden = [(pad, 0)] * blank, [False] * blank
    row = filler + row if side == "left" else row + filler
    mask = hidden + mask if side == "left" else mask + hidden
    return [token for token, _ in row], mask, [segment for _, segment in row]


def continues(texts, position):
    """Whether each token of one row continues a word, from spellings and positions.

    `texts` holds the bytes of every token, `position` "start", "inside" or "either".
    """
    result = []
    for place, (content, where) in enumerate(zip(texts, position, strict=True)):
        joined = place > 0 and ends_in_word(texts[place - 1])
        result.append(
            joined
            and (where == "inside" or (where == "either" and begins_in_word(content)))
        )
    return result


def of_word(character):
    import unicodedata

    if character.isspace():
        return False
    if character.isascii():
        return character.isalnum() or not character.isprintable()
    ideograph = "\u4e00" <= character <= "\u9fff"
    return not (unicodedata.category(character).startswith("P") or ideograph)


def begins_in_word(content):
    text = content.decode("utf-8", "ignore")
    return of_word(text[0]) if text else any(byte > 127 for byte in content)


def ends_in_word(content):
    text = content.decode("utf-8", "ignore")
    return of_word(text[-1]) if text else any(byte > 127 for byte in content)
