"""Runs a Node function of LocalStack's Lambda as a child process, where LocalStack would start a container."""
import json
import os
import subprocess
import threading
from collections import deque

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

NODE = os.environ["CROSSTRAIL_NODE"]
RUNTIME = os.environ["CROSSTRAIL_LAMBDA_RUNTIME"]
# The function's own clock ends it first; this one ends a function that blocks its event loop.
GRACE_SECONDS = 0.5
# What a function has printed stands in its log before its answer does; a process that was killed prints no end.
LOG_SECONDS = 2


class HostRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.process = None
        self.env = {}
        self.answers = None
        self.logs = deque()
        self.ended = threading.Event()

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.cleanup_for_execution()

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self):
        """What was printed since the last time: each line belongs to one invocation."""
        lines = []
        while self.logs:
            lines.append(self.logs.popleft())
        return "".join(lines)

    def start(self, env_vars):
        runtime = self.function_version.config.runtime or ""
        if not runtime.startswith("nodejs"):
            raise ValueError(f"functions run on Node only, not on {runtime!r}")
        root = str(self.function_version.config.code.get_unzipped_code_location())
        self.env = {key: str(value) for key, value in env_vars.items()}
        self.env.update(PATH=os.environ["PATH"], LAMBDA_TASK_ROOT=root)
        error = self._spawn()
        if error:
            raise RuntimeError(error)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(5)

    def invoke(self, payload):
        # As Lambda does, a process that ended (crash, time-out) is replaced at the next invocation.
        if self.process.poll() is not None:
            error = self._spawn()
            if error:
                return self._result(payload, {"errorType": "Runtime.ExitError", "errorMessage": error})
        timeout = self.function_version.config.timeout
        message = {
            "id": payload["invoke-id"],
            "arn": payload["invoked-function-arn"],
            "timeoutMs": timeout * 1000,
            "payload": payload["payload"],
        }
        self.ended.clear()
        late = threading.Timer(timeout + GRACE_SECONDS, self.process.kill)
        late.start()
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            line = self.answers.readline()
        except OSError:
            line = ""
        finally:
            late.cancel()
        self.ended.wait(LOG_SECONDS)
        if not line:
            self.process.wait(5)
            error = {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited without providing a reason"}
            return self._result(payload, error)
        answer = json.loads(line)
        if answer.get("last"):
            self.process.wait(5)
        return self._result(payload, answer.get("error"), answer.get("payload"))

    def _result(self, payload, error, answer=None):
        return InvocationResult(
            request_id=payload["invoke-id"],
            payload=(json.dumps(error) if error else answer).encode(),
            is_error=error is not None,
            logs=self.get_logs(),
        )

    def _spawn(self):
        # Standard output is the function's own: metrics and logs go there.
        read, write = os.pipe()
        self.process = subprocess.Popen(
            # The name is for whoever looks for the process.
            [NODE, RUNTIME, str(write), self.env.get("AWS_LAMBDA_FUNCTION_NAME", "")],
            cwd=self.env["LAMBDA_TASK_ROOT"],
            env=self.env,
            text=True,
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[write],
        )
        os.close(write)
        if self.answers:
            self.answers.close()
        self.answers = os.fdopen(read)
        threading.Thread(target=self._keep_logs, args=(self.process,), daemon=True).start()
        line = self.answers.readline()
        return json.loads(line).get("error") if line else "node ended before the function was loaded"

    def _keep_logs(self, process):
        for line in process.stdout:
            self.logs.append(line)
            if line.startswith("END RequestId: "):
                self.ended.set()
        self.ended.set()
