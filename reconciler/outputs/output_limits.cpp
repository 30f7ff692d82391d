#include "reconciler/outputs/output_limits.h"

#include <limits>
#include <optional>

namespace sessync::outputs {
namespace {

std::uint64_t limit_or_usual(const std::optional<std::uint64_t>& declared, std::uint64_t usual,
                             std::uint64_t there) {
  return declared || there <= usual ? declared.value_or(usual)
                                    : std::numeric_limits<std::uint64_t>::max();
}

void warn_of(const std::string& destination, const std::string& there, const std::string& key,
             std::vector<std::string>& warnings) {
  warnings.push_back("outputs: " + there + " lie in " + destination +
                     ", more than usual: nothing is held back until outputs." + key +
                     " says how many may");
}

}  // namespace

OutputAmount limits_of(const manifest::OutputsSpec& spec, const OutputAmount& there,
                       std::vector<std::string>& warnings) {
  constexpr auto kNone = std::numeric_limits<std::uint64_t>::max();
  const OutputAmount limits{
      limit_or_usual(spec.max_files, manifest::OutputsSpec::kUsualFiles, there.files),
      limit_or_usual(spec.max_total, manifest::OutputsSpec::kUsualTotal, there.bytes)};
  if (limits.files == kNone) {
    warn_of(spec.destination, std::to_string(there.files) + " files", "max_files", warnings);
  }
  if (limits.bytes == kNone) {
    warn_of(spec.destination, std::to_string(there.bytes) + " bytes", "max_total", warnings);
  }
  return limits;
}

bool fits_in(std::uint64_t size, const OutputAmount& limits, OutputAmount& there) {
  const bool fits = there.files < limits.files && there.bytes <= limits.bytes &&
                    size <= limits.bytes - there.bytes;
  there.files += fits ? 1U : 0U;
  there.bytes += fits ? size : 0U;
  return fits;
}

std::string describe_over(std::size_t over, const OutputAmount& limits, const OutputAmount& there) {
  return std::to_string(over) + (over == 1 ? " output is" : " outputs are") +
         " not fetched: without " + (over == 1 ? "it " : "them ") + std::to_string(there.files) +
         " files of " + std::to_string(there.bytes) + " bytes from this session lie there, and " +
         (there.files >= limits.files
              ? "outputs.max_files is " + std::to_string(limits.files)
              : "outputs.max_total is " + std::to_string(limits.bytes) + " bytes") +
         "; move files away, or raise it";
}

}  // namespace sessync::outputs
