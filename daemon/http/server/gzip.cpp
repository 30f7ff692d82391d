#include <stdexcept>

#include <zlib.h>

#include "daemon/http/server/reply_writer.h"

namespace sessync::http {

std::string gzipped(const std::string& text) {
  constexpr int kGzipFormat = 16 + MAX_WBITS;
  constexpr int kUsualMemory = 8;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipFormat, kUsualMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("no memory to compress an answer");
  }
  std::string packed(::deflateBound(&stream, text.size()), '\0');
  // zlib declares what it only reads as writable.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int end = ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (end != Z_STREAM_END) {
    throw std::runtime_error("an answer could not be compressed");
  }
  return packed;
}

}  // namespace sessync::http
