#!/usr/bin/perl
# What systemd is to a service: a datagram socket at the given path. Prints each message as one line, its line
# breaks as " | ". node has no such sockets.
use strict;
use warnings;
use Socket;

my $path = shift or die "usage: notify-listen.pl PATH\n";
$| = 1;
socket(my $in, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($in, pack_sockaddr_un($path)) or die "bind: $!";
print "listening\n";
while (defined recv($in, my $message, 65536, 0)) {
  $message =~ s/\n/ | /g;
  print "$message\n";
}
