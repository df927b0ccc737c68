// SPDX-License-Identifier: Apache-2.0
// Files are read whole and written whole, or not at all.
#include "properties/engine/files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "properties/engine/files/temporary.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw InputError(shown_path(path), "", what);
}
[[noreturn]] void fail(const std::string& path, const std::string& what, int error) {
  fail(path, what + ": " + std::generic_category().message(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

template <class Buffer>
Buffer read_all(const std::string& path, std::uint64_t max_bytes) {
  if (path.empty()) fail("''", "an empty path names no file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) fail(path, "cannot read", errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail(path, "cannot read", errno);
  if (S_ISDIR(info.st_mode)) fail(path, "is a directory, not a file");
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) fail(path, "is not a regular file");
  const std::string too_large =
      "is larger than the limit of " + std::to_string(max_bytes) + " bytes";
  const std::uint64_t announced =
      S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (announced > max_bytes) fail(path, too_large);
  // The announced size is a hint only (/proc says 0, a log still grows): the end is where read()
  // returns 0.
  Buffer buffer;
  std::uint64_t have = 0;
  buffer.resize(announced + 1);
  for (;;) {
    if (have == buffer.size()) buffer.resize(2 * buffer.size() + 4096);
    const std::size_t want = std::min<std::size_t>(buffer.size() - have, std::size_t{1} << 30);
    const ssize_t got = ::read(file.get(), buffer.data() + have, want);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, "cannot read", errno);
    if (got == 0) break;
    have += static_cast<std::uint64_t>(got);
    if (have > max_bytes) fail(path, too_large);
  }
  buffer.resize(have);
  return buffer;
}

// 0, or the errno of the write that failed.
int write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), std::min(bytes.size(), std::size_t{1} << 30));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return 0;
}

// Where a write to `path` has to go.
struct Target {
  std::string path;       // with symbolic links followed
  std::string directory;  // that holds it
  bool exists = false;
  bool regular = true;
  mode_t mode = 0;
};

Target target_of(const std::string& path) {
  if (path.empty()) fail("''", "an empty path names no file");
  if (path.back() == '/') fail(path, "cannot write: names a directory, not a file");
  Target target{path, "", false, true, 0};
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) fail(path, "cannot write: is a directory");
    target.exists = true;
    target.regular = S_ISREG(info.st_mode);
    target.mode = info.st_mode & 07777;
    if (::access(path.c_str(), W_OK) != 0) fail(path, "cannot write", errno);
    // rename() would replace the link and not what it points to
    if (const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr),
                                                          &std::free);
        real && target.regular)
      target.path = real.get();
  } else if (errno != ENOENT) {
    fail(path, "cannot write", errno);
  } else if (::lstat(path.c_str(), &info) == 0) {
    fail(path, "cannot write: is a symbolic link to nothing");
  }
  const std::size_t slash = target.path.rfind('/');
  target.directory = slash == std::string::npos ? "." : target.path.substr(0, slash + 1);
  return target;
}

void write_through(const Target& target, std::span<const std::byte> bytes) {
  const Descriptor file(::open(target.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) fail(target.path, "cannot write", errno);
  if (const int error = write_all(file.get(), bytes)) fail(target.path, "cannot write", error);
}

// The name has to survive a crash too. Some file systems cannot sync a directory; the file itself
// is complete by then.
void sync_directory(const std::string& path, const std::string& directory) {
  const Descriptor dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.get() < 0) return;  // a directory one may write to but not list
  if (::fsync(dir.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
    fail(path, "cannot flush its directory", errno);
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes) {
  return read_all<std::vector<std::byte>>(path, max_bytes);
}

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  return read_all<std::string>(path, max_bytes);
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  const Target target = target_of(path);
  if (!target.regular) return write_through(target, bytes);
  Temporary temporary(target.directory);
  if (temporary.error()) fail(path, "cannot write", temporary.error());
  if (const int error = write_all(temporary.descriptor(), bytes)) fail(path, "cannot write", error);
  if (target.exists && ::fchmod(temporary.descriptor(), target.mode) != 0)
    fail(path, "cannot keep the file's mode", errno);
  if (::fsync(temporary.descriptor()) != 0) fail(path, "cannot flush", errno);
  if (const int error = temporary.rename_to(target.path)) fail(path, "cannot write", error);
  sync_directory(path, target.directory);
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span<const char>(text.data(), text.size())));
}

void check_writable(const std::string& path) {
  const Target target = target_of(path);
  if (!target.regular) return;
  const Temporary temporary(target.directory);
  if (temporary.error()) fail(path, "cannot write", temporary.error());
}

}  // namespace assay::engine
