#include "daemon/http/client/wiping_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <string.h>

namespace sessync::http {

// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): a C library asks for
// this

void wiping_free(void* memory) noexcept {
  if (memory == nullptr) return;
  ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t size) noexcept {
  void* const other = std::malloc(size);
  if (other == nullptr || memory == nullptr) return other;
  std::memcpy(other, memory, std::min(size, ::malloc_usable_size(memory)));
  wiping_free(memory);
  return other;
}

// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)

}  // namespace sessync::http
