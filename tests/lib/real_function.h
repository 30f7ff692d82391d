#pragma once

// For what is loaded into sessync with LD_PRELOAD: the function whose place it takes.

#include <dlfcn.h>

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

#define REAL(name) static auto* const real_##name = real<decltype(::name)>(#name)
