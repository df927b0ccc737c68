// SPDX-License-Identifier: Apache-2.0
// Files are written whole or not at all, whatever happens on the way.
#include "properties/engine/files/atomic_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "file_testing.hpp"
#include "properties/engine/files/temporary.hpp"

namespace assay::engine {
namespace {

using testing::expect_complaint;
using testing::Scratch;
namespace fs = std::filesystem;

TEST(AtomicFile, WritesReplacesAndLeavesNothingElse) {
  const Scratch scratch;
  write_file_atomically(scratch / "f", std::string_view("one\0two", 7));
  EXPECT_EQ(read_text_file(scratch / "f"), std::string("one\0two", 7));
  write_file_atomically(scratch / "f", "three");
  EXPECT_EQ(read_text_file(scratch / "f"), "three");
  write_file_atomically(scratch / "f", "");
  EXPECT_EQ(read_file(scratch / "f").size(), 0u);
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(AtomicFile, BareNamesMeanTheWorkingDirectory) {
  const Scratch scratch;
  const fs::path before = fs::current_path();
  fs::current_path(scratch.path());
  write_file_atomically("bare", "x");
  check_writable("bare");
  fs::current_path(before);
  EXPECT_EQ(read_text_file(scratch / "bare"), "x");
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(AtomicFile, FollowsLinksAndKeepsTheMode) {
  const Scratch scratch;
  write_file_atomically(scratch / "real", "old");
  fs::permissions(scratch / "real", fs::perms(0640));
  fs::create_directory(scratch / "d");
  fs::create_symlink("../real", scratch / "d/link");
  write_file_atomically(scratch / "d/link", "new");
  EXPECT_TRUE(fs::is_symlink(scratch / "d/link"));
  EXPECT_EQ(read_text_file(scratch / "real"), "new");
  EXPECT_EQ(fs::status(scratch / "real").permissions(), fs::perms(0640));
}

TEST(AtomicFile, NewFilesObeyTheUmask) {
  const Scratch scratch;
  const mode_t before = ::umask(027);
  write_file_atomically(scratch / "f", "x");
  ::umask(before);
  EXPECT_EQ(fs::status(scratch / "f").permissions(), fs::perms(0640));
}

TEST(AtomicFile, DevicesAndPipesAreWrittenThrough) {
  write_file_atomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  expect_complaint([] { write_file_atomically("/dev/full", "x"); }, {"/dev/full", "No space left"});
  const Scratch scratch;
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  std::thread writer([&] { write_file_atomically(scratch / "pipe", "through"); });
  EXPECT_EQ(read_text_file(scratch / "pipe"), "through");
  writer.join();
}

TEST(AtomicFile, NamesThePathAndTheReason) {
  const Scratch scratch;
  write_file_atomically(scratch / "f", "x");
  const struct {
    std::string path;
    const char* reason;
  } impossible[] = {{scratch.path(), "is a directory"},
                    {scratch / "no/such/place", "No such file or directory"},
                    {scratch / "f/below", "Not a directory"},
                    {scratch / "slash/", "names a directory"},
                    {scratch / std::string(300, 'n'), "File name too long"},
                    {"/proc/assay", "cannot write"},
                    {"", "empty path"}};
  for (const auto& [path, reason] : impossible) {
    expect_complaint([&] { write_file_atomically(path, "x"); }, {path, reason});
    if (path.size() < 300) expect_complaint([&] { check_writable(path); }, {path, reason});
  }
  fs::create_symlink("nothing", scratch / "dangling");
  expect_complaint([&] { write_file_atomically(scratch / "dangling", "x"); }, {"symbolic link"});
  EXPECT_EQ(scratch.entries(), 2u);
}

// Runs `action` in a child process and returns its wait status.
template <class Action>
int in_child(Action action) {
  const pid_t child = ::fork();
  if (child == 0) {
    action();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

// The message of the InputError of `action` run by a user without privileges; "" for none.
template <class Action>
std::string complaint_of_a_stranger(Action action) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return "no pipe";
  in_child([&] {
    std::string message;
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setresuid(nobody, nobody, nobody) != 0) ::_exit(1);
    try {
      action();
    } catch (const InputError& e) {
      message = e.what();
    }
    if (::write(pipe_ends[1], message.data(), message.size()) < 0) ::_exit(1);
  });
  ::close(pipe_ends[1]);
  char buffer[1000];
  const ssize_t length = ::read(pipe_ends[0], buffer, sizeof buffer);
  ::close(pipe_ends[0]);
  return {buffer, static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

TEST(AtomicFile, RespectsPermissions) {
  const Scratch scratch;
  write_file_atomically(scratch / "f", "kept");
  write_file_atomically(scratch / "secret", "x");
  fs::permissions(scratch / "f", fs::perms(0444));
  fs::permissions(scratch / "secret", fs::perms::none);
  fs::permissions(scratch.path(), fs::perms(0777));  // so that only the file's own mode forbids
  const auto overwrite = [&] { write_file_atomically(scratch / "f", "x"); };
  EXPECT_EQ(complaint_of_a_stranger(overwrite),
            (scratch / "f") + ": cannot write: Permission denied");
  EXPECT_EQ(complaint_of_a_stranger([&] { read_file(scratch / "secret"); }),
            (scratch / "secret") + ": cannot read: Permission denied");
  EXPECT_EQ(complaint_of_a_stranger([&] { check_writable(scratch / "g"); }), "");
  fs::permissions(scratch.path(), fs::perms(0555));
  const std::string reason = (scratch / "g") + ": cannot write: Permission denied";
  EXPECT_EQ(complaint_of_a_stranger([&] { write_file_atomically(scratch / "g", "x"); }), reason);
  EXPECT_EQ(complaint_of_a_stranger([&] { check_writable(scratch / "g"); }), reason);
  EXPECT_EQ(read_text_file(scratch / "f"), "kept");
}

TEST(AtomicFile, AFullDiskLeavesTheOldFileAndNoRest) {
  const Scratch scratch;
  write_file_atomically(scratch / "f", "old");
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};  // the nearest thing to a full disk that needs no privilege
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(scratch / "f", std::string(100000, 'x'));
    } catch (const InputError& e) {
      ::_exit(std::string(e.what()).find("File too large") == std::string::npos ? 2 : 3);
    }
  });
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(read_text_file(scratch / "f"), "old");
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(AtomicFile, AKillLeavesNoFileHalfWritten) {
  const Scratch scratch;
  if (Temporary probe(scratch.path()); probe.error() || !probe.name().empty())
    GTEST_SKIP() << "no unnamed files in " << scratch.path();
  write_file_atomically(scratch / "f", std::string(4 << 20, 'a'));
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;)
        write_file_atomically(scratch / ("f" + std::to_string(::getpid())),
                              std::string(4 << 20, 'b'));
    }
    ::usleep(static_cast<useconds_t>(1000 + 700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    // Also what keeps a registered name, in the instant between link and rename, is complete.
    for (const auto& entry : fs::directory_iterator(scratch.path()))
      EXPECT_EQ(entry.file_size(), 4u << 20) << entry.path();
  }
}

TEST(Temporary, UnnamedAndNamedFilesDisappear) {
  const Scratch scratch;
  for (const bool unnamed : {true, false}) {
    {
      const Temporary temporary(scratch.path(), unnamed);
      ASSERT_EQ(temporary.error(), 0);
      if (!unnamed) {
        EXPECT_FALSE(temporary.name().empty());
        EXPECT_EQ(scratch.entries(), 1u);
      }
    }
    EXPECT_EQ(scratch.entries(), 0u);
    {
      Temporary temporary(scratch.path(), unnamed);
      ASSERT_EQ(::write(temporary.descriptor(), "x", 1), 1);
      EXPECT_EQ(temporary.rename_to(scratch / "f"), 0);
    }
    EXPECT_EQ(read_text_file(scratch / "f"), "x");
    fs::remove(scratch / "f");
  }
}

TEST(Temporary, ASignalHandlerCanRemoveTheNamedOnes) {
  const Scratch scratch;
  const int status = in_child([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {
      remove_unfinished_files();
      ::_exit(7);
    };
    ::sigaction(SIGTERM, &action, nullptr);
    const Temporary first(scratch.path(), false), second(scratch.path(), false);
    if (scratch.entries() != 2) ::_exit(1);
    ::raise(SIGTERM);
  });
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(scratch.entries(), 0u);
}

TEST(Temporary, ManyAtOnceAreStillRemoved) {
  const Scratch scratch;
  {
    std::vector<std::unique_ptr<Temporary>> many;
    for (int i = 0; i < 40; ++i) many.push_back(std::make_unique<Temporary>(scratch.path(), false));
    EXPECT_EQ(scratch.entries(), 40u);
  }
  EXPECT_EQ(scratch.entries(), 0u);
}

TEST(ReadFile, NamesThePathAndTheReason) {
  const Scratch scratch;
  expect_complaint([&] { read_file(scratch / "missing"); }, {scratch / "missing", "No such file"});
  expect_complaint([&] { read_file(scratch.path()); }, {scratch.path(), "is a directory"});
  expect_complaint([&] { read_file("/dev/zero"); }, {"/dev/zero", "not a regular file"});
  expect_complaint([&] { read_file(""); }, {"empty path"});
  write_file_atomically(scratch / "f", "12345");
  EXPECT_EQ(read_file(scratch / "f", 5).size(), 5u);
  expect_complaint([&] { read_file(scratch / "f", 4); }, {scratch / "f", "limit of 4 bytes"});
}

TEST(ReadFile, FilesOfUnknownLengthAreReadToTheirEnd) {
  EXPECT_GT(read_text_file("/proc/self/maps").size(), 100u);  // stat() says 0 bytes
  const Scratch scratch;
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  std::thread writer([&] { write_file_atomically(scratch / "pipe", std::string(200000, 'x')); });
  EXPECT_EQ(read_file(scratch / "pipe").size(), 200000u);
  writer.join();
}

}  // namespace
}  // namespace assay::engine
