#!/bin/sh
# The daemon as its clients meet it: plain pyzmq + msgpack clients of version 1.0, our own commands, HTTP, stops and kills.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

pid=
# shellcheck disable=SC2317 # called by tap.sh
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; }
python=
for p in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$p" -c 'import zmq, msgpack' 2>/dev/null; then python=$p; fi
done
[ -n "$python" ] || { skip "the daemon" "python3-zmq and python3-msgpack are not there"; finish; }
base=$("$python" "$root/tests/free_ports.py" 4)
requests=tcp://127.0.0.1:$base updates=tcp://127.0.0.1:$((base + 1)) http=127.0.0.1:$((base + 3))
export SPRITERY_LISTEN_REQUESTS="$requests" SPRITERY_LISTEN_UPDATES="$updates" SPRITERY_LISTEN_EVENTS=tcp://127.0.0.1:$((base + 2))
export SPRITERY_LISTEN_HTTP=$http

# Starts a daemon and waits until it says that it is ready.
serve() {
    : >serve.log # what the last one said is not what this one says
    "$program" serve "$@" 2>serve.log &
    pid=$!
    appears serve.log "$pid" ' ready: '
}

stop() { # SIGNAL -> $ended: the exit status
    kill -"$1" "$pid"
    wait "$pid"
    ended=$?
    pid=
}

run status
is "status without a daemon" "$status" 1
case $err in *"spritery serve"*) ok "it says how to start one" ;; *) not_ok "it says how to start one" "$err" ;; esac

if serve; then ok "a daemon starts"; else not_ok "a daemon starts" "$(cat serve.log)"; finish; fi
is "its sockets are the owner's alone" "$(stat -c %a run/daemon.sock run/events.sock run | tr '\n' ' ')" "600 600 700 "
run serve --set listen.requests= --set listen.updates= --set listen.events= --set listen.http=
is "a second one on the same folder is refused" "$status" 1
case $err in *"process $pid"*) ok "and named" ;; *) not_ok "and named" "$err" ;; esac
run serve --data "$work/other" --set "listen.requests=tcp://0.0.0.0:$base" --set listen.ipc=no
is "open to others without a key: refused" "$status" 1
case $err in *"spritery keys new"*) ok "and it says how to make one" ;; *) not_ok "and it says how to make one" "$err" ;; esac

# Version 1.0, spoken by a client nobody here wrote a library for: each line is one TAP line.
"$python" "$root/tests/e2e/version1.py" "$requests" "$updates" >v1.tap 2>v1.err
while read -r line; do
    case $line in "ok "*) ok "1.0: ${line#ok }" ;; *) not_ok "1.0: ${line#not ok }" "$(cat v1.err)" ;; esac
done <v1.tap
grep -q 'ok finished' v1.tap || not_ok "1.0: the script came to its end" "$(cat v1.err)"

# The same bytes, drawn here and there.
run generate "blue potion" --seed 7 --embedded -o here.png
cp "$root/tests/bad/png/good" init.png
"$program" generate "gold ring" --seed 3 --embedded -q -o init.png -f
run generate "blue potion" --seed 7 -o there.png
is "generate draws at the daemon" "$status:$(sha here.png)" "0:$(sha there.png)"
run jobs list --find potion --limit 1
case $out in *"blue potion"*) ok "and the daemon remembers it" ;; *) not_ok "and the daemon remembers it" "$out" ;; esac
for options in "-n 3 --steps 4" "--init init.png --strength 0.5 --steps 6" "--palette pico-8 --size 16 --vary 0.3 -n 2 --steps 3" "--strength 1 --steps 3"; do
    # shellcheck disable=SC2086 # a list of options
    "$program" generate "gold ring" --seed 5 --embedded -q -o a $options && "$program" generate "gold ring" --seed 5 -q -o b $options
    if diff -r a b >diff.txt 2>&1; then ok "the same bytes with $options"; else not_ok "the same bytes with $options" "$(cat diff.txt)"; fi
    rm -rf a b
