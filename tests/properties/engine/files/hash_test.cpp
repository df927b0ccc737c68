// SPDX-License-Identifier: Apache-2.0
// SHA-256 and base64 against the published vectors.
#include "properties/engine/hash.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "file_testing.hpp"
#include "properties/engine/files/base64.hpp"

namespace assay::engine {
namespace {

using testing::bytes_of;
using testing::text_of;

TEST(Hash, AgreesWithTheVectorsOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

RC_GTEST_PROP(Hash, AStreamInPiecesHashesLikeTheWhole, (std::string head, std::string tail)) {
  Sha256 stream;
  RC_ASSERT(stream.update(head).update(tail).hex() == sha256_hex(head + tail));
  RC_ASSERT(stream.hex() == sha256_hex(""));  // and starts anew
}

TEST(Hash, IntegersAreLittleEndianAndFramesAreUnambiguous) {
  const std::string eight("\x02\x01\0\0\0\0\0\0", 8);
  EXPECT_EQ(Sha256().update_u64(0x0102).hex(), sha256_hex(eight));
  const auto framed = [](std::string_view x, std::string_view y) {
    return Sha256().update_framed(x).update_framed(y).hex();
  };
  EXPECT_NE(framed("ab", "c"), framed("a", "bc"));
}

TEST(Hash, RecognisesItsOwnForm) {
  EXPECT_TRUE(is_sha256_hex(sha256_hex("x")));
  EXPECT_FALSE(is_sha256_hex(""));
  EXPECT_FALSE(is_sha256_hex(std::string(64, 'g')));
  EXPECT_FALSE(is_sha256_hex(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256_hex(std::string(63, 'a')));
}

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {
  for (const auto& [plain, coded] : {std::pair("", ""), std::pair("f", "Zg=="),
                                     std::pair("fo", "Zm8="), std::pair("foobar", "Zm9vYmFy")}) {
    EXPECT_EQ(base64_of(bytes_of(plain)), coded);
    ASSERT_TRUE(bytes_of_base64(coded).has_value()) << coded;
    EXPECT_EQ(text_of(*bytes_of_base64(coded)), plain);
  }
}

TEST(Base64, RefusesEveryOtherSpelling) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Z g=", "Zm8=Zm8=", "Zm9v\n", "Zm9v----",
                           "====", "Zm9*", "Zm9v    ", "Zm\t9\n\nv "})
    EXPECT_FALSE(bytes_of_base64(text).has_value()) << text;
}

RC_GTEST_PROP(Base64, BytesSurvive, (std::string text)) {
  const auto bytes = bytes_of_base64(base64_of(bytes_of(text)));
  RC_ASSERT(bytes.has_value());
  RC_ASSERT(text_of(*bytes) == text);
}

}  // namespace
}  // namespace assay::engine
