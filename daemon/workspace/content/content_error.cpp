#include "daemon/workspace/content/content_error.h"

#include "daemon/os/path_text.h"
#include "manifest/text/size.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {

ports::ApiError source_changed(const ports::ContentRef& content, const std::string& path,
                               const std::string& what) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kSourceChanged;
  error.code = "source_changed";
  error.message = manifest::printable(os::join_path(content.root, path)) + " " + what +
                  "; nothing was uploaded, the next pass looks at it again";
  return error;
}

tl::unexpected<ports::ApiError> content_changed(const ports::ContentRef& content,
                                                const std::string& what) {
  return tl::unexpected(source_changed(content, content.path, what));
}

ports::ApiError not_packed(const ports::ContentRef& content, const std::string& what) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kNotStored;
  error.code = "not_packed";
  error.message = "the archive of " +
                  manifest::printable(os::join_path(content.root, content.path)) +
                  " cannot be packed: " + what;
  return error;
}

ports::ApiError too_large(const ports::ContentRef& content, std::uint64_t size) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kTooLarge;
  error.code = "too_large";
  error.message = "the archive of " +
                  manifest::printable(os::join_path(content.root, content.path)) + " has " +
                  std::to_string(size) + " bytes when it is packed, and max_file_size is " +
                  manifest::format_size(content.max_size) +
                  "; nothing was uploaded: exclude some of it, or raise max_file_size if the API "
                  "takes more";
  return error;
}

ports::ApiError not_finished(const ports::ContentRef& content) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kAborted;
  error.message = "the archive of " +
                  manifest::printable(os::join_path(content.root, content.path)) +
                  " was not packed to its end; nothing was uploaded";
  return error;
}

}  // namespace sessync::workspace
