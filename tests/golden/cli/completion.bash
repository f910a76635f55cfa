# bash completion of spritery
_spritery() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
    done
    case "$verb" in
    animate)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --as) mapfile -t COMPREPLY < <(compgen -W 'gif apng webp aseprite sheet' -- "$cur") ;;
        --fps) return ;;
        --duration | -d) return ;;
        --loop) return ;;
        --tag | -t) return ;;
        --scale | -s) return ;;
        --colors) return ;;
        --cells) return ;;
        --anchor) mapfile -t COMPREPLY < <(compgen -W 'centre bottom top left right top-left top-right bottom-left bottom-right' -- "$cur") ;;
        --layer) return ;;
        --onion) return ;;
        --columns) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --as --force --fps --duration --loop --tag --reverse --pingpong --scale --colors --cells --anchor --layer --onion --columns --play --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    batch)
        case "$prev" in
        --negative) return ;;
        --blend) return ;;
        --blend-amount) return ;;
        --model | -m) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --size) mapfile -t COMPREPLY < <(compgen -W '16 32 48 64' -- "$cur") ;;
        --steps) return ;;
        --guidance | -g) return ;;
        --sampler) mapfile -t COMPREPLY < <(compgen -W 'euler heun ancestral dpm' -- "$cur") ;;
        --precision) mapfile -t COMPREPLY < <(compgen -W 'f32 bf16' -- "$cur") ;;
        --seed | -s) return ;;
        --vary) return ;;
        --vary-seed) return ;;
        --count | -n) return ;;
        --frames) return ;;
        --grid) return ;;
        --init | -i) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --strength) return ;;
        --mask) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --colors | -c) return ;;
        --palette) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --scale) return ;;
        --engine) mapfile -t COMPREPLY < <(compgen -W 'native comfyui' -- "$cur") ;;
        --workflow) return ;;
        --lora) return ;;
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --name) return ;;
        --as) mapfile -t COMPREPLY < <(compgen -W 'csv jsonl yaml' -- "$cur") ;;
        --format) mapfile -t COMPREPLY < <(compgen -W 'png webp gif' -- "$cur") ;;
        --server) return ;;
        --daemon) return ;;
        --key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --server-key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --threads | -t) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--negative --blend --blend-amount --model --size --steps --guidance --sampler --precision --seed --vary --vary-seed --count --frames --grid --init --strength --mask --tile --colors --palette --scale --engine --workflow --lora --out --name --as --format --force --dry-run --embedded --server --daemon --key --server-key --threads --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    check)
        case "$prev" in
        --gates) mapfile -t COMPREPLY < <(compgen -W 'usual all' -- "$cur") ;;
        --gate | -g) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--gates --gate --sequence --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    config)
        case "$prev" in
        --config) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --set) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--config --set --json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'check path show' -- "$cur") ;;
            esac ;;
        esac ;;
    deploy)
        case "$prev" in
        --into | -i) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --pattern | -p) return ;;
        --name) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--into --pattern --name --dry-run --force --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    doctor)
        case "$prev" in
        --config) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--config --json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    generate)
        case "$prev" in
        --negative) return ;;
        --blend) return ;;
        --blend-amount) return ;;
        --model | -m) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --size) mapfile -t COMPREPLY < <(compgen -W '16 32 48 64' -- "$cur") ;;
        --steps) return ;;
        --guidance | -g) return ;;
        --sampler) mapfile -t COMPREPLY < <(compgen -W 'euler heun ancestral dpm' -- "$cur") ;;
        --precision) mapfile -t COMPREPLY < <(compgen -W 'f32 bf16' -- "$cur") ;;
        --seed | -s) return ;;
        --vary) return ;;
        --vary-seed) return ;;
        --count | -n) return ;;
        --frames) return ;;
        --grid) return ;;
        --init | -i) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --strength) return ;;
        --mask) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --colors | -c) return ;;
        --palette) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --scale) return ;;
        --engine) mapfile -t COMPREPLY < <(compgen -W 'native comfyui' -- "$cur") ;;
        --workflow) return ;;
        --lora) return ;;
        --prompts) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --format) mapfile -t COMPREPLY < <(compgen -W 'png webp gif' -- "$cur") ;;
        --preview | -p) mapfile -t COMPREPLY < <(compgen -W 'auto never always' -- "$cur") ;;
        --like | -l) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --server) return ;;
        --daemon) return ;;
        --key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --server-key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --threads | -t) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--negative --blend --blend-amount --model --size --steps --guidance --sampler --precision --seed --vary --vary-seed --count --frames --grid --init --strength --mask --tile --colors --palette --scale --engine --workflow --lora --prompts --out --format --force --preview --no-sheet --like --embedded --server --daemon --key --server-key --threads --json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    help)
        case "$prev" in
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'animate batch check config deploy doctor generate help jobs keys models pack palette pixelize plan serve show status tiles train transform unpack version' -- "$cur") ;;
            esac ;;
        esac ;;
    jobs)
        case "$prev" in
        --state) mapfile -t COMPREPLY < <(compgen -W 'queued running done failed cancelled' -- "$cur") ;;
        --find) return ;;
        --limit) return ;;
        --before) return ;;
        --to) mapfile -t COMPREPLY < <(compgen -W 'top up down bottom' -- "$cur") ;;
        --older) return ;;
        --comparison) return ;;
        --voter) return ;;
        --note) return ;;
        --daemon) return ;;
        --key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --server-key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--state --find --limit --before --to --older --comparison --voter --note --csv --daemon --key --server-key --json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'cancel clear list move pause resume retry show vote votes watch' -- "$cur") ;;
            esac ;;
        esac ;;
    keys)
        case "$prev" in
        --folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--folder --json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'new' -- "$cur") ;;
            esac ;;
        esac ;;
    models)
        case "$prev" in
        --server) return ;;
        --kind) mapfile -t COMPREPLY < <(compgen -W 'checkpoint lora vae' -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--verify --server --kind --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    pack)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --for) return ;;
        --max-size) return ;;
        --size) mapfile -t COMPREPLY < <(compgen -W 'free square pot' -- "$cur") ;;
        --border) return ;;
        --padding) return ;;
        --extrude) return ;;
        --trim) mapfile -t COMPREPLY < <(compgen -W 'none frame animation' -- "$cur") ;;
        --layout) mapfile -t COMPREPLY < <(compgen -W 'dense grid' -- "$cur") ;;
        --columns) return ;;
        --bleed) return ;;
        --duration) return ;;
        --pivot) mapfile -t COMPREPLY < <(compgen -W 'center bottom top left right top-left top-right bottom-left bottom-right' -- "$cur") ;;
        --animations) mapfile -t COMPREPLY < <(compgen -W 'names folders none' -- "$cur") ;;
        --terrain) mapfile -t COMPREPLY < <(compgen -W 'none corner edge mixed' -- "$cur") ;;
        --pixels-per-unit) return ;;
        --sidecar) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --for --max-size --size --border --padding --extrude --trim --rotate --no-share --layout --columns --bleed --duration --pivot --animations --terrain --pixels-per-unit --sidecar --fresh --force --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    palette)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --as) mapfile -t COMPREPLY < <(compgen -W 'gpl hex txt jasc riff act ase png aseprite' -- "$cur") ;;
        --colors | -c) return ;;
        --sort) mapfile -t COMPREPLY < <(compgen -W 'as-is light hue' -- "$cur") ;;
        --near) return ;;
        --dither | -d) return ;;
        --space) mapfile -t COMPREPLY < <(compgen -W 'oklab srgb' -- "$cur") ;;
        --name) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --as --force --colors --sort --near --dither --space --name --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    pixelize)
        case "$prev" in
        --cell) return ;;
        --grid) return ;;
        --to) return ;;
        --colors | -c) return ;;
        --palette) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --dither) mapfile -t COMPREPLY < <(compgen -W 'none bayer2 bayer4 bayer8 blue-noise floyd-steinberg atkinson' -- "$cur") ;;
        --background) mapfile -t COMPREPLY < <(compgen -W 'keep auto flood color=#' -- "$cur") ;;
        --ground2) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --bleed) return ;;
        --scale) return ;;
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --format) mapfile -t COMPREPLY < <(compgen -W 'png webp gif aseprite' -- "$cur") ;;
        --preview | -p) mapfile -t COMPREPLY < <(compgen -W 'auto never always' -- "$cur") ;;
        --threads | -t) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--cell --grid --to --colors --palette --dither --background --ground2 --bleed --scale --out --format --force --sequence --preview --threads --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    plan)
        case "$prev" in
        --runs | -n) return ;;
        --seed | -s) return ;;
        --jobs | -j) return ;;
        --survive) mapfile -t COMPREPLY < <(compgen -W 'kill power' -- "$cur") ;;
        --week) return ;;
        --as) return ;;
        --text) return ;;
        --by) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--tree --gantt --dot --svg --runs --seed --jobs --force --no-wait --survive --no-domains --mend --week --as --text --by --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    serve)
        case "$prev" in
        --config) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --data) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --workers) return ;;
        --set) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--config --data --workers --set --json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    show)
        case "$prev" in
        --preview | -p) mapfile -t COMPREPLY < <(compgen -W 'auto never always' -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--preview --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    status)
        case "$prev" in
        --daemon) return ;;
        --key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --server-key) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--daemon --key --server-key --json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    tiles)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --axis) mapfile -t COMPREPLY < <(compgen -W 'x y xy' -- "$cur") ;;
        --kind | -k) mapfile -t COMPREPLY < <(compgen -W 'corner edge blob' -- "$cur") ;;
        --wave) return ;;
        --border) return ;;
        --seed) return ;;
        --size) return ;;
        --lower) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --force --axis --kind --wave --border --seed --tsx --size --lower --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    train)
        case "$prev" in
        --data | -d) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --init | -i) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --samples | -n) return ;;
        --batch | -b) return ;;
        --lr) return ;;
        --seed | -s) return ;;
        --set) return ;;
        --threads | -t) return ;;
        --minutes | -m) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--data --out --init --resume --samples --batch --lr --seed --set --threads --minutes --json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'base settings' -- "$cur") ;;
            esac ;;
        esac ;;
    transform)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --scale | -s) return ;;
        --method | -m) mapfile -t COMPREPLY < <(compgen -W 'nearest epx mmpx xbr' -- "$cur") ;;
        --mirror) mapfile -t COMPREPLY < <(compgen -W 'x y xy' -- "$cur") ;;
        --rotate | -r) return ;;
        --by) mapfile -t COMPREPLY < <(compgen -W 'smart nearest' -- "$cur") ;;
        --set) mapfile -t COMPREPLY < <(compgen -W '2 4 8' -- "$cur") ;;
        --facing) mapfile -t COMPREPLY < <(compgen -W 'n ne e se s sw w nw' -- "$cur") ;;
        --outline) return ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --force --scale --method --mirror --rotate --by --keep-size --set --facing --outline --clean --close --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    unpack)
        case "$prev" in
        --out | -o) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--out --force --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    version)
        case "$prev" in
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    '') mapfile -t COMPREPLY < <(compgen -W 'animate batch check config deploy doctor generate help jobs keys models pack palette pixelize plan serve show status tiles train transform unpack version --json --quiet --verbose --help --version' -- "$cur") ;;
    esac
}
complete -F _spritery spritery
