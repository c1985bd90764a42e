"""Rules that no linter has, each with a proof that it can fail."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "bridge").rglob("*.py"))
MAX_LINES = 300

# 0 is a good value for each of these, so they are compared with None, never tested
# for truth.
NUMBER_ENDINGS = ("_id", "sequence_length", "max_length", "seed", "limit", "steps")
ID_MAPS = ("ids", "roles", "vocab", "vocabulary")
CODE_LOADERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}


def name_of(node):
    """The last name in an expression: `x`, `a.x`, `x()`, `a["x"]`, `a.get("x")`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.NamedExpr(target=target):
            return name_of(target)
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Attribute(attr="get", value=mapping), args=[key, *_]):
            if (name_of(mapping) or "").endswith(ID_MAPS):
                return f"{name_of(mapping)}_id"
            return key.value if isinstance(key, ast.Constant) else None
        case ast.Call(func=func):
            return name_of(func)
    return None


def is_number(name):
    if not isinstance(name, str) or name.startswith(("is_", "has_")):
        return False
    return name == "id" or name.endswith(NUMBER_ENDINGS)


def operands(node):
    """The expressions whose truth decides the truth of `node`."""
    match node:
        case ast.BoolOp(values=values):
            return [leaf for value in values for leaf in operands(value)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operands(operand)
    return [node]


def truth_tests(tree):
    """Every expression of which only the truth is used."""
    for node in ast.walk(tree):
        match node:
            case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                yield from operands(node.test)
            case ast.comprehension(ifs=tests):
                yield from (leaf for test in tests for leaf in operands(test))
            case ast.match_case(guard=ast.expr() as guard):
                yield from operands(guard)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield from operands(operand)
            case ast.BoolOp(values=[*tested, _]):  # the last value is only handed on
                yield from (leaf for value in tested for leaf in operands(value))
            case ast.Call(func=ast.Name(id="bool"), args=[argument]):
                yield from operands(argument)


def numbers_tested_for_truth(tree):
    found = {(leaf.lineno, name_of(leaf)) for leaf in truth_tests(tree)}
    return sorted((line, name) for line, name in found if is_number(name))


def imported(node):
    """Top-level names of the modules that an import statement loads."""
    match node:
        case ast.Import(names=names):
            return {name.name.split(".")[0] for name in names}
        case ast.ImportFrom(module=str(module)):
            return {module.split(".")[0]}
    return set()


def code_from_files(tree):
    """Lines that could run code found in a file."""
    for node in ast.walk(tree):
        if imported(node) & CODE_LOADERS:
            yield node.lineno
        match node:
            case ast.Call(func=ast.Name(id="eval" | "exec")):
                yield node.lineno
            case ast.Constant(value="trust_remote_code"):
                yield node.lineno
            case ast.keyword(arg="trust_remote_code" | "allow_pickle"):
                if ast.unparse(node.value) != "False":
                    yield node.lineno


def offences(rule):
    return [
        f"{path.relative_to(ROOT)}: {offence}"
        for path in MODULES
        for offence in rule(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_there_are_modules_to_read():
    assert MODULES


def test_numbers_are_compared_with_none():
    assert offences(numbers_tested_for_truth) == []


def test_no_code_from_a_file_is_run():
    assert offences(code_from_files) == []


def line_counts():
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").count("\n")
        yield str(path.relative_to(ROOT)), lines


def test_modules_have_one_noun():
    assert [(name, n) for name, n in line_counts() if n > MAX_LINES] == []


@pytest.mark.parametrize(
    "source",
    [
        "x = pad_id or 0",
        "x = spec.pad_id or 0",
        "x = row['unk_id'] or 0",
        "x = config.get('pad_id') or 0",
        "x = roles.get('pad') or 0",
        "x = tokenizer.token_to_id(token) or 0",
        "x = sequence_length or 128",
        "x = a and not max_length",
        "x = 1 if seed else 2",
        "x = [i for i in rows if i.id]",
        "x = bool(limit)",
        "if steps:\n    pass",
        "if a is None and (b or not cls_id):\n    pass",
        "while (token_id := read()):\n    pass",
        "assert max_sequence_length",
        "match x:\n    case 1 if limit:\n        pass",
    ],
)
def test_a_number_tested_for_truth_is_seen(source):
    assert len(numbers_tested_for_truth(ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "x = 0 if pad_id is None else pad_id",
        "x = given is not None and pad_id",
        "x = has_pad_id or valid or ids",
        "x = options.get(name) or default",
        "if len(ids) and pad_id == 0:\n    pass",
    ],
)
def test_a_comparison_is_not_reported(source):
    assert numbers_tested_for_truth(ast.parse(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "np.load(path, allow_pickle=True)",
        "load(path, trust_remote_code=trust)",
        "load(path, **{'trust_remote_code': True})",
        "eval(text)",
    ],
)
def test_code_from_a_file_is_seen(source):
    assert list(code_from_files(ast.parse(source))) == [1]


@pytest.mark.parametrize(
    "source", ["np.load(path, allow_pickle=False)", "model.eval()", "import json"]
)
def test_reading_data_is_not_reported(source):
    assert list(code_from_files(ast.parse(source))) == []


@pytest.mark.parametrize("name", ["constraints.txt", "requirements-data.txt"])
def test_requirements_are_pins_of_names(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", pin)] == []


def test_no_gpu_package_is_installed_unasked():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    assert re.findall(r"^(?:torch|nvidia|cuda|triton|jax)[\w-]*==.*$", pins, re.M) == []
