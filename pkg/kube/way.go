package kube

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/util/exec"
)

// way is one way to make a TCP connection in a container. Host, port, the
// seconds to try and the mark are positional parameters: they never become
// shell text.
type way struct{ shell, script string }

func (w way) command(host, port string, timeout time.Duration) []string {
	seconds := max(1, int(timeout/time.Second))
	return []string{w.shell, "-c", w.script, w.shell, host, port, strconv.Itoa(seconds), mark, pyScript}
}

// waitHost in the place of the host makes the first way wait for a line with host and port. No host starts with a dash.
const waitHost = "-"

// ways in the order of trying: bash alone does it in Istio's usual image; sh
// looks for other tools.
var ways = []way{{"bash", bashScript}, {"sh", shScript}}

// codeWatchdog is the exit code of a helper whose time to connect was over.
const codeWatchdog = 137

// bashScript connects, prints the mark and copies both ways; it ends when
// either side does. A connect to nowhere would outlive the session by minutes,
// so it is made by a child, which the shell ends when its time is over. Every child
// is waited for, and so the shell itself must stay: a sidecar's first process reaps
// no orphans, and each would stay in the pod as a zombie.
// File descriptor 4 keeps stdin: the shell gives background jobs /dev/null.
// Descriptor 5 is a pipe that nobody writes to, for a read that only waits. It
// looks every 20 ms whether a side has ended: wait -n of bash 5.2 sometimes misses
// the end of a child on a busy machine, and the helper stayed in the pod for good.
// Host and port may come later, as the first line of the input: read takes no
// byte after it.
const bashScript = `
exec 4<&0
exec 5<> <(:)
wait "$!"
host=$1 port=$2
if [ "$host" = - ]; then read -r host port <&4 || exit 0; fi
connected=
trap connected=1 USR1
(
  trap - USR1
  exec 3<>"/dev/tcp/$host/$port" || exit 97
  kill -USR1 $$
  printf %s "$4"
  cat <&3 4<&- &
  from=$!
  cat <&4 >&3 &
  to=$!
  exec 3>&- 4<&-
  while kill -0 "$from" && kill -0 "$to"; do read -r -t 0.02 _ <&5; done 2>/dev/null
  kill "$from" "$to" 2>/dev/null
  wait
) &
child=$!
exec 4<&-
end=$((SECONDS + $3))
while [ -z "$connected" ] && kill -0 "$child" && [ "$SECONDS" -le "$end" ]; do read -r -t 0.02 _ <&5; done 2>/dev/null
if [ -z "$connected" ] && kill -9 "$child" 2>/dev/null; then
  wait "$child" 2>/dev/null
  exit 137
fi
wait "$child"
`

// shScript uses python3, socat or nc. Only python3 can tell that the connection
// stands; with the others the mark comes first, and a failed connection shows
// as one that closes at once. nc does not end with its input everywhere:
// timeout bounds it. 127 is the shell's own code for "not found".
const shScript = `
if command -v python3 >/dev/null 2>&1; then exec python3 -c "$5" "$1" "$2" "$3" "$4"; fi
if command -v socat >/dev/null 2>&1; then
  printf %s "$4"
  case $1 in *:*) exec socat - "TCP6:[$1]:$2,connect-timeout=$3";; esac
  exec socat - "TCP:$1:$2,connect-timeout=$3"
fi
if command -v nc >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
  printf %s "$4"
  exec timeout 60 nc "$1" "$2"
fi
exit 127
`

const pyScript = `
import os, select, socket, sys
host, port, wait, mark = sys.argv[1:5]
try:
    s = socket.create_connection((host, int(port)), float(wait))
except OSError as e:
    sys.exit(str(e))
s.settimeout(None)
def say(b):
    while b:
        b = b[os.write(1, b):]
say(mark.encode())
while True:
    ready, _, _ = select.select([0, s], [], [])
    if s in ready:
        b = s.recv(65536)
        if not b:
            break
        say(b)
    if 0 in ready:
        b = os.read(0, 65536)
        if not b:
            break
        s.sendall(b)
`

// noSuchTool recognises a container without the shell (the text is that of
// runc), or a shell that found none of the tools.
func noSuchTool(err error) bool {
	var code exec.CodeExitError
	return strings.Contains(err.Error(), "executable file not found") || (errors.As(err, &code) && code.Code == 127)
}
