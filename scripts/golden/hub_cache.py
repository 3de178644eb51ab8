"""Whether huggingface_hub finds what our downloader left in its cache.

    python scripts/golden/hub_cache.py CACHE org/name COMMIT FILE…

CACHE is what HF_HUB_CACHE names. Nothing is fetched.
"""

import os
import sys

import huggingface_hub
from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache

cache, repository, commit, *files = sys.argv[1:]
info = scan_cache_dir(cache)
assert not info.warnings, info.warnings
[repo] = [r for r in info.repos if r.repo_id == repository]
[revision] = repo.revisions
assert revision.commit_hash == commit and "main" in revision.refs, revision
assert sorted(f.file_name for f in revision.files) == sorted(os.path.basename(f) for f in files), revision.files
for file in files:
    path = try_to_load_from_cache(repository, file, cache_dir=cache)
    assert isinstance(path, str) and os.path.getsize(path) > 0, (file, path)
folder = snapshot_download(repository, cache_dir=cache, local_files_only=True)
assert folder.endswith(os.path.join("snapshots", commit)), folder
print(f"huggingface_hub {huggingface_hub.__version__}: {len(files)} files of {repository}@main, {repo.size_on_disk} bytes, no warnings; snapshot found offline")
print("ok")
