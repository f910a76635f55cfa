#!/bin/sh
# The example production, from nothing to sheets: twice, then with one output gone.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
cp "$root/examples/plans/small-game.yaml" game.yaml

run plan check game.yaml
is "the example is sound" "$status" 0
timeout 200 "$program" plan run --quiet game.yaml >out 2>&1
is "it runs from beginning to end" "$?:$(cat out)" "0:"
run plan status --json game.yaml
is "both gates are open" "$(printf '%s' "$out" | jq -c '[.status, (.gates[] | .status)]')" '["finished","open","open"]'
is "there are sheets for two engines and one to look at" \
    "$(find game -name '*.png' | LC_ALL=C sort | tr '\n' ' ')" "game/contact.png game/sprites/godot/sprites.png game/sprites/tiled/sprites.png "
is "and in the game's folder what the game needs" "$(cd my-game && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
    "./assets/.spritery-deploy/assets.json ./assets/sprites.png ./assets/sprites.png.import ./assets/sprites.tres ./assets/tiles/grass.png ./assets/tiles/stone-wall.png "
run plan events --json game.yaml
is "evidence of every criterion" "$(printf '%s\n' "$out" | jq -s '[.[] | select(.event == "gate") | .criteria[] | select(.holds)] | length')" 10
is "with what was seen" "$(printf '%s\n' "$out" | jq -r 'select(.event == "gate" and .id == "art-good") | .criteria[] | select(.name == "tiles have no seam") | .seen < 1.1')" true

run plan run --json game.yaml
is "the second time nothing runs" "$status:$(printf '%s\n' "$out" | jq -r 'select(.event == "start") | .id')" "0:"
rm art/items/weapons/long-sword-31.png
run plan run --json game.yaml
is "what is gone is made again, to the byte, so that nothing else need run" \
    "$status:$(printf '%s\n' "$out" | jq -r 'select(.event == "start") | .id' | tr '\n' ' ')" "0:weapons "
rm my-game/assets/tiles/grass.png
run plan run --json game.yaml
is "a file that is missing in the game is brought again" \
    "$status:$(printf '%s\n' "$out" | jq -r 'select(.event == "start") | .id' | tr '\n' ' '):$(cmp art/tiles/grass.png my-game/assets/tiles/grass.png && echo same)" "0:assets :same"
sed -i 's/long sword, battle axe/long sword, war hammer/' game.yaml
run plan run --json game.yaml
is "another prompt runs, and all that depends on its picture" \
    "$status:$(printf '%s\n' "$out" | jq -r 'select(.event == "start") | .id' | LC_ALL=C sort | tr '\n' ' ')" "0:assets contact measure-items sheet weapons "
finish
