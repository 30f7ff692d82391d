#include <array>
#include <cstdlib>
#include <memory>
#include <thread>

#include <catch2/catch.hpp>
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "daemon/http/client/proxy.h"
#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// Sets a variable of the environment until the end of the scope.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    const char* const before = std::getenv(name);
    if (before != nullptr) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// A self-signed certificate for 127.0.0.1, and a file that holds it.
class Certificate {
 public:
  Certificate() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), x509_(X509_new(), &X509_free) {
    X509_set_version(x509_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509_.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509_.get()), 3600);
    X509_set_pubkey(x509_.get(), key_.get());
    const std::array<unsigned char, 5> name{"test"};
    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509_.get()), NID_commonName, MBSTRING_ASC,
                               name.data(), 4, -1, 0);
    X509_set_issuer_name(x509_.get(), X509_get_subject_name(x509_.get()));
    X509_EXTENSION* const names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x509_.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509_.get(), key_.get(), EVP_sha256());
    write();
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() { ::unlink(path_.data()); }

  [[nodiscard]] std::string path() const { return path_.data(); }
  [[nodiscard]] X509* x509() const { return x509_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }

 private:
  void write() {
    const int descriptor = ::mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    BIO* const file = BIO_new_file(path_.data(), "w");
    PEM_write_bio_X509(file, x509_.get());
    BIO_free(file);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> x509_;
  std::array<char, 32> path_{"/tmp/sessync-test-XXXXXX"};
};

/// The API's shape behind TLS.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate)
      : server_(certificate.x509(), certificate.key()) {
    server_.Get(R"(/v1/sessions/.*)", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"id":"sesn_1"})", "application/json");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    // stop() does nothing before the server runs.
    while (!server_.is_running()) std::this_thread::yield();
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("only certificates that the environment trusts are accepted") {
  const Environment no_bundle("CURL_CA_BUNDLE", "");
  const Environment no_directory("SSL_CERT_DIR", "");
  const Environment no_file("SSL_CERT_FILE", "");
  const Certificate certificate;
  const Certificate other;
  const TlsServer server(certificate);
  const auto ask = [&] { return ApiFixture(options_for(server.url())).session(); };
  const auto refused = ask();
  REQUIRE(!refused);
  CHECK(refused.error().kind == Kind::kNotSent);
  {
    const Environment trusted("SSL_CERT_FILE", certificate.path());
    CHECK(ask());
    const Environment stronger("CURL_CA_BUNDLE", other.path());
    CHECK(!ask());
  }
  const Environment bundle("CURL_CA_BUNDLE", certificate.path());
  CHECK(ask());
}

TEST_CASE("plain http on loopback never goes through a proxy") {
  const RawServer proxy(answering([](const RawRequest&) { return raw_answer(502, ""); }));
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesn_1"})"); }));
  const Environment http("http_proxy", proxy.url());
  const Environment all("ALL_PROXY", proxy.url());
  CHECK(ApiFixture(options_for(server.url())).session());
  CHECK(proxy.requests().empty());
}

TEST_CASE("a proxy whose URL libcurl may read otherwise is told from one that it reads as meant") {
  for (const char* const good :
       {"http://proxy:3128", "proxy:3128", "http://me:p%2Fw@proxy", "HTTP://127.0.0.1:1/",
        "socks5h://me:p:w@[::1]:1080", "https://token@proxy.example"}) {
    INFO(good);
    CHECK(http::problem_of_proxy(good).empty());
  }
  for (const char* const bad :
       {"http://me:p/w@proxy", "http://me:p#w@proxy", "http://me:p?w@proxy", "http://me:p@w@proxy",
        "http://me:p w@proxy", "http://me:pw@proxy:99999", "http://me:pw@proxy:http",
        "htp://me:pw@proxy", "http://me:pw@", "me:p/w@proxy", "http://me:pw@proxy/path",
        "http://me:pw\x01@proxy", "://me:pw@proxy"}) {
    INFO(bad);
    const auto problem = http::problem_of_proxy(bad);
    CHECK(!problem.empty());
    CHECK(problem.find("pw") == std::string::npos);
  }
}

TEST_CASE("what is wrong with a proxy is said without a piece of its URL") {
  const Environment none("https_proxy", "");
  for (const char* const name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    for (const char* const url :
         {"http://someone:hunter/two@127.0.0.1:1", "http://someone:hunter#two@127.0.0.1:1",
          "htp://someone:hunter@127.0.0.1:1", "http://someone:hunter two@127.0.0.1:1"}) {
      const Environment proxy(name, url);
      const auto session = ApiFixture(options_for("https://127.0.0.1:1")).session();
      REQUIRE(!session);
      const auto& message = session.error().message;
      INFO(message);
      CHECK(session.error().kind == Kind::kNotSent);
      CHECK(message.find("the proxy in " + std::string(name)) != std::string::npos);
      CHECK(message.find("hunter") == std::string::npos);
      CHECK(message.find("two") == std::string::npos);
    }
  }
}

TEST_CASE("a proxy of the environment is asked for https, and sees no key") {
  const RawServer proxy([](RawConnection& connection) {
    RawRequest request;
    if (connection.read(request)) connection.send(raw_answer(407, "who are you?"));
  });
  const Environment https("https_proxy", proxy.url());
  ApiFixture fixture(options_for("https://api.example.invalid"));
  CHECK(fixture.session().error().kind == Kind::kNotSent);
  const auto seen = proxy.requests();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].method == "CONNECT");
  CHECK(!seen[0].headers.contains("x-api-key"));
  CHECK(!seen[0].headers.contains("authorization"));
}
