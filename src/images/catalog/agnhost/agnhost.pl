#!/usr/bin/perl
# A stand-in for Kubernetes' test image agnhost: its commands that test manifests use most, with their options,
# ports, paths and output.
use strict;
use warnings;
use lib '/usr/local/lib/agnhost';
use Digest::SHA qw(sha256_base64);
use Errno qw(ECONNREFUSED ETIMEDOUT EINPROGRESS);
use Fcntl ':mode';
use Getopt::Long qw(GetOptionsFromArray :config no_auto_abbrev);
use HTTP::Tiny;
use IO::Socket::IP;
use JSON::PP;
use POSIX ();
use Server;
use Socket qw(SOCK_DGRAM SOCK_STREAM);
use Time::HiRes qw(time sleep);

$| = 1;
my @given = ($0, @ARGV);
my $json = JSON::PP->new->canonical;
my %commands = (
  'connect' => \&connect_to, 'dns-server-list' => \&dns_servers, 'dns-suffix' => \&dns_suffixes,
  'entrypoint-tester' => sub { print '[', join(' ', @given), "]\n" }, 'etc-hosts' => sub { print slurp('/etc/hosts') },
  'fake-gitserver' => \&fake_git, 'guestbook' => \&guestbook, 'help' => sub { print usage() },
  'inclusterclient' => \&in_cluster_client, 'liveness' => \&liveness, 'logs-generator' => \&logs_generator,
  'mounttest' => \&mount_test, 'netexec' => \&netexec, 'pause' => \&pause, 'porter' => \&porter,
  'serve-hostname' => \&serve_hostname, 'test-webserver' => \&web_server,
);
my $command = shift @ARGV // 'help';
$command = 'help' if $command =~ /^--?h(elp)?$/;
if (!$commands{$command}) {
  print STDERR "Error: this stand-in of agnhost has no command \"$command\"\n", usage();
  exit 1;
}
local $SIG{TERM} = sub { exit 0 };
local $SIG{INT} = sub { exit 0 };
$commands{$command}->();