done
run generate "stone floor" --guidance 3 --seed 1 --steps 3 --embedded -o here.png -f # walls and floors have another if none is given
run generate "stone floor" --guidance 3 --seed 1 --steps 3 -o there.png -f
is "what was asked for is, though it is usual" "$status:$(sha there.png)" "0:$(sha here.png)"
run generate "xyzzy qwrtp" --steps 2 -o c
e=$err
run generate "xyzzy qwrtp" --steps 2 -o c --embedded
is "the same failure" "$status:$e" "2:$err"
run generate a --embedded --daemon x
is "both at once is refused" "$status" 2
run generate a --daemon tcp://127.0.0.1:1
is "a daemon that is named must be there" "$status" 1

# A model's file, overwritten in place while a job draws with it: the job keeps what it began with, the next one has the new.
model=$(find "$root/models" -name '*.safetensors')
cp "$model" mine.safetensors
run generate "wolf" --seed 7 --steps 30 -n 12 --model "$work/mine.safetensors" --embedded -q -o want
"$program" generate "wolf" --seed 7 --steps 30 -n 12 --model "$work/mine.safetensors" -q -o got 2>got.err &
drawing=$!
for _ in $(seq 400); do
    case $("$program" jobs list --state running 2>/dev/null) in *wolf*) break ;; esac
    sleep 0.01
done
sleep 0.3
cat "$root/tests/golden/sprite32-403k.safetensors" >mine.safetensors
wait "$drawing"
is "a model's file overwritten under a job" "$?:$(cat got/* | sha256sum)" "0:$(cat want/* | sha256sum)"
: >mine.safetensors
run generate "blue potion" --seed 7 --model "$work/mine.safetensors" -q -o none.png
is "and emptied: refused" "$status:$(printf '%s' "$err" | grep -c mine.safetensors)" 1:1
cat "$root/tests/golden/sprite32-403k.safetensors" >mine.safetensors
run generate "blue potion" --seed 7 --model "$work/mine.safetensors" --embedded -q -o small.png
run generate "blue potion" --seed 7 --model "$work/mine.safetensors" -q -o other.png
is "and another in its place: drawn with" "$status:$(sha other.png)" "0:$(sha small.png)"

# The queue, by the command line.
run jobs pause
for i in 1 2 3; do
    "$python" -c "
import msgpack, sys, zmq
s = zmq.Context().socket(zmq.REQ)
s.connect('$requests')
s.send(msgpack.packb({'type': 'generate', 'id': 'q$i', 'prompt': 'red gem', 'model': 'default', 'size': [16, 16], 'steps': 1, 'cfg_scale': 1.0}))
assert msgpack.unpackb(s.recv())['type'] == 'job_accepted'"
done
run jobs move q3 --to top
run jobs cancel q2
run jobs list --state queued --json
is "moving and cancelling" "$(printf '%s' "$out" | jq -r .job_id | tr '\n' ' ')" "q3 q1 "
run jobs show q1 --json
is "one waits behind the other" "$(printf '%s' "$out" | jq -r '.state + " " + .request.prompt')" "queued red gem"
run jobs cancel q2
is "what is cancelled cannot be cancelled" "$status" 1
run jobs retry q2
run jobs resume
"$program" jobs watch q2 >/dev/null 2>&1
run jobs show q2 --json
is "retried and done" "$(printf '%s' "$out" | jq -r .state)" "done"

# Votes: kept with the jobs, and longer.
"$program" jobs watch q1 >/dev/null 2>&1
"$program" jobs watch q3 >/dev/null 2>&1
run jobs vote q1 q2 q3 --note 'sharp, "red"'
v=$out
run jobs vote q2 q3 q1 --voter ann
is "one name for the same jobs in any order" "$(printf '%s' "$v" | sed 's/^q1/q2/')" "$out"
run jobs vote q3 q1 --comparison c2
run jobs vote q1 --comparison c2
is "voting again needs only the winner" "$status" 0
run jobs vote q4 --comparison c2
is "a stranger cannot win" "$status:$(printf '%s' "$err" | grep -c 'not among')" "1:1"
run jobs vote q1
is "nothing to choose from" "$status" 2
run jobs votes --json
is "the votes" "$(printf '%s\n' "$out" | jq -r '.voter + ">" + .winner + "/" + ([.among[].name] | join(" "))' | tr '\n' ',')" \
    ">q1/q3 q1,ann>q2/q2 q3 q1,>q1/q1 q2 q3,"
