"""Rules: their unit tests and runbooks; rules and dashboards refer to existing metrics."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.rendering import CHART, REPOSITORY, Render, select, values_of

RULES = sorted((CHART / "files/rules").glob("*.yaml"))
#: Of training runs, in a chart of their own.
TRAINING_RULES = CHART.parent / "euterpe-training/files/alerts.yaml"
RUNBOOKS = REPOSITORY / "docs/runbooks"


def alerts(*paths: Path) -> dict[str, list[dict[str, str]]]:
    """Alerting rules by name; those of all charts without paths."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in paths or (*RULES, TRAINING_RULES):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    found.setdefault(rule["alert"], []).append(rule)
    return found


@pytest.fixture
def promtool() -> str:
    """Prometheus' tool, from Debian's package prometheus."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    return found


def test_rules_pass_their_unit_tests(promtool: str) -> None:
    tests = sorted((REPOSITORY / "deploy/observability/tests").glob("*.yaml"))
    for command in (["check", "rules", *map(str, RULES), str(TRAINING_RULES)], ["test", "rules", *map(str, tests)]):
        done = subprocess.run([promtool, *command], capture_output=True, text=True, cwd=REPOSITORY)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested() -> None:
    tested = set()
    for path in (REPOSITORY / "deploy/observability/tests").glob("*.yaml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            tested |= {case["alertname"] for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert tested == set(alerts())


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    linked = {rule["annotations"]["runbook_url"] for rules in alerts().values() for rule in rules}
    assert linked == {f"docs/runbooks/{path.name}" for path in RUNBOOKS.glob("*.md")} - {"docs/runbooks/README.md"}
    for name, rules in alerts().items():
        page = (REPOSITORY / rules[0]["annotations"]["runbook_url"]).read_text()
        assert page.startswith(f"# {name}\n")
        assert {rule["labels"]["severity"] for rule in rules} <= {"page", "ticket"}


def test_runbooks_link_to_pages_that_exist() -> None:
    for page in RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_dashboards_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate-dashboards", "--check"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_chart_contains_rules_and_dashboards(render: Render) -> None:
    found = render(values_of("values-production.yaml"), bare=True)
    (rule,) = select(found, "PrometheusRule")
    written = {rule["alert"] for group in rule["spec"]["groups"] for rule in group["rules"] if "alert" in rule}
    assert written == set(alerts(*RULES))
    boards = [item for item in select(found, "ConfigMap") if item["metadata"]["labels"].get("grafana_dashboard") == "1"]
    assert len(boards) == len(list((CHART / "files/dashboards").glob("*.json"))) == 6
