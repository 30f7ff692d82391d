#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/ports/inventory.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"

namespace sessync::observe {

/// Learns the names of a session's file rows: from the inventory, else from the API, each once. A
/// row has no name of its own, but the id of its copy, and the copy has the name of the upload.
/// Pumps the loop.
class Identifier {
 public:
  /// All references must outlive the object. `grace`: see kListGrace.
  Identifier(ports::Ports& ports, const std::string& session_id, const ports::Inventory& inventory,
             ports::Duration grace);

  /// Adds of ours that were answered a moment ago may be missing from a list that lags: each is
  /// asked for by its id, and appended to `rows` unless the API says that it is gone: one that
  /// cannot be asked for now is there still, so that its path is not filled a second time.
  void keep_unlisted(std::vector<ports::ResourceRow>& rows);

  /// What is known of each file row, by resource id. Rows whose name could not be learned are
  /// missing; rows whose copy does not exist have an empty name.
  std::map<std::string, ports::InventoryRow> identify(const std::vector<ports::ResourceRow>& rows);

 private:
  void ask(const std::vector<ports::FileRow>& unknown,
           std::map<std::string, ports::InventoryRow>& known);
  void ask_each(const std::vector<ports::FileRow>& unlisted,
                std::map<std::string, ports::InventoryRow>& known);

  ports::Ports& ports_;
  const std::string& session_id_;
  const ports::Inventory& inventory_;
  ports::Duration grace_;
};

}  // namespace sessync::observe