run jobs votes q2 --limit 1 --json
is "of one job, a page" "$(printf '%s\n' "$out" | jq -r .winner)" "q2"
run jobs list --find gem --json
is "the history knows" "$(printf '%s\n' "$out" | jq -r 'select(.votes > 0) | .job_id + " " + (.wins | tostring) + "/" + (.votes | tostring)' | sort | tr '\n' ' ')" "q1 2/3 q2 1/2 q3 0/3 "
run jobs show q1
case $out in *"2 won of 3"*) ok "and so does show" ;; *) not_ok "and so does show" "$out" ;; esac
run jobs votes --csv
is "a table" "$(printf '%s\n' "$out" | wc -l):$(printf '%s\n' "$out" | "$python" -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
print(*[r["name"] + r["winner"] for r in rows], rows[-1]["note"], {r["model"] for r in rows})')" "9:q30 q11 q21 q30 q10 q11 q20 q30 sharp, \"red\" {'sprite32'}"
"$python" -c "
import msgpack, zmq
s = zmq.Context().socket(zmq.REQ)
s.connect('$requests')
def ask(**m):
    s.send(msgpack.packb(m))
    return msgpack.unpackb(s.recv())
for i in 'ta', 'tb':
    assert ask(type='generate', id=i, prompt='red gem', model='', size=[16, 16], steps=1, cfg_scale=1.0, tags=['x', 'c7'])['type'] == 'job_accepted'
print(ask(type='vote', comparison='c7', winner='tb'), ask(type='vote', comparison='c8', winner='tb')['type'], ask(type='votes', comparison='c7')['total'])" >vote.txt 2>&1
is "a tag says what is compared" "$(cat vote.txt)" "{'type': 'done', 'count': 1} error 1"
"$program" jobs watch ta >/dev/null 2>&1
"$program" jobs watch tb >/dev/null 2>&1
run jobs clear --state "done"
case $out in *forgotten*) ok "cleared" ;; *) not_ok "cleared" "$out$err" ;; esac
run jobs votes --json
is "votes stay, and know what was compared" "$(printf '%s\n' "$out" | jq -r .among[0].prompt | sort | uniq -c | tr -s ' \n' ' ')" " 4 red gem "

# HTTP.
"$python" -c "
import urllib.request
for path in 'healthz', 'readyz', 'metrics':
    print(path, urllib.request.urlopen('http://$http/' + path).status)
open('metrics.txt', 'wb').write(urllib.request.urlopen('http://$http/metrics').read())" >http.txt 2>&1
is "HTTP answers" "$(tr '\n' ' ' <http.txt)" "healthz 200 readyz 200 metrics 200 "
if grep -q '^spritery_images_total{engine="native"} [1-9]' metrics.txt; then ok "images are counted"; else not_ok "images are counted" "$(cat metrics.txt)"; fi
if command -v promtool >/dev/null 2>&1; then
    if promtool check metrics <metrics.txt >prom.txt 2>&1; then ok "promtool finds nothing"; else not_ok "promtool finds nothing" "$(cat prom.txt)"; fi
else
    skip "promtool finds nothing" "promtool (package prometheus) is not here"
fi

run doctor --json
is "the doctor sees the daemon" "$(printf '%s\n' "$out" | jq -r 'select(.check == "daemon") | .grade + " " + (.seen | contains("process '"$pid"'") | tostring)')" "good true"
is "and leaves its queue alone" "$(printf '%s\n' "$out" | jq -r 'select(.check == "queue") | .seen' | grep -c "daemon's hands")" 1

# SIGHUP, and stops.
mkdir -p .config/spritery
printf 'log:\n  level: debug\nqueue:\n  lease: 30s\n' >.config/spritery/config.yaml
kill -HUP "$pid"
appears serve.log "$pid" again
if grep -q 'config.yaml again; some settings wait for a restart' serve.log; then ok "SIGHUP reads the file"; else not_ok "SIGHUP reads the file" "$(tail -n 3 serve.log)"; fi
run config show --json
is "the file is seen" "$(printf '%s\n' "$out" | jq -r 'select(.name == "queue.lease") | .value + " " + .from')" "30s file"
printf 'queue:\n  lease: soon\n  leese: 30s\nx: 1\n' >.config/spritery/config.yaml
run config check
is "mistakes have places" "$status:$(printf '%s' "$out" | cut -d: -f2,3 | tr '\n' ' ')" "1:2:10 3:3 4:1 "
rm .config/spritery/config.yaml
stop TERM
is "a stop is clean" "$ended" 0
is "and leaves no lock" "$(serve && stop TERM; echo $ended)" 0

