#!/bin/sh
# SUPERVISE_JOIN='FILE...' supervise.sh NAME LOG MAX-BYTES PROGRAM [ARGUMENT]...
#
# Runs PROGRAM in the background and starts it again when it ends: at once, then after 1, 2, 4 … 30 s while it
# keeps ending within a minute. Its output is appended to LOG; past MAX-BYTES that becomes LOG.1. Returns when
# the supervisor is in the control groups whose cgroup.procs files SUPERVISE_JOIN names. On SIGTERM it passes the signal
# on, waits for PROGRAM to end and ends itself.
set -u

name=$1
log=$2
max=$3
shift 3
for file in $SUPERVISE_JOIN; do
  echo 0 >"$file" || exit 1
done
unset SUPERVISE_JOIN
exec </dev/null >>"$log" || exit 1
# Not as redirection of the function: the shell would keep the caller's stream open beside.
exec 2>&1

say() {
  echo "$(date -u +%Y-%m-%dT%H:%M:%S.000Z) info  supervise $name $*"
}

rotate() {
  # PROGRAM holds the file open for appending: copied and emptied, it goes on writing at the new end.
  size=$(stat -c %s "$log" 2>/dev/null || echo 0)
  if [ "$size" -gt "$max" ]; then
    cp "$log" "$log.1" && : >"$log"
  fi
}

supervise() {
  stopping='' child='' timer='' delay=0
  trap 'stopping=1; for p in $child $timer; do kill -TERM "$p" 2>/dev/null; done' TERM INT
  # `wait` ends with the timer alone: whatever child ends takes the timer along. `ended` covers a child
  # that was faster than the timer's start.
  trap 'ended=1; if [ -n "$timer" ]; then kill "$timer" 2>/dev/null; fi' CHLD
  while [ -z "$stopping" ]; do
    rotate
    started=$(date +%s)
    "$@" 2>&1 &
    child=$!
    # A TERM that came before `child` was set has reached nobody.
    if [ -n "$stopping" ]; then kill -TERM "$child" 2>/dev/null; fi
    while kill -0 "$child" 2>/dev/null; do
      pause 60
      rotate
    done
    wait "$child"
    status=$?
    child=''
    if [ -n "$stopping" ]; then break; fi
    if [ $(($(date +%s) - started)) -ge 60 ]; then delay=0; fi
    say "ended with $status; starting it again in $delay s"
    if [ "$delay" -gt 0 ]; then pause "$delay"; fi
    if [ "$delay" -eq 0 ]; then delay=1; elif [ "$delay" -lt 16 ]; then delay=$((delay * 2)); else delay=30; fi
  done
}

# Waits $1 seconds, or until a child ends or a signal comes.
pause() {
  ended=''
  sleep "$1" >/dev/null 2>&1 &
  timer=$!
  if [ -n "$child" ]; then awaited=$ended; else awaited=$stopping; fi
  if [ -z "$awaited" ]; then wait "$timer" 2>/dev/null; fi
  kill "$timer" 2>/dev/null
  wait "$timer" 2>/dev/null
  timer=''
}

supervise "$@" &
