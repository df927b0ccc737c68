#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scaffold.py KIND/NAME [ROOT]: write the files of a new contract and register its column.

KIND is loss, sampler or geometry. The tree builds afterwards; tests/house/paths.py fails until no FILL mark is
left. Existing files are never overwritten. docs/adding-a-contract.md is the recipe that goes with it.
"""
import pathlib
import re
import sys

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def templates(kind: str, name: str) -> dict:
    """Path -> content. `FILL:` marks what a person has to write."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    path = f"{kind}/{name}"
    return {
        f"docs/{path}.md": f"""# {path}

## Meaning

FILL: the formula with paper and equation number, inputs, outputs, shapes; every convention on which libraries differ.

## Guarantee

FILL: what a certificate of this contract says.

## Non-guarantee

FILL: what it does not say.

## Example

FILL: a command and its printed output.
""",
        f"reference/{path}.hpp": SPDX + f"""// {camel}: enclosures of FILL: the outputs.
#pragma once

#include <vector>

#include "core/ends.hpp"
#include "reference/arithmetic/engine.hpp"

namespace assay::reference {{

/// FILL: one exact instance; shapes and units.
struct {camel}Problem {{}};

/// FILL: what is enclosed, with paper and equation.
std::vector<Ends> enclose_{name}(const {camel}Problem& problem, Engine engine, int bits);

}}  // namespace assay::reference
""",
        f"reference/{path}.cpp": SPDX + f"""// {camel} on the interval engines.
#include "reference/{path}.hpp"

#include <stdexcept>

namespace assay::reference {{

std::vector<Ends> enclose_{name}(const {camel}Problem&, Engine, int) {{
  throw std::logic_error("FILL: enclose_{name}");
}}

}}  // namespace assay::reference
""",
        f"kernels/{path}.hpp": SPDX + f"""// Host entry points of the {camel} kernel, one per place where it runs.
#pragma once

#include <string>

namespace assay::kernels {{

/// FILL: arguments of one call; shapes, strides, who owns what.
struct {camel}Arguments {{}};

/// Runs the kernel source under the emulator with a schedule.
void {name}_forward_emulated(const {camel}Arguments& arguments, const std::string& schedule);

}}  // namespace assay::kernels
""",
        f"kernels/{path}.cuh": SPDX + f"""// The {camel} kernel. FILL: state the algorithm, order of every sum included; the budget follows it.
#pragma once

#include "kernels/{path}.hpp"
#include "kernels/portable.cuh"
""",
        f"properties/contract/{path}.hpp": SPDX + f"""// The column of the contract {path}.
#pragma once

#include "properties/contract/column.hpp"

namespace assay::contract {{

/// FILL: operation, formats, instances, inputs and outputs.
const Column& {name}_column();

}}  // namespace assay::contract
""",
        f"properties/contract/{path}.cpp": SPDX + f"""// The {camel} column.
#include "properties/contract/{path}.hpp"

#include <stdexcept>

namespace assay::contract {{
namespace {{

class {camel}Column final : public Column {{
 public:
  std::string name() const override {{ return "{path}"; }}
  std::string summary() const override {{ return "FILL: one line for people"; }}
  std::vector<Contract> instances() const override {{ return {{}}; }}  // FILL: the instances
  std::string instance_of(const Contract&) const override {{ return {{}}; }}
  std::vector<std::string> algorithms() const override {{ return {{}}; }}
  std::vector<Family> families() const override {{ return {{}}; }}
  engine::Case make_case(const engine::CaseDescriptor&) const override {{ fill("make_case"); }}
  std::vector<engine::Case> cases_from(const engine::Embeddings&, const std::string&,
                                       std::uint64_t) const override {{
    fill("cases_from");
  }}
  std::vector<engine::OutputSpec> outputs(const engine::Case&) const override {{ fill("outputs"); }}
  Expectation expect(const engine::Case&, const std::string&) const override {{ fill("expect"); }}
  std::vector<engine::Case> simpler(const engine::Case&) const override {{ return {{}}; }}
  engine::Complexity complexity(const engine::Case&) const override {{ return {{}}; }}

 private:
  [[noreturn]] static void fill(const char* what) {{
    throw std::logic_error(std::string("FILL: {path}: ") + what);
  }}
}};

}}  // namespace

const Column& {name}_column() {{
  static const {camel}Column column;
  return column;
}}

}}  // namespace assay::contract
""",
        f"tests/reference/{path}_test.cpp": test("reference", path, camel),
        f"tests/kernels/{path}_test.cpp": test("kernels", path, camel),
        f"tests/properties/contract/{path}_test.cpp": test("properties/contract", path, camel),
    }


def test(room: str, path: str, camel: str) -> str:
    return SPDX + f"""// Tests of {room}/{path}.
#include <gtest/gtest.h>

TEST({camel}, IsWritten) {{ FAIL() << "FILL: tests of {room}/{path}; list this file in CMakeLists.txt"; }}
"""


def register(registry: pathlib.Path, kind: str, name: str) -> None:
    """Adds the include, in order, and the column at the end of the list."""
    text = registry.read_text(encoding="utf-8")
    include = f'#include "properties/contract/{kind}/{name}.hpp"\n'
    if include in text:
        return
    includes = re.findall(r'#include "properties/contract/\w+/\w+\.hpp"\n', text)
    text = text.replace(includes[-1], includes[-1] + include)
    text = re.sub(r"(all = \{[^}]*)\}", rf"\1, &{name}_column()}}", text, count=1)
    registry.write_text(text, encoding="utf-8")


def main(arguments) -> int:
    match = re.fullmatch(r"(loss|sampler|geometry)/([a-z][a-z0-9_]*)", arguments[0] if arguments else "")
    if not match:
        print(__doc__.split("\n")[0], file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).parent.parent)
    kind, name = match.groups()
    files = templates(kind, name)
    taken = [p for p in files if (root / p).exists()]
    if taken:
        print(f"scaffold: {taken[0]} exists; nothing was written", file=sys.stderr)
        return 2
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
        print(path)
    register(root / "properties/contract/column.cpp", kind, name)
    print("properties/contract/column.cpp (registered)\nnext: docs/adding-a-contract.md, step 1")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
