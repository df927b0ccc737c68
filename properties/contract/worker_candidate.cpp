// SPDX-License-Identifier: Apache-2.0
// The checker's side of a worker: calls, deadlines, and what a pair of runs amounts to.
#include "properties/contract/worker_candidate.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "properties/contract/compare_runs.hpp"

namespace assay::contract {
namespace {

constexpr int start_milliseconds = 30000;  // a CUDA context on a busy machine takes seconds
constexpr int death_milliseconds = 1000;   // between closing its socket and being a zombie

/// The outputs that the candidate fills.
std::vector<engine::OutputSpec> offered(const CandidateInfo& info,
                                        const std::vector<engine::OutputSpec>& outputs) {
  if (info.outputs.empty()) return outputs;
  std::vector<engine::OutputSpec> chosen;
  for (const engine::OutputSpec& spec : outputs)
    if (std::count(info.outputs.begin(), info.outputs.end(), spec.name) > 0 || spec.required)
      chosen.push_back(spec);
  return chosen;
}

Observation observation_of(Conduct conduct, std::string detail, double milliseconds) {
  Observation o;
  o.conduct = conduct;
  o.detail = std::move(detail);
  o.milliseconds = milliseconds;
  return o;
}

}  // namespace

WorkerCandidate::WorkerCandidate(const BuiltinEntry& entry, std::string program, Limits limits)
    : info_(entry.info),
      limit_memory_(entry.limit_memory),
      program_(std::move(program)),
      limits_(limits) {}

Observation WorkerCandidate::observe(const engine::Case& c,
                                     const std::vector<engine::OutputSpec>& outputs) {
  const std::vector<engine::OutputSpec> asked = offered(info_, outputs);
  Observation result;
  std::vector<Tensor> runs[2];
  for (int i = 0; i < 2; ++i) {
    const std::vector<wire::TensorPlace> places = arena_.lay_out(c, asked, i);
    const Ending ending = run(c, places, i);
    if (i == 0) result.milliseconds = ending.milliseconds;
    if (ending.conduct == Conduct::unsupported || ending.conduct == Conduct::unavailable)
      return observation_of(ending.conduct, ending.detail, result.milliseconds);
    if (ending.conduct != Conduct::returned) {
      result.conduct = ending.conduct;
      result.detail = ending.detail + (i == 0 ? "" : " (second run)");
      return result;
    }
    runs[i] = arena_.outputs(places);
    if (i == 0) result.outputs = runs[0];
    const WorkerArena::Damage damage = arena_.damage(c, places, i);
    if (damage.conduct != Conduct::returned) {
      result.conduct = damage.conduct;
      result.detail = damage.detail + (i == 0 ? "" : " (second run)");
      return result;
    }
  }
  judge_two_runs(result, std::move(runs[1]), info_.deterministic, poison_of);
  return result;
}

WorkerCandidate::Ending WorkerCandidate::run(const engine::Case& c,
                                             const std::vector<wire::TensorPlace>& places,
                                             int run) {
  if (children_interrupted()) return {Conduct::unavailable, "interrupted", 0};
  if (std::string why = arena_.fill(c, places, run); !why.empty())
    return {Conduct::unavailable, why, 0};
  const wire::Call message{run, places, c.scalars, c.options};
  Ending ending = call(message);
  // A candidate that failed may have left threads, fibers or a broken device context behind.
  if (ending.conduct == Conduct::failed) stop();
  return ending;
}

WorkerCandidate::Ending WorkerCandidate::call(const wire::Call& call) {
  const std::string message = wire::encode(call);
  if (message.size() > wire::largest_message)
    return {Conduct::unavailable, "the case has too many parameters for a worker", 0};
  if (Ending start = ensure_worker(); start.conduct != Conduct::returned) return start;
  if (!send(message)) {  // died idle, for example killed for memory: no fault of this case
    stop();
    if (Ending start = ensure_worker(); start.conduct != Conduct::returned) return start;
    if (!send(message)) return died();
  }
  bool timed_out = false;
  const std::int64_t waited_before = worker_.kept_waiting_milliseconds();
  std::optional<wire::Reply> reply = receive(Deadline(limits_.milliseconds), timed_out);
  for (std::int64_t granted = 0; timed_out;) {
    const std::int64_t waited = worker_.kept_waiting_milliseconds() - waited_before;
    if (waited <= granted) break;
    timed_out = false;
    reply = receive(Deadline(static_cast<int>(waited - granted)), timed_out);
    granted = waited;
  }
  if (!reply && children_interrupted()) {
    stop();
    return {Conduct::unavailable, "interrupted", 0};
  }
  if (timed_out) {
    const bool stopped = worker_.stopped();
    stop();
    if (stopped) return {Conduct::unavailable, "the worker was stopped by a signal", 0};
    return {Conduct::hung, "no answer within " + std::to_string(limits_.milliseconds) + " ms",
            static_cast<double>(limits_.milliseconds)};
  }
  if (!reply) return died();
  std::string detail(reply->detail);
  if (reply->signal != 0) {
    worker_.reap(Deadline(death_milliseconds));
    stderr_.drain();
    detail += stderr_.as_detail();
    stop();
  }
  return {static_cast<Conduct>(reply->conduct), detail, reply->milliseconds};
}

WorkerCandidate::Ending WorkerCandidate::died() {
  std::string how = worker_.reap(Deadline(death_milliseconds));
  stderr_.drain();
  if (how == "still running") how = "closed its connection to the checker";
  how += " in the middle of the call" + stderr_.as_detail();
  stop();
  if (children_interrupted()) return {Conduct::unavailable, "interrupted", 0};
  return {Conduct::crashed, how, 0};
}

bool WorkerCandidate::send(const std::string& message) {
  ssize_t sent;
  do sent = ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

std::optional<wire::Reply> WorkerCandidate::receive(const Deadline& deadline, bool& timed_out) {
  while (true) {
    const int left = deadline.remaining();
    pollfd wait[2] = {{socket_.get(), POLLIN, 0}, {stderr_.fd(), POLLIN, 0}};
    const int ready = poll(wait, 2, left);
    if (ready < 0 && errno != EINTR) return {};
    if (ready <= 0) {
      if (children_interrupted()) return {};
      if (ready == 0 && left == 0) {
        timed_out = true;
        return {};
      }
      continue;
    }
    if (wait[1].revents != 0) stderr_.drain();
    if (wait[0].revents == 0) {
      if (left == 0) {  // it chatters, but does not answer
        timed_out = true;
        return {};
      }
      continue;
    }
    wire::Reply reply;
    const ssize_t got = recv(socket_.get(), &reply, sizeof reply, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof reply)) return {};
    reply.detail[sizeof reply.detail - 1] = 0;
    return reply;
  }
}

WorkerCandidate::Ending WorkerCandidate::ensure_worker() {
  if (!unavailable_.empty()) return {Conduct::unavailable, unavailable_, 0};
  if (worker_.running()) {
    stderr_.clear();
    return {};
  }
  Ending ending = start_worker();
  if (ending.conduct != Conduct::returned) stop();
  return ending;
}

WorkerCandidate::Ending WorkerCandidate::start_worker() {
  int pair[2], pipe_ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return {Conduct::unavailable, std::string("no socket: ") + std::strerror(errno), 0};
  socket_ = Descriptor(pair[0]);
  Descriptor theirs = out_of_the_way(Descriptor(pair[1]));
  if (pipe2(pipe_ends, O_CLOEXEC) != 0)
    return {Conduct::unavailable, std::string("no pipe: ") + std::strerror(errno), 0};
  stderr_.attach(Descriptor(pipe_ends[0]));
  Descriptor their_stderr = out_of_the_way(Descriptor(pipe_ends[1]));
  const Descriptor null = out_of_the_way(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC)));
  const std::string why = worker_.start({program_, "worker"}, {{null.get(), 0},
                                                               {null.get(), 1},
                                                               {their_stderr.get(), 2},
                                                               {theirs.get(), wire::socket_fd},
                                                               {arena_.fd(), wire::memory_fd}});
  if (!why.empty()) {
    if (!children_interrupted()) unavailable_ = why;
    return {Conduct::unavailable, why, 0};
  }
  theirs.reset();  // or the end of the worker would not be seen
  their_stderr.reset();
  return greet();
}

