"""judge-sbom.py cyclonedx|spdx|ntia FILE: lets foreign validators judge a bill of materials; exit 1 with their words where one refuses it.
`ntia` wants all minimum elements, `spdx` all but suppliers, which nobody may make up. Both have the profile of BSI TR-03183-2 applied, which takes
SPDX from 3.0 on only: of 2.3 it must find exactly what it finds of every such document."""
import json
import sys


def cyclonedx(path):
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    with open(path, encoding="utf-8") as file:
        text = file.read()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        sys.exit(f"strict validation: {error}"[:3000])
    # References that lead nowhere are found only by who reads the document.
    Bom.from_json(json.loads(text)).validate()
    document = json.loads(text)
    known = set()
    datasets = []

    def collect(component):
        parameters = component.get("modelCard", {}).get("modelParameters", {})
        datasets.extend(dataset["ref"] for dataset in parameters.get("datasets", []) if "ref" in dataset)
        if "bom-ref" in component:
            if component["bom-ref"] in known:
                sys.exit(f"a reference that is there twice: {component['bom-ref']}")
            known.add(component["bom-ref"])
        for inner in component.get("components", []):
            collect(inner)

    collect(document["metadata"]["component"])
    for component in document["components"]:
        collect(component)
    used = [d["ref"] for d in document["dependencies"]] + [n for d in document["dependencies"] for n in d.get("dependsOn", [])]
    used += [r for c in document["compositions"] for r in c.get("assemblies", []) + c.get("dependencies", [])]
    used += datasets
    lost = [r for r in used if r not in known]
    if lost:
        sys.exit(f"references that lead nowhere: {lost[:5]}")


def spdx(path, whole=False):
    from ntia_conformance_checker import sbom_checker
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    # It takes no address without a top-level domain, though section 7.7 does; the tests' own servers have none.
    loopback = "download_location must be a valid URL or download location according to the specification, but is: http://127.0.0.1:"
    found = validate_full_spdx_document(parse_file(path))
    messages = [m for m in found if loopback not in m.validation_message]
    if messages:
        sys.exit("\n".join(f"{m.validation_message} ({m.context.spdx_id})" for m in messages[:5]))
    checked = sbom_checker.SbomChecker(path, compliance="ntia")
    lists = (checked.components_without_names, checked.components_without_versions, checked.components_without_identifiers)
    sound = checked.doc_author and checked.doc_timestamp and checked.dependency_relationships and not any(lists)
    if not sound or whole and not checked.compliant:
        checked.print_table_output(verbose=True)
        sys.exit("it has not the minimum elements of the NTIA")
    bsi(path)


def bsi(path):
    from ntia_conformance_checker import sbom_checker

    checked = sbom_checker.SbomChecker(path, compliance="bsi")
    # These it looks for in the objects of SPDX 3 alone.
    document = {name: getattr(checked, name) for name in ("doc_creator", "doc_uri", "doc_timestamp", "dependency_completeness")}
    expected = {"doc_creator": False, "doc_uri": False, "doc_timestamp": True, "dependency_completeness": False}
    lacking = {name: getattr(checked, checked._COMPONENTS_WITHOUT_INFO[name][0]) for name in checked.MIN_ELEMENTS}
    lacking = {name: some for name, some in lacking.items() if some}
    if document != expected or lacking or checked.compliant:
        sys.exit(f"the profile of the BSI finds something else than that it is not of SPDX 3: {document} {str(lacking)[:1000]}")


def ntia(path):
    spdx(path, whole=True)


{"cyclonedx": cyclonedx, "spdx": spdx, "ntia": ntia}[sys.argv[1]](sys.argv[2])
