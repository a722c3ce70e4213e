"""The client for what the provider cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]

#: Eight threads that meet the same type at the same moment, in a process that changes threads as often as it can.
_AT_ONCE = """
import sys, threading
sys.setswitchinterval(1e-6)
import components.kube
from components.trust.watch import Order
from lightkube import KubeConfig
from lightkube.core import decoders
from lightkube.core.internal_models import meta_v1
from lightkube.resources.core_v1 import Namespace, Secret

start = threading.Barrier(8)
CONFIG = {
    "clusters": [{"name": "a", "cluster": {"server": "https://a.example"}}],
    "users": [{"name": "a", "user": {"exec": {"apiVersion": "b", "command": "c", "env": [{"name": "d", "value": "e"}]}}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
}
METADATA = b'{"name": "a", "labels": {"b": "c"}, "managedFields": [{"manager": "d"}]}'

def decode():
    start.wait()
    KubeConfig.from_dict(CONFIG).get("a")
    for kind in (Namespace, Secret, Order):
        decoders.decode_list(b'{"items": [{"metadata": ' + METADATA + b"}]}", kind)
    decoders.decode_status(b'{"status": "Failure", "details": {"causes": [{"message": "e"}]}}')
    meta_v1.ObjectMeta.from_dict({"name": "a", "ownerReferences": []})

threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_decode_the_same_type_for_the_first_time_do_not_crash_the_process() -> None:
    for _ in range(5):
        assert subprocess.run([sys.executable, "-c", _AT_ONCE], cwd=PROJECT, check=False).returncode == 0