# A stop in the middle of a long job gives it back; kill -9 loses nothing.
serve --set stop_after=0s
"$python" "$root/tests/e2e/version1.py" "$requests" "$updates" --submit 12 200 >ids.txt
sleep 0.3
stop TERM
serve
stop KILL
serve
"$python" "$root/tests/e2e/version1.py" "$requests" "$updates" --wait 12 >wait.txt 2>&1
is "nothing is lost by a stop and a kill" "$(cat wait.txt)" "12 done"
stop TERM
run doctor --json
is "the queue's laws hold after it all" "$(printf '%s\n' "$out" | jq -r 'select(.check == "queue") | .grade + " " + (.seen | contains("every law holds") | tostring)')" "good true"
serve
is "no half file" "$(find .local/share/spritery -name '*.part' | wc -l)" 0
stop TERM

# As systemd starts it.
"$python" "$root/tests/e2e/activation.py" "$program" "$work/systemd" >act.tap 2>act.err
while read -r line; do
    case $line in "ok "*) ok "systemd: ${line#ok }" ;; *) not_ok "systemd: ${line#not ok }" "$(cat act.err)" ;; esac
done <act.tap
is "systemd: all of it" "$(wc -l <act.tap)" 6

# A ComfyUI server (the stand-in that tests/e2e/comfyui.sh explains) behind the daemon.
if /usr/bin/python3 -c 'import aiohttp' 2>/dev/null; then
    export SPRITERY_WORKFLOWS="$root/workflows"
    /usr/bin/python3 "$root/tests/comfyui_standin.py" comfy.port 0.005 >/dev/null 2>&1 &
    comfy=$!
    appears comfy.port "$comfy" || not_ok "the stand-in starts"
    url=http://127.0.0.1:$(cat comfy.port)
    serve --set "engine.comfyui=$url" --set queue.retry=1s
    run generate "red dragon" --engine comfyui -s 5 -q -o there.png -f
    is "a job for ComfyUI is drawn there" "$status" 0
    run generate "red dragon" --engine comfyui -s 5 -q -o here.png -f --embedded --server "$url"
    "$python" -c "
import msgpack, zmq
s = zmq.Context().socket(zmq.REQ)
s.connect('$requests')
s.send(msgpack.packb({'type': 'list_models'}))
print(*[m['name'] + '/' + m['model_type'] for m in msgpack.unpackb(s.recv())['models']])" >models.txt 2>&1
    is "the server's models are listed, too" "$(cat models.txt)" \
        "juggernaut.safetensors/checkpoint pixel-art-xl.safetensors/lora sd_xl_base_1.0.safetensors/checkpoint sdxl-fix.safetensors/vae sprite32/checkpoint style/mine.safetensors/lora"
    "$python" -c "
import msgpack, zmq
c = zmq.Context()
s = c.socket(zmq.REQ)
s.connect('$requests')
u = c.socket(zmq.SUB)
u.setsockopt(zmq.SUBSCRIBE, b'')
u.setsockopt(zmq.RCVTIMEO, 60000)
u.connect('$updates')
import time; time.sleep(0.3)
for i, change in enumerate([{'model': 'juggernaut.safetensors'}, {'model': '', 'lora': 'pixel-art-xl.safetensors'}, {'model': 'no-such'}]):
    s.send(msgpack.packb({'type': 'generate', 'id': f'e{i}', 'prompt': 'red dragon', 'size': [32, 32], 'steps': 2, 'cfg_scale': 7.0, **change}))
    a = msgpack.unpackb(s.recv())
    while a['type'] == 'job_accepted' or a['type'] not in ('job_complete', 'job_error'):
        a = msgpack.unpackb(u.recv())
    print(a['type'], end=' ')" >names.txt 2>&1
    is "1.0: a listed model, a listed LoRA, a stranger" "$(cat names.txt)" "job_complete job_complete job_error "
    is "with the same bytes as without the daemon" "$status:$(sha there.png)" "0:$(sha here.png)"
    stop TERM
    kill "$comfy"
    wait "$comfy" 2>/dev/null
    serve --set "engine.comfyui=$url" --set queue.retry=1s --set queue.tries=1
    run generate "red dragon" --engine comfyui -s 6 -q -o gone.png
    is "a server that is gone is a failure, not a hang" "$status" 1
    run status --json
    is "and seen in status" "$(printf '%s' "$out" | jq -c '[.engines[] | .name + " " + .state]')" '["native idle","comfyui failing"]'
    stop TERM
