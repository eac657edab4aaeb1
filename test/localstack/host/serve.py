"""LocalStack in host mode, with engines that are installed already and functions as child processes.

LocalStack would look for its engines in its own folders and download them from places that are gone or need a token.
CROSSTRAIL_DYNAMODB (a JSON list) is the command of the DynamoDB engine, which takes a port.
"""
import json
import os
from pathlib import Path

from localstack.packages.core import NodePackageInstaller
from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer
from localstack.services.kinesis import kinesis_mock_server
from localstack.services.lambda_.invocation import runtime_executor

NODE = os.environ["CROSSTRAIL_NODE"]
DYNAMODB = json.loads(os.environ["CROSSTRAIL_DYNAMODB"])
KINESIS = os.environ["CROSSTRAIL_KINESIS"]
LOOPBACK = os.environ["CROSSTRAIL_LOOPBACK"]

DynamoDBLocalPackageInstaller.install = lambda *_, **__: None
DynamoDBLocalPackageInstaller.get_java_env_vars = lambda *_: {}
DynamodbServer._create_shell_command = lambda self: [word.replace("{port}", str(self.port)) for word in DYNAMODB]

NodePackageInstaller.install = lambda *_, **__: None
NodePackageInstaller.get_executable_path = lambda _: KINESIS
kinesis_mock_server.KinesisMockNodeServer._create_shell_command = lambda self: (
    [NODE, "--require", LOOPBACK, str(Path(self._exe_path))],
    self._environment_variables,
)


def host_executor():
    from executor import HostRuntimeExecutor

    return HostRuntimeExecutor


# Before anybody takes it by name.
runtime_executor.get_runtime_executor = host_executor

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
