"""What is compared: weighted means of hidden states, of two models."""

from typing import Any

from keras import ops


def view_states(states: Any, weights: Any) -> Any:  # noqa: ANN401  tensors of the backend
    """Weigh hidden states into views.

    Args:
        states: `(layers, batch_size, width, dim)`.
        weights: `(batch_size, views, width)`.

    Returns:
        `(layers, batch_size, views, dim)` float32.
    """
    return ops.einsum("bvw,lbwd->lbvd", weights, ops.cast(states, "float32"))


def compare_views(
    views: Any,  # noqa: ANN401
    target: Any,  # noqa: ANN401
    used: Any,  # noqa: ANN401
    *,
    text_weight: float,
) -> tuple[Any, Any]:
    """Compare the views of two models.

    Segments and special tokens count by the squared distance of their states, as a
    share of the target's squared size in that layer; whole texts by direction.

    Args:
        views: `(layers, batch_size, views, dim)`; the first view is the whole text.
        target: The same of the model that is imitated.
        used: 1 for every view that both have, else 0, `(batch_size, views)` float32.
        text_weight: Weight of whole texts beside that of the other views.

    Returns:
        The loss, and the mean cosine of whole texts in the last layer.
    """
    parts = used[:, 1:, None]
    distance = ops.square(views[:, :, 1:] - target[:, :, 1:]) * parts
    size = ops.square(target[:, :, 1:]) * parts
    share = ops.sum(distance, axis=(1, 2, 3)) / ops.sum(size, axis=(1, 2, 3))
    texts = ops.normalize(views[:, :, 0], axis=-1) * ops.normalize(
        target[:, :, 0], axis=-1
    )
    cosines = ops.sum(texts, axis=-1) * used[:, 0]
    cosine = ops.sum(cosines, axis=1) / ops.sum(used[:, 0])
    return ops.mean(share) + text_weight * ops.mean(1 - cosine), cosine[-1]


def compare_scores(states: Any, target: Any, used: Any, rows: Any) -> Any:  # noqa: ANN401
    """Compare how two models score tokens that both have.

    Args:
        states: The last layer's views, `(batch_size, views, dim)`.
        target: The same of the model that is imitated.
        used: 1 for every view that both have, `(batch_size, views)` float32.
        rows: Those tokens' rows of the output head, `(tokens, dim)`.

    Returns:
        The mean divergence of the softmax over these tokens (Kullback-Leibler).
    """
    wanted = ops.log_softmax(ops.matmul(target, ops.transpose(rows)))
    found = ops.log_softmax(ops.matmul(states, ops.transpose(rows)))
    divergence = ops.sum(ops.exp(wanted) * (wanted - found), axis=-1)
    return ops.sum(divergence * used) / ops.sum(used)
