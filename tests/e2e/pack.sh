#!/bin/sh
# Sheets: packed, packed again, written for every target, taken apart.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# Four small pictures, made once; names and folders are played with.
seed=0
for name in a b c d; do
    seed=$((seed + 1))
    "$program" generate "gold ring" --steps 1 --seed $seed --out $name.png --quiet >/dev/null || exit 1
done
mkdir -p in/hero
mv a.png in/hero/walk_1.png
mv b.png in/hero/walk_2_150ms.png
mv c.png in/hero/walk_10.png
mv d.png in/tree.png
cp in/tree.png in/twin.png

run pack in -o out/game
is "a sheet, its metadata and our description" "$status:$err:$(find out -type f | LC_ALL=C sort | tr '\n' ' ')" \
    "0::out/game.json out/game.pack.json out/game.png "
is "what is said" "$(printf '%s\n' "$out" | sed -n 1p | sed 's/;.*//')" "out/game.pack.json: 5 frames, 1 animation, 1 shared"
is "frames and tags as Aseprite writes them" \
    "$(jq -c '[(.frames | keys_unsorted), [.frames[].duration], .meta.frameTags[0].name, .meta.frameTags[0].to]' out/game.json)" \
    '[["hero/walk_1","hero/walk_2","hero/walk_10","tree","twin"],[100,150,100,100,100],"hero/walk",2]'
before=$(sha out/game.png) json=$(sha out/game.json)

run pack in -o out/game
is "again: nothing to do" "$status:$(printf '%s\n' "$out" | tail -n 1)" "0:  nothing has changed since the last time"
run pack in -o out/game --json
is "again, as JSON" "$(printf '%s' "$out" | jq -c '[.unchanged, (.sheets | length), .sheets[0].frames, .since_last.changed]')" "[true,1,5,[]]"
SPRITERY_THREADS=1 run pack in/tree.png in/twin.png in/hero -o other/game --quiet
SPRITERY_THREADS=7 run pack in/hero in/twin.png in/tree.png -o third/game --quiet
is "neither threads nor the order of files matter" "$(sha other/game.png):$(sha other/game.json)" "$(sha third/game.png):$(sha third/game.json)"
rm -r other third

cp in/hero/walk_1.png in/tree.png
run pack in -o out/game --json
is "what changed is said" "$(printf '%s' "$out" | jq -c '[.unchanged, .since_last]')" '[false,{"added":[],"changed":["in/tree.png"],"gone":[]}]'
cp in/twin.png in/tree.png
run pack in -o out/game --fresh --quiet
is "packed afresh it is as it was" "$(sha out/game.png):$(sha out/game.json)" "$before:$json"

# Several pages: one changed sprite, one changed page.
run pack in -o many/game --for texturepacker --max-size 34 --trim none --no-share --json
is "pages" "$(printf '%s' "$out" | jq '.sheets[0].pages | length > 2')" "true"
(cd many && sha256sum ./*.png) >sums
page=$(jq -r '.frames[] | select(.name == "tree") | .page' many/game.pack.json)
"$program" generate "gold ring" --steps 1 --seed 9 --out in/tree.png --force --quiet >/dev/null
run pack in -o many/game --for texturepacker --max-size 34 --trim none --no-share
if (cd many && sha256sum -c ../sums 2>/dev/null) | grep -v ': OK$' >bad; then :; fi
if [ "$(cut -d: -f1 bad)" = "./game-$page.png" ]; then ok "one changed sprite, one changed page"; else not_ok "one changed sprite, one changed page" "$(cat bad)"; fi
cp in/twin.png in/tree.png
rm -r many sums bad

# Taken apart.
"$program" pack in -o flat/x --for none --trim none --extrude 3 --padding 2 --quiet
run unpack flat/x.pack.json -o back
is "unpack says what it did" "$status:$out" "0:flat/x.pack.json: 5 frames in back"
run pack back -o flat/y --for none --trim none --extrude 3 --padding 2 --quiet
is "what comes back packs to the same sheet" "$(sha flat/x.png)" "$(sha flat/y.png)"
for target in aseprite aseprite-array texturepacker texturepacker-array pixi phaser; do
    "$program" pack in -o "t/$target" --for $target --quiet
    run unpack "t/$target.json" -o "back-$target"
    if diff -r back "back-$target" >/dev/null; then ok "unpack reads $target"; else not_ok "unpack reads $target" "$err"; fi
done
for target in bevy css godot godot3 tiled unity; do
    "$program" pack in -o "t/$target" --for $target --quiet
    for file in "t/$target".*; do
        case $file in *.png | *.pack.json) continue ;; esac
        rm -rf back-engine
        run unpack "$file" -o back-engine
        if diff -r back back-engine >/dev/null; then ok "unpack reads ${file#t/} by what lies beside it"; else not_ok "unpack reads ${file#t/} by what lies beside it" "$err"; fi
    done
    rm "t/$target.pack.json"
done
# Of several targets each has a folder, and what describes them lies above.
"$program" pack in -o t/every --for all --quiet
for file in t/every/*/*; do
    case $file in *.png | *.anims.json) continue ;; esac
    rm -rf back-engine
    run unpack "$file" -o back-engine
    if diff -r back back-engine >/dev/null; then ok "unpack reads ${file#t/} by what lies above it"; else not_ok "unpack reads ${file#t/} by what lies above it" "$err"; fi
