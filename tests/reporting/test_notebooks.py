"""What notebooks show: reports, comparisons and audits, without a script."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.reporting.auditing.causes import Cause
from bridge.reporting.auditing.report import (
    AuditReport,
    Cosine,
    Difference,
    Example,
    Paths,
    Remedy,
)
from tests.reporting.making import COUNT, REPORTS, SHARE, TEXT, WORDS, few
from tests.reporting.pages import ACTING, read

CAUSES = st.sampled_from([cause.value for cause in Cause])


@st.composite
def differences(draw):
    own, other = draw(WORDS), draw(WORDS)
    return Difference(
        draw(TEXT),
        own,
        other,
        tuple(range(len(own))),
        tuple(range(len(other))),
        draw(st.none() | WORDS),
    )


AUDITS = st.builds(
    AuditReport,
    texts=st.integers(1, 99),
    differing=st.lists(COUNT, max_size=3).map(tuple),
    classified=COUNT,
    causes=st.dictionaries(CAUSES, COUNT, max_size=3),
    examples=few(
        st.builds(Example, CAUSES, differences(), differences(), st.none() | SHARE)
    ),
    paths=st.none() | st.builds(Paths, COUNT, COUNT, COUNT, COUNT),
    cosine=st.none() | st.builds(Cosine, COUNT, SHARE, SHARE),
    remedies=few(st.builds(Remedy, st.just("`lowercase=True`"), COUNT)),
)


def check(fragment):
    fragment.encode("utf-8")
    assert not ACTING.search(fragment)
    reader = read(fragment)
    assert reader.elements[:2] == ["div", "style"]
    assert not {"script", "img", "link", "iframe"} & set(reader.elements)
    names = {name for _, name, _ in reader.attributes}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"src", "href"}
    return " ".join(reader.texts)


@settings(max_examples=20)
@given(REPORTS, REPORTS)
def test_comparisons_hold_no_markup_of_strangers(first, second):
    shown = check(first.compare(second)._repr_html_())
    assert first.recommendation.strategy in shown
    assert second.recommendation.strategy in shown


@settings(max_examples=20)
@given(REPORTS)
def test_reports_hold_no_markup_of_strangers(report):
    shown = check(report._repr_html_())
    assert f"Recommended: {report.recommendation.strategy}" in shown


@settings(max_examples=40)
@given(AUDITS)
def test_audits_hold_no_markup_of_strangers(audit):
    shown = check(audit._repr_html_())
    for cause, count in audit.causes.items():
        assert Cause(cause).meaning in shown
        assert f"{count:,}" in shown
    for remedy in audit.remedies:
        assert f"{remedy.differing:,}" in shown
        assert f"{remedy.differing / audit.texts:.2%}" in shown
    if audit.cosine is not None:
        assert f"cosine {audit.cosine.mean:.3f}" in shown


@settings(max_examples=40)
@given(AUDITS)
def test_audits_survive_a_dict(audit):
    assert AuditReport.from_dict(audit.to_dict()) == audit
    audit.to_json().encode("utf-8")
    str(audit)


def test_an_audit_shows_text_and_tokens():
    script = "<script>window.hit=1</script>"
    text = Difference(script, (script,), ("\u202e",), (1,), (2,))
    audit = AuditReport(1, (0,), 1, {"other": 1}, (Example("other", text, text, 0.5),))
    shown = check(audit._repr_html_())
    assert script in shown
    assert "\\u202e" in shown
    assert "0.500" in shown


@pytest.mark.parametrize("graph", [None, ("c",)])
def test_where_tf_data_differs_its_tokens_are_shown(graph):
    text = Difference("x", ("a",), ("b",), (1,), (2,), graph)
    audit = AuditReport(1, (0,), 1, {}, (Example("paths", text, text),))
    shown = check(audit._repr_html_()).split()
    assert ("c" in shown) == (graph is not None)
    assert ("a" in shown) == (graph is None)
