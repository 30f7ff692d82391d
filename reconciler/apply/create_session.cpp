#include "reconciler/apply/create_session.h"

#include <algorithm>
#include <utility>

#include "reconciler/apply/apply_context.h"
#include "reconciler/apply/confirm_uploads.h"
#include "reconciler/apply/file_chain.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync::apply {
namespace {

using ErrorKind = ports::ApiError::Kind;
using Outcome = ActionResult::Outcome;

class Creator {
 public:
  Creator(const CreateInput& in, ports::Ports& ports) : in_(in), ports_(ports) {
    out_.results.resize(in.plan.actions.size());
  }

  CreateReport run() {
    upload_all();
    if (!put_off_ && collect_tokens() && record_doubt()) {
      send();
    }
    return std::move(out_);
  }

 private:
  struct Attachment {
    manifest::MountPath path;
    std::string file_id;
    std::string filename;
    std::uint64_t size = 0;
  };

  [[nodiscard]] const plan::CreateSession& change() const {
    return std::get<plan::CreateSession>(in_.plan.session);
  }

  [[nodiscard]] const std::vector<plan::Action>& actions() const { return in_.plan.actions; }

  bool put_off(std::string why) {
    put_off_ = true;
    out_.session = {Outcome::kFailed, "not created: " + std::move(why)};
    return false;
  }

