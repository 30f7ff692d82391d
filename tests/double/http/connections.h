#pragma once

namespace sessync::skin {

/// The accepted connections of this process's server on `port`, found by their addresses: the HTTP
/// library does not give its sockets out.

/// Ends the connection whose other end has `peer_port`; its peer sees no further byte.
void cut_connection(int port, int peer_port);
/// Ends them all, idle or not.
void cut_connections(int port);
/// Lets more connections wait to be accepted than the library asks for.
void widen_backlog(int port);

}  // namespace sessync::skin
