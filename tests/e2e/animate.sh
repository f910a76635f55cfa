#!/bin/sh
# Animations as a person makes them: from files, folders, sheets and each other, into every kind; wrong asks; played in a
# terminal, which is as it was after Ctrl-C.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
bad=$root/tests/bad
field() { printf '%s' "$out" | sed "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/"; }

for kind in gif apng webp aseprite; do
    run animate "$bad/gif/previous" --out "one.$kind" --json
    is "to $kind: frames" "$(field frames)" 5
    run show --json "one.$kind"
    is "$kind says its times" "$(printf '%s' "$out" | sed 's/.*"durations_ms":\[\([^]]*\)\].*/\1/')" "100,100,100,100,100"
    run animate "one.$kind" --as sheet --columns 5 --out "sheet-$kind.png"
    is "$kind holds the same pixels" "$(sha "sheet-$kind.png")" "$(sha sheet-gif.png)"
done
run animate sheet-gif.png --cells 4x4 --out cells.apng
run animate cells.apng --as sheet --columns 5 --out again.png
is "a sheet cut into cells is the frames again" "$(sha again.png)" "$(sha sheet-gif.png)"

mkdir walk idle
for i in 1 2 10; do run animate "$bad/gif/one" --out "walk/w$i.png"; done
cp walk/w1.png idle/i.png
run animate walk idle --out tags.aseprite --fps 12 --json
is "folders: frames" "$(field frames)" 4
is "12 frames a second: rounding does not add up" "$(field ms)" 333
run show --json tags.aseprite
case $out in
*'"tags":[{"name":"walk","from":0,"to":2,'*'{"name":"idle","from":3,"to":3,'*) ok "folders are tags" ;;
*) not_ok "folders are tags" "$out" ;;
esac
run show tags.aseprite
case $out in
*"frames        4 of 83 to 84 ms, 0.33 s in all"*"tag walk: frames 0 to 2, forward"*) ok "show says frames and tags" ;;
*) not_ok "show says frames and tags" "$out" ;;
esac
run pack tags.aseprite --out packed --for aseprite
run animate packed.json --out back.aseprite --json
is "a packed sheet plays" "$(field frames) $(field ms)" "4 333"
run animate packed.json --as sheet --columns 4 --out packed-sheet.png
run animate tags.aseprite --as sheet --columns 4 --out tags-sheet.png
is "with the same pixels" "$(sha packed-sheet.png)" "$(sha tags-sheet.png)"
run animate tags.aseprite --tag walk --pingpong --scale 3 --out p.gif --loop 2 --duration 70 --json
is "tag, ping-pong, scale" "$(field frames) $(field width) $(field ms) $(field plays)" "4 12 280 2"
run animate "$bad/aseprite/groups" --layer group --out layer.png
run show --json layer.png
is "a hidden group alone" "$(field width)" 4
run animate tags.aseprite --onion 2 --out onion.png --json
is "an onion-skin sheet" "$(field kind)" onion

rm -rf walk idle ./*.*
keep=""
run animate nothing.png --out x.gif
refused "a missing file" 1 "nothing.png"
run animate "$bad/gif/cut-in-frame-2" --out x.gif
refused "a broken file" 1 "frame 1: the GIF ends too early"
run animate "$bad/gif/one" "$bad/gif/interlaced" --out x.gif
refused "two sizes" 2 "2x9" "--anchor"
run animate "$bad/gif/one" --out x.tga
refused "an unknown kind" 2 "x.tga" "--as"
run animate "$bad/gif/one" --out x.jpg
refused "JPEG" 2 "x.jpg"
run animate "$bad/gif/one"
refused "no place to go" 2 "--out" "--play"
run animate "$bad/gif/one" --play
refused "no terminal" 2 "terminal"
run animate "$bad/gif/one" --out x.gif --fps 9 --duration 9
refused "two times" 2 "--fps and --duration"
run animate "$bad/aseprite/tags" --out x.gif --tag run2
refused "an unknown tag" 1 "run2" "run"
run animate "$bad/gif/one" --out x.gif --cells 3x4
refused "cells that leave a rest" 2 "3x4" "2x4"
run animate "$bad/gif/one" --out x.gif --cells 3
refused "cells without a height" 2 "16x24"
run animate "$bad/aseprite/layers" --out x.gif --layer sky
refused "an unknown layer" 1 "sky" "above"
run animate . --out x.gif
refused "an empty folder" 2 "no picture"
: >x.gif
keep=x.gif
run animate "$bad/gif/one" --out x.gif
refused "a file that is there" 1 "--force"

if ! command -v tmux >/dev/null 2>&1; then
    skip "an animation in a terminal" "tmux is not installed"
    finish
fi
socket=spritery-e2e-$$
# shellcheck disable=SC2317 # tap.sh calls it
cleanup() { tmux -L "$socket" kill-server 2>/dev/null; }
begin() { # COMMAND: runs it in a terminal; its exit status goes to the file ended
    rm -f ended
    tmux -L "$socket" -f /dev/null new-session -d -x 60 -y 30 "$1; echo \$? >ended; sleep 60"
}
await() { # COMMAND...: until it succeeds, ten seconds
    tries=0
    until "$@" 2>/dev/null || [ $tries -ge 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}
lines() { tmux -L "$socket" capture-pane -e -p | grep -c "$(printf '\033')\[[0-9;]*[34]8;"; } # with colours
# shellcheck disable=SC2317 # await calls these
seen() { [ "$(lines)" -gt 0 ]; }
# shellcheck disable=SC2317
over() { [ -s ended ]; }
begin "'$program' animate '$bad/gif/keep' --duration 40 --loop 3"
await over
is "played, and ended" "$(cat ended)" 0
sleep 0.1
is "one picture stays" "$(lines)" 4
is "the cursor is back" "$(tmux -L "$socket" display -p '#{cursor_flag}')" 1
tmux -L "$socket" kill-server
sleep 0.1
begin "'$program' animate '$bad/gif/keep' --play --loop 0"
await seen
is "the cursor is hidden meanwhile" "$(tmux -L "$socket" display -p '#{cursor_flag}')" 0
tmux -L "$socket" send-keys C-c
await over
is "Ctrl-C ends it" "$(cat ended)" 130
sleep 0.1
is "the cursor is back after Ctrl-C" "$(tmux -L "$socket" display -p '#{cursor_flag}')" 1
tmux -L "$socket" kill-server
sleep 0.1
begin "'$program' show '$bad/gif/keep'"
await over
is "show plays it once" "$(cat ended) $(lines)" "0 4"
finish
