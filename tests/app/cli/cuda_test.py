# SPDX-License-Identifier: GPL-3.0-or-later
"""The CUDA module as programs find it: the emulated one, none, and what is no module."""
import os
import sys

import cli

MODEL = cli.DATA / "models" / "llama_mha"
HEADS = cli.DATA / "medusa" / "heads" / "llama_mha_trained"
MODULE = sys.argv.pop(2)


class CudaTest(cli.CliTest):
    def environment(self, module, **more):
        return {**os.environ, **more, "XDG_CACHE_HOME": str(self.folder / "cache"),
                "GORGON_CUDA_MODULE": str(module)}

    def generate(self, device, module=MODULE, *more, status=0):
        ids = self.write("ids.json", [1, 145, 207, 280, 258, 233])
        return self.run_cli("generate", "--model", MODEL, "--heads", HEADS, "--tokens-file", ids,
                            "--max-tokens", "5", "--device", device, "--json", *more,
                            env=self.environment(module), status=status)

    def test_devices_names_it(self):
        devices = self.run_json("devices", "--json", env=self.environment(MODULE))
        self.assertEqual([device["name"] for device in devices], ["cpu", "cuda:0"])
        self.assertTrue(devices[1]["usable"])
        self.assertEqual(devices[1]["description"],
                         "Emulated device, compute capability 9.0, 4 multiprocessors")
        self.assertGreater(devices[1]["free_memory_bytes"], 0)
        self.assertIn(b"cuda:0: Emulated device",
                      self.run_cli("devices", env=self.environment(MODULE)).stdout)

    def test_generates_on_it_by_name_and_by_itself(self):
        answers = {device: cli.json.loads(self.generate(device).stdout)
                   for device in ("cpu", "cuda:0", "auto")}
        self.assertEqual(answers["cpu"]["stats"]["device"], "cpu")
        self.assertEqual(answers["cuda:0"]["stats"]["device"], "cuda:0")
        self.assertEqual(answers["auto"]["stats"]["device"], "cuda:0")
        self.assertEqual(answers["auto"]["tokens"], answers["cuda:0"]["tokens"])
        self.assertEqual(answers["cpu"]["tokens"], answers["cuda:0"]["tokens"])

    def test_a_model_that_does_not_fit_is_computed_elsewhere_if_that_may_be_chosen(self):
        ids = self.write("ids.json", [1, 145, 207])
        small = self.environment(MODULE, GORGON_EMULATED_DEVICE_BYTES=str(100 << 20))
        generate = ["generate", "--model", MODEL, "--heads", HEADS, "--tokens-file", ids, "--max-tokens", "3"]
        done = self.run_cli(*generate, "--json", env=small)
        self.assertEqual(cli.json.loads(done.stdout)["stats"]["device"], "cpu")
        said = done.stderr.decode()
        self.assertRegex(said, r"Computing on the CPU: .*llama_mha: the model needs .* on cuda:0 .*MB too few; "
                               r"choose a smaller model")
        refused = self.fails(1, *generate, "--device", "cuda:0", env=small)
        self.assertRegex(refused, r"llama_mha: the model needs .* on cuda:0 .* too few")

    def test_a_number_that_is_not_there(self):
        self.assertEqual(self.generate("cuda:7", status=1).stderr.decode(),
                         "error: --device cuda:7: there is no such device, the last one is cuda:0; use cpu\n")

    def test_a_cache_of_f32_is_refused(self):
        done = self.generate("cuda:0", MODULE, "--cache-type", "f32", status=1)
        self.assertIn(b"keys and values in f32", done.stderr)

    def test_without_a_module_the_processor_computes_and_says_why(self):
        other = next((path for path in ("/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6",
                                        "/lib64/libm.so.6") if os.path.exists(path)), None)
        text = self.write("text.so", "no library")
        for module, reason in [("/nonexistent/module.so", "not installed"), (text, "cannot be loaded"),
                               (other, "not a module of Gorgon")]:
            if module is None:
                continue
            with self.subTest(module=module):
                devices = self.run_json("devices", "--json", env=self.environment(module))
                self.assertFalse(devices[1]["usable"])
                self.assertIn(reason, devices[1]["reason"])
                done = self.generate("auto", module)
                self.assertEqual(cli.json.loads(done.stdout)["stats"]["device"], "cpu")
                self.assertIn(b"Computing on the CPU: cuda: ", done.stderr)
                self.assertIn(reason.encode(), done.stderr)
                self.assertIn(reason.encode(), self.generate("cuda:0", module, status=1).stderr)


if __name__ == "__main__":
    cli.main()
