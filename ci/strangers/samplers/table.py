# SPDX-License-Identifier: Apache-2.0
"""Prints a Markdown table of certificates of samplers, or holds one to what was expected.

usage: table.py CERTIFICATE.json...
       table.py --expect NAMES CERTIFICATE.json

NAMES are the families of rows and the rules that have to be refuted, joined by commas, or `none`; with
a `+` before them, at least these. Families that were not run do not count. Status 1 and one line if it
is otherwise.
"""
import json
import sys

COLUMNS = ["stranger", "version", "contract", "rows", "grade: TV of what was asked (row, delta)", "law", "rules", "verdict"]


def check_of(path):
    with open(path, encoding="utf-8") as file:
        (check,) = json.load(file)["samplers"]
    return check


def family(row):
    return row["descriptor"]["family"]


def short(x, digits=3):
    return f"{x:.{digits}g}".replace("e-0", "e-")


def grades(check):
    """Per grade the row with the largest distance, among those that have a statement about it."""
    parts = []
    for letter in "abcd":
        rows = [r for r in check["rows"] if r["grade"] == letter and r["total_variation"]["hi"] < 1]
        if rows:
            worst = max(rows, key=lambda r: r["total_variation"]["hi"])
            tv = worst["total_variation"]
            low, high = short(tv["lo"]), short(tv["hi"])
            text = f"<= {high}" if tv["lo"] == 0 else high if low == high else f"[{low}, {high}]"
            parts.append(f"({letter}) {len(rows)}: {text} of {short(worst['epsilon'])} "
                         f"({family(worst)}, {short(worst['delta'])})")
    return "; ".join(parts)


def refuted(check):
    """Families and rules that are not certified, in the order of the certificate."""
    rows = [family(r) for r in check["rows"] if r["verdict"] != "certified"]
    return list(dict.fromkeys(rows)), [r["rule"] for r in check["rules"] if r["verdict"] != "certified"]


def line_of(check):
    rows, rules = refuted(check)
    candidate = check["candidate"]
    law = f"{len(check['rows']) - len(rows)} certified" + (f"; not {', '.join(rows)}" if rows else "")
    return [candidate["name"], candidate["version"], check["contract"]["name"].removeprefix("sampler/")
            + ":" + check["instance"], str(len(check["rows"])), grades(check), law,
            f"{len(check['rules']) - len(rules)} kept" + (f"; not {', '.join(rules)}" if rules else ""),
            f"**{check['verdict']}**"]


def difference(check, expected):
    """One line, empty when exactly what was expected is refuted."""
    at_least = expected.startswith("+")
    names = set() if expected == "none" else set(expected.lstrip("+").split(","))
    run = {family(r) for r in check["rows"]} | {r["rule"] for r in check["rules"]}
    rows, rules = refuted(check)
    missing, surplus = (names & run) - set(rows + rules), set(rows + rules) - names
    parts = [f"expected to be refuted, but is not: {', '.join(sorted(missing))}"] if missing else []
    if surplus and not at_least:
        parts.append(f"refuted, but not expected to be: {', '.join(sorted(surplus))}")
    if names and not names & run:
        parts.append(f"nothing of {expected} was run")
    return "; ".join(parts)


def main(words):
    if words[0] == "--expect":
        text = difference(check_of(words[2]), words[1])
        if text:
            print(text)
        return 1 if text else 0
    for line in [COLUMNS, ["---"] * len(COLUMNS)] + [line_of(check_of(path)) for path in words]:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    sys.exit(main(sys.argv[1:]))
