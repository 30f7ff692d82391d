# shellcheck shell=bash
# The mistakes that run.sh makes: NAME FILE OLD NEW. To be sourced. Each is one that somebody could make.

# In what decides on writes and makes them: the simulation has to notice each of these by itself.
in_decisions() {
  mutate "skip the list after an unknown outcome" reconciler/apply/file_chain.cpp \
    'return leave_in_doubt(error);' \
    'drop_intent(); return finish(ActionResult::Outcome::kFailed, describe(error));'
  mutate "send the last block unverified" daemon/workspace/content/verified_reader.cpp \
    'return done_ == content_.size ? verify(got) : ports::Result<std::size_t>(got);' \
    'return got;'
  mutate "replace without the canary" reconciler/apply/apply_context.cpp \
    'gate_ = Gate::kCanary;' 'gate_ = Gate::kOpen;'
  mutate "prune before the adds" reconciler/apply/apply.cpp \
    'const auto first = std::min(deletes_that_make_room(), deletes.size());' \
    'const auto first = deletes.size() + 0 * deletes_that_make_room();'
  mutate "ignore the guard" reconciler/plan/guard.cpp \
    'return removal != nullptr && is_held(*removal);' \
    'return removal != nullptr && removal->path.text().empty() && is_held(*removal);'
  mutate "forget a refusal in the next pass" reconciler/plan/renames.cpp \
    'if (std::ranges::none_of(plan.actions, is_old_place)) {' \
    'if (!std::ranges::none_of(plan.actions, is_old_place)) {'
  mutate "forget the inventory row" reconciler/apply/file_chain.cpp \
    'row.owned = true;' 'row.owned = false;'
  mutate "accept a torn digest" daemon/workspace/read/digest_cache.cpp \
    'if (!known.trusted || known.stamp != stamp)' 'if (known.stamp != stamp)'
  mutate "send what nobody has looked for secrets in" daemon/workspace/read/digest_cache.cpp \
    'kept.patterns == kSecretPatterns ||' 'kept.patterns <= kSecretPatterns ||'
  mutate "upload before the verdict" reconciler/desired/desired.cpp \
    'if (!file.secret) {' 'if (!file.secret || state_.withheld.empty()) {'
  mutate "believe a list that leaves out what was added" reconciler/observe/identify.cpp \
    'if (!(row.owned || fresh) ||' 'if (row.owned || fresh ||'
  mutate "remember a token before it was accepted" reconciler/apply/rotate_token.cpp \
    'change::PutToken{run_.in.session_id, record({})}' \
    'change::PutToken{run_.in.session_id, record(token_.state.fingerprint)}'
  mutate "take no notice of a token that GitHub refused" reconciler/tokens/rotation_decision.cpp \
    'last_fault)) {
      return after_fault();' \
    'last_fault) && in_.newest_fault.empty()) {
      return after_fault();'
  mutate "send only the metadata that changed" reconciler/plan/plan_session.cpp \
    'if (!has_all(session.metadata, change.update.metadata)) {' \
    'std::erase_if(change.update.metadata, [&](const auto& pair) {
    const auto found = session.metadata.find(pair.first);
    return found != session.metadata.end() && found->second == pair.second;
  });
  if (!has_all(session.metadata, change.update.metadata)) {'
  mutate "create again although a create is in doubt" reconciler/observe/find_session.cpp \
    'out_.in_doubt = doubtful;' 'out_.in_doubt = false && doubtful;'
  mutate "add again although an add is in doubt" reconciler/observe/observed.cpp \
    'recent(*intent.in_doubt_since)) {' 'in_.now < *intent.in_doubt_since) {'
  mutate "take whatever has no marker for ours" reconciler/observe/observed.cpp \
    'return Ownership::kUnmanaged;' 'return Ownership::kOurs;'
  mutate "let an unkeyed marker verify" reconciler/observe/marker_reader.cpp \
    '!rules_->adopt_unkeyed && !is_ours) {' 'rules_->adopt_unkeyed && !is_ours) {'
  mutate "take over while rows can be hidden" reconciler/observe/observed.cpp \
    'const bool complete = out_.is_complete = all_known && nothing_is_hidden();' \
    'const bool complete = out_.is_complete = all_known || nothing_is_hidden();'
  mutate "blame every upload of a search for one that is refused" reconciler/observe/find_uploads.cpp \
    'for (const auto& id : batch) ask_for(id);' \
    'for (const auto& id : batch) out_.unanswered.emplace(id, error);'
  mutate "keep any of several rows on one path" reconciler/plan/plan_files.cpp \
    'remove_duplicates(here, **keep)' 'static_cast<void>(keep)'
  mutate "plan without a look at the tokens" reconciler/pass/gather.cpp \
    '  check_declared_tokens(desired, session, ports, input, out);' \
    '  if (!in.dry_run) check_declared_tokens(desired, session, ports, input, out);'
  mutate "believe any Retry-After" reconciler/schedule/rate_budget.cpp \
    '*said <= reconciler::kLongestPlausibleWait' '*said >= -reconciler::kLongestPlausibleWait'
  mutate "read the suspension before the queue" daemon/controller/session_table.cpp \
    'entry->second.revision == revision' 'entry->second.revision >= revision'
  mutate "give what two files claim to the first by name" manifest/parse/contest.cpp \
    'if (had(claim) && !is_outranked) return std::nullopt;' \
    'if (!is_outranked && std::all_of(all.begin(), all.end(), [&](const Claim* rival) {
        return claim.at.file < rival->at.file;
      })) {
    return std::nullopt;
  }'
  mutate "take the owner of the first file by name" manifest/load_set.cpp \
    'if (!before.empty() || named.empty()) return before;' \
    'if (named.empty()) return before;
  for (const auto& member : members) {
    if (!member.parsed.file.owner.empty()) return member.parsed.file.owner;
  }'
}

