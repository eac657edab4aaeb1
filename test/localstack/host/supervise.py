"""Runs a command until stdin ends or a signal comes, then ends it and everything that it started: supervise.py COMMAND ...

Whoever starts this holds the other end of stdin. When that process is gone, however it went, the pipe closes. CROSSTRAIL_SCRATCH names a folder that goes with it.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

import psutil

GRACE_SECONDS = 10
PR_SET_CHILD_SUBREAPER = 36

# What a child leaves behind becomes ours instead of init's: LocalStack starts its engines in sessions of their own.
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
asked = threading.Event()
parted = threading.Event()


def watch_stdin():
    while os.read(0, 4096):
        pass
    parted.set()
    asked.set()


def watch_child():
    child.wait()
    asked.set()


def is_at_work(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, lambda *_: asked.set())
threading.Thread(target=watch_stdin, daemon=True).start()
threading.Thread(target=watch_child, daemon=True).start()
while not asked.wait(0.5):  # with a limit, so that signals are seen
    pass

known = psutil.Process().children(recursive=True)
code = child.poll()
if code is None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
for _ in range(20):  # what is killed may have started more
    left = {p for p in [*known, *psutil.Process().children(recursive=True)] if is_at_work(p)}
    if not left:
        break
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            pass
    psutil.wait_procs(left, timeout=1)
scratch = os.environ.get("CROSSTRAIL_SCRATCH")
if scratch and parted.is_set():  # otherwise somebody still wants to read why it ended
    shutil.rmtree(scratch, ignore_errors=True)
sys.stdout.flush()
os._exit(code or 0)  # not by way of threads that still read
