#!/bin/sh
# machine.sh HOSTNAME JOIN-FILE... -- [SOURCE TARGET]... -- [FOLDER WORK]...
#
# The first program of a machine, in its fresh network, mount, UTS and PID namespaces. Prints its PID as the
# caller numbers it, reads `ip -batch` lines until the end of its input, prints `ready` and becomes the reaper
# that is PID 1. Joins the control groups whose cgroup.procs files are named; binds SOURCE over TARGET; lays each
# FOLDER over itself so that syncs of its files are left out.
set -eu

hostname=$1
shift
while [ "$1" != -- ]; do
  echo 0 >"$1"
  shift
done
shift

# The old /proc still shows the caller's numbers.
read -r pid _ </proc/self/stat

# Mounts made on the machine's host arrive here; those made here stay here, and reach containers that ask.
mount --make-rshared /
mount -t proc proc /proc
# Copies of the host sides' bind mounts would keep network namespaces alive that are removed outside.
for ns in /run/causeway/*/ns/*; do
  [ -e "$ns" ] && umount -l "$ns" 2>/dev/null || true
done
while [ "$1" != -- ]; do
  mount --bind "$1" "$2"
  shift 2
done
shift
while [ $# -ge 2 ]; do
  # The kernel leaves a mark in WORK that keeps the folder from being mounted again, for the case that it went down.
  rm -rf "$2"
  mkdir -p "$2/none" "$2/work"
  # Kernels before 5.10 have no such mounts, and there is none on another overlay: then syncs are done.
  mount -t overlay overlay -o "volatile,lowerdir=$2/none,upperdir=$1,workdir=$2/work" "$1" 2>/dev/null || true
  shift 2
done

put() {
  if [ -e "/proc/sys/$1" ]; then echo "$2" >"/proc/sys/$1"; fi
}
put kernel/hostname "$hostname"
put net/ipv4/ip_forward 1
put net/ipv6/conf/all/forwarding 1
# Pods' source addresses are checked by a rule, for both families; the kernel's own check would refuse
# the answers that come back another way than the request went.
put net/ipv4/conf/all/rp_filter 0
put net/ipv4/conf/default/rp_filter 0
# Packets between pods of a node leave by the link they came in on; no redirects for that.
put net/ipv4/conf/all/send_redirects 0
put net/ipv4/conf/default/send_redirects 0
# The host end of a pod's link needs no link-local address, nor the second of waiting for it to be unique.
put net/ipv6/conf/default/addr_gen_mode 1
put net/bridge/bridge-nf-call-iptables 0
put net/bridge/bridge-nf-call-ip6tables 0
put net/bridge/bridge-nf-call-arptables 0

echo "$pid"
ip -batch -
echo ready
exec catatonit -P </dev/null >/dev/null 2>&1
