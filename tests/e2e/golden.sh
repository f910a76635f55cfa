#!/bin/sh
# Help, manual page and completions as they were last read by a person; and that the shells accept them.
# Usage: golden.sh PROGRAM [--update]
update=${2:-}
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
golden=$root/tests/golden/cli
version=$("$program" version | cut -d' ' -f2)

# golden NAME ARGUMENTS...
golden() {
    name=$1
    shift
    "$program" "$@" </dev/null 2>&1 | sed "s/$version/VERSION/g" >now
    if [ "$update" = --update ]; then cp now "$golden/$name"; fi
    if difference=$(diff -u "$golden/$name" now 2>&1); then ok "$name"; else not_ok "$name" "$difference"; fi
    rm -f now
}

golden help.txt help
golden help-generate.txt help generate
golden help-animate.txt help animate
golden help-palette.txt help palette
golden help-show.txt help show
golden help-tiles.txt help tiles
golden help-transform.txt help transform
golden man.1 man
golden completion.bash completion bash
golden completion.zsh completion zsh
golden completion.fish completion fish

# Every command and option is in every form.
"$program" man >page
for shell in bash zsh fish; do "$program" completion $shell >script.$shell; done
missing=
for command in $("$program" help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    for option in $("$program" help "$command" | grep -o -- '^ .*--[a-z-]*' | grep -o -- '--[a-z-]*$'); do
        grep -q -- "$(printf '%s' "$option" | sed 's/-/\\\\-/g')" page || missing="$missing man:$command:$option"
        grep -q -- "$option" script.bash || missing="$missing bash:$command:$option"
        grep -q -- "$option" script.zsh || missing="$missing zsh:$command:$option"
        grep -q -- "-l ${option#--}" script.fish || missing="$missing fish:$command:$option"
    done
done
is "every option is in the manual page and the completions" "$missing" ""

missing=
for variable in $(grep -rhoE '"SPRITERY_[A-Z_]+"' "$root/src" --include='*.c' --exclude='*_test.c' | tr -d '"' | sort -u); do
    [ "$variable" = SPRITERY_FAULT ] || grep -q "$variable" page || missing="$missing $variable" # that one is for tests
done
is "the manual page has every variable that is read" "$missing" ""
missing=
for command in $("$program" help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    grep -q -e "\`spritery $command" -e "^| .*, \`$command\`" "$root/README.md" || missing="$missing $command"
done
is "README.md has every command" "$missing" ""

check() { # SHELL: the completion script has no syntax error
    if command -v "$1" >/dev/null 2>&1; then
        is "$1 reads its completions" "$("$1" -n "script.$1" 2>&1)" ""
    else
        skip "$1 reads its completions" "$1 is not installed"
    fi
}
check bash
check zsh
check fish
if command -v bash >/dev/null 2>&1; then
    offered() { # WORDS...: what bash offers for the last one
        bash -c '. ./script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spritery; echo "${COMPREPLY[*]}"' - "$@"
    }
    is "bash completes commands" "$(offered spritery sh)" "show"
    is "bash completes options" "$(offered spritery show --prev)" "--preview"
    is "bash completes words" "$(offered spritery show x.png --preview al)" "always"
    : >picture.png
    is "bash completes files" "$(offered spritery show pict)" "picture.png"
fi
if command -v man >/dev/null 2>&1; then
    is "man reads the page without a warning" "$(MANROFFOPT=-ww man --warnings -l page 2>&1 >/dev/null)" ""
fi
finish
