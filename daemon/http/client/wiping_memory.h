#pragma once

#include <cstddef>

/// For a library whose buffers hold keys, tokens and bodies: memory from malloc() that is
/// overwritten when it is given back. Any thread.
namespace sessync::http {

void wiping_free(void* memory) noexcept;
/// As realloc(), but always to another place.
void* wiping_realloc(void* memory, std::size_t size) noexcept;

}  // namespace sessync::http