# One in every layer. The simulation cannot see all of these.
in_layers() {
  mutate "accept an unknown key" manifest/parse/fields.cpp \
    'report.error(entry.at, "unknown_key",' \
    'report.warning(entry.at, "unknown_key",'
  mutate "let a star match a slash" manifest/pattern/glob.cpp \
    "star_->at < text_.size() && text_[star_->at] != '/'" \
    'star_->at < text_.size()'
  mutate "mount one of two entries that claim one path" reconciler/desired/desired.cpp \
    'if (files.size() > 1) {' 'if (files.size() > 2) {'
  mutate "take no notice of Retry-After" reconciler/schedule/rate_budget.cpp \
    'plausible_wait(refusal.retry_after).value_or(blind);' 'blind;'
  mutate "read the time that an event of the API does not have" daemon/api/wire/wire.cpp \
    'fields.required_text("processed_at")' 'fields.text("created_at")'
  mutate "send a write again after its connection died" daemon/http/client/transfer.cpp \
    'if (!again || self.request_.method == HttpRequest::Method::kGet)' \
    'if (!again || self.request_.method != HttpRequest::Method::kDelete)'
  mutate "take a directory that may not be read for an empty one" daemon/workspace/scan/tree_walk.cpp \
    'if (error != 0 && !os::is_absence(error)) note_unreadable' \
    'if (error != 0 && error != EACCES && !os::is_absence(error)) note_unreadable'
  mutate "delete what an entry that is not allowed has mounted" reconciler/desired/denied_mounts.cpp \
    'return all_ || may_declare(path) ||' 'return all_ || path.text().empty() ||'
  mutate "allow what no rule names" reconciler/policy/file_judge.cpp \
    'if (rule_ == nullptr || allows(rule_->*kind.allowed, value))' \
    'if (rule_ == nullptr || (rule_->*kind.allowed).patterns.empty() || allows(rule_->*kind.allowed, value))'
  mutate "follow a link out of what a manifest file is confined to" daemon/workspace/scan/tree_walk.cpp \
    'if (!os::lies_in(*location, rules_.confined_to)) {' \
    'if (location->empty() && !os::lies_in(*location, rules_.confined_to)) {'
  mutate "let what a policy denies be somebody's rival" manifest/parse/contest.cpp \
    'if (rival.may_have != to.may_have) return to.may_have;' \
    'if (rival.may_have && !to.may_have) return false;'
  mutate "give what is away for a moment to whoever waits for it" manifest/parse/former_claims.cpp \
    '&& !is_claimed_anew(holding)' '&& holding.value.empty()'
  mutate "send the token that a link leads to" daemon/secrets/secret_reader.cpp \
    'if (!confined_to.empty() && !(place &&' 'if (confined_to.empty() && !(place &&'
  mutate "take a secret file for a source" daemon/workspace/scan/tree_walk.cpp \
    'return !rules_.secrets.none() &&' 'return rules_.secrets.none() &&'
  mutate "let a link pass an exclusion" daemon/workspace/scan/link_rules.cpp \
    'if (!selects(seen) || excludes(real))' 'if (!selects(seen) && excludes(real))'
  mutate "forget where a piece of a file ended" daemon/workspace/read/secret_scan.cpp \
    'next_ = anchor - from;' 'next_ = kept_.size();'
  mutate "do not see what is moved into a directory" daemon/watch/inotify_masks.h \
    'kNameCame = IN_CREATE | IN_MOVED_TO;' 'kNameCame = IN_CREATE;'
  mutate "leave what is over in the state file" daemon/state/tables.cpp \
    'drop(to, shapes_of<Row>(), {gone.of, gone.key});' \
    'drop(to, shapes_of<Row>(), {gone.key, gone.of});'
  mutate "forget with a restart what made way for an add" daemon/state/table.cpp \
    'row.beside.push_back(std::move(rows[first_of(own, keys)]));' \
    'rows[first_of(own, keys)].clear(), row.beside.emplace_back();'
  mutate "show the token that a failed command printed" daemon/secrets/command_token.cpp \
    'errors = ports::redact(errors, printed->token);' 'errors = ports::redact(errors, ports::Secret());'
  mutate "send a key of its own as a token" daemon/secrets/secret_reader.cpp \
    'own.st_ino == info.st_ino;' 'own.st_ino != info.st_ino;'
  mutate "quote an answer that cannot be used" daemon/api/wire/error.cpp \
    'cannot be used: " + std::string(reason);' \
    'cannot be used: " + std::string(reason) + ": " + os::foreign_text(answer.body);'
  mutate "quote what libcurl makes of a bad proxy" daemon/http/client/transfer.cpp \
    'if (!problem.empty()) return words' 'if (problem.size() == 1) return words'
  mutate "hold against a token what was said of the one before" reconciler/tokens/check_tokens.cpp \
    'if (one.row != nullptr &&' 'if (one.record != nullptr &&'
  mutate "compare with patterns without an end" manifest/pattern/match_budget.h \
    'over_ = over_ || is_spent() ||' 'over_ = over_ ||'
  mutate "keep every file that a source selects, however many" daemon/workspace/scan/tree_walk.cpp \
    'return ++files_ <= rules_.most_files;' 'return ++files_ > 0;'
  mutate "delete what is mounted from a source with too many files" reconciler/desired/desired.cpp \
    'return tree == path || tree.is_above(path);' 'return tree == path;'
  mutate "fetch an output of any size" reconciler/outputs/pull_outputs.cpp \
    'if (size <= in_.spec.max_file) {' 'if (size <= in_.spec.max_file || size > 0) {'
  mutate "take what is in another directory for fetched" reconciler/outputs/pull_outputs.cpp \
    'record.directory.empty() || record.directory == directory_' \
    'record.directory.empty() || !record.directory.empty()'
  mutate "overwrite a file with an output" daemon/outputs/disk_output_file.cpp \
    'to.c_str(), RENAME_NOREPLACE)' 'to.c_str(), 0)'
  mutate "accept a write that brings no token" daemon/serve/access.cpp \
    'if (shows(request, rules.token)) {' \
    'if (request.authorizations.empty() || shows(request, rules.token)) {'
  mutate "open every file where a link leads out" daemon/app/sandbox_places.cpp \
    'if (!is_below(deepest_directory(link), directory)) {' 'if (!is_below(link, directory)) {'
  mutate "take a request that has two lengths" daemon/http/server/request_parser.cpp \
    'if (!length || !head.request.all(name).empty()) return 400;' 'if (!length) return 400;'
  mutate "work on a session that is suspended" daemon/controller/session_table.cpp \
    'due.spec.suspend |= suspended_' 'due.spec.suspend &= suspended_'
  mutate "exit with 0 although something is blocked" daemon/cli/output/report.cpp \
    ': blocked ? config::exit_code::kBlocked' ': blocked ? config::exit_code::kOk'
}
