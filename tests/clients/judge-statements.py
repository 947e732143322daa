"""judge-statements.py openvex|cyclonedx FILE: lets foreign readers judge statements about vulnerabilities; exit 1 with their words where one
refuses them, else what they read, a statement a line."""
import json
import sys


def openvex(text):
    from vexipy import Document

    document = Document.from_json(text)
    for statement in document.statements:
        products = [str(product.id) for product in statement.products]
        why = statement.justification.value if statement.justification else "-"
        print(statement.vulnerability.name, statement.status.value, why, *products)


def cyclonedx(text):
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        sys.exit(f"strict validation: {error}"[:3000])
    bom = Bom.from_json(json.loads(text))
    bom.validate()
    known = {component.bom_ref.value for component in bom.components}
    for vulnerability in sorted(bom.vulnerabilities, key=lambda one: one.id):
        products = sorted(target.ref for target in vulnerability.affects)
        lost = [ref for ref in products if ref not in known]
        if lost:
            sys.exit(f"references that lead nowhere: {lost[:5]}")
        why = vulnerability.analysis.justification
        print(vulnerability.id, vulnerability.analysis.state.value, why.value if why else "-", *products)


with open(sys.argv[2], encoding="utf-8") as file:
    {"openvex": openvex, "cyclonedx": cyclonedx}[sys.argv[1]](file.read())
