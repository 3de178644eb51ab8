"""A person's errands through a client that openapi-python-client generated from /openapi.json: no line of it is ours."""

import importlib
import pkgutil
import sys

import lexiscope_client
from lexiscope_client import Client

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=False, timeout=60)

# The generator names functions after method and path; find them by what they are for.
functions = {}
for module in pkgutil.walk_packages(importlib.import_module("lexiscope_client.api").__path__, "lexiscope_client.api."):
    if not module.ispkg:
        functions[module.name.rsplit(".", 1)[-1]] = importlib.import_module(module.name)


def call(name, *args, **kwargs):
    response = functions[name].sync_detailed(*args, client=client, **kwargs)
    assert int(response.status_code) < 300, f"{name}: {response.status_code} {response.content[:300]}"
    return response.parsed


print(len(functions), "operations in the generated client")
status = call("get_api_status")
print("software", status.software, "atlas", status.defaults.atlas)
atlas = call("get_api_atlases_atlas", status.defaults.atlas)
print("features", atlas.manifest.dictionary.features, "FVU", round(atlas.manifest.dictionary.metrics.fvu, 3))
rows = call("get_api_atlases_atlas_features", atlas.id, q="peace", limit=3)
print("peace:", [(row.index, row.word) for row in rows.items])
feature = call("get_api_atlases_atlas_features_feature", atlas.id, rows.items[0].index)
print(feature.id, "maximum", round(feature.maximum, 2), "examples", len(feature.examples))
InspectRequest = importlib.import_module("lexiscope_client.models.inspect_request").InspectRequest
seen = call("post_api_inspect", body=InspectRequest(atlas=atlas.id, text="They signed a treaty of peace.", top=2, pinned=[feature.index]))
print("tokens", len(seen.tokens), "pinned maximum", round(max(seen.pinned[0].activations), 2))
assert len(seen.tokens) == len(seen.pinned[0].activations)
