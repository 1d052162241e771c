"""A real node: the vibetalk binary on a port and a data folder, that can be killed and started again."""

import pathlib
import re
import select
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Node:
    def __init__(self, binary, data, limits=()):
        self.binary, self.data, self.port = str(binary), pathlib.Path(data), 0
        self.limits = [word for limit in limits for word in ("--limit", limit)]
        self.process = None
        self.log = self.data.parent / f"{self.data.name}.log"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, patience_seconds=60):
        """Starts on the former port, the first time on a free one; returns when the node says that it listens."""
        command = [self.binary, "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command + self.limits, stdout=subprocess.PIPE, stderr=log)
        deadline = time.monotonic() + patience_seconds
        line = b""
        while not (found := re.search(rb"listening on http://127\.0\.0\.1:(\d+)", line)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            line = self.process.stdout.readline() if ready else b""
            if not line:
                self.kill()
                raise SystemExit(f"the node did not start; its log:\n{self.log.read_text()[-4000:]}")
        self.port = int(found[1])
        # Nobody may block the node by not reading what else it prints.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return self

    def kill(self):
        """SIGKILL: the node has no chance to say or save anything."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self, patience_seconds=30):
        """SIGTERM: an orderly end, with success as its exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise SystemExit(f"the node did not end within {patience_seconds} s of SIGTERM")
        if status != 0:
            raise SystemExit(f"the node ended with status {status} after SIGTERM; its log:\n{self.log.read_text()[-4000:]}")


def binary_from(arguments):
    """The binary under test: the first argument, else what `make build` makes."""
    path = pathlib.Path(arguments[1] if len(arguments) > 1 else ROOT / ".build/release/vibetalk").absolute()
    if not path.exists():
        raise SystemExit(f"{path} does not exist: run `make build`")
    return path
