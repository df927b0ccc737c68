// SPDX-License-Identifier: Apache-2.0
// Pipes to a foreign program: polled in both directions, never trusted.
#include "properties/contract/process_channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace assay::contract {
namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::size_t chunk_bytes = 262144;
constexpr int death_milliseconds = 1000;

/// Writing to a pipe whose reader died raises SIGPIPE. Blocks it for this thread and takes a signal
/// raised meanwhile away, without touching the disposition of the whole program.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    const int saved = errno;
    const timespec now{0, 0};
    if (!was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = length_bytes; i-- > 0;)
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

/// Both ends of a pipe; the one that the parent keeps does not block.
struct Pipe {
  Descriptor read_end, write_end;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = out_of_the_way(Descriptor(ends[0]));
    write_end = out_of_the_way(Descriptor(ends[1]));
    return read_end && write_end;
  }
};

void keep(Descriptor& end) {
  fcntl(end.get(), F_SETFL, fcntl(end.get(), F_GETFL) | O_NONBLOCK);
  fcntl(end.get(), F_SETPIPE_SZ, 1 << 20);  // fewer switches for large cases; may be refused
}

}  // namespace

std::string show_bytes(std::span<const std::byte> bytes) {
  constexpr std::size_t most = 64;
  std::string shown = std::to_string(bytes.size()) + " bytes: \"";
  for (const std::byte b : bytes.first(std::min(most, bytes.size()))) {
    const auto c = std::to_integer<unsigned char>(b);
    constexpr char digits[] = "0123456789abcdef";
    if (c == '\n')
      shown += "\\n";
    else if (c == '"' || c == '\\')
      (shown += '\\') += static_cast<char>(c);
    else if (c < 0x20 || c > 0x7e)
      ((shown += "\\x") += digits[c >> 4]) += digits[c & 15];
    else
      shown += static_cast<char>(c);
  }
  return shown + (bytes.size() > most ? "...\"" : "\"");
}

std::string ProcessChannel::start(const std::vector<std::string>& command) {
  stop();
  Pipe in, out, err;
  if (!in.open() || !out.open() || !err.open())
    return std::string("no pipe: ") + std::strerror(errno);
  std::string why = process_.start(
      command, {{in.read_end.get(), 0}, {out.write_end.get(), 1}, {err.write_end.get(), 2}});
  if (!why.empty()) return why;
  keep(in.write_end);
  keep(out.read_end);
  to_ = std::move(in.write_end);
  from_ = std::move(out.read_end);
  stderr_.attach(std::move(err.read_end));
  return {};
}

void ProcessChannel::stop() {
  process_.kill_and_reap();
  to_.reset();
  from_.reset();
  received_.clear();
}

std::string ProcessChannel::stderr_detail() {
  stderr_.drain();
  return stderr_.as_detail();
}

void ProcessChannel::prepare(std::span<const std::byte> request) {
  outgoing_.clear();
  received_.clear();
  reply_.clear();
  detail_.clear();
  sent_ = 0;
  if (request.empty()) return;
  for (std::size_t i = 0; i < length_bytes; ++i)
    outgoing_.push_back(static_cast<std::byte>(request.size() >> (8 * i)));
  outgoing_.insert(outgoing_.end(), request.begin(), request.end());
}

bool ProcessChannel::anything_unasked() {
  if (!read_some()) return false;  // the end of the stream is met again by the exchange
  if (received_.empty()) return false;
  detail_ = "wrote to its standard output without being asked, " + show_bytes(received_);
  return true;
}

Exchange ProcessChannel::exchange(std::span<const std::byte> request, std::size_t largest,
                                  const Deadline& deadline) {
  prepare(request);
  if (!request.empty() && anything_unasked()) return Exchange::malformed;
  Deadline until = deadline;
  const std::int64_t waited_before = process_.kept_waiting_milliseconds();
  std::int64_t granted = 0;
  while (true) {
    if (children_interrupted()) return Exchange::interrupted;
    const int left = until.remaining();
    pollfd wait[3] = {{from_.get(), POLLIN, 0},
                      {stderr_.fd(), POLLIN, 0},
                      {sent_ < outgoing_.size() ? to_.get() : -1, POLLOUT, 0}};
    const int ready = poll(wait, 3, left);
    if (ready < 0 && errno != EINTR) {
      detail_ = std::string("poll: ") + std::strerror(errno);
      return Exchange::closed;
    }
    if (ready > 0 && wait[1].revents != 0) stderr_.drain();
    if (ready > 0 && wait[2].revents != 0) write_some();
    if (ready > 0 && wait[0].revents != 0) {
      const bool open = read_some();
      if (judge_received(largest))
        return detail_.empty() ? Exchange::complete : Exchange::malformed;
      if (!open) return closed();
    } else if (left == 0 && ready >= 0) {
      const std::int64_t waited = process_.kept_waiting_milliseconds() - waited_before;
      if (waited > granted) {
        until = Deadline(static_cast<int>(waited - granted));
        granted = waited;
        continue;
      }
      if (!received_.empty()) detail_ = " (so far it wrote " + show_bytes(received_) + ")";
      return Exchange::timed_out;
    }
  }
}

void ProcessChannel::write_some() {
  const NoSigpipe guard;
  const ssize_t put = write(to_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_);
  if (put > 0) sent_ += static_cast<std::size_t>(put);
  // A reader that is gone: nothing more to send. Its death shows on the other pipe.
  if (put < 0 && errno != EAGAIN && errno != EINTR) outgoing_.resize(sent_);
}

bool ProcessChannel::read_some() {
  const std::size_t before = received_.size();
  received_.resize(before + chunk_bytes);
  ssize_t got;
  do got = read(from_.get(), received_.data() + before, chunk_bytes);
  while (got < 0 && errno == EINTR);
  received_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return got > 0 || (got < 0 && errno == EAGAIN);
}

bool ProcessChannel::judge_received(std::size_t largest) {
  if (received_.size() < length_bytes) return false;
  const std::uint64_t length = little_endian(received_);
  if (length > largest) {
    detail_ = "no frame: a length of " + std::to_string(length) + " where at most " +
              std::to_string(largest) + " was possible; " + show_bytes(received_);
    return true;
  }
  const std::size_t whole = length_bytes + static_cast<std::size_t>(length);
  if (received_.size() < whole) return false;
  if (received_.size() > whole)
    detail_ = "more than a frame: " + show_bytes(std::span(received_).subspan(whole)) + " after it";
  else if (sent_ < outgoing_.size())
    detail_ = "answered before it had read the request";
  else
    reply_.assign(received_.begin() + length_bytes, received_.end());
  return true;
}

Exchange ProcessChannel::closed() {
  const std::string how = process_.reap(Deadline(death_milliseconds));
  detail_ = how == "still running" ? "closed its standard output" : how;
  if (!received_.empty()) detail_ += " after " + show_bytes(received_);
  detail_ += stderr_detail();
  return children_interrupted() ? Exchange::interrupted : Exchange::closed;
}

}  // namespace assay::contract
