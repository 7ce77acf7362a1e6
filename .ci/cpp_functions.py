"""Where functions begin and end in C++ source, by its braces: enough to measure them."""
import re
from collections.abc import Iterator

# Raw strings, comments, strings and characters; ' inside a number is a digit separator.
NOT_CODE = re.compile(
    r'R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'"
    r"|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
ASSIGNED = re.compile(r"(?<![=!<>+\-*/])=(?!=)")


def strip(text: str) -> str:
    """The text with everything that is no code taken out, its lines kept."""
    return NOT_CODE.sub(lambda match: "\n" * match[0].count("\n"), text)


def without_parentheses(text: str) -> str:
    """What stands outside of (): parameters may have `struct` and `=` in them."""
    previous = None
    while previous != text:
        previous, text = text, re.sub(r"\([^()]*\)", "", text)
    return text


def opens_function(head: str) -> bool:
    """Whether the brace after `head`, outside of functions, begins a function's body.

    Members that a constructor initialises with braces count as little functions before it.
    """
    outside = without_parentheses(head)
    if "operator" in head:
        return True
    if ASSIGNED.search(outside):
        return False  # a table or a constant
    if "(" not in head:
        return head.strip() == "" or head.lstrip().startswith(",")
    return not SCOPE.search(re.sub(r"\btemplate\s*<[^;{]*?>", "", outside))


def functions(text: str) -> Iterator[tuple[int, int]]:
    """(first line, last line) of every function that is not inside another one."""
    line = 1
    head_line = 1
    head = ""
    nested = []  # of each open brace: None, or the line where the function began
    depth_inside = 0  # open braces that are neither a namespace's nor a class's
    for character in strip(text):
        if character == "\n":
            line += 1
        if character == "{":
            begins = depth_inside == 0 and opens_function(head)
            inside = begins or depth_inside > 0 or not SCOPE.search(without_parentheses(head))
            nested.append((head_line if begins else None, inside))
            depth_inside += inside
        elif character == "}" and nested:
            first, inside = nested.pop()
            depth_inside -= inside
            if first is not None:
                yield first, line
        if character in "{};":
            head = ""
        else:
            if head.strip() == "":
                head_line = line
            head += character
