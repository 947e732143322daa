"""judge-sbom.py FORM FILE [FORM FILE]...: lets foreign validators judge bills of materials, each as cyclonedx, spdx, ntia or spdx3; exit 1 with their
words where one refuses it. `ntia` wants all minimum elements of SPDX 2.3, `spdx` all but suppliers, which nobody may make up.
Of `spdx3`, which is SPDX 3.0.1, it prints what the profile of BSI TR-03183-2 finds lacking, which takes SPDX from 3.0 on only, and that of the NTIA:
{"bsi": {ELEMENT: [NAME, ...]}, "ntia": {...}}."""
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


def spdx3(path):
    by_model(path)
    print(json.dumps({profile: by_profile(path, profile) for profile in ("bsi", "ntia")}, sort_keys=True))


def by_model(path):
    """By what is made from the ontology: reading checks types, words and patterns, writing how many there are of each. Every reference leads somewhere."""
    from spdx_python_model.bindings import v3_0_1 as model

    with open(path, "rb") as file:
        document = json.load(file)
    objects = model.SHACLObjectSet()
    with open(path, "rb") as file:
        model.JSONLDDeserializer().read(file, objects)
    with open("/dev/null", "wb") as nowhere:
        model.JSONLDSerializer().write(objects, nowhere)
    elements = [element for element in document["@graph"] if element["type"] != "CreationInfo"]
    known = {element["spdxId"] for element in elements}
    if len(known) != len(elements):
        sys.exit("an identifier that is there twice")
    lost = sorted(objects.link())
    if lost:
        sys.exit(f"references that lead nowhere: {lost[:5]}")
    whole = [element for element in elements if element["type"] == "SpdxDocument"]
    if len(whole) != 1 or set(whole[0]["element"]) != known - {whole[0]["spdxId"]}:
        sys.exit("the document does not list what is in it")


def by_profile(path, profile):
    from ntia_conformance_checker import sbom_checker

    checked = sbom_checker.SbomChecker(path, compliance=profile, sbom_spec="spdx3")
    if checked.parsing_errors or checked.validation_messages or checked.conformance_messages:
        sys.exit(f"{profile}: {checked.parsing_errors} {checked.validation_messages} {checked.conformance_messages}")
    # The checker takes the individuals that stand for none for elements that are missing.
    lost = {to for all_of in checked.unknown_pointer_edges.values() for to in all_of if not to.startswith("https://spdx.org/rdf/3.0.1/terms/Core/No")}
    floating = [name for name in checked.floating_component_ids if "#named-" not in name]
    if lost or floating:
        sys.exit(f"{profile}: elements that are missing: {sorted(lost)[:5]}, that hang in the air: {sorted(floating)[:5]}")
    of_document = {
        "bsi": ("doc_creator", "doc_uri", "doc_timestamp", "dependency_completeness"),
        "ntia": ("doc_author", "doc_timestamp", "dependency_relationships"),
    }
    lacking = {name: [] for name in of_document[profile] if not getattr(checked, name)}
    lacking |= {name: sorted({one for one, _ in some}) for name, some in checked.all_components_without_info}
    if checked.compliant != (not lacking):
        sys.exit(f"{profile}: {checked.compliant}, and lacking {str(lacking)[:500]}")
    return lacking


def ntia(path):
    spdx(path, whole=True)


JUDGES = {"cyclonedx": cyclonedx, "spdx": spdx, "ntia": ntia, "spdx3": spdx3}
for form, path in zip(sys.argv[1::2], sys.argv[2::2]):
    JUDGES[form](path)
