# The recipes only call ./dev and the program; nothing here is needed to build or use Spritery.

set positional-arguments # words keep their blanks: "red dragon" is one prompt

spritery := "build/src/cli/spritery"

# list the recipes
default:
    @just --list

# install, build, make and show sprites
demo:
    ./dev demo

# build the program
build:
    ./dev build

# run the tests; arguments go to meson test
test *args:
    ./dev test "$@"

# the tests under the sanitizers
san:
    ./dev san
    ./dev tsan

# fuzz each target for some seconds
fuzz seconds="60":
    ./dev fuzz {{seconds}}

# the benchmarks
bench:
    ./dev bench

# format the C code
fmt:
    ./dev fmt

# layers, sizes, clang-tidy, shellcheck
lint:
    ./dev lint

# what a change must pass
ci:
    .ci/run

# make a sprite: just generate "red dragon" --seed 7
generate *args: build
    {{spritery}} generate "$@"

# list the models
models: build
    {{spritery}} models

# print how a picture was made
show file: build
    {{spritery}} show "$1"

# remove what was built
clean:
    ./dev clean
