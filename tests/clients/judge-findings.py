"""judge-findings.py SCHEMA SARIF JUNIT [SARIF JUNIT]: holds SARIF against the schema of OASIS in the file SCHEMA, and lets foreign readers judge
what gates found, and what they write where nothing could be judged; exit 1 with their words where one refuses it."""
import json
import sys


def sarif(schema, path, judged):
    from jsonschema import Draft4Validator
    from sarif_pydantic import Sarif

    with open(schema, encoding="utf-8") as file:
        validator = Draft4Validator(json.load(file), format_checker=Draft4Validator.FORMAT_CHECKER)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for error in validator.iter_errors(json.loads(text)):
        sys.exit(f"SARIF: {error}"[:3000])
    log = Sarif.model_validate_json(text)
    if not log.runs or judged and not log.runs[0].results:
        sys.exit("SARIF: a reader finds no results")
    if not judged and any(invocation.execution_successful for run in log.runs for invocation in run.invocations):
        sys.exit("SARIF: a reader takes a run that failed for one that found nothing")
    # What no model of the schema says, and readers rely on (3.19.23, 3.27.5, 3.27.10).
    for run in json.loads(text)["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"].get("rules", [])]
        if len(set(rules)) != len(rules):
            sys.exit("SARIF: a rule is there twice")
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                sys.exit(f"SARIF: {result['ruleId']} is not the rule at its index")
            if result["kind"] != "fail" and result["level"] != "none":
                sys.exit(f"SARIF: a result of kind {result['kind']} has a level")


def junit(path):
    from junitparser import Error, Failure, JUnitXml, Skipped

    for suite in JUnitXml.fromfile(path):
        counts = {Error: 0, Failure: 0, Skipped: 0}
        cases = list(suite)
        for case in cases:
            for outcome in case.result:
                counts[type(outcome)] += 1
        told = (suite.tests, suite.failures, suite.skipped, suite.errors)
        found = (len(cases), counts[Failure], counts[Skipped], counts[Error])
        if told != found:
            sys.exit(f"JUnit: {suite.name} says {told} and has {found}")


for at, judged in ((2, True), (4, False)):
    if len(sys.argv) > at:
        sarif(sys.argv[1], sys.argv[at], judged)
        junit(sys.argv[at + 1])
