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
