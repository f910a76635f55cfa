#!/bin/sh
# spritery deploy: what a person sees, as a command and as the last step of a plan.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
mkdir -p art/tiles game
echo hero >art/hero.png
echo grass >art/tiles/grass.png
echo theirs >game/project.godot

run deploy art --into game --dry-run
is "a dry run says what would change" "$status:$out" "0:+ art/hero.png
+ art/tiles/grass.png
game: 2 new, 0 replaced, 0 removed, 0 as they were (nothing was done)"
is "and does nothing" "$(ls -A game)" project.godot
run deploy art/ --into game
is "files arrive" "$status:$(cat game/hero.png game/tiles/grass.png)" "0:hero
grass"
run deploy art/ --into game
is "again: nothing to do" "$status:$out" "0:game: 2 files up to date"
is "the manifest says what, and from where" \
    "$(jq -rc '.deploy, (.files | to_entries[] | [.key, .value.from, .value.sha256[:8]])' game/.spritery-deploy/deploy.json | tr '\n' ' ')" \
    "deploy [\"hero.png\",\"art/hero.png\",\"$(sha256sum <art/hero.png | cut -c1-8)\"] [\"tiles/grass.png\",\"art/tiles/grass.png\",\"$(sha256sum <art/tiles/grass.png | cut -c1-8)\"] "
echo mine >game/hero.png
echo knight >art/hero.png
rm art/tiles/grass.png
run deploy art/ --into game
is "what somebody changed there is not replaced" "$status:$err" \
    "1:spritery: in game hero.png was changed since it was deployed, so nothing was deployed; --force replaces"
is "nor is anything else done" "$(cat game/hero.png game/tiles/grass.png)" "mine
grass"
run deploy art/ --into game --force --json
is "but with --force; what is not made any more goes" \
    "$status:$(printf '%s' "$out" | jq -rc '[.files[] | [.file, .change]]'):$(find game -type f | LC_ALL=C sort | tr '\n' ' ')" \
    '0:[["hero.png","replaced"],["tiles/grass.png","removed"]]:game/.spritery-deploy/deploy.json game/hero.png game/project.godot '
run deploy art
is "where to must be said" "$status:$err" "2:spritery: say where to: --into FOLDER"
run deploy missing --into game
is "what is not there is said" "$status:$err" "1:spritery: missing cannot be deployed: No such file or directory"
rm -rf art game

# Killed at any instant, the next one makes it whole.
mkdir art
i=0
while [ $i -lt 300 ]; do echo "$i" >art/$i.png; i=$((i + 1)); done
"$program" deploy art --into game --quiet
wrong=
for n in 1 2 3 4 5 6 7 8; do
    for f in art/*.png; do echo "$n" >>"$f"; done
    "$program" deploy art --into game --quiet &
    pid=$!
    sleep "0.0$n"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    run deploy art --into game --quiet
    [ "$status" = 0 ] && diff -r art game/art >/dev/null && [ "$(ls -A game/.spritery-deploy)" = deploy.json ] || wrong="$wrong $n: $err"
done
is "killed in the middle, the next one makes it whole" "$wrong" ""
rm -rf art game

cat >p.yaml <<'END'
plan: p
domains:
  - id: d
    workstreams:
      - {id: art, run: "mkdir -p art; echo $LOOK > art/hero.png; echo x > art/notes.txt", env: {LOOK: blue}, outputs: [art]}
      - {id: assets, needs: [art], deploy: {into: game/assets, pattern: "*.png"}}
END
run plan check p.yaml
is "a plan may end with a deploy of what it needs" "$status:$err" "0:"
run plan run --quiet p.yaml
is "which runs" "$status:$(cd game && find . -type f | LC_ALL=C sort | tr '\n' ' ')" "0:./assets/.spritery-deploy/assets.json ./assets/art/hero.png "
is "and writes down whose it is" "$(jq -rc '[.deploy, .plan, .workstream]' game/assets/.spritery-deploy/assets.json)" '["assets","p.yaml","assets"]'
started() { "$program" plan run --json p.yaml | jq -r 'select(.event == "start") | .id' | tr '\n' ' '; }
is "the second time nothing runs" "$(started)" ""
rm game/assets/art/hero.png
is "what is missing there is brought again" "$(started):$(cat game/assets/art/hero.png)" "assets :blue"
sed -i 's/LOOK: blue/LOOK: red/' p.yaml
is "and what was made anew" "$(started):$(cat game/assets/art/hero.png)" "art assets :red"
echo mine >game/assets/art/hero.png
run plan run --quiet p.yaml
is "what a person changed stays, and the run says so" "$status:$(cat game/assets/art/hero.png):$("$program" plan events --json p.yaml | jq -r 'select(.event == "exit") | .text' | grep -c 'was changed since it was deployed')" "1:mine:1"
finish
