// SPDX-License-Identifier: Apache-2.0
// Parsing of the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>

#include "assay/claim_options.hpp"
#include "assay/command.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/worker.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"
#include "reference/arithmetic/environment.hpp"

namespace assay::cli {
namespace {

const std::vector<std::string> command_names = {"list",   "value",  "certify",   "check",
                                                "search", "replay", "self-test", "version"};

// Everything after the first "--" is the stranger's command and none of our options.
std::vector<std::string> split_off_command(std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  std::vector<std::string> command;
  if (dashes != words.end()) {
    command.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
    if (command.empty()) throw engine::InputError("--", "", "no command follows");
  }
  return command;
}

void reject_unknown_command(const std::vector<std::string>& words) {
  if (words.empty() || words[0].starts_with("-")) return;
  if (std::find(command_names.begin(), command_names.end(), words[0]) == command_names.end())
    throw engine::InputError(
        "command '" + words[0] + "'", "",
        "unknown; did you mean '" + engine::nearest(words[0], command_names) + "'?");
}

struct Commands {
  Common common;
  ValueOptions value;
  CertifyOptions certify;
  ReplayOptions replay;
  SelfTestOptions self_test;
  ClaimCommands claims;
};

// Parameters stay text here: they are exact numbers, and a bound refuses what it does not take.
constexpr std::pair<const char*, const char*> bound_parameters[] = {
    {"classes", "bound: number C (in CLOP k) of classes"},
    {"negatives", "bound: number k of negatives"},
    {"normalise", "bound: mean or sum over the negatives; default mean"},
    {"alpha", "bound: constant in the logarithm, >= 0; default 1"},
    {"psi", "bound: another loss function, e.g. 'hinge margin=1 over=mean'"},
    {"beta", "bound: hardness >= 0; default 0"},
    {"epsilon", "bound: tolerance >= 0; default 0"},
    {"eta", "bound: also every display at this learning rate"},
    {"q", "bound: the weight Q of HN (42)"},
    {"points", "bound: number |I| of embeddings"},
};
constexpr const char* contract_options[] = {"--input",  "--second", "--directions",
                                            "--like",   "--scale",  "--field",
                                            "--labels", "--mask",   "--rows"};

void describe_bound_parameters(CLI::App& sub, ValueOptions& to) {
  for (const auto& [name, description] : bound_parameters)
    sub.add_option(std::string("--") + name, to.bound[name], description);
  sub.add_option("--batch-size", to.batch_sizes, "bound: samples of a batch; once for each batch");
}

void note_given_options(const CLI::App& app, ValueOptions& to) {
  if (!app.got_subcommand("value")) return;
  const CLI::App& sub = *app.get_subcommand("value");
  for (const char* option : contract_options)
    if (sub.count(option) > 0) to.given_for_contract.push_back(option);
  for (const auto& [name, text] : to.bound)
    if (text) to.given_for_bound.push_back("--" + name);
  if (!to.batch_sizes.empty()) to.given_for_bound.push_back("--batch-size");
}

void describe_value(CLI::App& app, Commands& to) {
  auto* sub = app.add_subcommand("value",
                                 "enclose the value of a contract on your own data, or of a bound");
  sub->add_option("name", to.value.contract,
                  "contract or bound (see `assay list`), e.g. loss/info_nce, "
                  "hard-negatives/theorem-2")
      ->required();
  sub->add_option("--input", to.value.input,
                  "embeddings: safetensors with a, b; .npy of shape (2,N,d) or (2N,d)");
  sub->add_option("--second", to.value.second, "second view, when --input holds only the first");
  auto* temperature =
      sub->add_option("--temperature", to.value.temperature,
                      "temperature T > 0; default 0.1, or the library's own; 1 for a bound");
  auto* directions =
      sub->add_option("--directions", to.value.directions, "joint-block or one-direction")
          ->capture_default_str()
          ->check(CLI::IsMember({"joint-block", "one-direction"}));
  auto* like = sub->add_option("--like", to.value.like,
                               "as a library computes it: a preset of `assay list`; the labels "
                               "are the tensor `labels` of a safetensors file")
                   ->excludes(directions);
  sub->add_option("--scale", to.value.scale, "multiplier of the logits instead of 1/T")
      ->needs(like)
      ->excludes(temperature);
  sub->add_option("--field", to.value.fields, "name=value: change one field of the preset")
      ->needs(like);
  sub->add_option("--labels", to.value.labels, ".npy of integers, shape (N) or (2N)")->needs(like);
  sub->add_option("--mask", to.value.mask,
                  ".npy of integers or bools for positives=mask, shape (2N,2N) or (N,N)")
      ->needs(like);
  sub->add_option("--digits", to.value.digits, "significant digits wanted")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  sub->add_flag("--rows", to.value.rows, "also print every row's loss and log-sum-exp");
  sub->add_flag("--json", to.common.json, "print JSON");
  describe_bound_parameters(*sub, to.value);
}

void describe_certify(CLI::App& app, Commands& to) {
  CertifyOptions& o = to.certify;
  auto* sub = app.add_subcommand(
      "certify", "certify built-in kernels, or a command after -- that speaks the pipe protocol");
  sub->add_option("contracts", o.contracts, "contracts whose built-in candidates are certified");
  sub->add_option("--instance", o.instances,
                  "only these instances of the contracts (see `assay list`)");
  sub->add_flag("--all", o.all, "every contract (of samplers and estimates the first instance)");
  sub->add_option("--candidate", o.candidates, "only these built-in candidates (see `assay list`)");
  sub->add_option("--embeddings", o.embeddings,
                  "add cases made from this .npy or safetensors file");
  sub->add_option("--second", o.second, "second view, when --embeddings holds only the first");
  sub->add_option("--output", o.output, "write the certificate (JSON) to this file");
  sub->add_option("--seed", o.seed, "seed of the cases")->capture_default_str();
  sub->add_option("--budget", o.budget, "at most so many cases per check; 0 runs all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--threads", o.threads, "workers; 0: one per processor (the result is the same)")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  sub->add_option("--time-limit", o.time_limit, "seconds allowed to one call")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  sub->add_option("--epsilon", o.epsilon,
                  "samplers: certify TV(law of the sampler, law) <= this; default by grade")
      ->check(CLI::Range(0x1p-60, 1.0));
  sub->add_option(
         "--delta", o.delta,
         "chance that a statement is wrong: samplers, about a row; estimates, about all rows; "
         "default 1e-6")
      ->check(CLI::Range(0x1p-100, 0.5));
  sub->add_flag("--json", to.common.json, "print the certificate instead of the table");
}

void describe_self_test(CLI::App& app, Commands& to) {
  SelfTestOptions& o = to.self_test;
  auto* sub = app.add_subcommand(
      "self-test", "check the checks: planted faults must be refuted, correct variants certified");
  sub->add_option("--contract", o.contract, "name of the contract, e.g. loss/info_nce")->required();
  sub->add_option("--instance", o.instances, "only these instances (see `assay list`)");
  sub->add_option("--seed", o.seed, "seed of the cases")->capture_default_str();
  sub->add_option("--threads", o.threads, "0: one per processor (the result is the same)")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  sub->add_option("--output", o.output, "write the result (JSON) to this file");
  sub->add_flag("--compare-rules", o.compare_rules,
                "the kill matrix: planted bugs against the acceptance rules of other projects");
  sub->add_flag("--json", to.common.json, "print JSON instead of the table");
}

void describe_rest(CLI::App& app, Commands& to) {
  auto* list =
      app.add_subcommand("list", "contracts, case families, algorithms, built-in candidates");
  auto* claims = list->add_flag("--claims", to.claims.list_claims, "the claims of the papers");
  list->add_flag("--markdown", to.claims.markdown, "as docs/claims.md")->needs(claims);
  list->add_flag("--json", to.common.json, "print JSON");
  auto* replay = app.add_subcommand(
      "replay", "derive the verdicts of a certificate, or prove a witness, again");
  replay->add_option("file", to.replay.file, "certificate or witness")->required();
  replay->add_option("--embeddings", to.replay.embeddings,
                     "the file the certificate was made with");
  replay->add_option("--second", to.replay.second, "its second view");
  auto* version = app.add_subcommand("version", "version, engines, environment");
  version->add_flag("--json", to.common.json, "print JSON");
}

ExitStatus dispatch(const CLI::App& app, const Commands& from) {
  if (app.got_subcommand("list"))
    return from.claims.list_claims ? list_claims(from.common, from.claims.markdown)
                                   : list(from.common);
  if (app.got_subcommand("check")) return check(from.common, from.claims.check);
  if (app.got_subcommand("search")) return search(from.common, from.claims.search);
  if (app.got_subcommand("value")) return value(from.common, from.value);
  if (app.got_subcommand("certify")) return certify(from.common, from.certify);
  if (app.got_subcommand("replay")) return replay(from.common, from.replay);
  if (app.got_subcommand("self-test"))
    return from.self_test.compare_rules ? compare_rules(from.common, from.self_test)
                                        : self_test(from.common, from.self_test);
  return version(from.common);
}

int run(std::vector<std::string> words) {
  Commands commands;
  commands.common.program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<std::string> command = split_off_command(words);
  reject_unknown_command(words);

  CLI::App app{"Assay: a verified reference and certifier for contrastive-learning kernels",
               "assay"};
  app.require_subcommand(1);
  app.set_version_flag("--version", ASSAY_VERSION);
  describe_value(app, commands);
  describe_certify(app, commands);
  describe_self_test(app, commands);
  describe_claims(app, commands.common, commands.claims);
  describe_rest(app, commands);
  std::reverse(words.begin(), words.end());  // CLI11 takes them last first
  try {
    app.parse(words);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw engine::InputError("command line", "", e.what());
  }
  note_given_options(app, commands.value);
  if (!command.empty() && !app.got_subcommand("certify") && !app.got_subcommand("replay") &&
      !app.got_subcommand("search"))
    throw engine::InputError("--", "", "only certify, search and replay take a command");
  commands.claims.search.command = command;
  commands.certify.command = command;
  commands.replay.command = command;
  return static_cast<int>(dispatch(app, commands));
}

int complain(const std::string& line) {
  fmt::print(stderr, "assay: {}\n", line);
  return static_cast<int>(ExitStatus::usage);
}

}  // namespace

int main_with(int argc, char** argv) {
  if (argc >= 2 && std::string(argv[1]) == "worker") return contract::worker_main();
  try {
    reference::require_sound_environment();
    catch_interrupts();
    return run({argv + 1, argv + argc});
  } catch (const std::bad_alloc&) {
    return complain("out of memory");
  } catch (const std::exception& e) {
    return complain(e.what());
  }
}

}  // namespace assay::cli
