#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/api/send/dispatcher.h"
#include "reconciler/ports/session_api.h"

namespace sessync::api {

/// How uploads are remembered beyond their end. Both are called on the API thread; between
/// `uploaded` and the next `find` for the same content nothing can slip through. Either may be
/// empty.
struct UploadHooks {
  std::function<std::optional<ports::FileMetadata>(const std::string& owner,
                                                   const std::string& sha256)>
      find;
  std::function<void(const std::string& owner, const std::string& sha256,
                     const ports::FileMetadata& file)>
      uploaded;
};

/// The uploads under way in this process. Whoever asks for a content that is under way waits for
/// it; when it fails the next one that waits leads. Belongs to one thread.
class UploadTable {
 public:
  using Origin = std::shared_ptr<CallOrigin>;
  using Start = std::function<void(const ports::UploadRequest&, Origin,
                                   ports::Completion<ports::FileMetadata>)>;

  /// `start` sends one upload: it completes, later or inside the call, or else throws.
  UploadTable(UploadHooks hooks, Start start);

  /// `done` is called once, whatever the hooks throw; or, if this throws, not at all.
  void ask(ports::UploadRequest request, Origin origin,
           ports::Completion<ports::FileMetadata> done);

 private:
  using Key = std::pair<std::string, std::string>;
  struct Asker {
    ports::UploadRequest request;
    Origin origin;
    ports::Completion<ports::FileMetadata> done;
  };

  void lead(const Key& key);
  void settle(const Key& key, ports::Result<ports::FileMetadata> result);
  void remember(const Key& key, ports::Result<ports::FileMetadata>& result);
  void answer_all(const Key& key, const ports::Result<ports::FileMetadata>& result);

  UploadHooks hooks_;
  Start start_;
  std::map<Key, std::deque<Asker>> under_way_;  ///< the first asker leads
};

}  // namespace sessync::api
