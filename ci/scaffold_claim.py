#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scaffold_claim.py PAPER/SECTION [ROOT]: write a file of claims and register it.

PAPER is a folder of proofs-numeric (hard-negatives, clop) or a new one; SECTION names the file. The tree builds
afterwards and the new claim is refuted; tests/house/paths.py fails until no FILL mark is left. Existing files are
never overwritten. docs/adding-a-claim.md is the recipe that goes with it.
"""
import pathlib
import re
import sys

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def claims(paper: str, section: str) -> str:
    folder, name = paper.replace("-", "_"), section.replace("-", "_")
    return SPDX + f"""// FILL: paper and section.
#include "proofs-numeric/{folder}/{folder}.hpp"

namespace assay::proofs {{
namespace {{

using namespace engine;

/// FILL: what the statement ranges over: sizes, small ones first, and the numbers of each.
Domain numbers() {{
  Domain d;
  for (const int n : {{1, 2, 3}}) d.shapes.push_back(Shape{{{{{{"n", n}}}}, {{}}}});
  d.blocks = [](const Shape& shape) {{
    Block x;
    x.name = "x";
    x.dimensions = {{shape.integer("n")}};
    return std::vector<Block>{{x}};
  }};
  return d;
}}

}}  // namespace

void add_{folder}_{name}(ClaimRegistry& registry) {{
  registry.add({{
      .id = "{paper}/{section}/statement",
      .kind = ClaimKind::statement,
      .paper = "FILL: short name, as in papers()",
      .place = "FILL: Theorem 1",
      .equations = {{"FILL: (1)"}},
      .statement = "FILL: the statement in brief, as printed",
      .relation = Relation::greater_or_equal,
      .domain = numbers(),
      .evaluate = [](const Instance& i) {{ return Sides{{sum(i.values("x")), Real(0)}}; }},
  }});
}}

}}  // namespace assay::proofs
"""


def new_paper(paper: str) -> dict:
    folder = paper.replace("-", "_")
    return {
        f"proofs-numeric/{folder}/{folder}.hpp": SPDX + f"""// FILL: the paper; one function and file per section.
#pragma once

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {{

}}  // namespace assay::proofs
""",
        f"proofs-numeric/{folder}/{folder}.cpp": SPDX + f"""// FILL: the paper, in the order of its sections.
#include "proofs-numeric/{folder}/{folder}.hpp"

#include "proofs-numeric/claims.hpp"

namespace assay::proofs {{

void add_{folder}(engine::ClaimRegistry& registry) {{
}}

}}  // namespace assay::proofs
""",
    }


def insert(path: pathlib.Path, pattern: str, replacement: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.S)
    if count != 1:
        raise SystemExit(f"scaffold_claim: {path}: no place to register; see docs/adding-a-claim.md")
    path.write_text(changed, encoding="utf-8")


def register(root: pathlib.Path, folder: str, name: str) -> None:
    here = root / "proofs-numeric" / folder
    insert(here / f"{folder}.hpp", r"\n\}  // namespace assay::proofs",
           rf"void add_{folder}_{name}(engine::ClaimRegistry& registry);\n\n}}  // namespace assay::proofs")
    insert(here / f"{folder}.cpp", rf"(void add_{folder}\((?:engine::)?ClaimRegistry& registry\) \{{.*?)\n\}}",
           rf"\1\n  add_{folder}_{name}(registry);\n}}")


def register_paper(root: pathlib.Path, paper: str, folder: str) -> None:
    insert(root / "proofs-numeric/claims.hpp", r"\n\}  // namespace assay::proofs",
           f"void add_{folder}(engine::ClaimRegistry& registry);\n\n}}  // namespace assay::proofs")
    claims_cpp = root / "proofs-numeric/claims.cpp"
    insert(claims_cpp, r"\n    return r;", f"\n    add_{folder}(r);\n    return r;")
    insert(claims_cpp, r"\n  \};\n  return all;",
           f'\n      {{"FILL: short name", "{paper}", "FILL: title"}},\n  }};\n  return all;')


def main(arguments) -> int:
    match = re.fullmatch(r"([a-z][a-z0-9-]*)/([a-z][a-z0-9-]*)", arguments[0] if arguments else "")
    if not match:
        print(__doc__.split("\n")[0], file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).parent.parent)
    paper, section = match.groups()
    folder, name = paper.replace("-", "_"), section.replace("-", "_")
    files = {f"proofs-numeric/{folder}/{name}.cpp": claims(paper, section)}
    known = (root / f"proofs-numeric/{folder}/{folder}.cpp").is_file()
    if not known:
        files.update(new_paper(paper))
    taken = [p for p in files if (root / p).exists()]
    if taken:
        print(f"scaffold_claim: {taken[0]} exists; nothing was written", file=sys.stderr)
        return 2
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
        print(path)
    if not known:
        register_paper(root, paper, folder)
    register(root, folder, name)
    print(f"proofs-numeric/{folder}/{folder}.cpp (registered)\nnext: docs/adding-a-claim.md, step 1")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
