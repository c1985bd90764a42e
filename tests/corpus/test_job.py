"""`encode_corpus`: the same bytes however it runs, what it refuses, what it repairs."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

import bridge
from bridge.corpus import job as job_module
from bridge.corpus import shard as shard_module
from bridge.corpus.engines import local
from bridge.corpus.fingerprint import of_alignment, of_tokenizer
from bridge.corpus.manifest import JOURNAL, MANIFEST, REJECTS, Manifest
from bridge.corpus.verify import verify_corpus
from bridge.errors import (
    CorpusError,
    MissingDependencyError,
    SavedFormatError,
    UnsupportedTokenizerError,
)
from tests.core.messages import around, exactly
from tests.corpus.making import (
    LINES,
    contents,
    encoder,
    places,
    stored,
    write_gz,
    write_jsonl,
    write_lines,
    write_parquet,
)
from tests.factories import (
    CORE_KINDS,
    LETTERS,
    bpe_tokenizer,
    letters_to_ids,
    wordpiece_tokenizer,
)

ROOT = Path(__file__).resolve().parents[2]
SIZE = 600


@pytest.fixture
def inputs(tmp_path):
    """Some files of every kind, a few of whose rows are no texts."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    write_lines(folder / "a.txt", LINES * 3)
    write_gz(folder / "b.txt.gz")
    write_jsonl(folder / "c.jsonl")
    write_parquet(folder / "d.parquet")
    with (folder / "a.txt").open("ab") as file:
        file.write(b"\xff\n\xfe\n")
    with (folder / "c.jsonl").open("a") as file:
        file.write("{}\n")
    return folder


def run(inputs, out, made=None, **options):
    made = encoder() if made is None else made
    return bridge.encode_corpus(inputs, out, made, **{"shard_size": SIZE, **options})


def test_nothing_is_lost_and_nothing_is_there_twice(inputs, tmp_path):
    counts = run(inputs, tmp_path / "out")
    found = places(tmp_path / "out")
    assert len(set(found)) == len(found) == counts["documents"] == counts["rows"]
    assert counts["shards"] > 5
    assert counts["rejects"] == 3
    rejects = (tmp_path / "out" / REJECTS).read_text().splitlines()
    assert [json.loads(line)["line"] for line in rejects] == [130, 131, 46]
    assert counts == verify_corpus(tmp_path / "out")
    assert counts["bytes"] == sum(
        len(data)
        for name, data in contents(tmp_path / "out").items()
        if name.startswith(("shard-", "rejects-"))
    )


