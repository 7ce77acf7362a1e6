"""tidy.py is silent on tidy files and catches each kind of planted fault."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".ci"))
import tidy  # noqa: E402
from cpp_functions import functions  # noqa: E402

HEADER = "// What it is.\n#pragma once\n"


def body(lines: int) -> str:
    return "  step();\n" * (lines - 2)


def faults(name: str, text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tidy.check(Path(folder))


class TidyTest(unittest.TestCase):
    def test_tidy(self):
        for name, text in [
            ("base/a.h", HEADER),
            ("base/a.cpp", "int a;" + " " * 80 + "// to the last\n"),
            ("base/a.cpp", "void f() {\n" + body(70) + "}\n"),
            ("base/a.cpp", "int kTable[] = {\n" + "  1,\n" * 100 + "};\n"),
            ("docs/a.md", "| " + "a long table row " * 10 + "|\n"),
            ("tests/golden/features/a.csv", "1,2 \n"),
            ("build-asan/a.cpp", "\t\n"),
            (".tools/a.py", "\t\n"),
        ]:
            self.assertEqual(faults(name, text), [], name)

    def test_caught(self):
        for name, text in [
            ("base/a.cpp", "// " + "a" * 98 + "\n"),
            ("base/a.cpp", "\tint a;\n"),
            ("base/a.cpp", "int a; \n"),
            ("docs/a.md", "a sentence \n"),
            ("base/a.cpp", "// TO" "DO: later\n"),
            ("base/a.cpp", "int a;"),
            ("base/a.cpp", "int a;\n\n"),
            ("base/a.cpp", "int a;\n" * 501),
            ("base/a.h", "#pragma once\n"),
            ("base/a.h", "// What it is.\n"),
            ("base/a.cpp", "void f() {\n" + body(71) + "}\n"),
            ("kernels/a.cu", "void f() {\n" + body(71) + "}\n"),
            ("scripts/setup", "pip install -i https://pypi" ".org/simple\n"),
            ("CMakeLists.txt", "# " + "a" * 99 + "\n"),
        ]:
            self.assertEqual(len(faults(name, text)), 1, f"{name}: {text[:40]!r}")


class FunctionsTest(unittest.TestCase):
    def test_found(self):
        for text, expected in [
            ("namespace a {\nvoid f() {\n  if (x) {\n  }\n}\n}\n", [(2, 5)]),
            ("struct A {\n  int f() const { return 1; }\n  int b;\n};\n", [(2, 2)]),
            ("template <class T>\nT f(T t) {\n  return t;\n}\n", [(1, 4)]),
            ("A::A(int b)\n    : b_{b},\n      c_(b) {\n  go();\n}\n", [(1, 2), (2, 5)]),
            ("A::A(int b) : b_{b} {\n  go();\n}\n", [(1, 1), (1, 3)]),
            ("bool operator==(A a) {\n  return true;\n}\n", [(1, 3)]),
            ("void f(struct A a, int b = 1) {\n  g('{', \"{\", R\"({)\");  // {\n}\n", [(1, 3)]),
            ("int f() {\n  return 1'000'000;\n}\nint g() {\n}\n", [(1, 3), (4, 5)]),
            ("constexpr int kA[] = {\n  f(1),\n};\n", []),
            ("#define A(x) { \\\n  x\nenum class B { kC };\n", []),
        ]:
            self.assertEqual(list(functions(text)), expected, text)


if __name__ == "__main__":
    unittest.main()
