// SPDX-License-Identifier: Apache-2.0
// Files are read whole and written whole, or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

/// Largest file that is read unless the caller says otherwise: 8 GiB.
inline constexpr std::uint64_t default_max_file_bytes = std::uint64_t{8} << 30;

/// The bytes of a regular file or a FIFO. \throws InputError naming `path`: missing, unreadable, a
/// directory or a device, larger than `max_bytes`
std::vector<std::byte> read_file(const std::string& path,
                                 std::uint64_t max_bytes = default_max_file_bytes);
/// The same as text (no decoding).
std::string read_text_file(const std::string& path,
                           std::uint64_t max_bytes = default_max_file_bytes);

/// Replaces `path` by a file with these bytes so that at every moment, also after a crash of the
/// machine, `path` is the old file or the new one, complete. The bytes go to an unnamed file in the
/// same directory, are flushed, and get the name at the end; a program killed on the way leaves
/// nothing behind (where the file system has no unnamed files: see
/// `remove_unfinished_files`). Symbolic links are followed, the mode of a replaced file is kept.
/// A path that is no regular file (/dev/stdout, a FIFO) is written straight through.
/// \throws InputError naming `path` and the system's reason; the old file is untouched then
void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

/// Tries, without touching `path`, whether `write_file_atomically` could write there: asked before
/// a long run. \throws InputError as the write would
void check_writable(const std::string& path);

/// Unlinks the temporary files of writes that are under way. Async-signal-safe: meant for the
/// handler of SIGINT and SIGTERM, just before the program ends.
void remove_unfinished_files() noexcept;

}  // namespace assay::engine
