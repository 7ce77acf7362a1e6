"""The built binary as a user meets it: verbs, exit codes and messages; no Kafka, no GPU.

Usage: command_line_test.py WARPSCORE [unittest's arguments]
"""

import csv
import gzip
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

OK, FAILED, USAGE, UNAVAILABLE, CONFIGURATION = 0, 1, 2, 69, 78
VERBS = ["demo", "check", "test", "run", "features", "generate", "bench", "version"]
SECONDS_MAX = 30

FIELDS = """
version = 1
[input]
format = "csv"
[input.fields]
id      = "tx"
time    = { field = "at", type = "epoch_s" }
card    = { field = "card", type = "key" }
amount  = { field = "amount", type = "decimal", scale = 2 }
country = { field = "country", type = "enum", max = 2, optional = true }
"""
FEATURES = """
[[features]]
name = "{op}_{minutes}m"
key = "card"
value = "amount"
ops = ["count", "sum"]
windows = ["10m", "1h"]
[[features]]
name = "large"
expr = "amount >= 100.00"
[[alerts]]
name = "busy"
when = "count_10m > 2"
[[alerts]]
name = "big"
when = "large"
[[alerts]]
name = "quiet"
when = "large"
mode = "shadow"
"""
TESTS = """
[[tests]]
name = "three in ten minutes"
in = [{ repeat = 3, every = "1m", card = "c1", amount = "1.50" }]
expect = { alerts = ["busy"], count_10m = 3, sum_60m = 4.5, large = false }
"""
ROWS = """tx,at,card,amount,country
1,0,c1,1.00,NL
2,600,c1,100,DE
3,601,c1,.5,
4,602,c1,2.25,NL
"""
HEADER = "tx,count_10m,count_60m,sum_10m,sum_60m,large,margin,score,rules"
EXPECTED = [
    "1,1,1,1.00,1.00,0,,,",
    "2,1,2,100.00,101.00,1,,,big",  # one exactly as old as the window is out
    "3,2,3,100.50,101.50,0,,,",
    "4,3,4,102.75,103.75,0,,,busy",
]