WorkerCandidate::Ending WorkerCandidate::greet() {
  const wire::Hello hello{info_.contract, info_.name, limit_memory_ ? limits_.memory_bytes : 0,
                          getpid()};
  bool timed_out = false;
  std::optional<wire::Reply> reply;
  if (send(wire::encode(hello))) reply = receive(Deadline(start_milliseconds), timed_out);
  if (children_interrupted()) return {Conduct::unavailable, "interrupted", 0};
  if (!reply) {
    const std::string how =
        timed_out ? std::string("did not answer") : worker_.reap(Deadline(death_milliseconds));
    stderr_.drain();
    return {Conduct::unavailable, "the worker " + how + " at its start" + stderr_.as_detail(), 0};
  }
  const auto conduct = static_cast<Conduct>(reply->conduct);
  if (conduct == Conduct::returned) return {};
  std::string why(reply->detail);
  if (conduct == Conduct::unavailable)
    unavailable_ = why;  // no device now means no device later
  else
    why = "the worker died at its start: " + why;
  return {Conduct::unavailable, why, 0};
}

void WorkerCandidate::stop() {
  worker_.kill_and_reap();
  socket_.reset();
}

std::unique_ptr<Candidate> make_builtin_candidate(const std::string& contract,
                                                  const std::string& name,
                                                  const std::string& program, Limits limits) {
  const BuiltinEntry* entry = find_builtin(contract, name);
  if (entry == nullptr) {
    std::string known;
    for (const std::string& candidate : builtin_candidates(contract))
      known += (known.empty() ? "" : ", ") + candidate;
    throw std::invalid_argument("no built-in candidate '" + name + "' of " + contract +
                                (known.empty() ? "" : "; there are " + known));
  }
  return std::make_unique<WorkerCandidate>(*entry, program, limits);
}

}  // namespace assay::contract
