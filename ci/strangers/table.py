# SPDX-License-Identifier: Apache-2.0
"""Prints a Markdown table of certificates: one line per stranger and contract instance.

usage: table.py CERTIFICATE.json...
"""
import json
import sys

COLUMNS = ["stranger", "version", "instance", "cases", "verdict", "largest share of the budget",
           "smallest refuted case"]


def share_text(share):
    low, high = float(share["lo"]), float(share["hi"])
    if high == float("inf"):
        return "infinite" if low == float("inf") else "-" if low <= 0 else f"> {low:.3g}"
    return f"{high:.3g}"


def smallest_refuted(check):
    """Shapes, parameters and reason of the smallest counterexample of a check."""
    refuted = {r["role"]: r for r in check["refuted"]}
    for role in ("smallest", "found", "worst"):
        if role in refuted:
            case, finding = refuted[role]["case"], refuted[role]["finding"]
            shape = "x".join(str(extent) for extent in case["inputs"][0]["shape"])
            scalars = ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
                                for name, value in case["scalars"].items())
            return f"{shape}, {scalars}: {finding['reason']}".replace("|", "\\|")
    return ""


def instance(contract):
    """The instance's name as `assay certify` takes it after the colon."""
    fields = {f["key"]: f["value"] for f in contract["fields"]}
    parts = [fields.get("directions", "")]
    parts += ["backward"] if contract["operation"] == "backward" else []
    parts += [contract["input"]] if contract["input"] != "f32" else []
    return "/".join(parts)


def row(check):
    candidate = check["candidate"]
    where = f" ({check['largest_share_where']})" if check["largest_share_where"] else ""
    remark = "" if check["verdict"] == "certified" else smallest_refuted(check) or check["reason"]
    return [candidate["name"], candidate["version"], instance(check["contract"]),
            f"{check['cases_run']}", f"**{check['verdict']}**",
            share_text(check["largest_share"]) + where, remark]


def main(paths):
    lines = [COLUMNS, ["---"] * len(COLUMNS)]
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines += [row(check) for check in json.load(file)["checks"]]
    for line in lines:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    main(sys.argv[1:])
