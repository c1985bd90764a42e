"""Which special token plays which role, where a tokenizer does not say."""

from collections.abc import Mapping
from types import MappingProxyType

# Spellings that published vocabularies use for a role. They count only for tokens
# that their tokenizer calls special: a literal `<unk>` may also be ordinary text.
SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cls": ("[CLS]", "<cls>"),
        "sep": ("[SEP]", "<sep>"),
        "bos": (
            "<s>",
            "<bos>",
            "[BOS]",
            "<|begin_of_text|>",
            "<|startoftext|>",
            "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
        ),
        "eos": (
            "</s>",
            "<eos>",
            "[EOS]",
            "<|end_of_text|>",
            "<\uff5cend\u2581of\u2581sentence\uff5c>",
        ),
        "pad": (
            "[PAD]",
            "<pad>",
            "<|pad|>",
            "<|padding|>",
            "<|finetune_right_pad_id|>",
            "<\uff5c\u2581pad\u2581\uff5c>",
        ),
        "mask": ("[MASK]", "<mask>"),
        "unk": ("[UNK]", "<unk>"),
    }
)

# GPT-2 and GPT-NeoX have one token for everything. Where there are other special
# tokens it is not that one: in Qwen it pads, and nothing plays bos.
_ONLY_TOKEN = "<|endoftext|>"
_ONLY_TOKEN_ROLES = ("bos", "eos", "unk")

# RoBERTa and XLM-R let these two play the classifier's roles too, and say so only by
# having a mask token.
_CLASSIFIER = MappingProxyType({"cls": "bos", "sep": "eos"})


def guess_roles(
    special: Mapping[str, int], *, known: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Find roles by the spellings of special tokens.

    Args:
        special: Spelling to id of the tokens a tokenizer calls special.
        known: Roles that the tokenizer states; they win.

    Returns:
        Role to id, for every role found. Several roles may share one id
        (`<|endoftext|>` is bos, eos and unk of GPT-2).

    Example:
        >>> guess_roles({"<|endoftext|>": 50256})
        {'bos': 50256, 'eos': 50256, 'unk': 50256}
    """
    roles = {
        role: special[spelling]
        for role, spellings in reversed(list(SPELLINGS.items()))
        for spelling in reversed(spellings)
        if spelling in special
    }
    others = set(special) - {_ONLY_TOKEN, *SPELLINGS["pad"]}
    if _ONLY_TOKEN in special and not others:
        roles |= dict.fromkeys(_ONLY_TOKEN_ROLES, special[_ONLY_TOKEN])
    roles |= known or {}
    if "mask" in roles:
        for role, decoder_role in _CLASSIFIER.items():
            if role not in roles and decoder_role in roles:
                roles[role] = roles[decoder_role]
    return roles
