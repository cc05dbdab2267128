"""Holds README's worked example to what the program prints.

    python tests/oracle/readme.py README.md OUTPUT            fails where they differ
    python tests/oracle/readme.py README.md OUTPUT --write    puts the output into README

OUTPUT is what README's first command printed. README shows the base plan, what it yields, the
comparison and what moves; a line of `…` stands for what is left out.
"""

import sys
from pathlib import Path

OPEN, CLOSE = "```text\n", "\n```"


def excerpt(output):
    """Paragraphs kept, by the section they stand in."""
    sections, section = [], []
    for line in output.rstrip("\n").split("\n"):
        if line and not line.startswith(" ") and section and not section[-1]:
            sections.append(section)
            section = []
        section.append(line)
    sections.append(section)
    kept, gap = [], False
    for number, lines in enumerate(sections):
        title = lines[0]
        wanted = (
            number == 0
            or title.rstrip().endswith(" base") and not title.startswith("The ")
            or title.startswith(("What base yields", "Targets of base", "What moves"))
            or " against base" in title
        )
        if not wanted:
            if not gap:
                kept += ["…", ""]
            gap = True
            continue
        gap = False
        binds = [i for i, line in enumerate(lines) if line.startswith("  What binds")]
        kept += [*lines[: binds[0]], "  …", ""] if binds else lines
    return "\n".join(kept).rstrip()


def main():
    readme, output = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
    text = readme.read_text()
    start = text.index(OPEN) + len(OPEN)
    end = text.index(CLOSE, start)
    shown, wanted = text[start:end], excerpt(output)
    if "--write" in sys.argv:
        readme.write_text(text[:start] + wanted + text[end:])
    elif shown != wanted:
        wrong = next(
            (a, b)
            for a, b in zip([*shown.split("\n"), ""], [*wanted.split("\n"), ""])
            if a != b
        )
        sys.exit(f"README's example is not what the program prints:\n- {wrong[0]}\n+ {wrong[1]}")


if __name__ == "__main__":
    main()
