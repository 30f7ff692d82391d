#include "tests/daemon/secrets/github_double.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <httplib.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace sessync::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

std::string content(const Memory& memory) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

template <class Write>
std::string pem(const Write& write) {
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free_all);
  write(memory.get());
  return content(memory);
}

std::string base64url_decode(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string result(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  result.resize(length < 0 ? 0 : static_cast<std::size_t>(length) - padding);
  return result;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool verifies(const std::string& public_key, const std::string& message,
              const std::string& signature) {
  const Memory memory(BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())),
                      &BIO_free_all);
  const Key key(PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace

AppKeyPair AppKeyPair::make() {
  const Key key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  AppKeyPair pair;
  pair.pkcs1 = pem([&](BIO* out) {
    PEM_write_bio_PrivateKey_traditional(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  pair.pkcs8 = pem([&](BIO* out) {
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  pair.encrypted = pem([&](BIO* out) {
    std::string passphrase = "open sesame";
    PEM_write_bio_PrivateKey(out, key.get(), EVP_aes_256_cbc(), nullptr, 0, nullptr,
                             passphrase.data());
  });
  pair.public_key = pem([&](BIO* out) { PEM_write_bio_PUBKEY(out, key.get()); });
  return pair;
}

std::string elliptic_key() {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  return pem([&](BIO* out) {
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

struct GithubDouble::Impl {
  std::string public_key;
  httplib::Server server;
  int port = 0;
  std::thread thread;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::vector<Call> calls;
  Answer answer;
  bool hanging = false;
  bool closing = false;

  [[nodiscard]] Call note(const httplib::Request& request) const {
    Call call;
    call.method = request.method;
    call.path = request.path;
    call.body = request.body;
    for (const auto& [name, value] : request.headers) call.headers[lower(name)] = value;
    const std::string jwt = call.headers["authorization"].substr(std::string("Bearer ").size());
    const auto first = jwt.find('.');
    const auto last = jwt.rfind('.');
    call.jwt_header = base64url_decode(jwt.substr(0, first));
    call.jwt_claims = base64url_decode(jwt.substr(first + 1, last - first - 1));
    call.signature_holds =
        verifies(public_key, jwt.substr(0, last), base64url_decode(jwt.substr(last + 1)));
    return call;
  }

  void serve(const httplib::Request& request, httplib::Response& response) {
    auto call = note(request);
    std::unique_lock lock(mutex);
    calls.push_back(std::move(call));
    changed.notify_all();
    changed.wait(lock, [this] { return !hanging || closing; });
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.set_header(name.c_str(), value);
    response.set_content(answer.body, "application/json");
  }
};

GithubDouble::GithubDouble(std::string public_key) : impl_(std::make_unique<Impl>()) {
  impl_->public_key = std::move(public_key);
  impl_->server.Post(".*", [this](const httplib::Request& request, httplib::Response& response) {
    impl_->serve(request, response);
  });
  impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
}

GithubDouble::~GithubDouble() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
    impl_->changed.notify_all();
  }
  while (!impl_->server.is_running()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

std::string GithubDouble::url() const { return "http://127.0.0.1:" + std::to_string(impl_->port); }

void GithubDouble::answer(Answer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->answer = std::move(answer);
}

void GithubDouble::hang() {
  const std::lock_guard lock(impl_->mutex);
  impl_->hanging = true;
}

std::vector<GithubDouble::Call> GithubDouble::calls() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->calls;
}

bool GithubDouble::wait_for_calls(std::size_t count) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, std::chrono::seconds(20),
                                 [&] { return impl_->calls.size() >= count; });
}

}  // namespace sessync::test
