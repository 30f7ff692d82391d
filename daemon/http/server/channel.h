#pragma once

#include <string>

#include <sys/socket.h>

namespace sessync::http {

/// Which end of a TCP connection a socket is.
enum class ChannelEnd { kClient, kServer };

/// The two addresses of a connection with their ports, the client's first: both ends see the same,
/// and no other connection of the time has it. "" if it is not known.
std::string channel_of(int socket, ChannelEnd end);

/// The channel of a TLS session over a connection; see TlsSession::binding(). "" if either is not
/// known.
std::string bound_channel(const std::string& channel, const std::string& binding);

}  // namespace sessync::http