done
(cd t/every/css && run unpack every.css -o ../../back-inside && [ "$status" = 0 ])
if diff -r back t/back-inside >/dev/null; then ok "from inside its folder, too"; else not_ok "from inside its folder, too"; fi
rm -r t/every t/every.pack.json t/every.grid.pack.json
# Godot calls frames of an animation by the animation's name.
pictures() { find "$1" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort; }
for file in tiled.tsx godot.tres godot3.tres; do
    rm -rf back-engine
    run unpack "t/$file" -o back-engine
    is "unpack reads $file alone" "$status:$(pictures back-engine)" "0:$(pictures back)"
done
run unpack t/css.css -o back-engine --force
refused_files() { if [ "$status" = 1 ] && printf '%s' "$err" | grep -q "$2"; then ok "$1"; else not_ok "$1" "$status: $err"; fi; }
refused_files "a style sheet alone says too little" 'css.css: line 1.*give its .pack.json'
run unpack t/aseprite.json -o back
refused_files "unpack replaces nothing" "is there already; use --force"
"$program" pack in -o t/turned --for texturepacker --rotate --max-size 34 --quiet
is "pages refer to each other" "$(jq -c '.meta.related_multi_packs | length > 0' t/turned-0.json)" "true"
run unpack t/turned-0.json -o back-turned
if diff -r back back-turned; then ok "turned sprites on several pages come back"; else not_ok "turned sprites on several pages come back" "$err"; fi
rm -r back* flat t

# Every target at once.
run pack in -o all/game --for all --pivot bottom
is "a folder for each target" "$status:$(find all/game -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | tr '\n' ' ')" \
    "0:aseprite aseprite-array bevy css godot godot3 phaser pixi texturepacker texturepacker-array tiled unity "
is "Godot and Unity" "$(find all/game/godot all/game/unity -type f | LC_ALL=C sort | tr '\n' ' ')" \
    "all/game/godot/game.png all/game/godot/game.png.import all/game/godot/game.tres all/game/unity/game.png all/game/unity/game.png.meta "
run pack in -o all/game --for all --pivot bottom
is "all again: nothing to do" "$(printf '%s\n' "$out" | tail -n 1)" "  nothing has changed since the last time"
if command -v xmllint >/dev/null 2>&1; then
    is "xmllint reads the tile set" "$(xmllint --noout all/game/tiled/game.tsx 2>&1)" ""
fi
run pack in -o all/game --for godot --pivot bottom
is "what is left over goes" "$(find all -type f | wc -l | tr -d ' '):$(find all -name '*.json' | grep -c 'all/game.pack.json')" "4:1"
rm -r all

