#!/bin/sh
# What `meson install` puts where: everything is found from there, moved anywhere, in an environment with nothing in it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
build=$(dirname "$program")/../..

if ! meson install -C "$build" --no-rebuild --destdir "$work/stage" >log 2>&1; then
    not_ok "installed" "$(tail -n 5 log)"
    finish
fi
mv "$(find stage -path '*/bin/spritery' | sed 's|/bin/spritery$||')" moved
rm -r stage log
for file in libexec/spritery/spritery-task libexec/spritery/spritery-domain share/spritery/models/sprite32.safetensors \
    share/spritery/workflows/txt2img-sdxl.json share/man/man1/spritery.1 share/bash-completion/completions/spritery.bash \
    share/zsh/site-functions/_spritery share/fish/vendor_completions.d/spritery.fish lib/systemd/user/spritery.service \
    lib/systemd/user/spritery.socket share/doc/spritery/LICENSE share/doc/spritery/examples/plans/small-game.yaml; do
    if [ -s "moved/$file" ]; then ok "$file"; else not_ok "$file" "is not there or empty"; fi
done

# bare ARGUMENTS...: the installed program, and nothing else to lean on.
bare() {
    out=$(env -i "$work/moved/bin/spritery" "$@" 2>&1)
    status=$?
}
bare generate "red dragon" --seed 3 --steps 2 --preview never
is "its model is found" "$status $(ls red-dragon-3.png)" "0 red-dragon-3.png"
bare models
case $out in *"$work/moved/share/spritery/models/"*) ok "the one beside it" ;; *) not_ok "the one beside it" "$out" ;; esac
cat >small.yaml <<END
plan: small
domains:
  - id: art
    workstreams:
      - {id: draw, generate: {prompt: knight, seed: 4, steps: 2, out: knight.png, embedded: true}, outputs: [knight.png]}
END
bare plan run small.yaml
is "a plan finds the programs that run it" "$status $(ls knight.png)" "0 knight.png"
bare plan check moved/share/doc/spritery/examples/plans/small-game.yaml moved/share/doc/spritery/examples/plans/dgx-pixels.yaml
is "the examples are sound" "$status" 0
finish
