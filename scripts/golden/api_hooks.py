"""Hooks of schemathesis: names that the server under test has, and answers short enough for thousands of requests.

Only what fits the schema is changed, so that what breaks it still does.
"""

import re

import schemathesis

LONGEST = 8
MODEL = "smollm2-135m-instruct"
GENERATES = ("/api/generate", "/v1/chat/completions", "/v1/completions")
NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,199}")


@schemathesis.hook
def map_path_parameters(context, parameters):
    for field, known in (("atlas", "first"), ("model", MODEL)):
        value = (parameters or {}).get(field)
        if isinstance(value, str) and NAME.fullmatch(value):
            parameters[field] = known
    return parameters


@schemathesis.hook
def map_body(context, body):
    path = context.operation.path
    if not isinstance(body, dict) or path not in (*GENERATES, "/api/inspect"):
        return body
    for field in ("maxTokens", "max_tokens", "max_completion_tokens"):
        value = body.get(field)
        if type(value) is int and value > LONGEST:
            body[field] = LONGEST
    if path in GENERATES and not any(field in body for field in ("maxTokens", "max_tokens")):
        body["maxTokens" if path == "/api/generate" else "max_tokens"] = LONGEST
    for field, known in (("atlas", "first"), ("model", MODEL)):
        if isinstance(body.get(field), str) and 1 <= len(body[field]) <= 200:
            body[field] = known
    return body
