"""Makes cel_cases.txt: expressions and what another implementation of CEL gives for them.

    python -m venv /tmp/cel && /tmp/cel/bin/pip install cel-python==0.5.0
    /tmp/cel/bin/python tests/scoring/cel_cases.py > tests/scoring/cel_cases.txt

The table is committed, so that no test needs Python. Run this again to add expressions.
"""

import itertools
import logging
import math

import celpy
from celpy import celtypes

HEADER = """\
# Expressions and what cel-python 0.5.0 gives for them. Made by cel_cases.py: do not edit.
#
# Lines: expression, a tab, the expected result. The names are those that the test binds.
# "missing" stands where CEL raises an error (overflow, division by zero, an absent name): here a
# value is missing instead, and the row is counted if it was no absent one.
# Left out, because we differ on purpose:
#   comparisons with such a value are false here, and an error in CEL;
#   times and durations have no limits here but 64 bits of milliseconds;
#   division by 0.0: cel-python gives inf for all, CEL and we what IEEE says; NaN is missing here;
#   int(time) rounds down here and in cel-go, towards 1970 in cel-python;
#   duration.getMilliseconds() is the part below a second, as the specification and its conformance
#   tests have it; cel-python gives the total.
"""

INTEGERS = {"i": 7, "j": -3, "zero": 0, "most": 2**63 - 1, "least": -(2**63) + 1}
DOUBLES = {"x": 2.5, "y": -0.5, "z": 0.0, "wide": 2.0**63}
BOOLS = {"yes": True, "no": False}
TIMES = {"time": "2024-02-01T08:02:03.456Z", "then": "1969-07-20T20:17:40Z"}
SPANS = {"span": "5430.25s", "back": "-61s"}
TEXTS = {"country": "NL", "home": "BE"}
ABSENT_BOOL = "gb"
ABSENT_INTEGER = "gi"

RELATIONS = ["==", "!=", "<", "<=", ">", ">="]


def bindings():
    bound = {}
    for names, make in [
        (INTEGERS, celtypes.IntType),
        (DOUBLES, celtypes.DoubleType),
        (BOOLS, celtypes.BoolType),
        (TIMES, celtypes.TimestampType),
        (SPANS, celtypes.DurationType),
        (TEXTS, celtypes.StringType),
    ]:
        bound.update({name: make(value) for name, value in names.items()})
    return bound


def expressions():
    integers = list(INTEGERS) + ["2", "-1", ABSENT_INTEGER]
    for left, op, right in itertools.product(integers, "+-*/%", integers):
        yield f"{left} {op} {right}"
    doubles = list(DOUBLES) + ["0.1", "-3.0"]
    for left, op, right in itertools.product(doubles, "+-*/", doubles):
        if (op, right) != ("/", "z"):
            yield f"{left} {op} {right}"
    whole = [name for name in integers if name != ABSENT_INTEGER]
    for left, op, right in itertools.product(whole, RELATIONS, whole):
        yield f"{left} {op} {right}"
    for left, op, right in itertools.product(doubles, RELATIONS, doubles):
        yield f"{left} {op} {right}"
    for names in (list(TIMES), list(SPANS)):
        for left, op, right in itertools.product(names, RELATIONS, names):
            yield f"{left} {op} {right}"
    for left, op, right in itertools.product(TEXTS, RELATIONS[:2], list(TEXTS) + ["'NL'"]):
        yield f"{left} {op} {right}"
    yield from logic()
    yield from times()
    yield from rest()


def logic():
    bools = ["yes", "no", ABSENT_BOOL]
    joins = ["&&", "||"]
    for left, op, right in itertools.product(bools, joins, bools):
        yield f"{left} {op} {right}"
    for a, first, b, second, c in itertools.product(bools, joins, bools, joins, bools):
        yield f"{a} {first} {b} {second} {c}"
        yield f"{a} {first} ({b} {second} !{c})"
    for condition in bools:
        yield f"!{condition}"
        yield f"!!{condition}"
        yield f"{condition} ? 1 : 2"
        yield f"{condition} ? {ABSENT_INTEGER} : 2"
        yield f"{condition} ? 1 / zero : 2"
        yield f"{condition} ? yes : no ? no : yes"


