"""Fetches the jars that the lock names into a folder and checks each against its hash: fetch_jars.py LOCK FOLDER.

They come from the Maven repository that LocalStack itself uses, or from MAVEN_REPOSITORY.
"""
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import requests
from localstack.constants import MAVEN_REPO_URL

lock, folder = sys.argv[1:]
base = os.environ.get("MAVEN_REPOSITORY", MAVEN_REPO_URL).rstrip("/")


def fetch(entry):
    coordinates, wanted = entry
    group, artifact, version = coordinates.split(":")
    name = f"{artifact}-{version}.jar"
    for attempt in (1, 2, 3):
        try:
            answer = requests.get(f"{base}/{group.replace('.', '/')}/{artifact}/{version}/{name}", timeout=60)
            answer.raise_for_status()
            break
        except requests.RequestException:
            if attempt == 3:
                raise
    got = hashlib.sha256(answer.content).hexdigest()
    if got != wanted:
        raise SystemExit(f"{coordinates}: SHA-256 is {got}, the lock says {wanted}")
    with open(os.path.join(folder, name), "wb") as file:
        file.write(answer.content)


os.makedirs(folder, exist_ok=True)
with open(lock) as file:
    entries = json.load(file).items()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(fetch, entries))