# A sheet plays.
run pack in/hero -o sheet/hero
run animate sheet/hero.json --tag walk -o walk.aseprite --json
is "animate reads a sheet" "$status:$err" "0:"
run pack walk.aseprite -o sheet/again
is "its frames and times are those of the files" \
    "$(jq -c '[.frames[].duration] + [.meta.frameTags[0].name]' sheet/again.json)" '[100,150,100,"walk"]'
run animate sheet/hero.json --tag run -o walk.gif
refused_tag() { case $status:$err in 1:*'no animation "run"'*) ok "$1" ;; *) not_ok "$1" "$status: $err" ;; esac; }
refused_tag "an animation that the sheet has not"
rm -r sheet walk.aseprite

# Files of several frames.
run animate in/hero -o hero.aseprite --quiet
run pack hero.aseprite -o ase/hero
is "an Aseprite file gives its frames" "$(jq -c '.frames | keys_unsorted' ase/hero.json)" '["hero_0","hero_1","hero_2"]'
run pack hero.aseprite -o ase/hero
is "nothing to do here either" "$(printf '%s\n' "$out" | tail -n 1)" "  nothing has changed since the last time"
rm -r ase hero.aseprite

# Sidecars: every bad one with all its mistakes.
mkdir s s/hero
for name in a tree x7 hero/walk_1 hero/walk_2 hero/walk_10; do cp in/tree.png s/$name.png; done
bad=$root/tests/bad/sidecar
wrong=
for file in "$bad"/*.yaml; do
    name=$(basename "$file" .yaml)
    cp "$file" now.yaml
    "$program" pack s -o s-out --sidecar now.yaml --for none --quiet 2>seen >/dev/null
    if [ -n "${SPRITERY_UPDATE:-}" ]; then cp seen "$bad/$name.exact"; fi
    cmp -s seen "$bad/$name.exact" || wrong="$wrong $name"
done
is "every bad sidecar: all mistakes, with line and column" "$wrong" ""
cp "$bad/sound.yaml" now.yaml
run pack s -o s-out --sidecar now.yaml
is "a sound one" "$status:$(jq -c '[.meta.frameTags[].name, .meta.frameTags[1].repeat, (.frames | length), .meta.slices[0].keys[0].bounds.w]' s-out.json)" '0:["hero/walk","walk","hit","2",9,8]'
rm -rf s s-out* now.yaml seen

# Refusals.
rm -rf out
keep=$(files)
run pack in
refused "no name" 2 "say what the sheet is called"
run pack in -o x/
refused "a folder is no name" 2 "must end in a name"
run pack in -o x --max-size 8
refused "a frame larger than a page" 1 "does not fit into a page of 8 x 8" "--max-size"
run pack in -o x --max-size 34 --trim none
refused "Aseprite knows one picture" 1 "aseprite knows one picture"
run pack in in/hero/walk_1.png in/tree.png -o x --for godo
refused "an unknown target" 2 "did you mean godot?"
run pack in -o x --for godot --rotate
refused "Godot knows no turned sprites" 2 "godot knows no turned sprites"
run pack in nothing -o x
refused "no such file" 1 "cannot open nothing"
cp in/tree.png in/hero/tree.png
keep=$(files)
run pack in/tree.png in/hero -o x
refused "two of one name" 2 "would both be called \"tree\""
rm in/hero/tree.png
printf 'broken' >in/tree2.png
keep=$(files)
run pack in -o x
refused "no picture" 1 "in/tree2.png"
rm in/tree2.png
echo mine >x.json
keep=$(files)
run pack in -o x
refused "somebody else's file stays" 1 "x.json is there already and was not packed here; use --force"
is "as it was" "$(cat x.json)" "mine"
run pack in -o x --force
is "unless --force" "$status:$(jq '.frames | length' x.json)" "0:5"
echo "//" >>x.json
run pack in -o x
refused_files "a file that was changed since stays" "x.json is there already and was changed since it was packed"
echo "not a sheet" >y.json
run unpack y.json
refused_files "unpack of something else" "y.json: line 1, column"
finish
