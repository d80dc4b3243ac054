#!/bin/sh
# SUPERVISE_JOIN='FILE...' supervise.sh NAME LOG MAX-BYTES PROGRAM [ARGUMENT]...
#
# Runs PROGRAM in the background and starts it again when it ends: at once, then after 1, 2, 4 … 30 s while it
# keeps ending within ten seconds. Its output is appended to LOG; past MAX-BYTES that becomes LOG.1. Returns when
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
  trap 'stopping=1; end_child; if [ -n "$timer" ]; then kill -KILL "$timer" 2>/dev/null; fi' TERM INT
  # A trap of whatever kind makes the end of any child interrupt `wait`.
  trap : CHLD
  while [ -z "$stopping" ]; do
    rotate
    started=$(date +%s)
    "$@" 2>&1 &
    child=$!
    # A TERM that came before `child` was set has reached nobody.
    if [ -n "$stopping" ]; then end_child; fi
    await_child
    child=''
    if [ -n "$stopping" ]; then break; fi
    if [ $(($(date +%s) - started)) -ge 10 ]; then delay=0; fi
    say "ended with $status; starting it again in $delay s"
    if [ "$delay" -gt 0 ]; then
      sleep "$delay" &
      timer=$!
      if [ -z "$stopping" ]; then wait "$timer"; fi
      end_timer
    fi
    if [ "$delay" -eq 0 ]; then delay=1; elif [ "$delay" -lt 16 ]; then delay=$((delay * 2)); else delay=30; fi
  done
}

# Waits for the child, looking after the log each minute. The wait is for the child itself, so that no end of it
# can be missed; the timer's end, or a signal, only interrupts it.
await_child() {
  while :; do
    sleep 60 &
    timer=$!
    wait "$child"
    status=$?
    end_timer
    # One that has ended but was not waited for yet still counts as there: the next `wait` returns at once.
    kill -0 "$child" 2>/dev/null || break
    rotate
  done
  # An interrupted wait may have met the end without telling the status.
  wait "$child" 2>/dev/null
  again=$?
  if [ "$again" -ne 127 ]; then status=$again; fi
}

# Until it executes PROGRAM a child is a copy of this shell, which would swallow the signal.
end_child() {
  if [ -z "$child" ]; then return; fi
  while is_copy; do sleep 0.01; done
  kill -TERM "$child" 2>/dev/null
}

is_copy() {
  case $(tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline") in
    *"$0 $name "*) return 0 ;;
    *) return 1 ;;
  esac
}

# By a signal that no copy of this shell can swallow.
end_timer() {
  kill -KILL "$timer" 2>/dev/null
  wait "$timer" 2>/dev/null
  timer=''
}

supervise "$@" &
