// SPDX-License-Identifier: Apache-2.0
// A file without a name, or with a registered one, until it is complete.
#include "properties/engine/files/temporary.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>

#include "properties/engine/files/atomic_file.hpp"

namespace assay::engine {
namespace {

// Names of temporaries that exist now, readable by a signal handler: fixed storage, and a flag that
// is set only while the name is complete.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<bool> ready{false};
  char path[PATH_MAX] = {};
};
std::array<Slot, 16> slots;
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler reads the slots");

int take_slot(const std::string& path) {
  if (path.size() >= PATH_MAX) return -1;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (bool free = false; slots[i].taken.compare_exchange_strong(free, true)) {
      std::memcpy(slots[i].path, path.c_str(), path.size() + 1);
      slots[i].ready.store(true, std::memory_order_release);
      return static_cast<int>(i);
    }
  return -1;  // more writes at once than slots: the file is still removed by the destructor
}

void free_slot(int i) {
  if (i < 0) return;
  slots[static_cast<std::size_t>(i)].ready.store(false, std::memory_order_release);
  slots[static_cast<std::size_t>(i)].taken.store(false, std::memory_order_release);
}

std::string random_name(const std::string& directory) {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits)
    bits = static_cast<std::uint64_t>(::getpid()) * 0x9e3779b97f4a7c15u;
  std::string digits;
  for (int i = 0; i < 16; ++i) digits += "0123456789abcdef"[bits >> (4 * i) & 15];
  return directory + (directory.back() == '/' ? "" : "/") + ".assay-" + digits + ".tmp";
}

}  // namespace

void remove_unfinished_files() noexcept {
  const int saved = errno;
  for (Slot& slot : slots)
    if (slot.ready.load(std::memory_order_acquire)) ::unlink(slot.path);
  errno = saved;
}

Temporary::Temporary(const std::string& directory, bool unnamed) : directory_(directory) {
  if (!unnamed || !open_unnamed()) open_named();
}

Temporary::~Temporary() {
  if (fd_ >= 0) ::close(fd_);
  if (!name_.empty()) ::unlink(name_.c_str());
  release_name();
}

void Temporary::reserve_name() {
  name_ = random_name(directory_);
  slot_ = take_slot(name_);
}

void Temporary::release_name() {
  free_slot(slot_);
  slot_ = -1;
  name_.clear();
}

bool Temporary::open_unnamed() {
  // linkat() on /proc/self/fd is the way to name such a file that needs no privilege.
  if (::access("/proc/self/fd", X_OK) != 0) return false;
  fd_ = ::open(directory_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  // Old kernels and some file systems say EISDIR, ENOENT or EOPNOTSUPP for "no such thing here";
  // whatever it was, the named kind finds the same trouble again if it is real.
  return fd_ >= 0;
}

void Temporary::open_named() {
  for (int attempt = 0; attempt < 16; ++attempt) {
    reserve_name();
    fd_ = ::open(name_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    error_ = fd_ >= 0 ? 0 : errno;
    if (error_ == 0) return;
    release_name();
    if (error_ != EEXIST) return;
  }
}

int Temporary::link_under_temporary_name() {
  const std::string self = "/proc/self/fd/" + std::to_string(fd_);
  for (int attempt = 0; attempt < 16; ++attempt) {
    reserve_name();
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name_.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
    const int error = errno;
    release_name();
    if (error != EEXIST) return error;
  }
  return EEXIST;
}

int Temporary::rename_to(const std::string& path) {
  if (error_) return error_;
  if (name_.empty()) {
    // linkat() does not replace, so a file that is already there needs a name in between; where
    // nothing is there yet, the file appears under its own name at once.
    const std::string self = "/proc/self/fd/" + std::to_string(fd_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
    if (errno != EEXIST) return errno;
    if (const int error = link_under_temporary_name()) return error;
  }
  if (::rename(name_.c_str(), path.c_str()) != 0) return errno;
  release_name();
  return 0;
}

}  // namespace assay::engine
