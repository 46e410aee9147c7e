"""What cannot work as a whole is shown at its line and column before anything runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.lifecycle.documents import FILE, SMALL, write_installation

from sealwright.errors import ConfigError
from sealwright.lifecycle.check import check_lifecycle, find_mistakes, load_lifecycle
from sealwright.lifecycle.problem import ConfigErrors
from sealwright.lifecycle.read import parse_lifecycle
from sealwright.phases.validation.metrics import METRICS


def test_a_sound_lifecycle_is_loaded(tmp_path: Path) -> None:
    lifecycle = load_lifecycle(write_installation(tmp_path), metrics=METRICS)
    assert lifecycle.system.name == "triage"


WRONG = [
    # what stands in the file, what it is changed to, where the mistake is, message, advice
    # names that lead nowhere
    ('inputs = ["train"]', 'inputs = ["trian"]', '"trian"', 'no data set "trian"', '"train"?'),
    ('inputs = ["train"]', 'inputs = ["train", "train"]', '"train"]', "stands there twice", ""),
    ('inputs = ["train"]', 'inputs = ["train", "test"]', '"test"]', "training must not see", "ref"),
    ('test = "test"', 'test = "tset"', '"tset"', 'no data set "tset"', '"test"?'),
    ('test = "test"', 'test = "train"', '"train"', 'has the role "train"', ""),
    ('train = "train"', 'train = "test"', '"test"', "not among training.inputs", ""),
    ('role = "test"', 'role = "test"\nderived_from = ["raw"]', '"raw"', 'no data set "raw"', ""),
    ('role = "test"', 'role = "test"\nderived_from = ["test"]', "[", "derived from itself", ""),
    ("affects_people =", "afects_people =", "afects", "no risk question", '"affects_people"?'),
    ("training = ", "trainig = ", "trainig", "no phase", '"training"?'),
    ('label = "y"', 'label = "z"', '"z"', '"z" is not among the declared columns', ""),
    ('label = "y"', 'label = "a"', '"a", "b"]', "is no feature", ""),
    ('features = ["a", "b"]', 'features = ["a", "bb"]', '"bb"', "not among the declared", '"b"?'),
    ('features = ["a", "b"]', 'features = ["a", "a"]', '"a"]', "stands there twice", ""),
    ('groups = ["b"]', 'groups = ["b"]\nimmutable = ["c"]', '"c"', "not among validation.fea", ""),
    ('column = "y"', 'column = "yy"', '"yy"', "not among the declared columns", '"y"?'),
    (
        "a = {",
        'c = { type = "string", references = "test" }\na = {',
        '"test"',
        "form DATASET.COL",
        "",
    ),
    ("a = {", 'c = { type = "string", references = "t.x" }\na = {', '"t.x"', 'no data set "t"', ""),
    (
        "a = {",
        'c = { type = "string", references = "train.d" }\na = {',
        '"train.d"',
        "declared",
        "",
    ),
    (
        "[data.train.labels]",
        'sensitive = ["q"]\n[data.train.labels]',
        '"q"',
        "not among the decl",
        "",
    ),
    # rules that cannot hold or mean nothing
    ("max = 9", "max = -1", "-1", "-1 is less than min, 0", ""),
    ('b = { type = "string" }', 'b = { type = "string", min = 1 }', "1 }", "only for integer", ""),
    (
        'b = { type = "string" }',
        'b = { type = "date", pattern = "x" }',
        '"x"',
        "only for string",
        "",
    ),
    ('type = "string"', 'type = "string", pattern = "(a"', '"(a"', "not a regular expression", ""),
    ('type = "string"', 'type = "string", pattern = "[[a]"', '"[[', "not a regular expression", ""),
    ('type = "string"', 'type = "string", pattern = "(?=a)b"', '"(?=', "not supported", "plain"),
    ('type = "string"', "type = \"string\", pattern = '(a)\\1'", "'(a)", "not supported", "plain"),
    ('type = "string"', 'type = "string", pattern = "a{999999999999}"', '"a{', "not a regular", ""),
    ('type = "string"', 'type = "string", values = ["x", 1]', "1]", "not a value of type str", ""),
    ('type = "integer"', 'type = "integer", values = [true]', "true]", "type integer", ""),
    ('type = "integer"', 'type = "integer", values = [0, 0]', "0]", "stands there twice", ""),
    (
        'role = "test"',
        'role = "test"\nmin_rows = 9\nmax_rows = 8',
        "8",
        "less than min_rows, 9",
        "",
    ),
    (
        '"accuracy"',
        '"acuracy"',
        '"acuracy"',
        'performance does not measure "acuracy"',
        '"accuracy"?',
    ),
    ('"accuracy"', '"membership_auc"', '"membership_auc"', "does not measure", ""),
    (
        '"accuracy"',
        '"accuracy@7"',
        '"accuracy@7"',
        '"7" is not a level in validation.noise',
        "0.05",
    ),
    ('op = ">="', 'op = "<="', '"<="', "higher is better", ""),
    ('bound = "low"', 'bound = "high"', '"high"', "the optimistic end", '"low"'),
    ('id = "fair"', 'id = "accurate"', '"accurate"', "stands there twice", ""),
    (
        'groups = ["b"]',
        "",
        '[[validation.criteria]]\nid = "fair',
        "needs groups",
        "validation.groups",
    ),
    ('group = "b"', 'group = "c"', '"c"', "not in validation.groups", ""),
    (
        '"consent"\n\n[training]',
        '"TODO: ask"\n\n[training]',
        '"TODO',
        "still to be written",
        "TODO",
    ),
    (
        "[governance",
        '[training.environment]\n"a b" = ""\n[governance',
        '"a b"',
        "environment var",
        "",
    ),
    # paths
    (
        '"data/train.csv"',
        '"data/trian.csv"',
        '"data/trian',
        "there is no file or folder",
        "folder of",
    ),
    ('"data/train.csv"', '"/etc/passwd"', '"/etc', "not a relative path", "relative"),
    ('"data/train.csv"', '"../train.csv"', '"../', "leads out of the folder", "relative"),
    ('"data/train.csv"', '"data/../../x"', '"data/../', "leads out of the folder", "relative"),
    ('"data/train.csv"', '"./data/train.csv"', '"./data', "is not plain", '"data/train.csv"'),
    ('"data/train.csv"', '"data//train.csv"', '"data//', "is not plain", '"data/train.csv"'),
    ('"data/train.csv"', "'data\\train.csv'", "'data", "backslash", "/"),
    ('"data/train.csv"', '"data/train.csv\\n"', '"data/', "control characters", ""),
    ('"data/train.csv"', '"train.py/x"', '"train.py/x"', "cannot be used: Not a directory", ""),
    ('"data/train.csv"', '"' + "x" * 300 + '"', '"xxx', "cannot be used: File name too long", ""),
    (
        'code = ["train.py"]',
        'code = ["."]',
        '"."',
        "the folder of the lifecycle file itself",
        "key",
    ),
    ('code = ["train.py"]', 'code = [".sealwright/x"]', '".seal', "holds keys and ledger", ""),
    ('output = "model"', 'output = "data"', '"data"', "overlaps with data.train.path", "apart"),
    ('output = "model"', 'output = "train.py"', '"train.py"', "overlaps with training.code[0]", ""),
    ('output = "model"', 'output = "sealwright.toml"', '"seal', "the lifecycle file itself", ""),
    ('output = "model"', 'output = "model"\nlock = "data"', '"data"', "is not a file", ""),
    ('test = "test"', 'model = "m.pkl"\ntest = "test"', '"m.pkl"', "not an .onnx file", "ONNX"),
    ('test = "test"', 'model = "../m.onnx"\ntest = "test"', '"../m', "leads out of the folder", ""),
    ('path = "data/test.csv"', 'path = "data/train.csv"', '"data/train.csv"\nrole', "overlaps", ""),
]


@pytest.mark.parametrize(("old", "new", "place", "message", "advice"), WRONG)
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, place: str, message: str, advice: str
) -> None:
    start = SMALL.index(old)
    text = SMALL[:start] + new + SMALL[start + len(old) :]
    before = text[: text.index(place, start)]
    expected = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    with pytest.raises(ConfigErrors) as caught:
        load_lifecycle(write_installation(tmp_path, text), metrics=METRICS)
    found = [
        each for each in caught.value.mistakes if message in each.message and advice in each.advice
    ]
    assert expected in [(each.line, each.column) for each in found], caught.value.message


def parse_and_check(text: str) -> None:
    lifecycle = parse_lifecycle(text, file=FILE)
    check_lifecycle(lifecycle, text=text, file=FILE, metrics=METRICS, exist=False)


def test_a_comparison_is_a_group_over_its_column(tmp_path: Path) -> None:
    text = SMALL.replace('groups = ["b"]', 'groups = ["b", "a>=5", "a<-2.5"]')
    load_lifecycle(write_installation(tmp_path, text), metrics=METRICS)
    columns = SMALL[SMALL.index("a = {") : SMALL.index("[data.test]")]
    text = text.replace("[training]", f"[data.test.columns]\n{columns}\n[training]")
    parse_and_check(text)
    text = text.replace("a>=5", "q>=5")
    with pytest.raises(ConfigError, match='"q" is not among the declared columns'):
        parse_and_check(text)


def test_columns_are_not_judged_where_none_are_declared(tmp_path: Path) -> None:
    start, end = SMALL.index("[data.train.columns]"), SMALL.index("[data.test]")
    text = SMALL[:start] + SMALL[end:]
    load_lifecycle(write_installation(tmp_path, text), metrics=METRICS)


def test_a_circle_of_derivations_is_found_and_ends(tmp_path: Path) -> None:
    more = 'source = "s"\nlicence = "l"\nlegal_basis = "b"\n'
    circle = "".join(
        f'[data.c{index}]\npath = "data/c{index}"\n{more}derived_from = ["c{(index + 1) % 3}"]\n'
        for index in range(3)
    )
    lifecycle = parse_lifecycle(SMALL + circle, file=FILE)
    mistakes = find_mistakes(lifecycle, file=FILE, metrics=METRICS, exist=False)
    assert [each.path for each in mistakes] == [
        ("data", f"c{index}", "derived_from") for index in range(3)
    ]


def test_training_data_made_from_the_test_data_is_refused(tmp_path: Path) -> None:
    text = SMALL.replace("[data.train.labels]", 'derived_from = ["test"]\n[data.train.labels]')
    with pytest.raises(ConfigError, match="derived from the test data"):
        load_lifecycle(write_installation(tmp_path, text), metrics=METRICS)


def test_test_data_in_a_folder_of_code_is_refused(tmp_path: Path) -> None:
    text = SMALL.replace('code = ["train.py"]', 'code = ["train.py", "data"]')
    with pytest.raises(ConfigError, match=r"the test data overlaps with training.code\[1\]"):
        load_lifecycle(write_installation(tmp_path, text), metrics=METRICS)


@pytest.mark.parametrize("link", ["data/train.csv", "data"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_symbolic_link_is_refused_wherever_it_points(
    tmp_path: Path, link: str, inside: bool
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    path = write_installation(folder)
    target = (folder if inside else tmp_path) / "moved"
    (folder / link).rename(target)
    (folder / link).symlink_to(target)
    with pytest.raises(ConfigError, match="goes through a symbolic link") as caught:
        load_lifecycle(path, metrics=METRICS)
    assert "data.train.path" in caught.value.message


def test_a_link_is_refused_even_where_files_need_not_exist(tmp_path: Path) -> None:
    path = write_installation(tmp_path)
    (tmp_path / "model").symlink_to(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"training\.output: .* symbolic link"):
        load_lifecycle(path, metrics=METRICS, exist=False)


def test_a_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    path = write_installation(tmp_path)
    (tmp_path / "data/train.csv").unlink()
    os.mkfifo(tmp_path / "data/train.csv")
    with pytest.raises(ConfigError, match="is not a file or folder"):
        load_lifecycle(path, metrics=METRICS)


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = write_installation(tmp_path)
    (tmp_path / "model").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'training\.output: "model" is not a folder'):
        load_lifecycle(path, metrics=METRICS)


def test_missing_files_matter_only_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "sealwright.toml"
    path.write_text(SMALL, encoding="utf-8")
    load_lifecycle(path, metrics=METRICS, exist=False)
    with pytest.raises(ConfigErrors) as caught:
        load_lifecycle(path, metrics=METRICS)
    assert len(caught.value.mistakes) == 3


def test_without_metrics_no_criterion_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='does not measure "accuracy"'):
        load_lifecycle(write_installation(tmp_path), metrics={})


def test_errors_about_paths_name_no_place_outside_the_file(tmp_path: Path) -> None:
    text = SMALL.replace("data/train.csv", "data/nothing.csv")
    path = write_installation(tmp_path, text)
    with pytest.raises(ConfigErrors) as caught:
        load_lifecycle(path, metrics=METRICS)
    assert all(str(tmp_path) not in each.message for each in caught.value.mistakes)