sub usage { "Usage: agnhost COMMAND; commands: " . join(' ', sort keys %commands) . "\n" }
sub options { my %wanted = @_; GetOptionsFromArray(\@ARGV, %wanted) or exit 1 }
sub slurp { open my $file, '<', $_[0] or die "open $_[0]: $!\n"; local $/; return scalar <$file> }
sub host_name { (POSIX::uname())[1] }
# Go's durations: 1h2m3.5s, 200ms.
sub seconds {
  my ($text) = @_;
  return 0 if ($text // '') =~ /^0?$/;
  my ($sum, %unit) = (0, h => 3600, m => 60, s => 1, ms => 1e-3, us => 1e-6, ns => 1e-9);
  die "invalid duration \"$text\"\n" if $text !~ /^(?:[\d.]+(?:h|ms|us|ns|m|s))+$/;
  $sum += $1 * $unit{$2} while $text =~ /([\d.]+)(h|ms|us|ns|m|s)/g;
  return $sum;
}

sub pause { print "Paused\n"; sleep 3600 while 1 }

sub serve_hostname {
  my ($tcp, $udp, $http, $close, $port) = (0, 0, 1, 0, 9376);
  options('tcp:s' => \$tcp, 'udp:s' => \$udp, 'http:s' => \$http, 'close:s' => \$close, 'port=i' => \$port);
  ($tcp, $udp, $http, $close) = map { ($_ // '') eq '' || $_ eq 'true' || $_ eq '1' ? 1 : 0 } $tcp, $udp, $http, $close;
  my $name = host_name();
  Server::tcp($port, sub { $name }) if $tcp;
  Server::udp($port, sub { $name }) if $udp;
  Server::http($port, sub { Server::log_line("HTTP request from $_[0]{remote}"); (200, $name) }, close => $close) if $http && !$tcp && !$udp;
  Server::log_line("Serving on port $port");
  Server::run();
}

sub netexec {
  my ($http_port, $udp_port, $sctp_port, $override, $cert) = (8080, 8081, -1, '', '');
  options('http-port=i' => \$http_port, 'udp-port=i' => \$udp_port, 'sctp-port=i' => \$sctp_port,
    'http-override=s' => \$override, 'tls-cert-file=s' => \$cert, 'tls-private-key-file=s' => \my $key,
    'udp-listen-addresses=s' => \my $addresses, 'delay-shutdown=i' => \my $delay);
  die "this stand-in of agnhost serves no TLS\n" if $cert ne '';
  $SIG{TERM} = sub { sleep $delay; exit 0 } if $delay;
  my $datagram = sub {
    my ($data, $remote) = @_;
    $data =~ s/\s+$//;
    return host_name() if lc $data eq 'hostname';
    return $1 if $data =~ /^echo (.*)$/is;
    return $remote if lc $data eq 'clientip';
    return "unknown cmd: $data";
  };
  Server::udp($udp_port, $datagram) if $udp_port != -1;
  Server::messages($sctp_port, 132, $datagram) if $sctp_port != -1;
  Server::http($http_port, sub {
    my ($request) = @_;
    if ($override ne '') {
      my ($path, $query) = split /\?/, $override, 2;
      $request = { %$request, path => $path, query => { Server::fields($query // '') } };
    }
    Server::log_line("GET $request->{path}");
    return answer($request);
  });
  Server::log_line("Started HTTP server on port $http_port");
  Server::run();
}

sub answer {
  my ($request) = @_;
  my %query = %{ $request->{query} };
  my $path = lc $request->{path};
  return (200, $request->{remote}) if $path eq '/clientip';
  return (200, $request->{port}) if $path eq '/serverport';
  return (200, host_name()) if $path eq '/hostname';
  return (200, $json->encode($request->{headers}), { 'Content-Type' => 'application/json' }) if $path eq '/header' && !defined $query{key};
  return (200, $request->{headers}{ lc $query{key} } // '') if $path eq '/header';
  return (200, '') if $path eq '/healthz';
  return ($query{code} || 200, $query{msg} // '') if $path eq '/echo';
  return ($query{code} || 302, '', { Location => $query{location} // '/' }) if $path eq '/redirect';
  return shell($query{shellCommand} // $query{cmd} // '') if $path eq '/shell';
  return dial(%query) if $path eq '/dial';
  return upload($request) if $path eq '/upload';
  Server::end(0) if $path eq '/shutdown';
  if ($path eq '/exit') { sleep seconds($query{wait}); Server::end($query{code} // 0) }
  return (200, 'NOW: ' . POSIX::strftime('%Y-%m-%d %H:%M:%S %z', localtime));
}

sub shell {
  my ($line) = @_;
  local $SIG{CHLD} = 'DEFAULT';
  open my $pipe, '-|', '/bin/sh', '-c', "exec 2>&1; $line" or return (417, $json->encode({ error => "$!" }));
  my $output = do { local $/; <$pipe> } // '';
  close $pipe;
  my %result = length $output ? (output => $output) : ();
  $result{error} = 'exit status ' . ($? >> 8) if $?;
  return (200, $json->encode(\%result));
}

sub upload {
  my ($request) = @_;
  my ($boundary) = ($request->{headers}{'content-type'} // '') =~ /boundary="?([^";]+)/;
  my ($content) = defined $boundary ? $request->{body} =~ /name="file".*?\r\n\r\n(.*?)\r\n--\Q$boundary\E/s : ();
  return (200, $json->encode({ error => 'Unable to upload file.' })) if !defined $content;
  my $path = sprintf '/uploads/upload%d', $$;
  mkdir '/uploads';
  open my $file, '>', $path or return (200, $json->encode({ error => 'Unable to open file for write' }));
  print $file $content;
  close $file;
  chmod 0700, $path;
  return (200, $json->encode({ output => $path }));
}

sub dial {
  my (%query) = @_;
  my ($host, $port, $what, $protocol, $tries) = @query{qw(host port request protocol tries)};
  return (400, "request parameter not specified. <nil>\n") if !length($what // '');
  return (400, "tries parameter is invalid. \"$tries\"\n") if length($tries // '') && $tries !~ /^\d+$/;
  my %dialers = (http => \&dial_http, udp => sub { dial_message(SOCK_DGRAM, 17, @_) }, sctp => sub { dial_message(SOCK_STREAM, 132, @_) });
  my $dialer = $dialers{ lc($protocol || 'http') } or return (400, "unsupported protocol. $protocol\n");
  my (@responses, @errors);
  for (1 .. ($tries || 1)) {
    my ($response, $error) = $dialer->($host, $port, $what);
    defined $error ? push @errors, $error : push @responses, $response;
  }
  my %output = (@responses ? (responses => \@responses) : (), @errors ? (errors => \@errors) : ());
  return (200, $json->encode(\%output));
}

sub dial_http {
  my ($host, $port, $what) = @_;
  my $at = $host =~ /:/ && $host !~ /^\[/ ? "[$host]" : $host;
  my $answer = HTTP::Tiny->new(timeout => 5, keep_alive => 0)->get("http://$at:$port/$what");
  return $answer->{status} == 599 ? (undef, $answer->{content}) : ($answer->{content}, undef);
}

sub dial_message {
  my ($type, $proto, $host, $port, $what) = @_;
  my $socket = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Type => $type, Proto => $proto, Timeout => 5)
    or return (undef, "dial failed. err:$@");
  defined send $socket, $what, 0 or return (undef, "connection write failed. err:$!");
  IO::Select->new($socket)->can_read(5) or return (undef, "reading from udp connection failed. err:'i/o timeout'");
  sysread $socket, my $answer, 2048 or return (undef, "reading from udp connection failed. err:'$!'");
  return ($answer, undef);
}

# What tests compare: the first word of what it prints.
sub connect_to {
  my ($timeout, $protocol) = ('0s', 'tcp');
  options('timeout=s' => \$timeout, 'protocol=s' => \$protocol, 'udp-data=s' => \my $data);
  my ($host, $port) = ($ARGV[0] // '') =~ /^\[?([^\]]+)\]?:(\d+)$/ or fail('UNKNOWN', 'give host:port');
  my ($error, @found) = Socket::getaddrinfo($host, $port, { socktype => SOCK_STREAM });
  fail('DNS', $error) if $error;
  my $proto = $protocol eq 'sctp' ? 132 : 6;
  socket my $socket, $found[0]{family}, SOCK_STREAM, $proto or fail('OTHER', $!);
  $socket = IO::Socket->new_from_fd(fileno $socket, 'r+') // fail('OTHER', $!);
  $socket->blocking(0);
  my $limit = seconds($timeout) || undef;
  if (!connect $socket, $found[0]{addr}) {
    fail($! == ECONNREFUSED ? 'REFUSED' : 'OTHER', $!) if $! != EINPROGRESS;
    IO::Select->new($socket)->can_write($limit) or fail('TIMEOUT', '');
    $! = $socket->sockopt(Socket::SO_ERROR());
    fail($! == ECONNREFUSED ? 'REFUSED' : $! == ETIMEDOUT ? 'TIMEOUT' : 'OTHER', $!) if $! != 0;
  }
  exit 0;
}
sub fail { my ($kind, $why) = @_; print STDERR $kind eq 'UNKNOWN' || $kind eq 'DNS' || $kind eq 'OTHER' ? "$kind: $why\n" : "$kind\n"; exit 1 }

sub resolver { my ($word) = @_; map { /^\s*$word\s+(.*\S)/ ? split(' ', $1) : () } split /\n/, slurp('/etc/resolv.conf') }
sub dns_servers { print join(',', resolver('nameserver')), "\n" }
sub dns_suffixes { print join(',', resolver('search')), "\n" }

sub fake_git { Server::http(8000, sub { (200, 'I am a fake git server') }); Server::run() }

sub liveness {
  my $began = time;
  Server::http(8080, sub {
    my ($request) = @_;
    my $lived = time - $began;
    return (200, sprintf '%.6fs', $lived) if $request->{path} eq '/started';
    return (302, '', { Location => $request->{query}{loc} // '/' }) if $request->{path} eq '/redirect';
    return (404, "404 page not found\n") if $request->{path} ne '/healthz';
    return $lived > 10 ? (500, "error: $lived") : (200, 'ok');
  });
  Server::run();
}

sub logs_generator {
  options('log-lines-total|t=i' => \my $lines, 'run-duration|d=s' => \my $duration);
  die "Invalid total number of lines or duration\n" if !$lines || !seconds($duration);
  my ($pause, @methods, @spaces) = (seconds($duration) / $lines);
  @methods = qw(POST GET PUT);
  @spaces = qw(kube-system default ns);
  my $word = sub { join '', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. $_[0] };
  for my $id (0 .. $lines - 1) {
    my $what = sprintf '/api/v1/namespaces/%s/pods/%s', $spaces[rand @spaces], $word->(3 + int rand 3);
    print POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), " $id $methods[rand @methods] $what ", 200 + int rand 400, "\n";
    sleep $pause if $id < $lines - 1;
  }
}

sub mount_test {
  my %on;
  my @actions = map { my ($name) = @$_; [$name, $_->[1]] } ['fs_type', \&fs_type],
    (map { my $mode = $_; ["new_file_$mode", sub { new_file($_[0], oct $mode) }] } qw(0644 0666 0660 0777)),
    ['file_mode', sub { described($_[0], 'mode of file', sub { go_mode($_[0], 1) }) }],
    ['file_perm', sub { described($_[0], 'perms of file', sub { go_mode($_[0], 0) }) }],
    ['file_owner', sub { described($_[0], 'owner UID of', sub { $_[4] }) && described($_[0], 'owner GID of', sub { $_[5] }) }],
    ['file_content', \&content], ['file_content_in_loop', \&content_in_loop];
  my ($retry, $break) = (180, 'true');
  options((map { ("$_->[0]=s" => \$on{ $_->[0] }) } @actions), 'retry_time=i' => \$retry, 'break_on_expected_content:s' => \$break);
  umask 0;
  my $failed = 0;
  for my $action (@actions) {
    my ($name, $run) = @$action;
    $failed = 1 if length($on{$name} // '') && !$run->($on{$name}, $retry, $break ne 'false');
  }
  exit $failed;
}
sub described {
  my ($path, $what, $show) = @_;
  my @stat = lstat $path;
  if (!@stat) { print "error: lstat $path: ", lc "$!", "\n"; return 0 }
  print "$what \"$path\": ", $show->($what =~ /owner/ ? @stat : $stat[2]), "\n";
  return 1;
}
# As Go's FileMode prints.
sub go_mode {
  my ($mode, $all) = @_;
  my $kind = !$all ? '-' : (S_ISDIR($mode) ? 'd' : S_ISLNK($mode) ? 'L' : S_ISFIFO($mode) ? 'p' : S_ISSOCK($mode) ? 'S' : '')
    . ($mode & S_ISUID ? 'u' : '') . ($mode & S_ISGID ? 'g' : '') . ($mode & S_ISVTX ? 't' : '');
  my $bits = join '', map { my $bit = 8 - $_; $mode & (1 << $bit) ? substr('rwxrwxrwx', $_, 1) : '-' } 0 .. 8;
  return ($kind eq '' ? '-' : $kind) . $bits;
}
sub fs_type {
  my ($path) = @_;
  my ($best, $type) = ('', '');
  for (split /\n/, slurp('/proc/mounts')) {
    my (undef, $at, $kind) = split ' ';
    ($best, $type) = ($at, $kind) if length $at >= length $best && ($path eq $at || index("$path/", $at eq '/' ? '/' : "$at/") == 0);
  }
  print "mount type of \"$path\": $type\n";
  return 1;
}
sub content { my ($path) = @_; my $text = eval { slurp($path) }; print defined $text ? "content of file \"$path\": $text\n" : "error reading file content for \"$path\": $@"; return defined $text }
sub new_file {
  my ($path, $mode) = @_;
  if (!sysopen my $file, $path, Fcntl::O_WRONLY | Fcntl::O_CREAT | Fcntl::O_TRUNC, $mode) { print "error writing new file \"$path\": $!\n"; return 0 }
  else { syswrite $file, "mount-tester new file\n"; close $file }
  return content($path);
}
sub content_in_loop {
  my ($path, $retry, $break) = @_;
  my ($read, $end) = (0, time + $retry);
  while (time < $end) {
    $read = content($path);
    return 1 if $read && $break && slurp($path) eq "mount-tester new file\n";
    sleep 2;
  }
  return $read;
}

sub porter {
  for (sort keys %ENV) {
    next if !/^SERVE_PORT_(\d+)$/;
    my ($port, $text) = ($1, $ENV{$_});
    Server::http($port, sub { (200, $text) });
    Server::log_line("serving on port $port");
  }
  Server::run();
}

sub web_server {
  my $port = 80;
  options('port=i' => \$port);
  Server::http($port, sub {
    my ($request) = @_;
    my $path = $request->{path};
    return (400, "invalid URL path\n") if $path =~ m{(^|/)\.\.(/|$)};
    return (200, slurp($path)) if -f $path;
    opendir my $folder, $path or return (404, "404 page not found\n");
    my @names = sort grep { !/^\.\.?$/ } readdir $folder;
    my $list = join '', map { my $name = -d "$path/$_" ? "$_/" : $_; "<a href=\"$name\">$name</a>\n" } @names;
    return (200, "<pre>\n$list</pre>\n", { 'Content-Type' => 'text/html; charset=utf-8' });
  });
  Server::run();
}

sub guestbook {
  my ($http_port, $backend_port, $primary) = (80, 6379, '');
  options('http-port=i' => \$http_port, 'backend-port=i' => \$backend_port, 'replicaof|slaveof=s' => \$primary);
  my (%data, @replicas);
  my $client = HTTP::Tiny->new(timeout => 5, keep_alive => 0);
  my $text = sub { $json->encode({ data => $_[0] }) };
  my $escape = sub { my ($part) = @_; $part =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge; $part };
  my $set = sub { my ($key, $value) = @_; $data{$key} = $value;
    $client->get("http://$_/set?key=" . $escape->($key) . '&value=' . $escape->($value)) for @replicas };
  my $handler = sub {
    my ($request) = @_;
    my ($path, $query) = @$request{qw(path query)};
    if ($path eq '/register') { push @replicas, $query->{host}; return (200, $text->(join ',', map { "$_=$data{$_}" } sort keys %data)) }
    return (200, $text->(defined $query->{key} ? $data{ $query->{key} } // '' : join ',', map { "$_=$data{$_}" } sort keys %data)) if $path eq '/get';
    if ($path eq '/set') { $set->($query->{key} // '', $query->{value} // ''); return (200, $text->('Updated')) }
    return (200, $text->(''), { 'Content-Type' => 'application/json' }) if $path ne '/guestbook';
    my $to = ($query->{cmd} // '') eq 'set' ? 'agnhost-primary' : 'agnhost-replica';
    my $words = join '&', map { "$_=" . $escape->($query->{$_} // '') } grep { defined $query->{$_} } qw(key value);
    my $answer = $client->get("http://$to:$backend_port/" . ($query->{cmd} // 'get') . "?$words");
    return ($answer->{status} == 599 ? 500 : $answer->{status}, $answer->{content});
  };
  Server::http($http_port, $handler, alone => 1);
  Server::http($backend_port, $handler, alone => 1) if $backend_port != $http_port;
  if ($primary ne '') {
    my ($host) = grep { length } split ' ', `hostname -I`;
    my $answer;
    for (1 .. 60) {
      $answer = $client->get("http://$primary/register?host=$host:$backend_port");
      last if $answer->{success};
      sleep 1;
    }
    die "could not register with $primary: $answer->{content}\n" if !$answer->{success};
    %data = map { split /=/, $_, 2 } split /,/, $json->decode($answer->{content})->{data};
  }
  Server::run();
}

sub in_cluster_client {
  my $interval = 30;
  options('poll-interval=i' => \$interval);
  my $folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  my ($host, $port) = @ENV{qw(KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT)};
  die "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined\n" if !$host;
  while (1) {
    my $token = slurp("$folder/token");
    Server::log_line('authz_header=' . sha256_base64("Bearer $token"));
    Server::log_line('calling /healthz');
    my $at = $host =~ /:/ ? "[$host]" : $host;
    open my $curl, '-|', 'curl', '-sS', '--cacert', "$folder/ca.crt", '-H', "Authorization: Bearer $token", "https://$at:$port/healthz" or die "curl: $!\n";
    my $answer = do { local $/; <$curl> };
    close $curl;
    Server::log_line($? ? "error polling /healthz: $answer" : 'polled');
    sleep $interval;
  }
}
