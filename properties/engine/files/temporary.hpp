// SPDX-License-Identifier: Apache-2.0
// A file without a name, or with a registered one, until it is complete.
#pragma once

#include <string>

namespace assay::engine {

/// An open file in `directory` that disappears unless it is renamed. Where the kernel and the file
/// system allow it, it has no name at all (O_TMPFILE), so that not even SIGKILL leaves anything
/// behind; otherwise its name is registered for `remove_unfinished_files`.
class Temporary {
 public:
  /// `unnamed` = false forces the named kind (for tests). Failure is reported by `error()`.
  explicit Temporary(const std::string& directory, bool unnamed = true);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int error() const { return error_; }  ///< errno of the failed creation; 0 when open
  int descriptor() const { return fd_; }
  const std::string& name() const { return name_; }  ///< empty while unnamed

  /// Gives the file this path, replacing what is there. Returns 0 or errno.
  int rename_to(const std::string& path);

 private:
  bool open_unnamed();
  void open_named();
  int link_under_temporary_name();
  void reserve_name();
  void release_name();

  std::string directory_;
  std::string name_;
  int slot_ = -1;
  int fd_ = -1;
  int error_ = 0;
};

}  // namespace assay::engine