  void commit(std::vector<ports::Change> changes) {
    ports_.store.commit(std::move(changes),
                        [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }

  // Uploads ---------------------------------------------------------------------------------

  void upload_all() {
    const auto confirmed = confirm_uploads(known_uploads(), ports_);
    std::size_t open = 0;
    for (std::size_t i = 0; i < actions().size(); ++i) {
      if (const auto* add = std::get_if<plan::Add>(&actions()[i])) {
        provide(i, add->wanted, confirmed, open);
      }
    }
    while (open > 0 && ports_.loop.run_one()) {
    }
    std::ranges::sort(attachments_, {}, &Attachment::path);
  }

  [[nodiscard]] std::vector<ports::Upload> known_uploads() const {
    std::vector<ports::Upload> known;
    for (const auto& action : actions()) {
      const auto* sha256 = plan::sha256_of(action);
      if (sha256 == nullptr) {
        continue;
      }
      if (auto upload = find_upload(in_.owner, *sha256, ports_)) {
        known.push_back(std::move(*upload));
      }
    }
    return known;
  }

  void provide(std::size_t index, const desired::DesiredFile& wanted,
               const std::set<std::string>& confirmed, std::size_t& open) {
    const auto* content = wanted.local();
    if (content == nullptr) {
      const auto& file = in_.uploads.at(wanted.content_key());
      return attach(index, file);
    }
    const auto known = find_upload(in_.owner, content->sha256, ports_);
    if (known && confirmed.contains(known->file_id)) {
      return attach(index, {known->file_id, known->filename, known->size, "", std::nullopt, false});
    }
    if (ports_.loop.stopping()) {
      put_off("stopped before everything was uploaded");
      return;
    }
    ++open;
    ports_.api.upload(upload_request(in_.owner, wanted, *content, ports_),
                      [this, index, &open](const ports::Result<ports::FileMetadata>& uploaded) {
                        --open;
                        on_uploaded(index, uploaded);
                      });
  }

  void attach(std::size_t index, const ports::FileMetadata& file) {
    attachments_.push_back(
        {plan::path_of(actions()[index]), file.file_id, file.filename, file.size_bytes});
  }

  /// A file that is refused is left out, and dealt with once the session exists.
  void on_uploaded(std::size_t index, const ports::Result<ports::FileMetadata>& uploaded) {
    if (uploaded) {
      const auto now = ports_.loop.now();
      commit({ports::change::PutUpload{{in_.owner, *plan::sha256_of(actions()[index]),
                                        uploaded->file_id, uploaded->filename, uploaded->size_bytes,
                                        now, now}}});
      return attach(index, *uploaded);
    }
    const auto& error = uploaded.error();
    out_.results[index] = {Outcome::kFailed, "not uploaded: " + ports::describe(error)};
    if (errors::is_refused_for_good(error)) {
      return;
    }
    note(error);
    put_off("not everything could be uploaded: " + ports::describe(error));
  }

  void note(const ports::ApiError& error) {
    out_.rate_limited |= error.kind == ErrorKind::kRateLimited;
    if (error.kind == ErrorKind::kAuthentication) {
      out_.error = errors::SessionError{errors::SessionError::Code::kAuthenticationFailed,
                                        ports::describe(error)};
    } else if (error.kind == ErrorKind::kBilling) {
      out_.error =
          errors::SessionError{errors::SessionError::Code::kBilling, ports::describe(error)};
    }
  }

  // Tokens ----------------------------------------------------------------------------------

  bool collect_tokens() {
    for (const auto& repository : in_.desired.repositories) {
      if (!repository.spec.authorization_token) {
        continue;
      }
      auto token = fetch(repository.spec);
      if (!token) {
        return put_off("the token of " + repository.spec.url +
                       " is not available: " + token.error().message);
      }
      tokens_.emplace(repository.path, std::move(*token));
    }
    return true;
  }

  tl::expected<ports::Token, ports::TokenError> fetch(
      const manifest::RepositoryResource& repository) {
    std::optional<tl::expected<ports::Token, ports::TokenError>> answer;
    if (ports_.tokens == nullptr) {
      return tl::unexpected(ports::TokenError{"there is no source of tokens"});
    }
    ports_.tokens->fetch({repository.url, *repository.authorization_token, {}, false},
                         [&answer](auto token) { answer = std::move(token); });
    while (!answer && ports_.loop.run_one()) {
    }
    return answer ? std::move(*answer) : tl::unexpected(ports::TokenError{"it was given up"});
  }

  // The call --------------------------------------------------------------------------------

  bool record_doubt() {
    if (ports_.loop.stopping()) {
      return put_off("stopped before anything was sent");
    }
    std::optional<tl::expected<ports::Done, ports::StoreError>> durable;
    ports_.store.commit(
        {ports::change::PutCreation{{in_.owner, in_.name, {}, {}, ports_.loop.now()}}},
        [&durable](tl::expected<ports::Done, ports::StoreError> outcome) {
          durable = std::move(outcome);
        });
    while (!durable && ports_.loop.run_one()) {
    }
    if (!durable || !*durable) {
      return put_off(durable ? durable->error().message : "stopped");
    }
    if (ports_.loop.stopping()) {
      commit({ports::change::DropCreation{in_.owner, in_.name}});
      return put_off("stopped before anything was sent");
    }
    return true;
  }

  [[nodiscard]] ports::NewSession request() const {
    ports::NewSession request;
    request.spec = change().spec;
    request.metadata = request.spec.metadata;
    request.metadata[observe::kKeyName] = observe::session_key(in_.owner, in_.name);
    for (const auto& file : attachments_) {
      request.files.push_back({file.file_id, in_.desired.files.at(file.path).mount_text});
    }
    for (const auto& repository : in_.desired.repositories) {
      const auto token = tokens_.find(repository.path);
      request.repositories.push_back(
          {repository.spec.url, repository.spec.mount_path, repository.spec.checkout,
           token == tokens_.end() ? std::nullopt : std::optional(token->second.secret)});
    }
    request.memory_stores = in_.desired.memory_stores;
    return request;
  }

  void send() {
    const ports::SessionWrite write(ports_.observer);
    const auto created = ports::await<ports::CreatedSession>(
        ports_.loop, [&](auto done) { ports_.api.create_session(request(), std::move(done)); });
    created ? on_created(*created) : on_failed(created.error());
  }

  void on_created(const ports::CreatedSession& created) {
    const auto& id = created.info.session_id;
    out_.session_id = id;
    std::vector<ports::Change> changes{
        ports::change::PutCreation{
            {in_.owner, in_.name, id, created.info.organization_id, std::nullopt}},
        ports::change::DropRefusal{observe::synthetic_id(in_.owner, in_.name), ""},
        ports::change::SetLookedAt{id, ports_.loop.now()}};
    for (const auto& row : created.rows) {
      remember(row, changes);
    }
    commit(std::move(changes));
    for (auto& result : out_.results) {
      if (result.error.empty()) {
        result.outcome = Outcome::kDone;
      }
    }
    out_.session = {Outcome::kDone, {}};
  }

  void remember(const ports::ResourceRow& row, std::vector<ports::Change>& changes) const {
    if (const auto* file = std::get_if<ports::FileRow>(&row)) {
      remember(*file, changes);
    } else if (const auto* repository = std::get_if<ports::RepositoryRow>(&row)) {
      remember(*repository, changes);
    }
  }

  void remember(const ports::FileRow& row, std::vector<ports::Change>& changes) const {
    const auto file = std::ranges::find(attachments_, manifest::MountPath::of_file(row.mount_path),
                                        &Attachment::path);
    if (file != attachments_.end()) {
      changes.emplace_back(
          ports::change::PutRow{*out_.session_id,
                                {row.resource_id, row.file_id, file->filename, file->size, true,
                                 file->file_id, row.mount_path, ports_.loop.now()}});
    }
  }

  void remember(const ports::RepositoryRow& row, std::vector<ports::Change>& changes) const {
    const auto token = tokens_.find(manifest::MountPath::literal(row.mount_path));
    if (token != tokens_.end()) {
      changes.emplace_back(
          ports::change::PutToken{*out_.session_id,
                                  {row.resource_id, token->second.state.fingerprint,
                                   ports_.loop.now(), token->second.renew_at, ""}});
    }
  }

  void on_failed(const ports::ApiError& error) {
    note(error);
    if (ports::is_unknown_outcome(error)) {
      commit({ports::change::PutCreation{{in_.owner, in_.name, {}, {}, ports_.loop.now()}}});
      put_off("it is not known whether the session was created: " + ports::describe(error) +
              "; it is looked for before another one is made");
      return;
    }
    std::vector<ports::Change> changes{ports::change::DropCreation{in_.owner, in_.name}};
    if (errors::is_refused_for_good(error) && !lost_uploads(error)) {
      changes.emplace_back(ports::change::PutRefusal{
          observe::synthetic_id(in_.owner, in_.name),
          {"", change().content,
           error.code.empty() ? std::to_string(error.http_status) : error.code, error.message,
           ports_.loop.now()}});
    }
    commit(std::move(changes));
    put_off(ports::describe(error));
  }

  /// A 404 may mean that an upload went away just now; then the next pass uploads it again.
  bool lost_uploads(const ports::ApiError& error) {
    const auto known = known_uploads();
    return error.kind == ErrorKind::kNotFound &&
           confirm_uploads(known, ports_).size() < known.size();
  }

  const CreateInput& in_;
  ports::Ports& ports_;
  CreateReport out_;
  std::vector<Attachment> attachments_;
  std::map<manifest::MountPath, ports::Token> tokens_;
  bool put_off_ = false;
};

}  // namespace

CreateReport create_session(const CreateInput& input, ports::Ports& ports) {
  return Creator(input, ports).run();
}

}  // namespace sessync::apply
