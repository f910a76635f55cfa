#!/bin/sh
# The engine comfyui against a stand-in that speaks ComfyUI's HTTP and WebSocket on loopback and can misbehave.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
standin="$root/tests/comfyui_standin.py"
python=/usr/bin/python3
export SPRITERY_WORKFLOWS="$root/workflows"

if ! $python -c 'import aiohttp' 2>/dev/null; then
    skip "comfyui" "no python3-aiohttp"
    finish
fi

# serve NAME: starts a stand-in; its port is then in the file NAME.
servers=
# shellcheck disable=SC2317 # called when the script ends
cleanup() {
    for pid in $servers; do kill "$pid" 2>/dev/null; done
}
serve() {
    $python "$standin" "$work.$1" 0.005 >/dev/null 2>&1 &
    servers="$servers $!"
    appears "$work.$1" $! || echo "# the stand-in does not start" >&2
    cat "$work.$1"
    rm -f "$work.$1"
}
serve_to() { serve "$1" >"$work.port"; port=$(cat "$work.port"); rm -f "$work.port"; }
tell() { $python "$standin" --tell "$port" "mode=$1"; }
ask() { $python "$standin" --ask "$port" "$1"; }
comfy() { run generate "$@" --engine comfyui --preview never; }
clean() { rm -f ./*.png; }

serve_to one
export SPRITERY_COMFYUI="http://127.0.0.1:$port"

comfy "red dragon" -s 18446744073709551615
is "a picture" "$status $out" "0 red-dragon-18446744073709551615.png"
is "the seed keeps its 64 bits" "$(ask seed)" 18446744073709551615
first=$(sha red-dragon-18446744073709551615.png)
run generate --like red-dragon-18446744073709551615.png --force --preview never
is "like it: the same bytes" "$status $(sha red-dragon-18446744073709551615.png)" "0 $first"
run show --json red-dragon-18446744073709551615.png
is "its papers" "$(printf %s "$out" | jq -r '[.request.engine, .request.cfg_scale, .model.name, .width] | @csv')" \
    '"comfyui",7,"sd_xl_base_1.0.safetensors",32'
clean

comfy "axe" -s 4 --guidance 3 -o axe.png
first=$(sha axe.png)
run generate --like axe.png -o again.png --preview never
is "guidance as asked for, though the workflow has another" "$status $(sha again.png)" "0 $first"
clean

comfy "red dragon" -s 5 -n 3
is "three pictures, one prompt each" "$status $(find . -name '*-[567].png' | wc -l) $(ask seed)" "0 3 7"
clean
before=$(ask prompts)
comfy "red dragon" -s 5 -n 3 --workflow batch-sdxl
is "a batch at once is one prompt" "$status $(find . -name 'red-dragon-5*.png' | wc -l) $(($(ask prompts) - before))" "0 3 1"
clean

comfy "red dragon" -s 5 --frames 4 -o run.png
is "an animation: one picture, then all frames at once" "$status $(($(ask prompts) - before)) $(find . -name 'run_0*.png' | wc -l)" "0 3 4"
run show --json run.png
is "as a sheet" "$(printf %s "$out" | jq -r '[.width, .height, .request.animation_frames] | @csv')" "128,32,4"
first=$(sha run.png)
run generate --like run.png -o again.png --preview never
is "like it: the same sheet" "$status $(sha again.png)" "0 $first"
comfy "stone wall" -s 5 --grid 2x2 -o set.png
is "a tile set" "$status $(find . -name 'set_0*.png' | wc -l)" "0 4"
clean
"$program" generate "sword" -s 1 -o init.png --preview never >/dev/null 2>&1
keep=init.png
uploads=$(ask uploads)
comfy "axe" -s 1 --init init.png --strength 0.5 -o axe.png
is "from a picture" "$status $(($(ask uploads) - uploads))" "0 1"
rm -f axe.png
comfy "axe" --lora style/mine.safetensors:0.7 -s 2 -o axe.png
is "with a LoRA" "$status" 0
rm -f axe.png
comfy "axe" --lora pixel-art.safetensors
refused "a LoRA that is not there" 1 "LoraLoader" 'did you mean "pixel-art-xl.safetensors"?'
comfy "axe" --model sprite32
refused "a model that is not there" 1 "CheckpointLoaderSimple" 'no ckpt_name "sprite32"' "2, as"
comfy "axe" --workflow none
refused "no such workflow" 1 'no workflow "none"' "txt2img-sdxl"
echo '{"nodes": [], "links": []}' >../"$(basename "$work").ui.json"
comfy "axe" --workflow "$work.ui.json"
refused "a workflow of the editor's" 1 "Export (API)"
rm -f "$work.ui.json"
comfy "axe" --init init.png --workflow txt2img-sdxl
refused "a workflow without a picture" 2 "takes no picture"
comfy "axe" --blend sword
refused "what only the native engine can" 1 "native engine only"
run generate axe --lora x
refused "a LoRA for the native engine" 2 "--engine comfyui"

# Rows of both engines in one file, without a daemon: each is drawn by its own.
printf 'prompt,engine,seed\ngold ring,native,1\naxe,comfyui,2\nred gem,,3\n' >rows.csv
before=$(ask prompts)
run batch rows.csv --steps 2 -o mixed -q
is "each row by its own engine" "$status $(($(ask prompts) - before)) $(for f in mixed/gold-ring-1 mixed/axe-2 mixed/red-gem-3; do
    "$program" show --json $f.png | jq -r .request.engine; done | tr '\n' ' ')" "0 1 native comfyui native "
rm -rf mixed rows.csv

# The same again is not drawn again by a server, which says where its picture was: and if somebody has removed that?
comfy "axe" -s 9 -o axe.png
first=$(sha axe.png)
comfy "axe" -s 9 -o again.png
is "the same again" "$status $(sha again.png)" "0 $first"
tell emptied
comfy "axe" -s 9 -o anew.png
is "the same again, and the server's folder was emptied" "$status $(sha anew.png)" "0 $first"
rm -f axe.png again.png anew.png

# It misbehaves.
for mode in drop garbage huge restart silent cleared folders; do
    tell $mode
    comfy "axe" -s 3 -o axe.png
    is "$mode: the picture is there all the same" "$status $(ls axe.png 2>&1)" "0 axe.png"
    [ "$status" = 0 ] || not_ok "$mode said" "$err"
    rm -f axe.png
done
tell slow
comfy "axe" -s 3 -o axe.png
is "it says nothing for five seconds: waited for" "$status $(ls axe.png 2>&1)" "0 axe.png"
rm -f axe.png
tell oom
comfy "axe" -s 3 -o axe.png
is "out of memory: freed, then again" "$status $(ask freed)" "0 1"
rm -f axe.png
tell error
comfy "axe" -s 3
refused "a node fails: its own words" 1 "KSampler (node 5): the sampler met a wall"
tell refuse
comfy "axe" -s 3
refused "a node is refused: its own words" 2 "KSampler" "Value 300 bigger than max of 100: cfg"
tell status500
comfy "axe" -s 3
refused "status 500" 2 "status 500"
tell nopicture
comfy "axe" -s 3
refused "a picture that is none" 1 "sent a picture that is none"
tell hugepicture
comfy "axe" -s 3
refused "a picture without end" 1 "/view"

# Ctrl-C while it works: the server is told.
tell stall
env --default-signal=INT "$program" generate axe -s 3 --engine comfyui --preview never >/dev/null 2>&1 &
pid=$!
tries=0
while [ "$($python -c "import json,urllib.request as u; print(len(json.load(u.urlopen('http://127.0.0.1:$port/queue'))['queue_running']))")" = 0 ] &&
    [ $tries -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -s INT "$pid"
wait "$pid"
is "Ctrl-C ends it with 130, and the server's work too" "$? $(ask interrupted)" "130 1"
is "nothing is left of it" "$(files)" "$keep"
tell ok

# Ctrl-C while somebody else's prompt runs, on a server so old that an interrupt hits whatever runs: theirs goes on.
tell oldstall
$python -c "
import json, urllib.request as u
graph = {'5': {'class_type': 'KSampler', 'inputs': {'seed': 1, 'steps': 3}}}
u.urlopen('http://127.0.0.1:$port/prompt', data=json.dumps({'prompt': graph, 'prompt_id': 'theirs', 'client_id': 'them'}).encode()).read()"
queue() { $python -c "import json,urllib.request as u; q = json.load(u.urlopen('http://127.0.0.1:$port/queue')); print(*[r[1] for r in q['queue_running']], len(q['queue_pending']))"; }
env --default-signal=INT "$program" generate axe -s 3 --engine comfyui --preview never >/dev/null 2>&1 &
pid=$!
tries=0
while [ "$(queue)" != "theirs 1" ] && [ $tries -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
is "one waits behind another's" "$(queue)" "theirs 1"
kill -s INT "$pid"
wait "$pid"
is "Ctrl-C takes ours away and leaves theirs alone" "$? $(queue) $(ask interrupted)" "130 theirs 0 1"
tell ok

# What a server has, and what it lacks.
run models --server "http://127.0.0.1:$port"
is "its models" "$status $(printf %s "$out" | tr -s ' \n' ' ')" \
    "0 checkpoint sd_xl_base_1.0.safetensors checkpoint juggernaut.safetensors lora pixel-art-xl.safetensors lora style/mine.safetensors vae sdxl-fix.safetensors"
run models --kind lora --json
is "its LoRAs" "$(printf '%s\n' "$out" | jq -r '.name + " " + .kind')" "$(printf 'pixel-art-xl.safetensors lora\nstyle/mine.safetensors lora')"
run models --kind x
is "no such kind" "$status" 2
run doctor --json
is "the doctor finds nothing missing" "$(printf '%s\n' "$out" | jq -r 'select(.check == "comfyui") | .grade + ": " + (.seen | sub("^.*ComfyUI"; "ComfyUI"))')" \
    "good: ComfyUI 0.3.64 on cpu; 2 checkpoints, 2 LoRAs, 1 VAEs"
tell bare
run doctor --json
printf '%s\n' "$out" | jq -r 'select(.check == "comfyui") | .grade + ": " + (.seen | sub("^http://[^ ]*: "; "")) + " -> " + .advice' >lacks.txt
tell ok
is "of a bare server it tells" "$status:$(cut -d: -f1 lacks.txt | sort | uniq -c | tr -s ' \n' ' ')" "1: 1 bad 4 note "
for lack in "note: ComfyUI 0.3.30.*update ComfyUI" 'bad: .*nothing to choose for ckpt_name.*models/checkpoints' \
    'note: workflow animation-sdxl: .*no node class "RepeatLatentBatch".*install' 'note: workflow txt2img-sdxl-lora: .*no node class "LoraLoader"' \
    'note: .*no scheduler "karras"'; do
    if grep -q "^$lack" lacks.txt; then ok "$lack"; else not_ok "$lack" "$(cat lacks.txt)"; fi
done
rm -f lacks.txt

# Several servers: one that is down is passed over.
SPRITERY_COMFYUI="http://127.0.0.1:1,http://127.0.0.1:$port"
comfy "axe" -s 3 -o axe.png
is "one of two servers is down" "$status" 0
rm -f axe.png
SPRITERY_COMFYUI="http://127.0.0.1:1"
comfy "axe"
refused "no server" 1 "ComfyUI does not answer" "--server URL"
SPRITERY_COMFYUI="gpu:8188"
comfy "axe"
refused "an address that is none" 2 "no server's address"
SPRITERY_COMFYUI="http://127.0.0.1:"
comfy "axe"
refused "an address without its port" 2 "no server's address"
finish