else
    skip "a job for ComfyUI is drawn there" "python3-aiohttp is not installed"
fi

# Bounds: a full queue refuses, says so to balancers, and goes on; old jobs are forgotten, their pictures are not.
if serve --data "$work/bounds" --set queue.most=2; then ok "a daemon with bounds"; else not_ok "a daemon with bounds" "$(cat serve.log)"; fi
run jobs pause
cat >bounds.py <<EOF
import msgpack, sys, urllib.error, urllib.request, zmq
s = zmq.Context().socket(zmq.REQ)
s.connect('$requests')
def ask(**message):
    s.send(msgpack.packb(message))
    return msgpack.unpackb(s.recv())
def ready():
    try:
        return urllib.request.urlopen('http://$http/readyz').status
    except urllib.error.HTTPError as e:
        return '%d %s' % (e.code, e.read().decode().strip())
for i in sys.argv[1:]:
    print(ready(), ask(type='generate', id=i, prompt='red gem', model='', size=[16, 16], steps=1, cfg_scale=1.0).get('error', 'taken'), sep=', ')
EOF
is "a full queue refuses, and is not ready" "$("$python" bounds.py b0 b1 b2 2>&1)" "200, taken
200, taken
503 the queue is full, the queue is full: 2 jobs wait (queue.most)"
run jobs resume
"$program" jobs watch b1 >/dev/null 2>&1
is "with room again it takes" "$("$python" bounds.py b3 2>&1)" "200, taken"
"$program" jobs watch b3 >/dev/null 2>&1
is "three jobs are remembered" "$("$program" jobs list --json | jq -r .job_id | tr '\n' ' ')" "b3 b1 b0 "
stop TERM
serve --data "$work/bounds" --set queue.keep_jobs=1
for _ in $(seq 100); do
    [ "$("$program" jobs list --json | grep -c .)" != 1 ] || break
    sleep 0.1
done
is "then one, the last" "$("$program" jobs list --json | jq -r .job_id | tr '\n' ' ')" "b3 "
is "the pictures stay" "$(find bounds/gallery -name '*.png' | wc -l)" 3
stop TERM

# Keys: the listed come in, others do not.
"$program" keys new server -q >/dev/null
"$program" keys new friend -q >/dev/null
"$program" keys new stranger -q >/dev/null
k=.config/spritery/keys
cp $k/friend.pub $k/allowed
if serve --set listen.requests="tcp://*:$base" --set listen.events="tcp://*:$((base + 2))" --set "keys.server=$work/$k/server.key"; then
    ok "with a key it opens to others"
else
    not_ok "with a key it opens to others" "$(cat serve.log)"
fi
run status --daemon "tcp://127.0.0.1:$base" --key $k/friend.key --server-key $k/server.pub
is "a friend comes in" "$status" 0
"$program" generate "red gem" --seed 1 --steps 2 -q -o f.png --daemon "tcp://127.0.0.1:$base" --key $k/friend.key --server-key $k/server.pub
"$program" generate "red gem" --seed 1 --steps 2 -q -o g.png --embedded
is "and is drawn for" "$(sha f.png)" "$(sha g.png)"
timeout 20 "$program" status --daemon "tcp://127.0.0.1:$base" --key $k/stranger.key --server-key $k/server.pub >/dev/null 2>strange.txt
is "a stranger does not" "$?:$(grep -c 'no answer' strange.txt)" "1:1"
stop TERM
finish
