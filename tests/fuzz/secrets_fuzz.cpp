// What token commands, GitHub, secret files and the environment say. Whatever is taken is usable as
// it is; whatever is refused is refused without a word of it.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/http/client/base_url.h"
#include "daemon/http/client/header.h"
#include "daemon/secrets/command_output.h"
#include "daemon/secrets/credential_text.h"
#include "daemon/secrets/github_app.h"
#include "daemon/secrets/secret_file.h"
#include "daemon/secrets/token_text.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

/// Stands in the seeds and the dictionary wherever a secret may stand, and in no message of ours.
constexpr std::string_view kCanary = "0123456789";

bool is_token(const ports::Secret& token) {
  return !token.empty() && token.reveal().size() <= secrets::kMaxTokenBytes &&
         std::ranges::all_of(token.reveal(), [](char c) { return c > ' ' && c <= '~'; });
}

void check_silent(const std::string& message) {
  require(!message.empty(), "a refusal says why");
  require(message.find(kCanary) == std::string::npos, "no message repeats a secret");
}

void check_output(const std::string& text) {
  const auto printed = secrets::read_command_output(text);
  if (!printed) return check_silent(printed.error());
  require(is_token(printed->token), "a printed token is one");
  const auto again = secrets::read_command_output(printed->token.reveal() + "\n");
  const bool object = printed->token.reveal().starts_with('{');
  require(object || (again && again->token == printed->token), "a token alone is itself");
  require(!printed->expires_at || printed->expires_at->time_since_epoch().count() > -62200000000000,
          "an expiry is a time");
}

void check_token(const std::string& text) {
  const auto token = secrets::credential_of_text(text);
  if (!token) return check_silent(token.error());
  require(is_token(*token), "a token of a text is one");
  require(secrets::without_surroundings(text) == token->reveal(),
          "a token is the text without surroundings");
}

void check_github(const std::string& text) {
  const secrets::Clocks clocks{[] { return ports::TimePoint{}; },
                               [] { return ports::TimePoint{}; }};
  const secrets::GithubAppCall call{"https://api.github.test", 1, 2, "repository", nullptr};
  std::string body = text;
  const auto minted = secrets::token_of_github_answer(call, body, clocks);
  require(body.empty(), "an answer with a token is wiped");
  if (!minted) return check_silent(minted.error().message);
  require(is_token(minted->token), "a minted token is one");
  require(minted->renew_at && *minted->renew_at >= minted->obtained_at,
          "a minted token is renewed");
}

void check_excerpt(std::string_view text) {
  for (const std::size_t most : {std::size_t{10}, std::size_t{300}}) {
    const std::string shown = secrets::safe_excerpt(text, most);
    require(shown.size() <= most + 3, "an excerpt is short");
    require(std::ranges::all_of(shown, [](char c) { return c >= ' ' && c <= '~'; }),
            "an excerpt is one harmless line");
    require((" " + shown).find(" ghp_0123") == std::string::npos, "an excerpt shows no credential");
  }
}

/// A secret in a file: memory that has a path.
void check_file(std::string_view text) {
  static const int memory = ::memfd_create("secret", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(memory);
  if (::ftruncate(memory, 0) != 0) return;
  if (::pwrite(memory, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
  secrets::SecretFile file(path);
  const auto secret = file.refresh();
  if (!secret) return check_silent(secret.error());
  require(secrets::without_surroundings(text) == secret->reveal(),
          "a secret is the file without surroundings");
  require(file.current() == *secret, "the last good value is kept");
}

void check_headers(const std::string& text) {
  const auto headers = http::parse_custom_headers(text);
  if (!headers) {
    require(!headers.error().empty(), "a refusal says why");
    return;
  }
  for (const http::HttpHeader& header : *headers) {
    require(http::is_header_value(header.value.reveal()), "no header value ends its line");
    require(header.name.find_first_of(" \t\r\n:") == std::string::npos, "a name is a token");
  }
}

void check_url(const std::string& text) {
  const auto url = http::parse_base_url(text);
  if (!url) return;
  require(url->starts_with("https://") || url->starts_with("http://"), "a base URL has a scheme");
  require(url->find_first_of("?#\\ \r\n") == std::string::npos, "a base URL is nothing but a URL");
  const auto authority = url->substr(0, url->find('/', url->find("//") + 2));
  require(authority.find('@') == std::string::npos, "a base URL holds no credentials");
  require(!url->ends_with('/'), "a base URL is without slashes at its end");
  const std::string host = http::host_of(*url);
  require(!host.empty(), "a base URL has a host");
  const bool loopback = host.starts_with("127.") || host.starts_with("[::1]") ||
                        host.size() >= 9 /* localhost, in any case */;
  require(url->starts_with("https://") || loopback, "plain http is for loopback");
  require(http::parse_base_url(*url).value_or("") == *url, "a base URL is stable");
}

}  // namespace
}  // namespace sessync::fuzz

// A letter chooses who says it; what is said follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync::fuzz;
  Input input(data, size);
  const unsigned which = input.choice(7);
  const std::string text(input.rest());
  switch (which) {
    case 0:
      check_output(text);
      break;
    case 1:
      check_token(text);
      break;
    case 2:
      check_github(text);
      break;
    case 3:
      check_excerpt(text);
      break;
    case 4:
      check_file(text);
      break;
    case 5:
      check_headers(text);
      break;
    default:
      check_url(text);
  }
  return 0;
}
