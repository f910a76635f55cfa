#!/bin/sh
# Training from the command line: a short run on tiles that the program itself draws, stopped and gone on with.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

run train base
refused "no folders" 2 "train base needs --data FOLDER and --out FOLDER"
run train lora
refused "another kind" 2 "train cannot train 'lora'; it must be base or settings"
run train base -d tiles -o run --set bach=1
refused "a setting misspelt" 2 "--set: there is no 'bach'; see 'spritery train settings'"
run train base -d tiles -o run --set batch
refused "a setting without a value" 2 "--set 'batch' is not NAME=VALUE; see 'spritery train settings'"
run train base -d tiles -o run --lr nan
refused "a rate that is no number" 2 "rate 'nan' is not a number from 1e-09 to 1"
run train base -d tiles -o run -m 0
refused "no minutes" 2 "--minutes '0' is not a number above 0"
run train base -d tiles -o run --resume -i sprite32
refused "resume and init" 2 "--resume goes on with the run in run; --init begins another"
run train base -d nothing -o run -i sprite32
refused "no data" 1 "nothing/captions.jsonl"
run train base -d nothing -o run --resume
refused "no run" 1 "run/run.checkpoint"
run train settings --json
is "settings as JSON" "$(printf '%s\n' "$out" | grep -c '"default"')" "$(printf '%s\n' "$out" | wc -l)"

# Four tiles; opaque squares are enough of a picture.
mkdir tiles
for i in 0 1 2 3; do
    "$program" generate "item potion blue" -s $i --steps 2 -o tiles/$i.png -q -p never 2>/dev/null
    printf '{"file":"%d.png","dir_words":["item"],"file_words":["potion"],"colour":"blue","weight":1,"flip":false,"hue":true,"keep":false}\n' $i
done >tiles/captions.jsonl

settings="-n 16 -b 4 --set lanes=2 --set part=2 --set warmup=0 --set hold-out=0"
# shellcheck disable=SC2086 # words on purpose
run train base -d tiles -o whole -i sprite32 $settings -q
is "a short run ends well" "$status:$err" "0:"
# shellcheck disable=SC2086
run train base -d tiles -o parts -i sprite32 $settings -q -m 0.000001
is "a run that is out of time ends well" "$status:$err" "0:"
run train base -d tiles -o parts --resume -t 1 -q
is "it goes on" "$status:$err" "0:"
tensors() { # FILE: the numbers after the header
    size=$(od -An -tu8 -N8 "$1" | tr -d ' ')
    tail -c "+$((size + 9))" "$1" | cksum
}
is "the numbers are the same as if it had never stopped" "$(tensors parts/model.safetensors)" "$(tensors whole/model.safetensors)"
run models --json whole/model.safetensors
is "other commands read the model" "$status:$err" "0:"
# shellcheck disable=SC2086
run train base -d tiles -o whole -i sprite32 $settings -q
keep=$(files)
refused "a second run in the folder" 1 "whole has a run already: go on with it (--resume), or use another folder"

# Two folders, and words that the model does not have.
mkdir more
for i in 0 1; do
    cp tiles/$i.png more/$i.png
    printf '{"file":"%d.png","dir_words":["item"],"file_words":["gizmo"],"colour":"blue","weight":1,"flip":false,"hue":true,"keep":true,"style_words":["doodle"]}\n' $i
done >more/captions.jsonl
# shellcheck disable=SC2086
run train base -d tiles -d more=0.5 -o both -i sprite32 $settings -n 8 -m 0.000001
is "new words are told" "$status:$(printf '%s\n' "$err" | head -n 1)" "0:2 new words: doodle gizmo"
is "validation has columns for each folder" "$(head -n 1 both/validation.csv)" "step,samples,seconds,held,seen,held2,seen2"
keep=$(files)
run train base -d tiles -d more=0.7 -o both --resume
refused "another share is other data" 1 "the run was begun with other data"
run train base -d tiles -d more=0.5 -o both --resume -q
is "a run with new words goes on" "$status:$err" "0:"
# shellcheck disable=SC2086
run train base -d tiles -d more=0.5 -o both2 -i sprite32 $settings -n 8 -q
is "with the same numbers as without a stop" "$(tensors both/model.safetensors)" "$(tensors both2/model.safetensors)"
run generate "doodle gizmo" --steps 1 --seed 1 -p never -m "$work/both/model.safetensors" -o gizmo.png
is "the new model reads its new words" "$status:$(printf '%s\n' "$err" | grep -c 'doodle gizmo')" "0:1"
keep=$(files)
run train base -d tiles -d more=none -o other -i sprite32
refused "a share that is no number" 2 "after '=' stands how often tiles are drawn"
run train base -d tiles -d more=0 -o other -i sprite32
refused "a share of nothing" 2 "after '=' stands how often tiles are drawn"
mkdir more=2
cp more/* more=2
# shellcheck disable=SC2086
run train base -d more=2 -o odd -i sprite32 $settings -n 4 -q
is "a folder with an equals sign is a folder" "$status:$err" "0:"

# Ctrl-C leaves a checkpoint.
# shellcheck disable=SC2086
"$program" train base -d tiles -o stopped -i sprite32 $settings -n 100000 -q 2>stopped.err &
pid=$!
for _ in $(seq 200); do
    [ -s stopped/validation.csv ] && break
    sleep 0.1
done
sleep 1
kill -INT $pid
wait $pid
is "Ctrl-C: exit status" "$?" 130
is "Ctrl-C: it says how to go on" "$(grep -c -- '--resume goes on' stopped.err)" 1
is "Ctrl-C: there is a checkpoint" "$(ls stopped/run.checkpoint)" stopped/run.checkpoint
finish
