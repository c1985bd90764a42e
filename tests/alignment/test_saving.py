"""A saved alignment is the same one, or a clear refusal."""

import json
import re
import zipfile

import numpy as np
import pytest

import bridge
from bridge.alignment.storage import ARRAYS, MANIFEST
from bridge.errors import BridgeError, SavedFormatError
from tests.core.messages import around, exactly
from tests.factories import bpe_tokenizer, wordpiece_tokenizer


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(
        bpe_tokenizer(), wordpiece_tokenizer(), overrides={"\u0120the": "fox"}
    )


@pytest.fixture
def folder(alignment, tmp_path):
    alignment.save(tmp_path / "saved")
    return tmp_path / "saved"


def test_what_is_loaded_is_what_was_saved(alignment, folder):
    loaded = bridge.Alignment.load(folder)
    assert loaded.diff(alignment) == alignment.diff(loaded) == {}
    assert loaded.counts() == alignment.counts()
    assert loaded.spec == alignment.spec
    assert loaded.reference_note == alignment.reference_note
    assert loaded.tokenizer.vocabulary == alignment.tokenizer.vocabulary
    texts = ["the quick brown fox", "\u2603 unknown"]
    ids = alignment.tokenizer.encode_batch(texts)
    for method in ("lookup", "expand", "retokenize"):
        assert loaded.remap(ids, method=method) == alignment.remap(ids, method=method)


def test_diff_tells_both_fates(alignment):
    plain = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    changed = alignment.diff(plain)
    the = alignment.tokenizer.vocabulary.id("\u0120the")
    tokens = alignment.reference.vocabulary
    assert changed == {
        the: (f"OVERRIDE [{tokens.id('fox')}]", f"EXACT [{tokens.id('the')}]")
    }


def test_diff_with_a_shorter_one(alignment):
    short = bridge.align({"the": 0}, wordpiece_tokenizer())
    changed = short.diff(alignment)
    assert len(changed) == len(alignment.kinds)
    assert changed[5][0] == "absent"


def test_repr_shows_what_is_there(alignment):
    assert re.fullmatch(
        r"Alignment\(400 ids: OVERRIDE=1, ROLE=1, EXACT=\d+, .*\)", repr(alignment)
    )


def damage_bytes(folder):
    path = folder / ARRAYS
    path.write_bytes(path.read_bytes()[:100])


def damage_names(folder):
    np.savez(folder / ARRAYS, kinds=np.zeros(3, np.uint8))


def damage_offsets(folder):
    with np.load(folder / ARRAYS) as arrays:
        kept = dict(arrays)
    kept["piece_offsets"] = kept["piece_offsets"][:-1] + 1
    np.savez(folder / ARRAYS, **kept)


def damage_types(folder):
    with np.load(folder / ARRAYS) as arrays:
        kept = dict(arrays)
    kept["piece_values"] = kept["piece_values"].astype(float)
    np.savez(folder / ARRAYS, **kept)


def damage_size(folder):
    with np.load(folder / ARRAYS) as arrays:
        kept = dict(arrays)
    kept["kinds"] = kept["kinds"][:-1]
    np.savez(folder / ARRAYS, **kept)


def damage_values(folder):
    with np.load(folder / ARRAYS) as arrays:
        kept = dict(arrays)
    kept["piece_values"][0] = 10**6
    np.savez(folder / ARRAYS, **kept)


def damage_kinds(folder):
    with np.load(folder / ARRAYS) as arrays:
        kept = dict(arrays)
    kept["kinds"][0] = 99
    np.savez(folder / ARRAYS, **kept)


def put_code(folder):
    np.savez(folder / ARRAYS, kinds=np.array([print], object))


def remove_arrays(folder):
    (folder / ARRAYS).unlink()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (damage_bytes, None),
        (damage_names, None),
        (damage_offsets, None),
        (damage_types, None),
        (damage_size, "arrays for [399, 400] ids, not 400"),
        (damage_values, "kinds or backbone ids out of range"),
        (damage_kinds, "kinds or backbone ids out of range"),
        (put_code, None),
        (remove_arrays, None),
    ],
)
def test_damaged_arrays(folder, damage, why):
    damage(folder)
    before = (
        f"A saved alignment holds its arrays in arrays.npz. Received: {folder}, where "
        "reading them failed ("
    )
    after = "). Save it again."
    pattern = around(before, after) if why is None else exactly(before + why + after)
    with pytest.raises(SavedFormatError, match=pattern):
        bridge.Alignment.load(folder)


def test_a_damaged_spec(folder):
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    del manifest["spec"]["template"]
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    message = (
        f"A saved alignment holds its spec in {MANIFEST}. Received: {folder}, where "
        "reading it failed (KeyError: 'template'). Save it again."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        bridge.Alignment.load(folder)


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_another_version(folder, version):
    path = folder / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**manifest, "format_version": version}), "utf-8")
    message = (
        f"This version of bridge reads format 1. Received: format {version!r} in "
        f"{path}. Save it again, or install the version that wrote it."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        bridge.Alignment.load(folder)


@pytest.mark.parametrize("content", [None, "{", "[]", "\xff"])
def test_no_alignment_at_all(tmp_path, content):
    if content is not None:
        (tmp_path / MANIFEST).write_text(content, "latin-1")
    pattern = around(
        f"A saved folder holds a readable {MANIFEST}. Received: {tmp_path} (",
        "). Pass the folder that `save` wrote.",
    )
    with pytest.raises(SavedFormatError, match=pattern):
        bridge.Alignment.load(tmp_path)


def test_another_folder_is_not_overwritten(alignment, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(BridgeError, match=re.escape(str(tmp_path))):
        alignment.save(tmp_path)
    assert (tmp_path / "notes.txt").read_text("utf-8") == "mine"


def test_arrays_are_a_plain_zip(folder):
    with zipfile.ZipFile(folder / ARRAYS) as archive:
        assert sorted(archive.namelist()) == [
            "continuation_offsets.npy",
            "continuation_values.npy",
            "kinds.npy",
            "piece_offsets.npy",
            "piece_values.npy",
        ]


def test_a_manifest_is_an_object(tmp_path):
    (tmp_path / MANIFEST).write_text("[]", "utf-8")
    with pytest.raises(SavedFormatError, match=r"\(no JSON object\)"):
        bridge.Alignment.load(tmp_path)
