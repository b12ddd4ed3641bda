# SPDX-License-Identifier: Apache-2.0
"""Shares one cache with huggingface_hub, both ways.

interop_test.py FAKE_HUB_SERVER HUB_FETCH FOLDER_OF_ENVIRONMENT
Ends with 77, which skips, where the client cannot be had.
"""

import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from client import Client, Unavailable, python_with_client

SERVER, FETCH, ENVIRONMENT = sys.argv[1], sys.argv[2], Path(sys.argv[3])
MODEL = "org/model"
DOWNLOAD = "from huggingface_hub import snapshot_download, hf_hub_download, scan_cache_dir\n"


def model_files() -> dict[str, bytes]:
    numbers = random.Random(1)
    return {
        "config.json": json.dumps({"model_type": "llama"}).encode(),
        "model.safetensors": numbers.randbytes(1_500_000),
        "sub/deeper/notes.txt": b"one level down\n" * 9,
        "empty.txt": b"",
        "donn\u00e9es \u30e2.json": b"{}",
    }


class SharedCache(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="gorgon-interop-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.cache = self.folder / "cache"
        self.log = self.folder / "requests.log"
        self.files = model_files()
        self.write_repository(self.files)
        self.server = None
        self.serve()

    def write_repository(self, files: dict[str, bytes]):
        for name, content in files.items():
            path = self.folder / "repositories" / MODEL / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def serve(self, *options: str):
        self.stop()
        self.server = subprocess.Popen([SERVER, self.folder / "repositories", "--log", self.log, *options],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.endpoint = self.server.stdout.readline().split()[1]
        self.client = Client(PYTHON, self.endpoint, self.cache)

    def stop(self):
        if self.server:
            self.server.stdin.close()
            self.server.wait()
            self.server.stdout.close()
            self.server = None

    def fetch(self, *arguments: str) -> list[list[str]]:
        """Lines of hub_fetch: word, bytes received, bytes resumed, cached or fetched, file."""
        process = subprocess.run([FETCH, self.endpoint, self.cache, MODEL, *arguments],
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        return [line.split(" ", 4) for line in process.stdout.splitlines()]

    def content_requests(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines()
                if " GET " in line and ("/repos/" in line or "resolve-cache" in line)]

    def repository(self) -> Path:
        return self.cache / "models--org--model"

    def assert_snapshot(self, folder: Path, files: dict[str, bytes]):
        for name, content in files.items():
            with self.subTest(file=name):
                self.assertEqual((folder / name).read_bytes(), content)

    def test_what_the_client_downloaded_is_used_without_fetching(self):
        folder = self.client.run(DOWNLOAD + f"print(snapshot_download({MODEL!r}))")
        n_before = len(self.content_requests())
        for options in ([], ["--offline"]):
            lines = self.fetch(*options, *self.files)
            self.assertEqual(len(lines), len(self.files))
            for line, name in zip(lines, self.files):
                self.assertEqual(line[:4], ["done", "0", "0", "cached"], name)
                self.assertEqual(Path(line[4]), Path(folder) / name)
        self.assertEqual(len(self.content_requests()), n_before)

    def test_what_we_downloaded_the_client_uses_offline(self):
        self.fetch(*self.files)
        self.stop()
        folder = self.client.run(DOWNLOAD + f"print(snapshot_download({MODEL!r}))", HF_HUB_OFFLINE="1")
        self.assert_snapshot(Path(folder), self.files)
        for name, content in self.files.items():
            path = self.client.run(DOWNLOAD + f"print(hf_hub_download({MODEL!r}, {name!r}))",
                                   HF_HUB_OFFLINE="1")
            self.assertEqual(Path(path).read_bytes(), content)

    def test_what_we_downloaded_the_client_does_not_fetch_again(self):
        self.fetch(*self.files)
        n_before = len(self.content_requests())
        folder = self.client.run(DOWNLOAD + f"print(snapshot_download({MODEL!r}))")
        self.assert_snapshot(Path(folder), self.files)
        self.assertEqual(len(self.content_requests()), n_before)

    def test_each_adds_what_the_other_lacks(self):
        self.fetch("config.json")
        folder = Path(self.client.run(DOWNLOAD + f"print(snapshot_download({MODEL!r}))"))
        self.assert_snapshot(folder, self.files)
        for line in self.fetch(*self.files):
            self.assertEqual(line[3], "cached")

    def test_the_layout_is_the_same_whoever_wrote_it(self):
        def layout() -> dict[str, str]:
            known = ("blobs", "snapshots", "refs")
            return {str(path.relative_to(self.repository())):
                    str(path.readlink()) if path.is_symlink() else "folder" if path.is_dir() else "file"
                    for path in self.repository().rglob("*")
                    if path.relative_to(self.repository()).parts[0] in known}

        self.fetch(*self.files)
        ours = layout()
        ref = (self.repository() / "refs" / "main").read_bytes()
        tag = (self.cache / "CACHEDIR.TAG").read_bytes()
        subprocess.run(["rm", "-rf", self.cache], check=True)
        self.client.run(DOWNLOAD + f"snapshot_download({MODEL!r})")
        self.assertEqual(layout(), ours)
        self.assertEqual((self.repository() / "refs" / "main").read_bytes(), ref)
        self.assertEqual((self.cache / "CACHEDIR.TAG").read_bytes()[:43], tag[:43])

    def test_the_client_lists_and_removes_what_we_wrote(self):
        self.fetch(*self.files)
        size = sum(map(len, self.files.values()))
        report = self.client.run(DOWNLOAD + """
info = scan_cache_dir()
(model,) = info.repos
(revision,) = model.revisions
print(len(info.warnings), model.repo_id, model.size_on_disk, sorted(revision.refs), revision.nb_files)
info.delete_revisions(revision.commit_hash).execute()
print(len(scan_cache_dir().repos))""").splitlines()
        self.assertEqual(report, [f"0 {MODEL} {size} ['main'] {len(self.files)}", "0"])
        self.assertFalse(any(self.repository().glob("snapshots/*/*")))

    def test_a_new_commit_reaches_both(self):
        self.fetch(*self.files)
        self.files["config.json"] = b'{"model_type": "mistral"}'
        self.write_repository(self.files)
        self.serve()
        folder = Path(self.client.run(DOWNLOAD + f"print(snapshot_download({MODEL!r}))"))
        self.assert_snapshot(folder, self.files)
        for line in self.fetch("--offline", *self.files):
            self.assertEqual(line[3], "cached")
            self.assertEqual(Path(line[4]).read_bytes(), self.files[str(Path(line[4]).relative_to(folder))])

    def test_both_at_once(self):
        self.serve("--fault", "+slow:2000000@/repos/")
        code = DOWNLOAD + f"print(snapshot_download({MODEL!r}))"
        theirs = [self.client.start(code) for _ in range(2)]
        ours = [subprocess.Popen([FETCH, self.endpoint, self.cache, MODEL, *self.files],
                                 stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in theirs + ours:
            output, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, f"{output}{errors}")
        (folder,) = self.repository().glob("snapshots/*")
        self.assert_snapshot(folder, self.files)
        self.assertEqual([path.name for path in self.repository().glob("blobs/*.*")], [])

    def test_what_the_client_left_unfinished_is_left_alone(self):
        blobs = self.repository() / "blobs"
        blobs.mkdir(parents=True)
        theirs = blobs / ("a" * 64 + ".01234567.incomplete")
        theirs.write_bytes(b"theirs")
        self.fetch(*self.files)
        self.assertEqual(theirs.read_bytes(), b"theirs")


if __name__ == "__main__":
    try:
        PYTHON = python_with_client(ENVIRONMENT)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    print("huggingface_hub", Client(PYTHON, "http://127.0.0.1:1", Path("/nonexistent/cache")).version())
    unittest.main(argv=sys.argv[:1], verbosity=2)
