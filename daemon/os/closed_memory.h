#pragma once

namespace sessync::os {

/// From now on this process leaves no core dump, whatever ends it, and other programs of its user
/// can neither read its memory nor its environment, nor trace it. Programs that it starts are none
/// of that again, except that they leave no core dump either. Whoever must debug it does so as
/// root. Call first of all.
void close_memory();

}  // namespace sessync::os
