# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs gorgon-cli as people do: arguments, standard input, output and exit status."""
import array
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
DATA = SOURCE / "tests" / "data"
SHARED = SOURCE.parent / "shared"
PROGRAM = None


class CliTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gorgon-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        """A file in the test's folder; JSON unless it is text."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def run_cli(self, *arguments, stdin="", status=0, timeout=300, **more):
        more.setdefault("env", {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=data, capture_output=True,
                              timeout=timeout, **more)
        self.assertEqual(done.returncode, status,
                         f"{arguments}: {done.stdout[-500:]!r} {done.stderr[-1000:]!r}")
        return done

    def run_json(self, *arguments, **more):
        return json.loads(self.run_cli(*arguments, **more).stdout)

    def fails(self, status, *arguments, **more):
        """The one line on standard error, without "error: "."""
        done = self.run_cli(*arguments, status=status, **more)
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, f"{arguments}: {lines}")
        self.assertTrue(lines[0].startswith("error: "), lines[0])
        return lines[0][len("error: "):]


def read_safetensors(path):
    """Name -> (shape, flat values), F32 and I64."""
    raw = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for name, info in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        first, last = info["data_offsets"]
        values = array.array({"F32": "f", "I64": "q"}[info["dtype"]])
        values.frombytes(raw[8 + size + first:8 + size + last])
        tensors[name] = (info["shape"], values)
    return tensors


def main():
    global PROGRAM
    PROGRAM = sys.argv.pop(1)
    unittest.main(module="__main__", verbosity=1)
