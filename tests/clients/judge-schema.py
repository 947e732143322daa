"""judge-schema.py FILE SCHEMA: whether a document is what a JSON Schema wants; exit 1 with the first thing that is not."""
import json
import sys

import jsonschema_rs

document, schema = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
for error in jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(document):
    sys.exit(f"schema: {error}"[:3000])
