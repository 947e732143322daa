"""judge-oscal.py FILE...: lets compliance-trestle, whose models are generated from the schemas of NIST and take no member they do not know,
read OSCAL documents and write them again; exit 1 with its words where it refuses one, or where something is lost on the way."""
import json
import pathlib
import sys

from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

MODELS = {"assessment-results": AssessmentResults, "assessment-plan": AssessmentPlan, "component-definition": ComponentDefinition}


def plain(value):
    """Times without their two spellings of UTC."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


for path in map(pathlib.Path, sys.argv[1:]):
    document = json.loads(path.read_text(encoding="utf-8"))
    (name, _), = document.items()
    try:
        model = MODELS[name].oscal_read(path)
    except Exception as error:
        sys.exit(f"{path}: {error}"[:3000])
    if model is None:
        sys.exit(f"{path}: it is not there")
    if plain(json.loads(model.oscal_serialize_json())) != plain(document):
        sys.exit(f"{path}: it is another document once it has been read")
    version = document[name]["metadata"]["oscal-version"]
    print(f"{name} {version}: read, and nothing was lost")
