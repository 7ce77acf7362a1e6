"""The GPU bundle of a build, and its ./run on steps that are known to pass, fail, skip or hang.

Usage: gpu_bundle_test.py BUILD
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(sys.argv.pop(1))

GTEST_PASSES = """echo '[  PASSED  ] 3 tests.'"""
GTEST_SKIPS = """echo 'some_test.cu:7: Skipped'; echo 'no device | here'
echo '[  PASSED  ] 0 tests.'; echo '[  SKIPPED ] 2 tests, listed below:'"""
GTEST_FAILS = """echo 'some_test.cu:9: Failure'
echo '[  FAILED  ] 1 test, listed below:'; exit 1"""


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)

NVIDIA_SMI = """echo 'Made Up 9000'"""
# Finds one hazard in shared memory, by --tool racecheck only; says what it was to run.
COMPUTE_SANITIZER = """echo "ran: $*, small: $WARPSCORE_SMALL"
if [ "$2" = racecheck ]; then
  echo '========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)'; exit 99
fi
echo '========= ERROR SUMMARY: 0 errors'"""


class MadeUpSteps(unittest.TestCase):
    """./run alone: every outcome is told as it was, and the exit code follows."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = Path(self.scratch.name)
        (self.folder / "bin").mkdir()
        shutil.copy(ROOT / "scripts/gpu-bundle-run", self.folder / "run")
        (self.folder / "COMMIT").write_text("0123456789ab\n")
        (self.folder / "STEPS").write_text("")
        self.add_program("warpscore", "echo warpscore 0.0")
        (self.folder / "bin/warpscore").rename(self.folder / "warpscore")

    def add_program(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def add_step(self, kind, name, text, seconds=20):
        self.add_program(name, text)
        with open(self.folder / "STEPS", "a") as steps:
            steps.write(f"{kind}\t{name}\t{seconds}\tbin/{name}\n")

    def add_gpu(self):
        """A machine where nvidia-smi and compute-sanitizer are found."""
        for name, text in (("nvidia-smi", NVIDIA_SMI), ("compute-sanitizer", COMPUTE_SANITIZER)):
            self.add_program(name, text)
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def run_bundle(self, *options, **process):
        done = run("./run", *options, cwd=self.folder, **process)
        results = list((self.folder / "results").glob("*.md"))
        self.assertEqual(len(results), 1, done.stdout + done.stderr)
        self.assertTrue(results[0].name.endswith("-0123456789ab.md"), results[0].name)
        return done, results[0].read_text()

    def test_tells_what_passed_and_what_skipped_and_why(self):
        self.add_step("test-gpu", "skips", GTEST_SKIPS)
        self.add_step("test", "passes", GTEST_PASSES)
        self.add_step("test", "has_no_data", "echo the data is not there; exit 77")
        done, results = self.run_bundle("--no-sanitizer")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 passed, 0 failed, 2 skipped, 0 unfinished", done.stdout)
        self.assertRegex(results, r"\| passes \| passed \| [0-9.]+ \| cases passed: 3 \|")
        self.assertRegex(results, r"\| skips \| skipped \| \S+ \| cases: 2, no device / here \|")
        self.assertRegex(results, r"\| has_no_data \| skipped \| [0-9.]+ \| the data is not there")
        self.assertIn("| commit | 0123456789ab |", results)
        self.assertIn("warpscore 0.0", results)

    def test_a_failure_is_the_exit_code_and_its_output_is_kept(self):
        self.add_step("test", "passes", GTEST_PASSES)
        self.add_step("test-gpu", "fails", GTEST_FAILS)
        self.add_step("test", "crashes", "kill -SEGV $$")
        self.add_step("test", "hangs", "sleep 60", seconds=2)
        done, results = self.run_bundle("--no-sanitizer")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("1 passed, 3 failed, 0 skipped, 0 unfinished", done.stdout)
        self.assertRegex(results, r"\| fails \| failed \| [0-9.]+ \| exit code 1 \|")
        self.assertRegex(results, r"\| crashes \| failed \| [0-9.]+ \| exit code 139 \|")
        self.assertRegex(results, r"\| hangs \| failed \| [0-9.]+ \| exit code 124: too slow \|")
        self.assertIn("some_test.cu:9: Failure", results)

    def test_what_time_did_not_allow_is_named(self):
        self.add_step("test", "slow", "sleep 60")
        self.add_step("test", "after_it", GTEST_PASSES)
        done, results = self.run_bundle("--no-sanitizer", "--budget", "8")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(results, r"\| slow \| unfinished \| [0-9.]+ \| stopped: out of time \|")
        self.assertIn("| after_it | unfinished | 0 | not begun: out of time |", results)

    def test_with_a_gpu_the_sanitizer_and_the_benches_run_too(self):
        self.add_step("test-gpu", "passes", GTEST_PASSES)
        self.add_step("test", "on_the_cpu", GTEST_PASSES)
        self.add_step("bench", "copy_device_bench", "echo copy 3000 GB/s")
        self.add_step("bench", "wrong_device_bench", "echo bits differ; exit 1")
        done, results = self.run_bundle(env=self.add_gpu())
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("4 passed, 2 failed, 0 skipped, 0 unfinished", done.stdout)
        self.assertTrue((self.folder / "results/made-up-9000-0123456789ab.md").exists())
        self.assertIn("| device | Made Up 9000 |", results)
        self.assertRegex(results, r"\| memcheck: passes \| passed \| \S+ \| ERROR SUMMARY: 0 err")
        self.assertRegex(results, r"\| racecheck: passes \| failed \| \S+ \| exit code 99; RACE")
        self.assertIn("ran: --tool racecheck", results)
        self.assertIn("bin/passes --gtest_filter=", results)
        self.assertIn("small: 1", results)
        self.assertNotIn("memcheck: on_the_cpu", results)
        self.assertIn("copy 3000 GB/s", results)
        self.assertRegex(results, r"\| wrong_device_bench \| failed ")

    def test_only_chooses_and_list_runs_nothing(self):
        self.add_step("test", "one", GTEST_PASSES)
        self.add_step("test", "two", GTEST_FAILS)
        listed = run("./run", "--list", "--only", "^one$", cwd=self.folder)
        self.assertEqual(listed.stdout.split(), ["test", "one,", "at", "most", "20", "s"])
        self.assertFalse((self.folder / "results").exists())
        done, results = self.run_bundle("--no-sanitizer", "--only", "^one$")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("two", results)


class TheBundle(unittest.TestCase):
    """What scripts/gpu-bundle makes of this build; it checks size, links, libraries and paths."""

    def test_is_made_and_its_quick_part_runs_here(self):
        done = run(ROOT / "scripts/gpu-bundle", "--from", BUILD, "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        summary = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped, (\d+) unfinished",
                            done.stdout)
        self.assertIsNotNone(summary, done.stdout)
        passed, failed, skipped, _ = map(int, summary.groups())
        self.assertEqual(failed, 0)
        self.assertGreaterEqual(passed, 1)  # golden_case_test needs no GPU
        results = list((BUILD / "gpu-bundle/results").glob("*.md"))
        self.assertEqual(len(results), 1)
        if results[0].name.startswith("no-gpu-"):
            self.assertGreaterEqual(skipped, 1, done.stdout)
        steps = (BUILD / "gpu-bundle/STEPS").read_text().splitlines()
        listed = run("./run", "--list", cwd=BUILD / "gpu-bundle").stdout.splitlines()
        self.assertEqual(len(listed), len(steps))
        print(done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
