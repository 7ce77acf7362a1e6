#include "ingest/file_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/ingest/decode_support.h"

namespace warpscore {
namespace {

Schema small_schema() {
  Schema schema;
  schema.id_source = "id";
  schema.time_source = "ts";
  schema.fields = {{"amount", "amt", FieldType::kInteger, 0, false, false, 0, 0},
                   {"note", "note", FieldType::kEnum, 0, true, false, 0, 0}};
  return schema;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class FileReaderTest : public testing::Test {
 protected:
  FileReaderTest() : folder_(testing::TempDir() + "file_reader." + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~FileReaderTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  // "id=amount" of the rows and "!row" of the rejects, in the order in which they came.
  std::string read(const std::string& path, FileFormat format = FileFormat::kCsv,
                   std::uint32_t capacity = 3) {
    const Schema schema = small_schema();
    Dictionary dictionary(1000);
    FileReader reader(path, format, schema, dictionary);
    Batch batch(schema, capacity, 2 * kFileTextBytesMin, *std::pmr::new_delete_resource());
    std::string out;
    while (batch.clear(), reader.next(batch)) {
      EXPECT_LE(batch.size() + batch.rejects().size(), capacity);
      std::size_t reject = 0;
      for (std::uint32_t row = 0; row <= batch.size(); ++row) {
        const auto offset = row < batch.size() ? batch.source(row).offset : INT64_MAX;
        for (; reject < batch.rejects().size() && batch.rejects()[reject].source.offset < offset;
             ++reject) {
          out += "!" + std::to_string(batch.rejects()[reject].source.offset) + " ";
          last_reject_ = batch.rejects()[reject];
        }
        if (row == batch.size()) break;
        out += std::string(batch.id(row)) + "=" + std::to_string(batch.field(0, row)) + " ";
        EXPECT_EQ(batch.source(row).partition, 0);
        EXPECT_EQ(batch.timestamp_ms(row), kNoTimestamp);
      }
    }
    EXPECT_FALSE(reader.next(batch));
    EXPECT_EQ(reader.bytes_read(), std::filesystem::file_size(path));
    EXPECT_EQ(reader.bytes_total(), std::filesystem::file_size(path));
    return out;
  }

  std::string error_of(const std::string& path) {
    try {
      (void)read(path);
    } catch (const std::runtime_error& error) {
      std::string what = error.what();
      if (what.starts_with(folder_ + "/")) what.erase(0, folder_.size() + 1);
      return what;
    }
    return "";
  }

  const std::string folder_;
  Reject last_reject_;
};

const std::string kCsv = "id,ts,amt\na,1,10\nb,2,20\nc,3,30\nd,4,40\n";
const std::string kRows = "a=10 b=20 c=30 d=40 ";

TEST_F(FileReaderTest, Csv) { EXPECT_EQ(read(write("x.csv", kCsv)), kRows); }

TEST_F(FileReaderTest, CsvLineEndsMarkAndBlankLines) {
  EXPECT_EQ(
      read(write("x.csv", "\xef\xbb\xbfid,ts,amt\r\na,1,10\r\n\r\nb,2,20\n\nc,3,30\r\nd,4,40")),
      kRows);
}

TEST_F(FileReaderTest, QuotedNewlines) {
  EXPECT_EQ(read(write("x.csv",
                       "id,ts,amt,note\na,1,10,\"one\ntwo\"\n\"b\n\",2,20,\"\"\"\n\"\nc,3,"
                       "30,\n")),
            "a=10 b\n=20 c=30 ");
}

TEST_F(FileReaderTest, AQuoteThatIsNotClosedCostsOneLine) {
  EXPECT_EQ(read(write("x.csv", "id,ts,amt,note\na,1,10,\"one\nb,2,20,\nc,3,30,x\n")),
            "!1 b=20 c=30 ");
}

TEST_F(FileReaderTest, Gzip) { EXPECT_EQ(read(write("x.csv.gz", gzip(kCsv))), kRows); }

TEST_F(FileReaderTest, GzipMembersAndPadding) {
  const std::string members = gzip(kCsv.substr(0, 15)) + gzip("") + gzip(kCsv.substr(15));
  EXPECT_EQ(read(write("x.csv.gz", members)), kRows);
  EXPECT_EQ(read(write("y.csv.gz", members + std::string(512, '\0'))), kRows);
}

TEST_F(FileReaderTest, GzipIsKnownByItsBytes) {
  EXPECT_EQ(read(write("x.csv", gzip(kCsv))), kRows);
  EXPECT_EQ(read(write("y.csv.gz", kCsv)), kRows);
}

TEST_F(FileReaderTest, JsonLines) {
  const std::string json =
      "{\"id\":\"a\",\"ts\":1,\"amt\":10}\n\n{\"id\":\"b\",\"ts\":2,\"amt\":20}"
      "\r\n nonsense\n{\"id\":\"c\",\"ts\":3,\"amt\":\"30\"}";
  EXPECT_EQ(read(write("x.jsonl", json)), "a=10 b=20 !3 c=30 ");
  EXPECT_EQ(read(write("x.ndjson.gz", gzip(json))), "a=10 b=20 !3 c=30 ");
  EXPECT_EQ(read(write("x.txt", json), FileFormat::kJsonLines), "a=10 b=20 !3 c=30 ");
  EXPECT_EQ(read(write("x.txt", kCsv), FileFormat::kCsv), kRows);
}

// A row of the longest length, one byte more, and a megabyte more, each followed by a good one.
TEST_F(FileReaderTest, LongRows) {
  const auto row = [](std::size_t size) {
    const std::string start = "{\"id\":\"a\",\"ts\":1,\"amt\":10,\"x\":\"";
    return start + std::string(size - start.size() - 2, 'x') + "\"}";
  };
  const std::string good = "{\"id\":\"b\",\"ts\":1,\"amt\":20}\n";
  EXPECT_EQ(read(write("a.json", row(kValueBytesMax) + "\n" + good)), "a=10 b=20 ");
  EXPECT_EQ(read(write("b.json", row(kValueBytesMax) + "\r\n" + good)), "a=10 b=20 ");
  EXPECT_EQ(read(write("c.json", row(kValueBytesMax + 1) + "\n" + good)), "!1 b=20 ");
  EXPECT_EQ(last_reject_.reason, RejectReason::kTooLong);
  EXPECT_EQ(read(write("d.json", row(3'000'000) + "\n" + good)), "!1 b=20 ");
  EXPECT_EQ(last_reject_.value.size, kValueBytesMax);
  EXPECT_EQ(read(write("e.json", good + row(3'000'000))), "b=20 !2 ");
}

// Rows wait for the next batch where the text of one is full.
TEST_F(FileReaderTest, ABatchWhoseTextIsFull) {
  std::string json;
  for (int i = 0; i < 20; ++i) {
    json += "{\"id\":" + std::to_string(i) + ",\"ts\":1,\"amt\":1,\"x\":\"" +
            std::string(50'000, 'x') + "\"}\n";
  }
  const Schema schema = small_schema();
  Dictionary dictionary(10);
  FileReader reader(write("x.json", json), FileFormat::kCsv, schema, dictionary);
  Batch batch(schema, 100, kFileTextBytesMin, *std::pmr::new_delete_resource());
  std::string ids;
  int batches = 0;
  while (batch.clear(), reader.next(batch)) {
    ++batches;
    for (std::uint32_t row = 0; row < batch.size(); ++row) ids += std::string(batch.id(row)) + " ";
  }
  EXPECT_EQ(ids, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
  EXPECT_GT(batches, 5);
  EXPECT_EQ(reader.rows(), 20U);
}

// Standard input is a pipe that gives the longest row without its newline at first.
TEST_F(FileReaderTest, StandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_GE(fcntl(ends[1], F_SETPIPE_SZ, 256 * 1024), 0);
  const int saved = dup(STDIN_FILENO);
  dup2(ends[0], STDIN_FILENO);
  const std::string start = "{\"id\":\"a\",\"ts\":1,\"amt\":10,\"x\":\"";
  const std::string row = start + std::string(kValueBytesMax - start.size() - 2, 'x') + "\"}\r";
  ASSERT_EQ(::write(ends[1], row.data(), row.size()), static_cast<ssize_t>(row.size()));
  std::thread writer([&] {
    int waiting = 1;
    while (waiting > 0) ioctl(ends[0], FIONREAD, &waiting);
    const std::string rest = "\n{\"id\":\"b\",\"ts\":1,\"amt\":20}";
    EXPECT_EQ(::write(ends[1], rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
    close(ends[1]);
  });
  const Schema schema = small_schema();
  Dictionary dictionary(10);
  FileReader reader("-", FileFormat::kJsonLines, schema, dictionary);
  Batch batch(schema, 100, 2 * kFileTextBytesMin, *std::pmr::new_delete_resource());
  EXPECT_TRUE(reader.next(batch));
  writer.join();
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(ends[0]);
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch.id(1), "b");
  EXPECT_EQ(reader.bytes_total(), 0U);
}

TEST_F(FileReaderTest, ManyRowsOverManyBuffers) {
  std::string csv = "id,ts,amt\n";
  std::string expected;
  for (int i = 0; i < 200'000; ++i) {
    csv += std::to_string(i) + ",1," + std::to_string(i * 7) + "\n";
    expected += std::to_string(i) + "=" + std::to_string(i * 7) + " ";
  }
  EXPECT_EQ(read(write("x.csv.gz", gzip(csv)), FileFormat::kCsv, 1000), expected);
}

TEST_F(FileReaderTest, Errors) {
  EXPECT_EQ(error_of(folder_ + "/none.csv"),
            "none.csv: cannot be opened: No such file or directory");
  EXPECT_EQ(error_of(folder_), folder_ + ": is a directory");
  EXPECT_EQ(error_of(write("empty.csv", "")), "empty.csv: is empty: no CSV header");
  EXPECT_EQ(error_of(write("x.csv", "id,ts,amount\n")),
            "x.csv: there is no column \"amt\"; the columns are \"id\", \"ts\", \"amount\"");
  const std::string packed = gzip(kCsv);
  EXPECT_EQ(error_of(write("cut.csv.gz", packed.substr(0, packed.size() - 9))),
            "cut.csv.gz: the gzip data ends too early: the file is cut off");
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;
  EXPECT_EQ(error_of(write("bad.csv.gz", damaged)),
            "bad.csv.gz: the gzip data is damaged: incorrect data check");
  EXPECT_EQ(error_of(write("tail.csv.gz", packed + "rubbish")),
            "tail.csv.gz: the gzip data is damaged: incorrect header check");
}

TEST_F(FileReaderTest, NoRowsIsNoError) { EXPECT_EQ(read(write("x.csv", "id,ts,amt\n")), ""); }

}  // namespace
}  // namespace warpscore
