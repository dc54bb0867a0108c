"""Validates files against JSON Schemas by `jsonschema`, a validator that is not ours.

Arguments: the folder of schemas, then pairs of a schema's name and a file. A file that ends in
.ndjson is taken line by line. Prints what is wrong, and ends with 1 if anything is.
"""

import json
import sys

from jsonschema import Draft202012Validator

folder, pairs = sys.argv[1], sys.argv[2:]
bad = 0
for name, path in zip(pairs[::2], pairs[1::2]):
    with open(f"{folder}/{name}.json") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    with open(path) as file:
        texts = file.read().splitlines() if path.endswith(".ndjson") else [file.read()]
    for number, text in enumerate(texts, 1):
        for error in validator.iter_errors(json.loads(text)):
            bad += 1
            print(f"{path}:{number}: {error.json_path}: {error.message[:300]}")
    print(f"{path}: {len(texts)} against {name}", file=sys.stderr)
sys.exit(1 if bad else 0)
