"""`check_options`: options of a distillation that make no sense."""

from collections.abc import Collection

from bridge.keras.distilling.precision import POLICIES

# What may train: new rows, or the body too. `transplant` uses the same words.
TRAINABLE = ("new", "all")


def check_options(
    *,
    trainable: str,
    compute_dtype: str | None,
    copied: float,
    text_weight: float,
    min_uses: int,
    learning_rate: float,
    body_learning_rate: float,
) -> None:
    """Refuse options that are out of range or unknown; all as `distill` takes them.

    Args:
        trainable: One of `TRAINABLE`.
        compute_dtype: One of those in `POLICIES`, or `None`.
        copied: At least 0.
        text_weight: At least 0.
        min_uses: At least 1.
        learning_rate: Above 0.
        body_learning_rate: Above 0.

    Raises:
        ValueError: If one is not so.
    """
    _check_name("trainable", trainable, TRAINABLE, "")
    if compute_dtype is not None:
        remedy = " Leave it out to compute as the model does."
        _check_name("compute_dtype", compute_dtype, POLICIES, remedy)
    for name, value, holds in (
        ("copied", copied, copied >= 0),
        ("text_weight", text_weight, text_weight >= 0),
        ("min_uses", min_uses, min_uses >= 1),
        ("learning_rate", learning_rate, learning_rate > 0),
        ("body_learning_rate", body_learning_rate, body_learning_rate > 0),
    ):
        if not holds:
            raise ValueError(
                "`copied` and `text_weight` must be at least 0, `min_uses` at least 1 "
                f"and learning rates above 0. Received: {name}={value}. Leave it out "
                "for the default."
            )


def _check_name(name: str, value: str, known: Collection[str], remedy: str) -> None:
    if value not in known:
        raise ValueError(
            f"`{name}` must be {' or '.join(map(repr, known))}. Received: {value!r}."
            f"{remedy}"
        )
