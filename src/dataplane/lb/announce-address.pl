# announce-address.pl LINK ADDRESS...
#
# Tells the hosts on LINK that ADDRESSes are here now, so that they forget who had them before: gratuitous ARP
# (RFC 5227, section 3) for IPv4, unsolicited neighbour advertisements (RFC 4861, 7.2.6) for IPv6.
use strict;
use warnings;
use Socket qw(inet_aton inet_pton AF_INET6 SOCK_RAW);

my ($link, @addresses) = @ARGV;
my ($mac_text, $index) = link_facts($link);
my $mac = pack 'H12', $mac_text =~ tr/://dr;

socket my $socket, 17, SOCK_RAW, 0 or die "packet socket: $!\n";    # AF_PACKET
for my $address (@addresses) {
  my $frame = $address =~ /:/ ? advertisement($address) : gratuitous_arp($address);
  my $to = pack 'S n l S C C a8', 17, 0, $index, 0, 0, 6, substr($frame, 0, 6);
  defined send $socket, $frame, 0, $to or die "announce $address: $!\n";
}

# /sys shows the links of another network namespace here: ip asks the kernel.
sub link_facts {
  my ($name) = @_;
  open my $ip, '-|', 'ip', '-o', 'link', 'show', 'dev', $name or die "ip: $!\n";
  my $line = <$ip> // die "no link $name\n";
  my ($number) = $line =~ /^(\d+):/;
  my ($address) = $line =~ m{link/ether (\S+)};
  return ($address, $number);
}

sub gratuitous_arp {
  my $ip = inet_aton($_[0]);
  my $broadcast = "\xff" x 6;
  return $broadcast . $mac . pack('n', 0x0806) . pack('n n C C n', 1, 0x0800, 6, 4, 1) . $mac . $ip . $broadcast . $ip;
}

sub advertisement {
  my $ip = inet_pton(AF_INET6, $_[0]);
  my $all = inet_pton(AF_INET6, 'ff02::1');
  # Override flag set; option 2: the target's link-layer address.
  my $icmp = pack('C C n N', 136, 0, 0, 0x20000000) . $ip . pack('C C', 2, 1) . $mac;
  my $sum = checksum($ip . $all . pack('N N', length $icmp, 58) . $icmp);
  substr($icmp, 2, 2) = pack 'n', $sum;
  my $header = pack('N n C C', 6 << 28, length $icmp, 58, 255) . $ip . $all;
  return "\x33\x33\0\0\0\1" . $mac . pack('n', 0x86dd) . $header . $icmp;
}

sub checksum {
  my $sum = 0;
  $sum += $_ for unpack 'n*', length($_[0]) % 2 ? "$_[0]\0" : $_[0];
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}
