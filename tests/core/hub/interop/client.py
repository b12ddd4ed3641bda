# SPDX-License-Identifier: Apache-2.0
"""The hub's own client for Python, in a virtual environment that is made where it is missing."""

import os
import subprocess
import sys
import venv
from pathlib import Path


class Unavailable(Exception):
    pass


def python_with_client(folder: Path) -> Path:
    """The interpreter of an environment that has huggingface_hub."""
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if ready.exists():
        return python
    try:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
             "--timeout", "15", "huggingface_hub"],
            check=True, capture_output=True, text=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", "") or str(error)
        raise Unavailable(f"huggingface_hub cannot be installed here: {detail.strip()[-300:]}") from error
    ready.touch()
    return python


class Client:
    """Runs code beside the client, with an environment of its own."""

    def __init__(self, python: Path, endpoint: str, cache: Path):
        self._python = python
        self._variables = {
            "PATH": os.environ.get("PATH", ""),
            "HF_ENDPOINT": endpoint,
            "HF_HUB_CACHE": str(cache),
            "HF_HOME": str(cache.parent / "home"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "LC_ALL": "C.UTF-8",
        }

    def start(self, code: str, **variables: str) -> subprocess.Popen:
        return subprocess.Popen([self._python, "-c", code], env=self._variables | variables,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, code: str, **variables: str) -> str:
        """What the code prints; its failure is ours."""
        process = self.start(code, **variables)
        output, errors = process.communicate(timeout=60)
        if process.returncode != 0:
            raise AssertionError(f"the client failed: {errors.strip()[-2000:]}")
        return output.strip()

    def version(self) -> str:
        return self.run("import huggingface_hub; print(huggingface_hub.__version__)")


if __name__ == "__main__":
    print(python_with_client(Path(sys.argv[1])))
