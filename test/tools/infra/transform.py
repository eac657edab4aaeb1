"""Prints as JSON what the SAM transform makes of a template: transform.py TEMPLATE FOLDER. Parameter values come as JSON on stdin.

The translator and the table of AWS managed policies are those of AWS's own package: no account is asked. `sam package` would upload
each local CodeUri and put its place in S3 there; here that is s3://local/ and the path from FOLDER.
"""

import json
import os
import sys

from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.arn_generator import ArnGenerator
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class BundledPolicies:
    def load(self):
        return get_bundled_managed_policy_map(ArnGenerator.get_partition_name()) or {}


def package(properties, template, folder):
    uri = properties.get("CodeUri")
    if isinstance(uri, str) and not uri.startswith("s3://"):
        code = os.path.join(os.path.dirname(os.path.abspath(template)), uri)
        properties["CodeUri"] = "s3://local/" + os.path.relpath(code, folder).replace(os.sep, "/")


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        # A date without quotes, as the Version of a policy, is read as one: the transform takes text only.
        template = json.loads(json.dumps(yaml_parse(file.read()), default=str))
    package(template.get("Globals", {}).get("Function", {}), path, folder)
    for resource in template.get("Resources", {}).values():
        if resource.get("Type") == "AWS::Serverless::Function":
            package(resource.get("Properties", {}), path, folder)
    try:
        print(json.dumps(transform(template, json.load(sys.stdin), BundledPolicies())))
    except InvalidDocumentException as error:
        sys.exit("\n".join([error.message, *(cause.message for cause in error.causes)]))


main(*sys.argv[1:])