def times():
    parts = ["FullYear", "Month", "Date", "DayOfMonth", "DayOfYear", "DayOfWeek", "Hours"]
    parts += ["Minutes", "Seconds", "Milliseconds"]
    moments = list(TIMES) + [
        f"timestamp('{text}')"
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "2000-02-29T12:30:00Z",
            "2023-12-31T23:59:59Z",
            "2024-12-31T23:59:59Z",
            "1900-03-01T00:00:00Z",
            "1600-01-01T01:01:01Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "2024-03-10T02:30:00+05:30",
            "2024-03-10T02:30:00-11:00",
        ]
    ]
    for moment, part in itertools.product(moments, parts):
        yield f"{moment}.get{part}()"
    for moment in moments:
        if ".999" not in moment:
            yield f"int({moment})"
        if "0001" not in moment:
            yield f"({moment} - duration('90s')).getMinutes()"
    spans = list(SPANS) + ["duration('36h')"]
    for span, part in itertools.product(spans, ["Hours", "Minutes", "Seconds"]):
        yield f"{span}.get{part}()"
    for text in ["1h30m", "-1.5h", "90m", "1m1s", "250ms", "0.25s", "2h45m10.5s"]:
        yield f"duration('{text}').getSeconds()"
        yield f"duration('{text}') < span"
        yield f"(time + duration('{text}')).getHours()"
    yield "time - then > span"
    yield "(time - then).getHours()"
    yield "(then - time).getMinutes()"
    yield "then + (time - then) == time"
    yield "span + back == duration('5369.25s')"
    yield "span - back == duration('5491.25s')"
    yield "time + span > time - span"


def rest():
    for value in ["2.5", "-2.5", "0.99", "-0.99", "1e99", "-1e99", "wide", "x", "y", "1e15"]:
        yield f"int({value})"
    for value in list(INTEGERS) + ["5", "9007199254740993", "-9007199254740995"]:
        yield f"double({value})"
    yield "int(timestamp('2009-02-13T23:31:30Z'))"
    yield "int(then)"
    for element, listed in itertools.product(["i", "j", "8"], ["[7]", "[1, 2]", "[-3, 7]", "[]"]):
        yield f"{element} in {listed}"
    for element, listed in itertools.product(TEXTS, ["['NL', 'FR']", "['FR']", "[\"BE\"]"]):
        yield f"{element} in {listed}"
    yield from ["-i", "-j", "-x", "-(i + j)", "- -i", "-(y)", "-most", "-least"]
    yield f"-{ABSENT_INTEGER}"
    yield from [
        "1 + 2 * 3 - 4 / 2 % 3",
        "(1 + 2) * (3 - 4)",
        "10 - 4 - 3",
        "100 / 7 / 2",
        "100 % 7 * 3",
        "-7 / 2",
        "-7 % 2",
        "7 / -2",
        "1 + 1 == 2 && 2 < 3",
        "1 < 2 == true",
        "i > 3 ? x * 2.0 : y",
        "i in [7] && j in [-3] || no",
        "0x10 + 0xFf",
        "1e3 + .5",
        "country == '\\x4e\\u004c'",
        "country == r'NL'",
        'country == "N\\114"',
        "// a comment\\n i".replace("\\n", " "),
    ]


def text_of(value):
    if isinstance(value, bool) or isinstance(value, celtypes.BoolType):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if value != -(2**63) else "missing"
    if isinstance(value, float):
        number = float(value)
        return "missing" if math.isnan(number) else repr(number)
    raise TypeError(f"no text for {value!r}")


def main():
    logging.disable(logging.CRITICAL)
    environment = celpy.Environment()
    bound = bindings()
    print(HEADER, end="")
    seen = set()
    for expression in expressions():
        if expression in seen or expression.startswith("//"):
            continue
        seen.add(expression)
        program = environment.program(environment.compile(expression))
        try:
            result = text_of(program.evaluate(bound))
        except celpy.CELEvalError:
            result = "missing"
        print(f"{expression}\t{result}")


main()
