import pytest

from bridge.embedding import Anchors
from bridge.embedding.methods import read_init


def zeros(ids, table):
    return table[ids] * 0


def test_names_become_steps():
    assert read_init("compose") == ("compose",)
    assert read_init("copy") == ()
    assert read_init(["copy", "compose", "mean"]) == ("compose", "mean")
    assert read_init("random") == ("random",)
    assert read_init("anchors") == (Anchors(),)
    assert read_init(["compose", zeros]) == ("compose", zeros)
    assert read_init(Anchors(top_k=3))[0].top_k == 3


@pytest.mark.parametrize(
    ("init", "shown"),
    [
        (["compose", "copy"], "['compose', 'copy']"),
        (["mean", "compose"], "['mean', 'compose']"),
        (["compose", "random"], "['compose', 'random']"),
        ([zeros, "compose"], "[zeros, 'compose']"),
        ([Anchors(), "copy"], "[Anchors, 'copy']"),
    ],
)
def test_order_of_a_list(init, shown):
    with pytest.raises(ValueError, match="goes first") as error:
        read_init(init)
    assert str(error.value) == (
        "In `init`, 'copy' goes first, 'mean' and a function go last, and 'random' "
        f"stands alone. Received: {shown}. Reorder the list."
    )


@pytest.mark.parametrize(("init", "shown"), [("focus", "'focus'"), (7, "int")])
def test_unknown_init(init, shown):
    with pytest.raises(ValueError, match="must be one of") as error:
        read_init(["compose", init])
    assert str(error.value) == (
        "`init` must be one of 'copy', 'compose', 'anchors', 'omp', 'mean', 'random', "
        "a method such as `bridge.Anchors(...)`, a function, or a list of these. "
        f"Received: {shown}."
    )


def test_matching_pursuit_needs_a_donor():
    with pytest.raises(ValueError, match="donor") as error:
        read_init("omp")
    assert str(error.value) == (
        "`init='omp'` needs the model that the tokenizer comes with. Received: no "
        "donor. Pass `init=bridge.MatchingPursuit(donor)`, its table or a "
        ".safetensors file."
    )
