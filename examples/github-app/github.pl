#!/usr/bin/env perl
# Stands in for GitHub's API: mints installation tokens for whoever shows a JWT that is signed with the app's key.
#   github.pl PUBLIC_KEY   prints its address, then answers until it is stopped
use strict;
use warnings;
use IO::Socket::INET;
use MIME::Base64 qw(decode_base64);
use POSIX qw(strftime);

my ($public_key) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 8) or die "listen: $!";
$| = 1;
print 'http://127.0.0.1:', $server->sockport, "\n";

sub decode_base64url {
  my ($text) = @_;
  $text =~ tr{-_}{+/};
  return decode_base64($text . '=' x (-length($text) % 4));
}

sub spill {
  my ($file, $bytes) = @_;
  open(my $out, '>:raw', $file) or die "$file: $!";
  print {$out} $bytes;
  close $out;
}

sub is_signed {
  my ($head, $claims, $signature) = split /\./, shift;
  return 0 unless defined $signature;
  spill("$public_key.signed", "$head.$claims");
  spill("$public_key.signature", decode_base64url($signature));
  return system('openssl', 'dgst', '-sha256', '-verify', $public_key, '-signature', "$public_key.signature",
    '-out', "$public_key.verdict", "$public_key.signed") == 0;
}

my $minted = 0;
sub answer {
  my ($request, $jwt) = @_;
  return ('404 Not Found', '{"message":"Not Found"}')
    unless $request =~ m{^POST /app/installations/456/access_tokens };
  return ('401 Unauthorized', '{"message":"A JSON web token could not be decoded"}') unless is_signed($jwt);
  my $expires = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 3600));
  return ('201 Created', sprintf('{"token":"ghs_example_%d","expires_at":"%s"}', ++$minted, $expires));
}

while (my $client = $server->accept) {
  my $request = <$client> // next;
  my ($jwt, $length) = ('', 0);
  while (my $line = <$client>) {
    last if $line =~ /^\r?\n$/;
    $jwt = $1 if $line =~ /^authorization:\s*Bearer\s+(\S+)/i;
    $length = $1 if $line =~ /^content-length:\s*(\d+)/i;
  }
  read $client, my $body, $length;
  my ($status, $json) = answer($request, $jwt);
  printf {$client} "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
    $status, length $json, $json;
  close $client;
}