class CommandLine(unittest.TestCase):
    program = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warpscore-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("c.toml", FIELDS + FEATURES)
        self.write("in.csv", ROWS)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def run_it(self, *arguments, given=b""):
        return subprocess.run([self.program, *arguments], input=given, capture_output=True,
                              cwd=self.folder, timeout=SECONDS_MAX, check=False)

    def expect(self, code, *arguments, says="", given=b""):
        """Runs it; `says` must be in stderr. Returns the lines of stdout."""
        done = self.run_it(*arguments, given=given)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"{arguments}\n{out[-500:]}\n{err[-500:]}")
        self.assertIn(says, err)
        if code != OK:
            self.assertTrue(out or err, f"{arguments} fails in silence")
        return out.splitlines()

    def features(self, text, rows, says=""):
        """Features of these rows under this configuration: header and rows as lists of cells."""
        self.write("f.toml", text)
        out = self.expect(OK, "features", "f.toml", self.write("f.csv", rows), "-o", "-", says=says)
        return list(csv.reader(io.StringIO("\n".join(out))))

    def refused(self, text, says):
        self.expect(CONFIGURATION, "check", self.write("bad.toml", text), "--offline", says=says)

    # Usage.

    def test_help_opens_with_two_examples(self):
        for arguments in [["--help"], *([verb, "--help"] for verb in VERBS)]:
            lines = self.expect(OK, *arguments)
            self.assertEqual(lines[0], "Examples:")
            for line in lines[1:3]:
                self.assertIn("warpscore", line)
            self.assertEqual(lines[3], "")

    def test_wrong_usage_is_2(self):
        self.expect(USAGE)
        self.expect(USAGE, "featurs", says='did you mean "features"?')
        self.expect(USAGE, "features", says="CONFIG is required")
        self.expect(USAGE, "features", "c.toml", "in.csv", says="--output is required")
        self.expect(USAGE, "features", "c.toml", "in.csv", "-o", "o", "--device", "gpu",
                    says="auto|cpu|cuda")
        self.expect(USAGE, "features", "c.toml", "in.csv", "-o", "o", "--threads", "0",
                    says="--threads")
        self.expect(USAGE, "check", "c.toml", "--ofline", says="--offline")
        self.expect(USAGE, "demo", "--for", "soon", says="duration")
        self.expect(USAGE, "generate", says="-o FILE or --kafka")

    def test_version(self):
        self.assertRegex(self.expect(OK, "version")[0], r"^warpscore \d+\.\d+\.\d+ \(commit .+\)$")
        told = json.loads(self.expect(OK, "version", "-o", "json")[0])
        self.assertIn("cpu", told["backends"]["compiled"])
        self.assertIn("cpu", told["backends"]["present"])
        self.assertEqual("cuda" in told["backends"]["present"], told["cuda"]["usable"])
        if told["cuda"]["usable"]:
            self.assertIn("cuda", told["backends"]["compiled"])
        lines = self.expect(OK, "version")
        self.assertEqual(lines[3].strip(), told["cuda"]["text"])
        self.assertRegex(lines[3], r"^ +cuda: (not usable: .+|.+, \d+ GiB, .+)$")
        if "cuda" in told["backends"]["compiled"]:
            self.assertRegex(lines[1], r"cpu, cuda \d+\.\d+ \[\d[^]]*\]$")
        else:
            self.assertTrue(lines[1].endswith(": cpu"), lines[1])

    # Features.

    def test_features_from_csv(self):
        for extra in [[], ["--threads", "1"], ["--threads", "3"], ["--device", "cpu"],
                      ["--device", "auto"]]:
            lines = self.expect(OK, "features", "c.toml", "in.csv", "-o", "-", *extra)
            self.assertEqual(lines, [HEADER, *EXPECTED])

    def test_features_of_stdin_gzip_and_json_lines(self):
        rows = list(csv.DictReader(io.StringIO(ROWS)))
        members = {"lines.jsonl": "\n".join(json.dumps(row) for row in rows),
                   "crlf.csv": ROWS.replace("\n", "\r\n"),
                   "bom.csv": "\ufeff" + ROWS,
                   "open.csv": ROWS.rstrip("\n")}
        for name, text in members.items():
            for suffix, data in (("", text.encode()), (".gz", gzip.compress(text.encode()))):
                self.write(name + suffix, data)
                lines = self.expect(OK, "features", "c.toml", name + suffix, "-o", "-")
                self.assertEqual(lines, [HEADER, *EXPECTED], name + suffix)
        for given in (ROWS.encode(), gzip.compress(ROWS.encode())):
            lines = self.expect(OK, "features", "c.toml", "-", "-o", "-", given=given)
            self.assertEqual(lines, [HEADER, *EXPECTED])

    def test_refused_rows_are_told_and_kept(self):
        self.write("in.csv", ROWS + "5,603,c1,1.005,NL\n6,603,c1,x,NL\n7,603,c1,1,FR\n8,603,,1,\n")
        self.expect(OK, "features", "c.toml", "in.csv", "-o", "o.csv", says="4 rows were refused")
        letters = [json.loads(line) for line in
                   (self.folder / "o.csv.dead-letters.jsonl").read_text().splitlines()]
        self.assertEqual([letter["reason"] for letter in letters],
                         ["too_many_digits", "wrong_type", "enum_full", "missing_field"])
        self.assertEqual([letter["source"]["offset"] for letter in letters], [5, 6, 7, 8])
        self.assertEqual(letters[0]["value"], "5,603,c1,1.005,NL")

    def test_a_refused_row_uses_up_no_value_of_an_enum(self):
        rows = "tx,at,card,amount,country\n1,1,c,x,AA\n2,2,c,x,BB\n3,3,c,1,NL\n4,4,c,1,DE\n"
        self.assertEqual([row[0] for row in self.features(FIELDS, rows)], ["tx", "3", "4"])

    def test_unreadable_input_is_1(self):
        cases = {"missing": (None, "No such file"), "empty.csv": ("", "no CSV header"),
                 "width.csv": ("tx,at\n", 'no column "card"'),
                 "cr.csv": (ROWS.replace("\n", "\r"), "a CR"),
                 "rubbish.csv": (b"\x1b[2J\xff\xfe\x00" * 99, "not UTF-8"),
                 "control.csv": (b"\x1b[2J,tx\n", "control character"),
                 "cut.csv.gz": (gzip.compress(ROWS.encode() * 99)[:-20], "cut off"),
                 "long.csv": ("x" * 3_000_000, "longer than 64 KiB")}
        for name, (text, says) in cases.items():
            if text is not None:
                self.write(name, text)
            self.expect(FAILED, "features", "c.toml", name, "-o", "o.csv", says=says)
        self.expect(FAILED, "features", "c.toml", "in.csv", "-o", "no/o.csv", says="cannot write")

    def test_hostile_lines_cost_themselves_alone(self):
        good = json.dumps(next(csv.DictReader(io.StringIO(ROWS))))
        for line in (b"x" * 2_000_000, b"\x00\xff", b"[" * 50_000, b'{"a":' * 9, b"{}", b"null"):
            self.write("h.jsonl", line + b"\n" + good.encode() + b"\n")
            lines = self.expect(OK, "features", "c.toml", "h.jsonl", "-o", "-", says="1 rows were")
            self.assertEqual(lines[1:], EXPECTED[:1])

    def test_what_is_read_is_not_written_over(self):
        for output in (["-o", "in.csv"], ["-o", "c.toml"], ["-o", "o", "--dead-letters", "in.csv"]):
            self.expect(FAILED, "features", "c.toml", "in.csv", *output, says="which is read")
        self.assertEqual((self.folder / "in.csv").read_text(), ROWS)
        self.assertEqual((self.folder / "c.toml").read_text(), FIELDS + FEATURES)

    def test_lookback_of_an_expression(self):
        text = FIELDS + """
[[features]]
name = "before"
expr = "previous(card).amount"
[[features]]
name = "minute"
expr = "previous(card).amount"
lookback = "1m"
"""
        rows = "tx,at,card,amount\n1,0,c,1\n2,59.999,c,2\n3,119.999,c,3\n4,120,c,4\n"
        self.assertEqual([row[1:3] for row in self.features(text, rows)][1:],
                         [["", ""], ["1.00", "1.00"], ["2.00", ""], ["3.00", "3.00"]])

    # Devices. What is expected depends on the machine, and on the build; `version` knows.

    def cuda(self):
        told = json.loads(self.expect(OK, "version", "-o", "json")[0])["cuda"]
        return told["usable"], told["text"].removeprefix("cuda: not usable: ")

    def errors_of(self, code, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode().splitlines(), done.stderr.decode().splitlines()

    def test_device_auto_says_in_one_line_why_it_takes_the_cpu(self):
        usable, why_not = self.cuda()
        said = [] if usable else [f"warpscore: computing on the CPU: {why_not}"]
        for extra in ([], ["--device", "auto"]):
            out, errors = self.errors_of(OK, "features", "c.toml", "in.csv", "-o", "-", *extra)
            self.assertEqual(out, [HEADER, *EXPECTED])
            self.assertEqual([line for line in errors if "CPU" in line], said)
        out, errors = self.errors_of(OK, "features", "c.toml", "in.csv", "-o", "-",
                                     "--device", "cpu")
        self.assertEqual(out, [HEADER, *EXPECTED])
        self.assertFalse([line for line in errors if "CPU" in line or "CUDA" in line])
        out, errors = self.errors_of(OK, "demo", "--for", "1s")
        self.assertTrue(out[0].endswith("on the GPU" if usable else "on the CPU"), out[0])
        self.assertEqual(errors, said)

    def test_device_cuda_is_cuda_or_69(self):
        usable, why_not = self.cuda()
        self.write("cuda.toml", FIELDS + FEATURES + '[device]\nbackend = "cuda"\n')
        self.expect(OK, "check", "cuda.toml", "--offline")
        # The command line overrides the file.
        self.expect(OK, "features", "cuda.toml", "in.csv", "-o", "-", "--device", "cpu")
        if usable:
            self.assertEqual(self.expect(OK, "features", "cuda.toml", "in.csv", "-o", "-"),
                             [HEADER, *EXPECTED])
            self.assertIn("cuda: ", "".join(self.expect(OK, "check", "cuda.toml")))
            return
        self.assertIn("FAILED device", self.expect(UNAVAILABLE, "check", "cuda.toml")[-1])
        cuda = ["--device", "cuda"]
        for arguments in (["features", "cuda.toml", "in.csv", "-o", "o.csv"],
                          ["features", "c.toml", "in.csv", "-o", "o.csv", *cuda],
                          ["demo", "--for", "1s", *cuda], ["run", "c.toml", *cuda],
                          ["bench", "--kafka", "127.0.0.1:1", *cuda]):
            out, errors = self.errors_of(UNAVAILABLE, *arguments)
            self.assertEqual(out, [], arguments)
            self.assertEqual(len(errors), 1, errors)
            self.assertIn(why_not, errors[0])
            self.assertIn("--device cpu", errors[0])
        self.assertFalse((self.folder / "o.csv").exists())

    def test_check_says_what_run_would_compute_on(self):
        usable, why_not = self.cuda()
        lines = [line for line in self.expect(OK, "check", "c.toml", "--offline")
                 if line.split()[1] == "device"]
        self.assertEqual(len(lines), 1)
        self.assertIn("cuda: " if usable else why_not, lines[0])
        self.write("cpu.toml", FIELDS + '[device]\nbackend = "cpu"\n')
        lines = self.expect(OK, "check", "cpu.toml", "--offline")
        self.assertTrue(lines[-1].endswith(" cpu"), lines[-1])

    # Configurations.

    def test_check(self):
        for line in self.expect(OK, "check", "c.toml", "--offline"):
            self.assertTrue(line.startswith("ok "), line)
        told = json.loads("".join(self.expect(OK, "check", "c.toml", "--offline", "-o", "json")))
        self.assertTrue(all(each["ok"] for each in told))

    def test_check_of_a_broker_that_is_not_there_is_69(self):
        outputs = "".join(f'{name} = {{ topic = "{name}" }}\n'
                          for name in ("scores", "alerts", "dead_letters"))
        self.write("k.toml", FIELDS.replace('format = "csv"', 'topic = "t"\ngroup = "g"')
                   + f'[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n[output]\n{outputs}')
        self.expect(OK, "check", "k.toml", "--offline")
        self.assertIn("127.0.0.1:1", self.expect(UNAVAILABLE, "check", "k.toml")[-1])

    def test_a_wrong_configuration_is_78_with_line_and_mend(self):
        self.expect(CONFIGURATION, "check", "none.toml", says="none.toml: cannot be read")
        self.expect(CONFIGURATION, "features", ".", "in.csv", "-o", "-", says="is a folder")
        self.expect(CONFIGURATION, "run", "c.toml", says="bootstrap_servers")
        feature = '[[features]]\nname = "x"\nkey = "card"\nops = ["count"]\nwindows = ["1d"]\n'
        self.refused(FIELDS + feature.replace("windows", "window"),
                     'bad.toml:15:1: features[0].window: unknown key (did you mean "windows"?)')
        self.refused(FIELDS + feature.replace("count", "cuont"), 'did you mean "count"?')
        self.refused(FIELDS + feature.replace("1d", "1 d"),
                     "bad.toml:15:12: features[0].windows[0]")
        self.refused(FIELDS.replace("scale = 2", "scale = 7"), "from 0 to 6")
        self.refused(FIELDS + '[[alerts]]\nname = "a"\nwhen = "amount > 500.005"\n',
                     "500.005 is no decimal of scale 2")
        self.refused(FIELDS + '[[alerts]]\nname = "a"\nwhen = "amuont > 5"\n',
                     "did you mean amount?")
        self.refused(FIELDS + '[[alerts]]\nname = "a"\nwhen = "large"\nreason = "{amuont}"\n'
                     + '[[features]]\nname = "large"\nexpr = "amount > 1"\n',
                     "bad.toml:14:10: alerts[0].reason")
        self.refused(FIELDS + '[[features]]\nname = "k"\nkey = "card"\nvalue = "card"\n'
                     + 'ops = ["last"]\n', "bad.toml:12:8: features[0].name")
        self.refused(FIELDS + '[model]\npath = "none.json"\n', "none.json")
        self.refused(FIELDS + feature + 'same = ["merchant"]\n', "(name a field of [input.fields])")
        self.refused(FIELDS + '[[features]]\nname = "n_{window}"\nexpr = "1"\n', "it has braces")
        self.refused(FIELDS + f'[[features]]\nname = "n"\nexpr = "{"(" * 9999}1"\n',
                     '"' + "(" * 60 + '..."')
        for rubbish in ("", b"\x00", b"version = 1\0", b"\xff\xfe", "a=" + "[" * 99_999):
            self.refused(rubbish, "bad.toml:1")

    def test_labels_need_a_delay(self):
        feature = ('[labels]\nfield = "fraud"\n[[features]]\nname = "f"\nkey = "card"\n'
                   'value = "label"\nops = ["sum"]\nwindows = ["1h"]\n')
        self.refused(FIELDS + feature, "a feature over labels needs a delay")
        rows = "tx,at,card,amount,fraud\n1,0,c,1,1\n2,59,c,1,0\n3,60,c,1,\n4,3660,c,1,\n"
        got = self.features(FIELDS + feature + 'delay = "1m"\n', rows)
        self.assertEqual([row[1] for row in got], ["f", "0", "0", "1", "0"])

    def test_warnings(self):
        self.features(FIELDS + '[labels]\ntopic = "l"\nid = "tx"\nvalue = "fraud"\n', ROWS,
                      says="labels come by a topic")
        self.write("w.toml", FIELDS + '[[alerts]]\nname = "a"\nwhen = "score > 0.5"\n')
        self.expect(OK, "check", "w.toml", "--offline",
                    says="w.toml:13:8: alerts[0].when: asks for a score")
        self.write("w.toml", FIELDS + 'fraud = { field = "y", type = "boolean" }\n'
                   '[labels]\nfield = "y"\n')
        self.expect(OK, "check", "w.toml", "--offline", says="input.fields.fraud: reads the label")

    def test_many_stars_are_no_hang(self):
        name = "a" * 60
        self.write("lr.json", '{"coef": [1], "intercept": 0}')
        text = FIELDS + f'[[features]]\nname = "{name}"\nexpr = "1"\n[model]\npath = "lr.json"\n'
        for stars, fits in (("*a" * 15 + "b", False), ("*a" * 15, True), ("a?*", True),
                            ("?" * 60, True), ("?" * 61, False), ("a*b*", False)):
            self.write("g.toml", text + f'features = ["{stars}"]\n')
            self.expect(OK if fits else CONFIGURATION, "check", "g.toml", "--offline",
                        says="" if fits else "no feature matches")

    def test_a_model_beside_the_configuration(self):
        (self.folder / "sub").mkdir()
        self.write("sub/lr.json", '{"features": ["amount"], "coef": [0.5], "intercept": -1}')
        self.write("sub/m.toml", FIELDS + '[model]\npath = "lr.json"\n')
        lines = self.expect(OK, "features", "sub/m.toml", "in.csv", "-o", "-")
        self.assertEqual(lines[0], "tx,margin,score,rules")
        self.assertEqual([line.split(",")[1] for line in lines[1:]],
                         ["-0.5", "49", "-0.75", "0.125"])

    # The configuration's own tests, and made-up data.

    def test_tests(self):
        self.write("t.toml", FIELDS + FEATURES + TESTS)
        self.assertEqual(self.expect(OK, "test", "t.toml")[-1], "1 passed, 0 failed")
        self.write("t.toml", FIELDS + FEATURES + TESTS.replace("count_10m = 3", "count_10m = 4"))
        lines = self.expect(FAILED, "test", "t.toml")
        self.assertIn("count_10m: expected 4, is 3", "\n".join(lines))
        self.assertEqual(lines[-1], "0 passed, 1 failed")
        self.write("t.toml", FIELDS + FEATURES + TESTS.replace("count_10m = 3", "score = 0.5"))
        self.assertIn("score: expected 0.5, is missing",
                      "\n".join(self.expect(FAILED, "test", "t.toml")))

    def test_generate_is_the_same_each_time(self):
        for form in ("csv", "json"):
            made = [self.expect(OK, "generate", "--transactions", "50", "--format", form, "-o", "-")
                    for _ in range(2)]
            self.assertEqual(made[0], made[1])
            self.assertEqual(len(made[0]), 51 if form == "csv" else 50)

    def test_demo_ends_by_itself(self):
        lines = self.expect(OK, "demo", "--for", "2s")
        self.assertIn("warpscore demo", lines[0])


if __name__ == "__main__":
    CommandLine.program = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
