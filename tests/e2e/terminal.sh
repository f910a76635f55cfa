#!/bin/sh
# The picture in a terminal, as tmux sees it: half blocks, as many columns and rows as pixels, letters with NO_COLOR.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
if ! command -v tmux >/dev/null 2>&1; then
    skip "a picture in a terminal" "tmux is not installed"
    finish
fi
socket=spritery-e2e-$$
# shellcheck disable=SC2317 # tap.sh calls it
cleanup() { tmux -L "$socket" kill-server 2>/dev/null; }
"$program" generate "gold ring" --seed 3 --steps 3 --out ring.png --preview never >/dev/null 2>&1

# pane COMMAND: what an 80 x 40 terminal shows after it, in the file pane; with its colours in pane.colour.
pane() {
    rm -f ended
    tmux -L "$socket" -f /dev/null new-session -d -x 80 -y 40 "$1; : >ended; sleep 60"
    tries=0
    while [ ! -f ended ] && [ $tries -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    sleep 0.2
    tmux -L "$socket" capture-pane -p >pane
    tmux -L "$socket" capture-pane -e -p >pane.colour
    tmux -L "$socket" kill-server
    sleep 0.1
}

pane "'$program' show ring.png"
blocks=$(grep -c '[▀▄█]' pane)
if [ "$blocks" -ge 4 ] && [ "$blocks" -le 17 ]; then ok "half blocks, 2 pixels a row"; else not_ok "half blocks, 2 pixels a row" "$(cat pane)"; fi
wide=$(grep '[▀▄█]' pane | wc -L)
if [ "$wide" -le 33 ]; then ok "a pixel is a column"; else not_ok "a pixel is a column" "$wide columns"; fi
if grep -q "$(printf '\033')\[[0-9;]*[34]8;5;" pane.colour; then ok "in colours"; else not_ok "in colours" "$(cat -v pane.colour)"; fi
if grep -q 'prompt *gold ring' pane; then ok "parameters beside it"; else not_ok "parameters beside it" "$(cat pane)"; fi

pane "NO_COLOR=1 '$program' show ring.png"
if grep -q '[▀▄█]' pane || grep -q "$(printf '\033')\[[0-9;]*[34]8;" pane.colour; then not_ok "NO_COLOR: letters only" "$(cat -v pane.colour)"; else ok "NO_COLOR: letters only"; fi

pane "'$program' generate 'gold ring' 'battle axe' --seed 3 --steps 3 --out two"
if grep -q 'two/gold-ring-3.png' pane && grep -q '[▀▄█]' pane; then ok "generate shows a row of pictures"; else not_ok "generate shows a row of pictures" "$(cat pane)"; fi

run generate "gold ring" --seed 3 --steps 3 --out piped
case $out in
*▄*) not_ok "no picture into a pipe" ;;
*) ok "no picture into a pipe" ;;
esac
finish
