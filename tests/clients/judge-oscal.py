"""judge-oscal.py SCHEMAS FILE...: holds OSCAL documents against the JSON schemas that NIST publishes, in the folder SCHEMAS, and lets
compliance-trestle, whose models take no member they do not know, read them and write them again; exit 1 with their words where one is
refused, or where something is lost on the way."""
import json
import pathlib
import sys

import jsonschema_rs
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

MODELS = {
    "assessment-results": (AssessmentResults, "oscal_assessment-results_schema.json"),
    "assessment-plan": (AssessmentPlan, "oscal_assessment-plan_schema.json"),
    "component-definition": (ComponentDefinition, "oscal_component_schema.json"),
}


def plain(value):
    """Times without their two spellings of UTC."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


schemas, *paths = map(pathlib.Path, sys.argv[1:])
for path in paths:
    document = json.loads(path.read_text(encoding="utf-8"))
    (name, _), = document.items()
    reader, schema = MODELS[name]
    schema = json.loads((schemas / schema).read_text(encoding="utf-8"))
    for error in jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(document):
        sys.exit(f"{path}: {schema['$id']}: {error}"[:3000])
    try:
        model = reader.oscal_read(path)
    except Exception as error:
        sys.exit(f"{path}: {error}"[:3000])
    if model is None:
        sys.exit(f"{path}: it is not there")
    if plain(json.loads(model.oscal_serialize_json())) != plain(document):
        sys.exit(f"{path}: it is another document once it has been read")
    version = document[name]["metadata"]["oscal-version"]
    print(f"{name} {version}: valid by {schema['$id']}, read, and nothing was lost")
