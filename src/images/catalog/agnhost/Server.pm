package Server;
# HTTP, TCP and UDP servers of the agnhost stand-in. One process takes connections; each connection is answered
# by a process of its own, but for handlers that keep state (`alone`).
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use POSIX ();
use Socket qw(SOCK_DGRAM SOCK_STREAM IPPROTO_TCP NI_NUMERICHOST NI_NUMERICSERV getnameinfo);

my %reasons = (200 => 'OK', 302 => 'Found', 307 => 'Temporary Redirect', 400 => 'Bad Request', 404 => 'Not Found',
  412 => 'Precondition Failed', 417 => 'Expectation Failed', 500 => 'Internal Server Error');
my %jobs;
my $sockets = IO::Select->new;
pipe my $ended, my $ends or die "pipe: $!\n";

sub log_line { my @t = localtime; print STDERR POSIX::strftime('%Y/%m/%d %H:%M:%S', @t), " @_\n" }

# Both families; IPv4 alone where the pod has no IPv6.
sub open_socket {
  my ($port, %options) = @_;
  my @common = (LocalPort => $port, ReuseAddr => 1, $options{udp} ? (Type => SOCK_DGRAM) : (Type => SOCK_STREAM, Listen => 128));
  push @common, Proto => $options{proto} if $options{proto};
  my $socket = IO::Socket::IP->new(@common, LocalHost => '::', V6Only => 0) // IO::Socket::IP->new(@common, LocalHost => '0.0.0.0')
    or die "listen on port $port: $@\n";
  return $socket;
}

# handler->({ method, path, query, headers, body, remote, port }) returns status, body, headers.
sub http { my ($port, $handler, %options) = @_;
  my $socket = open_socket($port);
  serve($socket, sub { my ($client) = @_; conversation($client, $port, $handler, %options) }, $options{alone}) }

# handler->(remote) returns what is said to everyone who connects.
sub tcp { my ($port, $handler) = @_;
  serve(open_socket($port), sub { my ($client) = @_; print $client $handler->(remote_of($client)) }) }

# handler->(data, remote) returns the answer.
sub udp { my ($port, $handler) = @_;
  my $socket = open_socket($port, udp => 1);
  $sockets->add($socket);
  $jobs{$socket} = sub {
    my $from = recv($socket, my $data, 65536, 0) // return;
    my $answer = $handler->($data, name_of($from));
    send($socket, $answer, 0, $from) if length $answer;
  } }

# Messages of a stream that are answered like datagrams.
sub messages { my ($port, $proto, $handler) = @_;
  serve(open_socket($port, proto => $proto), sub { my ($client) = @_;
    while (sysread $client, my $data, 65536) { syswrite $client, $handler->($data, remote_of($client)) } }) }

sub serve { my ($socket, $talk, $alone) = @_;
  $sockets->add($socket);
  $jobs{$socket} = sub {
    my $client = $socket->accept or return;
    return void($talk->($client), close $client) if $alone;
    defined(my $child = fork) or return;
    if ($child) { close $client; return }
    $SIG{TERM} = 'DEFAULT';
    eval { $talk->($client) };
    print STDERR $@ if $@;
    POSIX::_exit(0);
  } }

sub void { }

sub run {
  $SIG{CHLD} = 'IGNORE';
  $SIG{PIPE} = 'IGNORE';
  $sockets->add($ended);
  $jobs{$ended} = sub { sysread $ended, my $code, 8 or return; exit $code };
  while (1) { for my $ready ($sockets->can_read) { eval { $jobs{$ready}->() }; print STDERR $@ if $@ } }
}

# Ends the server from the process of a connection.
sub end { my ($code) = @_; syswrite $ends, int $code; POSIX::_exit($code) }

sub conversation {
  my ($client, $port, $handler, %options) = @_;
  setsockopt $client, IPPROTO_TCP, 1, 1;    # TCP_NODELAY
  my $remote = remote_of($client);
  my $buffer = '';
  while (my $request = read_request($client, \$buffer)) {
    @$request{qw(remote port)} = ($remote, $port);
    my ($status, $body, $headers) = $handler->($request);
    my $close = $options{close} || lc($request->{headers}{connection} // '') eq 'close' || $request->{version} eq '1.0';
    my %all = ('Content-Type' => 'text/plain; charset=utf-8', Date => POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime),
      %{ $headers // {} }, 'Content-Length' => length $body);
    $all{Connection} = 'close' if $close;
    my $head = "HTTP/1.1 $status " . ($reasons{$status} // 'Status') . "\r\n" . join('', map { "$_: $all{$_}\r\n" } sort keys %all);
    print $client "$head\r\n", $request->{method} eq 'HEAD' ? '' : $body;
    $client->flush;
    last if $close || $options{alone};
  }
}

sub read_request {
  my ($client, $buffer) = @_;
  until ($$buffer =~ /\r\n\r\n/) {
    return undef if length $$buffer > 65536 || !sysread $client, $$buffer, 16384, length $$buffer;
  }
  my ($head, $rest) = split /\r\n\r\n/, $$buffer, 2;
  my ($first, @lines) = split /\r\n/, $head;
  my ($method, $target, $version) = $first =~ m{^(\S+) (\S+) HTTP/(1\.\d)$} or return undef;
  my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
  my $length = $headers{'content-length'} // 0;
  return undef if $length !~ /^\d+$/ || $length > 64 * 2**20;
  while (length $rest < $length) { return undef if !sysread $client, $rest, 65536, length $rest }
  $$buffer = substr $rest, $length;
  my $body = substr $rest, 0, $length;
  my ($path, $query) = split /\?/, $target, 2;
  my $form = ($headers{'content-type'} // '') =~ /x-www-form-urlencoded/ ? $body : '';
  return { method => $method, target => $target, path => decode($path), version => $version, headers => \%headers,
    body => $body, query => { fields($form), fields($query // '') } };
}

sub fields { map { my ($key, $value) = split /=/, $_, 2; (decode($key), decode($value // '')) } grep { length } split /&/, $_[0] }
sub decode { my ($text) = @_; $text =~ tr/+/ /; $text =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge; return $text }

# host:port, IPv6 in brackets, IPv4 without its IPv6 form.
sub name_of {
  my ($error, $host, $port) = getnameinfo($_[0], NI_NUMERICHOST | NI_NUMERICSERV);
  return '' if $error;
  $host =~ s/^::ffff:(?=\d+\.)//;
  return ($host =~ /:/ ? "[$host]" : $host) . ":$port";
}
sub remote_of { name_of($_[0]->peername) }

1;
