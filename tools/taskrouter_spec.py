"""Cut from Twilio's OpenAPI document of TaskRouter what the tests need of it.

``python -m tools.taskrouter_spec twilio_taskrouter_v1.json`` writes ``tests/sdk/taskrouter_v1.json``: each operation
with its method, path and parameters, the JSON Schema of what it answers, and the names of the links in its example.
The document stands at https://github.com/twilio/twilio-oai (MIT).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "sdk" / "taskrouter_v1.json"
_METHODS = ("get", "post", "delete")
_KEPT = ("type", "format", "pattern", "minLength", "maxLength", "enum", "minimum", "maximum")
_SCHEMAS = "#/components/schemas/"

Node = dict[str, Any]


def main() -> None:
    document = json.loads(Path(sys.argv[1]).read_text())
    TARGET.write_text(json.dumps(cut(document), indent=1) + "\n")


def cut(document: Node) -> Node:
    """``operations`` by name, and the ``$defs`` that their answers refer to."""
    schemas = document["components"]["schemas"]
    return {
        "$comment": "Made by tools/taskrouter_spec.py from twilio-oai (MIT).",
        "operations": {node["operationId"]: operation for node, operation in operations(document)},
        "$defs": {name: schema(node) for name, node in sorted(schemas.items())},
    }


def operations(document: Node) -> Iterator[tuple[Node, Node]]:
    """Each operation of the document, and what is kept of it."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield item[method], operation(item[method], method=method, path=path)


def operation(node: Node, *, method: str, path: str) -> Node:
    """What is kept of one operation."""
    ((status, answer),) = node["responses"].items()
    content = answer.get("content", {}).get("application/json", {})
    return {
        "method": method.upper(),
        "path": path,
        "query": [each["name"] for each in node.get("parameters", []) if each["in"] == "query"],
        "form": list(_form(node).get("properties", {})),
        "status": int(status),
        "answer": schema(content["schema"]) if content else None,
        "links": links(content.get("examples", {})),
    }


def schema(node: Node) -> Node:
    """OpenAPI 3.0 as JSON Schema. Every property must be there, and none that is not named."""
    if "$ref" in node:
        return {"$ref": node["$ref"].replace(_SCHEMAS, "#/$defs/")}
    made: Node = {name: node[name] for name in _KEPT if name in node}
    if node.get("nullable") and "type" in node:
        made["type"] = [node["type"], "null"]
    if "items" in node:
        made["items"] = schema(node["items"])
    if "properties" in node:
        made["properties"] = {name: schema(inner) for name, inner in node["properties"].items()}
        made["required"] = sorted(made["properties"])
        made["additionalProperties"] = False
    return made


def links(examples: Node) -> list[str]:
    """The names of the links of the first row in an example."""
    for example in examples.values():
        value = example["value"]
        lists = [rows for rows in value.values() if isinstance(rows, list)]
        for row in (value, *(rows[0] for rows in lists if rows)):
            if isinstance(row, dict) and "links" in row:
                return sorted(row["links"])
    return []


def _form(node: Node) -> Node:
    content = node.get("requestBody", {}).get("content", {})
    form: Node = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
    return form


if __name__ == "__main__":
    main()
