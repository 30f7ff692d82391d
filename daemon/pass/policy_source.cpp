#include "daemon/pass/policy_source.h"

#include "daemon/pass/manifest_source.h"

namespace sessync::runner {

policy::Given PolicySource::read() const {
  policy::Given given{.isolate = isolate_};
  if (has_file()) {
    given.policy = text_of(path_);
  }
  return given;
}

}  // namespace sessync::runner