@pytest.mark.parametrize("layout", ["documents", "packed"])
def test_bytes_do_not_depend_on_the_number_of_workers(inputs, tmp_path, layout):
    counts = run(inputs, tmp_path / "one", layout=layout)
    assert run(inputs, tmp_path / "two", layout=layout, workers=2) == counts
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_an_interrupted_job_goes_on(inputs, tmp_path, monkeypatch):
    run(inputs, tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    count = sum(name.startswith("shard-") for name in whole)
    made = []
    own = shard_module.ShardJob.__call__

    def interrupted(self, part):
        if len(made) and len(made) % 3 == 0:
            made.append(None)
            raise KeyboardInterrupt
        made.append(part.index)
        return own(self, part)

    monkeypatch.setattr(shard_module.ShardJob, "__call__", interrupted)
    for _ in range(count):
        try:
            run(inputs, tmp_path / "out")
            break
        except KeyboardInterrupt:
            with pytest.raises(CorpusError, match="a job that did not end"):
                verify_corpus(tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    indices = [index for index in made if index is not None]
    assert indices == list(range(count))


def test_a_finished_job_is_not_done_again(inputs, tmp_path, monkeypatch):
    counts = run(inputs, tmp_path / "out")
    before = contents(tmp_path / "out")
    monkeypatch.delattr(shard_module.ShardJob, "__call__")
    assert run(inputs, tmp_path / "out") == counts
    assert contents(tmp_path / "out") == before


def test_missing_shards_are_made_again(inputs, tmp_path):
    run(inputs, tmp_path / "out")
    before = contents(tmp_path / "out")
    for name in ("shard-000001.parquet", "shard-000007.parquet", REJECTS):
        (tmp_path / "out" / name).unlink()
    for path in (tmp_path / "out").glob("rejects-*"):
        path.unlink()
    with pytest.raises(CorpusError, match=r"shard-000001\.parquet is missing; shard-0"):
        verify_corpus(tmp_path / "out")
    run(inputs, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_what_a_killed_process_left_is_removed(inputs, tmp_path):
    run(inputs, tmp_path / "whole")
    run(inputs, tmp_path / "out")
    manifest = Manifest.read(tmp_path / "out")
    records = [manifest.shards[index] for index in (0, 1)]
    Manifest(manifest.settings).write(tmp_path / "out")
    for record in records:
        job_module.note(tmp_path / "out", record)
    with (tmp_path / "out" / JOURNAL).open("a") as journal:
        journal.write('{"index": 2, "docu')
    left = tmp_path / "out" / ".bridge-writing-x"
    left.mkdir()
    (left / "shard-000002.parquet").write_text("half")
    run(inputs, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_other_inputs_or_options_are_refused(inputs, tmp_path):
    out = tmp_path / "out"
    run(inputs, out)
    before = contents(out)

    def refused(name, now, then, **options):
        message = (
            "A job goes on with the inputs and options it began with. Received: "
            f"{name} = {now!r}, in {out} begun with {then!r}. Restore them, or name "
            "another folder."
        )
        with pytest.raises(CorpusError, match=exactly(message)):
            run(inputs, out, **options)

    refused("options.layout", "windows", "documents", layout="windows")
    refused("options.shard_size", 601, 600, shard_size=601)
    refused("encoder.sequence_length", 13, 12, made=encoder(sequence_length=13))
    refused("encoder.template.0.0", "nothing", 2, made=encoder(specials=None))
    other = bridge.Encoder(bpe_tokenizer(), backbone=encoder().spec, sequence_length=12)
    prints = [of_tokenizer(each.tokenizer) for each in (other, encoder())]
    refused("encoder.tokenizer", *prints, made=other)

    path = inputs / "a.txt"
    data = path.read_bytes()
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(data.replace(b"x", b"y", 1))
    os.utime(path, ns=times)
    with pytest.raises(CorpusError, match=r"inputs\.0\.sha256 = "):
        run(inputs, out)
    with pytest.raises(CorpusError, match=r"the input .+a\.txt has sha256"):
        verify_corpus(out)
    path.write_bytes(data)
    (inputs / "e.txt").write_text("more")
    new = str(inputs / "e.txt")
    refused("inputs.4.name", new, "nothing")
    (inputs / "e.txt").unlink()
    run(inputs, out)
    assert contents(out) == before


def test_a_stream_goes_on_where_it_stopped(tmp_path, monkeypatch):
    texts = LINES * 5

    def stream(values):
        data = io.BytesIO("\n".join(values).encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
        return "-"

    run(stream(texts), tmp_path / "whole")
    run(stream(texts), tmp_path / "out")
    (tmp_path / "out" / "shard-000002.parquet").unlink()
    run(stream(texts), tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    for other in (["other", *texts[1:]], texts[: len(LINES)]):
        with pytest.raises(CorpusError, match="A job goes on with the texts it began"):
            run(stream(other), tmp_path / "out")
    message = (
        "A job goes on with the texts it began with. Received: others from the stream, "
        "for shard 0. Restore them, or name another folder."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(stream(["other", *texts[1:]]), tmp_path / "out")
    assert len(stored(tmp_path / "out")) == len(texts)


def test_a_terminal_shows_how_far_it_is(inputs, tmp_path, monkeypatch, capsys):
    run(inputs, tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    counts = run(inputs, tmp_path / "out")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{counts['documents']} documents, " in shown.err
    assert "/s" in shown.err
    # The size of a stream is not known.
    run(iter(LINES), tmp_path / "stream")
    assert f"{len(LINES)} documents, " in capsys.readouterr().err


def test_strict_stops_at_a_bad_row(inputs, tmp_path):
    message = (
        f"With `strict` every row must be a text. Received: {inputs / 'a.txt'}, line "
        "130: no UTF-8 at byte 0. Mend it and name another folder, or leave `strict` "
        "out, which writes such rows to rejects.jsonl."
    )
    for workers in (1, 2):
        with pytest.raises(CorpusError, match=exactly(message)):
            run(inputs, tmp_path / f"out{workers}", strict=True, workers=workers)
    counts = run(inputs, tmp_path / "out1")
    assert counts == verify_corpus(tmp_path / "out1")
    message = (
        "With `strict` every row must be a text. Received: rows that are none, in "
        f"{tmp_path / 'out1'}/rejects-*.jsonl of an earlier call. Mend them and name "
        "another folder, or leave `strict` out."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(inputs, tmp_path / "out1", strict=True)


def test_a_full_disk_is_told_and_shards_stay(inputs, tmp_path, monkeypatch):
    own = shard_module.describe_file

    def full(path):
        if path.name == "shard-000003.parquet":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return own(path)

    monkeypatch.setattr(shard_module, "describe_file", full)
    message = (
        "A shard needs readable inputs and room on the disk. Received: [Errno 28] No "
        f"space left on device, for shard 3, made from {inputs / 'a.txt'}. Make room "
        "and make the same call again: shards that are done stay as they are. An input "
        "that is mended needs another folder."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(inputs, tmp_path / "out")
    shards = sorted(name for name in contents(tmp_path / "out") if "shard" in name)
    assert shards == [f"shard-{i:06d}.parquet" for i in range(3)]
    monkeypatch.undo()
    run(inputs, tmp_path / "out")
    run(inputs, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize("form", ["parquet", "tfrecord", "npy"])
def test_a_file_that_cannot_grow_is_told(inputs, tmp_path, form):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The manifest must fit, a shard of all the inputs must not.
    write_lines(inputs / "e.txt", [str(i * i) for i in range(5000)])
    run(inputs, tmp_path / "whole", format=form, shard_size=10**6)
    whole = max(len(data) for data in contents(tmp_path / "whole").values())
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole - 1, limits[1]))
    try:
        with pytest.raises(
            CorpusError, match=r"room on the disk\. Received: .+too large"
        ):
            run(inputs, tmp_path / "out", format=form, shard_size=10**6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(contents(tmp_path / "out")) == {MANIFEST}
    run(inputs, tmp_path / "out", format=form, shard_size=10**6)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_damaged_input_is_told(tmp_path):
    path = write_gz(tmp_path / "a.txt.gz", LINES * 50)
    path.write_bytes(path.read_bytes()[:-20])
    message = around(
        "A shard needs readable inputs and room on the disk. Received: ",
        f", for shard 0, made from {path}. Make room and make the same call again: "
        "shards that are done stay as they are. An input that is mended needs another "
        "folder.",
    )
    with pytest.raises(CorpusError, match=message):
        run(path, tmp_path / "out")


def test_a_worker_that_dies_is_told(inputs, tmp_path, monkeypatch):
    run(inputs, tmp_path / "whole")
    monkeypatch.setattr(local, "_make", _die)
    message = (
        "A worker process must live until its shard is done. Received: one that died; "
        "the system may have run out of memory, or a script started workers outside "
        "`if __name__ == '__main__':`. Make the same call again, perhaps with fewer "
        "workers: finished shards stay."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(inputs, tmp_path / "out", workers=2)
    monkeypatch.undo()
    run(inputs, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def _die(part):
    if part.index == 1:
        os._exit(9)
    return local._held[0](part)


# More than a pipe takes: a worker that dies early never reads it.
UNGUARDED = """
import sys
import bridge
from tokenizers import Tokenizer, models, pre_tokenizers

words = ["[PAD]", "[UNK]", *(f"word{number}" for number in range(20_000))]
vocabulary = {word: token_id for token_id, word in enumerate(words)}
tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
tokenizer.add_special_tokens(["[PAD]", "[UNK]"])
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
bridge.encode_corpus(
    *sys.argv[1:], tokenizer, shard_size=100, workers=2, specials=None
)
"""


def test_a_script_without_a_guard_ends_with_the_reason(inputs, tmp_path):
    script = tmp_path / "job.py"
    script.write_text(UNGUARDED)
    result = subprocess.run(
        [sys.executable, script, str(inputs), str(tmp_path / "out")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1
    assert "a script started workers outside" in result.stderr
    message = (
        "CorpusError: A script that starts workers must keep its calls from them. "
        "Received: `encode_corpus` in a worker that imports the script. Put the call "
        "behind `if __name__ == '__main__':`.\n"
    )
    assert message in result.stderr


def test_a_job_of_one_shard_starts_no_process(inputs, tmp_path, monkeypatch):
    counts = run(inputs, tmp_path / "whole", shard_size=2**20)
    assert counts["shards"] == 1
    # Nothing that another process could call.
    monkeypatch.setattr(local, "_make", None)
    assert run(inputs, tmp_path / "out", shard_size=2**20, workers=4) == counts


IMPORTS = """
import sys
import bridge
from tests.corpus.making import encoder

bridge.encode_corpus(*sys.argv[1:], encoder())
print(sorted({"pandas", "pyarrow.compute"} & set(sys.modules)))
"""


def test_a_worker_loads_no_pandas(inputs, tmp_path):
    # `pyarrow.array` would, in every worker, before its first shard.
    result = subprocess.run(
        [sys.executable, "-c", IMPORTS, str(inputs), str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def test_what_is_wrong_in_a_folder_is_found(inputs, tmp_path):
    out = tmp_path / "out"
    run(inputs, out)
    path = out / "shard-000000.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    (out / "x").write_text("x")
    (out / REJECTS).write_text("")
    record = Manifest.read(out).shards[0]
    found = shard_module.describe_file(path)["sha256"]
    message = (
        "A corpus must be as it was written. Received: shard-000000.parquet has sha256 "
        f"{found}, not {record.files[path.name]['sha256']}; rejects.jsonl has 0 lines, "
        f"not 3; x, which no job wrote, in {out}. Delete what is wrong there and make "
        "the same call again: it makes what is missing."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        verify_corpus(out)


def test_counts_that_are_wrong_are_found(inputs, tmp_path):
    out = tmp_path / "out"
    run(inputs, out)
    data = json.loads((out / MANIFEST).read_text())
    data["shards"][0]["rows"] += 1
    data["shards"][0]["tokens"] += 1
    data["settings"]["encoder"]["vocabulary_size"] = 3
    (out / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(CorpusError, match=r"rows, not \d+; .+ tokens, not .+ outside"):
        verify_corpus(out)


def test_manifests_that_cannot_be_read(tmp_path, inputs):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MANIFEST).write_text('{"format_version": 1}')
    message = (
        f"A corpus holds a readable {MANIFEST}. Received: {tmp_path / 'out'}, whose "
        "entries are not as expected (KeyError: 'shards'). Run the job again in "
        "another folder."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        run(inputs, tmp_path / "out")
    with pytest.raises(SavedFormatError, match="which holds other files and no bridge"):
        run(inputs, inputs)


def test_inputs_and_output_lie_apart(inputs, tmp_path):
    def refused(name, out):
        message = (
            f"Shards may not lie among the inputs. Received: the input {name} and the "
            f"output {out}. Name another folder."
        )
        with pytest.raises(CorpusError, match=exactly(message)):
            run(name, out)

    # The shards would be inputs when the job goes on.
    refused(inputs, inputs / "out")
    assert not (inputs / "out").exists()
    run(inputs, tmp_path / "out")
    refused(write_lines(tmp_path / "out" / "a.txt"), tmp_path / "out")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    refused(tmp_path / "link" / "a.txt", tmp_path / "out")


def test_the_working_directory_may_be_the_output(inputs, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    counts = run(inputs, ".")
    assert run(inputs, ".") == counts == verify_corpus(tmp_path / "out")


def test_a_finished_stream_does_not_grow(tmp_path):
    texts = ["x" * SIZE, "y" * SIZE]
    counts = run(iter(texts), tmp_path / "out")
    message = (
        "A job goes on with the texts it began with. Received: others from the stream, "
        "for shard 2. Restore them, or name another folder."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(iter([*texts, "z"]), tmp_path / "out")
    assert (
        run(iter(texts), tmp_path / "out") == counts == verify_corpus(tmp_path / "out")
    )


def test_a_disk_too_full_for_the_journal_is_told(inputs, tmp_path, monkeypatch):
    def full(folder, _):
        with (folder / JOURNAL).open("a") as journal:
            journal.write('{"index": 0, "docu')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(job_module, "note", full)
    message = (
        "A corpus needs a folder to write to and room on the disk. Received: [Errno "
        f"28] No space left on device, for {tmp_path / 'out'}. Mend that and make the "
        "same call again: shards that are done stay as they are."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(inputs, tmp_path / "out")
    monkeypatch.undo()
    run(inputs, tmp_path / "out")
    run(inputs, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"Not a directory.+, for .+file.+\. Mend"):
        run(inputs, tmp_path / "file" / "out")
    message = (
        f"A save is a folder. Received: {inputs / 'a.txt'}, which is a file. Name "
        "another place."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        run(inputs, inputs / "a.txt")


def test_many_small_files_are_encoded_together(tmp_path):
    (tmp_path / "in").mkdir()
    for i, text in enumerate(LINES):
        write_lines(tmp_path / "in" / f"{i:03}.txt", [text])
    write_lines(tmp_path / "one.txt")
    run(tmp_path / "in", tmp_path / "many", shard_size=10**6)
    run(tmp_path / "one.txt", tmp_path / "one", shard_size=10**6)
    assert stored(tmp_path / "many") == stored(tmp_path / "one")
    (path,) = (tmp_path / "many").glob("shard-*")
    assert pyarrow.parquet.ParquetFile(path).num_row_groups == 1
    assert places(tmp_path / "many") == [
        (str(tmp_path / "in" / f"{i:03}.txt"), 0, 0) for i in range(len(LINES))
    ]


def test_options_are_checked(inputs, tmp_path, monkeypatch):
    for name, value in {
        "form": "x",
        "format": "x",
        "engine": "x",
        "layout": "x",
    }.items():
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            run(inputs, tmp_path / "out", **{name: value})
    message = (
        "`workers` must be at least 1. Received: workers=0. Leave it out for the "
        "default."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        run(inputs, tmp_path / "out", workers=0)
    message = (
        "An Encoder has its own alignment and options. Received: one, and "
        "sequence_length. Pass its tokenizer instead, or set them where it is made."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        run(inputs, tmp_path / "out", sequence_length=5)
    monkeypatch.setattr(job_module, "find_spec", lambda _: None)
    message = (
        "Corpus jobs need pyarrow and google_crc32c. Received: not installed. Run `pip "
        "install 'tokenizer-bridge[corpus]'`."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        run(inputs, tmp_path / "out", format="tfrecord")
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_is_enough(inputs, tmp_path):
    bridge.encode_corpus(
        inputs,
        tmp_path / "out",
        wordpiece_tokenizer(),
        sequence_length=12,
        shard_size=SIZE,
    )
    run(inputs, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_python_code_cannot_be_compared(inputs, tmp_path):
    tokenizer = bridge.load_tokenizer(
        letters_to_ids, vocabulary=LETTERS, roles={"pad": 0}
    )
    with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
        run(inputs, tmp_path / "out", bridge.Encoder(tokenizer))


PRINT = """
from pathlib import Path
import bridge
from bridge.corpus.fingerprint import of_alignment, of_tokenizer
from tests.factories import CORE_KINDS
import sys, tempfile
for name in sys.argv[1:]:
    made = CORE_KINDS[name](Path(tempfile.mkdtemp()))
    print(of_tokenizer(bridge.load_tokenizer(made.source, **made.options)))
"""


def test_fingerprints_are_the_same_in_another_process(tmp_path):
    names = ["wordpiece", "bpe", "vocab_txt", "tiktoken", "dict_of_words"]
    own = []
    for name in names:
        made = CORE_KINDS[name](tmp_path)
        tokenizer = bridge.load_tokenizer(made.source, **made.options)
        own.append(of_tokenizer(tokenizer))
        assert own[-1] == of_tokenizer(bridge.load_tokenizer(tokenizer))
    result = subprocess.run(
        [sys.executable, "-c", PRINT, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert result.stdout.split() == own
    assert len(set(own)) == len(own)


def test_fingerprints_of_alignments():
    tokenizer, reference = map(
        bridge.load_tokenizer, (bpe_tokenizer(), wordpiece_tokenizer())
    )
    alignment = bridge.align(tokenizer, reference)
    assert of_alignment(alignment) == of_alignment(bridge.align(tokenizer, reference))
    other = bridge.align(tokenizer, reference, overrides={5: 7})
    assert of_alignment(alignment) != of_alignment(other)
