# watch-tables.pl
#
# Prints a line `FAMILY TABLE` for each nftables table of this network namespace that a transaction changed, one
# `FAMILY TABLE deleted` where it is gone, and `lost` when the kernel had more to tell than was taken in time.
# Ends with its standard input. `nft monitor` says the same and more, but holds a copy of all rules for it.
# Messages: linux/netfilter/nf_tables.h; every object's first attribute is its table.
use strict;
use warnings;
use Errno qw(ENOBUFS EINTR);
use Socket qw(SOCK_RAW SOL_SOCKET);

my %family = (1 => 'inet', 2 => 'ip', 10 => 'ip6');
my ($subsystem, $deltable, $newgen) = (10, 2, 15);

socket my $socket, 16, SOCK_RAW, 12 or die "netlink socket: $!\n";    # AF_NETLINK, NETLINK_NETFILTER
setsockopt $socket, SOL_SOCKET, 33, 4 * 1024 * 1024;                  # SO_RCVBUFFORCE
bind $socket, pack 'S S L L', 16, 0, 0, 1 << 6 or die "netlink bind: $!\n";    # NFNLGRP_NFTABLES
$| = 1;
print "watching\n";

my %changed;
my $wanted = '';
vec($wanted, fileno $_, 1) = 1 for $socket, *STDIN;
while (select my $ready = $wanted, undef, undef, undef) {
  if (vec $ready, fileno STDIN, 1) { exit if !sysread STDIN, my $rest, 4096 }
  take() if vec $ready, fileno $socket, 1;
}

sub take {
  my $data;
  if (!defined recv $socket, $data, 65536, 0) {
    print "lost\n" if $! == ENOBUFS;
    return;
  }
  my $at = 0;
  while ($at + 20 <= length $data) {
    my ($length, $type) = unpack 'L S', substr $data, $at, 6;
    last if $length < 20;
    note($type & 255, substr $data, $at + 16, $length - 16) if $type >> 8 == $subsystem;
    $at += ($length + 3) & ~3;
  }
}

# A transaction ends with the number of the new generation.
sub note {
  my ($message, $body) = @_;
  if ($message == $newgen) {
    print join '', map { $_ . ($changed{$_} ? " deleted\n" : "\n") } sort keys %changed;
    %changed = ();
    return;
  }
  my ($size, $attribute) = unpack 'S S', substr $body, 4, 4;
  return if !defined $attribute || $attribute != 1;
  my $name = unpack 'Z*', substr $body, 8, $size - 4;
  my $table = ($family{ ord $body } // 'other') . " $name";
  $changed{$table} = $message == $deltable ? 1 : $message == 0 ? 0 : ($changed{$table} // 0);
}
