#compdef spritery
# zsh completion of spritery
_spritery() {
    if ((CURRENT == 2)); then
        local -a commands=(
            'animate:animations from frames, sheets and other animations; played in the terminal'
            'batch:make a sprite for each row of a file'
            'check:measure what is wrong with pixel art'
            'config:the daemon'\''s settings\: show, check, where the file is'
            'deploy:put finished files into a game'\''s folder\: all or nothing, and only over its own'
            'doctor:what this machine has and lacks, and what to do about it'
            'generate:make sprites from words'
            'help:say what there is, or what a command does'
            'jobs:the daemon'\''s queue and history\: list, show, watch, change'
            'keys:make keys, for a daemon that other machines may reach'
            'models:list models\: size, words, licence, checksum; verify them'
            'pack:pack sprites into sheets that engines load, with their own metadata'
            'palette:palettes\: from pictures, to pictures, between nine kinds of file'
            'pixelize:make true pixel art of any picture'
            'plan:check, draw, simulate and run the plan of a production'
            'serve:run the daemon\: a queue that survives, for all clients'
            'show:show a picture and how it was made'
            'status:what the daemon is at'
            'tiles:tiles that repeat, and sets that join two grounds (Wang 16, blob 47)'
            'train:train a model on captioned tiles'
            'transform:enlarge, rotate, mirror, outline; sets of directions'
            'unpack:take a sheet apart\: every frame a file again, at its size before trimming'
            'version:print the program'\''s version'
        )
        _describe command commands
        return
    fi
    local verb=$words[2]
    shift words
    ((CURRENT--))
    case $verb in
    (animate)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[write it; the ending says what\: .gif, .png or .apng, .webp, .aseprite]:FILE:_files' \
            '--as=[gif, apng, webp or aseprite, whatever the ending; or sheet\: all frames on one picture]:KIND:(gif apng webp aseprite sheet)' \
            '(-f --force)'{-f,--force}'[replace the file]' \
            '--fps=[frames a second, 1 to 1000]:N: ' \
            '(-d --duration)'{-d+,--duration=}'[each frame'\''s time, 1 to 65535 ms; else what the files say, or 100]:MS: ' \
            '--loop=[how often it is shown; 0 is for ever, as is usual]:N: ' \
            '(-t --tag)'{-t+,--tag=}'[only the frames of this tag, in its direction]:NAME: ' \
            '--reverse[last frame first]' \
            '--pingpong[there and back, no end twice]' \
            '(-s --scale)'{-s+,--scale=}'[enlarge by a whole number, 1 to 64]:N: ' \
            '--colors=[at most so many colours in all frames together, 1 to 256]:N: ' \
            '--cells=[cut each picture into cells of that size, row by row]:WxH: ' \
            '--anchor=[files of several sizes\: where smaller ones lie on the largest]:WHERE:(centre bottom top left right top-left top-right bottom-left bottom-right)' \
            '--layer=[this layer or group of an Aseprite file alone]:NAME: ' \
            '--onion=[an onion-skin contact sheet\: N frames before (red) and after (blue) shine through]:N: ' \
            '--columns=[of a sheet]:N: ' \
            '(-p --play)'{-p,--play}'[show it in the terminal until Ctrl-C]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FRAMES...:_files'
        ;;
    (batch)
        _arguments -s -S \
            '--negative=[what to keep away from]:WORDS: ' \
            '--blend=[a second prompt to lean towards]:WORDS: ' \
            '--blend-amount=[how far to lean\: 0 is the prompt, 1 the blend]:X: ' \
            '(-m --model)'{-m+,--model=}'[a name from '\''spritery models'\'', or a file]:MODEL:_files' \
            '--size=[pixels on a side; 32 is what the bundled model knows best]:N:(16 32 48 64)' \
            '--steps=[denoising steps\: 10 is a draft, more than 30 rarely shows]:N: ' \
            '(-g --guidance)'{-g+,--guidance=}'[how strictly to follow the words\: 1 is loosely; walls and floors have 1.5 if none is given]:X: ' \
            '--sampler=[how to walk from noise to picture]:NAME:(euler heun ancestral dpm)' \
            '--precision=[bf16 is faster where the processor has it, and another picture of the same seed]:NAME:(f32 bf16)' \
            '(-s --seed)'{-s+,--seed=}'[the same seed gives the same picture]:N: ' \
            '--vary=[mix the seed'\''s noise with another'\''s\: 0.2 is a close relative]:X: ' \
            '--vary-seed=[which relative]:N: ' \
            '(-n --count)'{-n+,--count=}'[pictures per prompt, each with the next seed (with --vary\: the next vary seed)]:N: ' \
            '--frames=[a small animation that loops\: frames of the same sprite, as a sheet and a file each]:N: ' \
            '--grid=[a tile set\: variations of one seamless tile that fit beside each other, as C columns and R rows]:CxR: ' \
            '(-i --init)'{-i+,--init=}'[start from this picture instead of from noise]:FILE:_files' \
            '--strength=[how much to change --init, or the sketch that a model begins with\: 0 nothing, 1 everything]:X: ' \
            '--mask=[with --init\: draw anew only where this picture is white]:FILE:_files' \
            '--tile[make a seamless tile]' \
            '(-c --colors)'{-c+,--colors=}'[at most so many colours, transparent not counted]:N: ' \
            '--palette=[only the colours of a palette\: a name from below, or a file of any usual kind]:NAME|FILE:_files' \
            '--scale=[enlarge\: every pixel becomes N x N]:N: ' \
            '--engine=[who makes it\: this program, or a ComfyUI server]:NAME:(native comfyui)' \
            '--workflow=[with --engine comfyui\: a template'\''s name, or a file in API format]:NAME|FILE: ' \
            '--lora=[with --engine comfyui\: a LoRA that the server has]:NAME[:WEIGHT]: ' \
            '(-o --out)'{-o+,--out=}'[the folder of the pictures and of manifest.jsonl (default\: FILE without its ending)]:DIR:_files -/' \
            '--name=[what files are called (default\: {prompt}-{seed}); '\''/'\'' makes folders]:PATTERN: ' \
            '--as=[what FILE is, where its name does not say\: csv, jsonl or yaml]:KIND:(csv jsonl yaml)' \
            '--format=[png (default; carries every parameter), webp or gif]:KIND:(png webp gif)' \
            '(-f --force)'{-f,--force}'[draw every row again, and replace files]' \
            '--dry-run[draw nothing; print what would be made]' \
            '--embedded[draw in this process even where a daemon is up; the bytes are the same]' \
            '--server=[ComfyUI servers for --engine comfyui (default\: $SPRITERY_COMFYUI, or 127.0.0.1\:8188)]:URL,...: ' \
            '--daemon=[the daemon'\''s address; default\: $SPRITERY_DAEMON, else this user'\''s own]:ADDR: ' \
            '--key=[my key file, for a daemon on another machine]:FILE:_files' \
            '--server-key=[that daemon'\''s .pub file]:FILE:_files' \
            '(-t --threads)'{-t+,--threads=}'[threads to use; the picture never depends on it]:N: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE:_files'
        ;;
    (check)
        _arguments -s -S \
            '--gates=[these gates\: the usual ones (default), all, or names with commas]:usual|all|LIST:(usual all)' \
            '(-g --gate)'{-g+,--gate=}'[this gate, with a bound of your own; may be repeated]:NAME[=BOUND]: ' \
            '--sequence[the files are the frames of one animation]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE...:_files'
        ;;
    (config)
        _arguments -s -S \
            '--config=[the file; default\: $SPRITERY_CONFIG, else ~/.config/spritery/config.yaml]:FILE:_files' \
            '--set=[as if '\''serve'\'' had been given it]:NAME=VALUE: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[show|check|path\]:(check path show)'
        ;;
    (deploy)
        _arguments -s -S \
            '(-i --into)'{-i+,--into=}'[where to; made where it is missing]:FOLDER:_files -/' \
            '(-p --pattern)'{-p+,--pattern=}'[only files of such names, as '\''*.png'\'', or paths, as '\''tiles/*.png'\''; may be repeated]:GLOB: ' \
            '--name=[tells several deploys into one folder apart, default the workstream'\''s id]:WORD: ' \
            '(-n --dry-run)'{-n,--dry-run}'[only say what would change]' \
            '(-f --force)'{-f,--force}'[replace files that somebody else put or changed there]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE|FOLDER...:_files'
        ;;
    (doctor)
        _arguments -s -S \
            '--config=[the daemon'\''s configuration]:FILE:_files' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            && return
        ;;
    (generate)
        _arguments -s -S \
            '--negative=[what to keep away from]:WORDS: ' \
            '--blend=[a second prompt to lean towards]:WORDS: ' \
            '--blend-amount=[how far to lean\: 0 is the prompt, 1 the blend]:X: ' \
            '(-m --model)'{-m+,--model=}'[a name from '\''spritery models'\'', or a file]:MODEL:_files' \
            '--size=[pixels on a side; 32 is what the bundled model knows best]:N:(16 32 48 64)' \
            '--steps=[denoising steps\: 10 is a draft, more than 30 rarely shows]:N: ' \
            '(-g --guidance)'{-g+,--guidance=}'[how strictly to follow the words\: 1 is loosely; walls and floors have 1.5 if none is given]:X: ' \
            '--sampler=[how to walk from noise to picture]:NAME:(euler heun ancestral dpm)' \
            '--precision=[bf16 is faster where the processor has it, and another picture of the same seed]:NAME:(f32 bf16)' \
            '(-s --seed)'{-s+,--seed=}'[the same seed gives the same picture]:N: ' \
            '--vary=[mix the seed'\''s noise with another'\''s\: 0.2 is a close relative]:X: ' \
            '--vary-seed=[which relative]:N: ' \
            '(-n --count)'{-n+,--count=}'[pictures per prompt, each with the next seed (with --vary\: the next vary seed)]:N: ' \
            '--frames=[a small animation that loops\: frames of the same sprite, as a sheet and a file each]:N: ' \
            '--grid=[a tile set\: variations of one seamless tile that fit beside each other, as C columns and R rows]:CxR: ' \
            '(-i --init)'{-i+,--init=}'[start from this picture instead of from noise]:FILE:_files' \
            '--strength=[how much to change --init, or the sketch that a model begins with\: 0 nothing, 1 everything]:X: ' \
            '--mask=[with --init\: draw anew only where this picture is white]:FILE:_files' \
            '--tile[make a seamless tile]' \
            '(-c --colors)'{-c+,--colors=}'[at most so many colours, transparent not counted]:N: ' \
            '--palette=[only the colours of a palette\: a name from below, or a file of any usual kind]:NAME|FILE:_files' \
            '--scale=[enlarge\: every pixel becomes N x N]:N: ' \
            '--engine=[who makes it\: this program, or a ComfyUI server]:NAME:(native comfyui)' \
            '--workflow=[with --engine comfyui\: a template'\''s name, or a file in API format]:NAME|FILE: ' \
            '--lora=[with --engine comfyui\: a LoRA that the server has]:NAME[:WEIGHT]: ' \
            '--prompts=[more prompts, one a line; - is standard input]:FILE:_files' \
            '(-o --out)'{-o+,--out=}'[where to\: a folder (default\: here), or one .png, .webp or .gif]:DIR|FILE:_files' \
            '--format=[png (default; carries every parameter), webp or gif]:KIND:(png webp gif)' \
            '(-f --force)'{-f,--force}'[replace files; else a taken name gets a number]' \
            '(-p --preview)'{-p+,--preview=}'[show\: auto (on a terminal), never, always; or keep a FILE at the newest state]:WHEN|FILE:(auto never always)' \
            '--no-sheet[no contact sheet of a batch]' \
            '(-l --like)'{-l+,--like=}'[begin from the parameters in this PNG\: alone it makes the same bytes again]:FILE:_files' \
            '--embedded[draw in this process even where a daemon is up; the bytes are the same]' \
            '--server=[ComfyUI servers for --engine comfyui (default\: $SPRITERY_COMFYUI, or 127.0.0.1\:8188)]:URL,...: ' \
            '--daemon=[the daemon'\''s address; default\: $SPRITERY_DAEMON, else this user'\''s own]:ADDR: ' \
            '--key=[my key file, for a daemon on another machine]:FILE:_files' \
            '--server-key=[that daemon'\''s .pub file]:FILE:_files' \
            '(-t --threads)'{-t+,--threads=}'[threads to use; the picture never depends on it]:N: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:PROMPT...: '
        ;;
    (help)
        _arguments -s -S \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[COMMAND\]:(animate batch check config deploy doctor generate help jobs keys models pack palette pixelize plan serve show status tiles train transform unpack version)'
        ;;
    (jobs)
        _arguments -s -S \
            '--state=[list, clear\: only queued, running, done, failed or cancelled]:STATE:(queued running done failed cancelled)' \
            '--find=[list\: only those with all the words in prompt, id or tags]:WORDS: ' \
            '--limit=[list, votes\: at most so many; default 20]:N: ' \
            '--before=[list, votes\: the page before this row]:ROW: ' \
            '--to=[move\: top, up, down or bottom]:PLACE:(top up down bottom)' \
            '--older=[clear\: only those that ended so many days ago]:DAYS: ' \
            '--comparison=[vote, votes\: its name; default\: one that follows from the jobs]:NAME: ' \
            '--voter=[vote\: who says so; each has one vote in a comparison]:NAME: ' \
            '--note=[vote\: why]:TEXT: ' \
            '--csv[votes\: all of them, for a spreadsheet\: a row for each thing that was compared]' \
            '--daemon=[the daemon'\''s address; default\: $SPRITERY_DAEMON, else this user'\''s own]:ADDR: ' \
            '--key=[my key file, for a daemon on another machine]:FILE:_files' \
            '--server-key=[that daemon'\''s .pub file]:FILE:_files' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[VERB \[ID...\]\]:(cancel clear list move pause resume retry show vote votes watch)'
        ;;
    (keys)
        _arguments -s -S \
            '--folder=[where to; default\: ~/.config/spritery/keys]:DIR:_files -/' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:new NAME:(new)'
        ;;
    (models)
        _arguments -s -S \
            '--verify[say of each model that it is sound]' \
            '--server=[list what ComfyUI servers have instead\: checkpoints, LoRAs, VAEs]:URL[,URL]: ' \
            '--kind=[of servers only\: checkpoint, lora or vae]:KIND:(checkpoint lora vae)' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[MODEL...\]:_files'
        ;;
    (pack)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[what the sheet is called, with its folder\: build/hero makes build/hero.png]:NAME:_files' \
            '--for=[targets with commas between, all or none; default aseprite]:LIST: ' \
            '--max-size=[largest page\: 2048 (default) or WIDTHxHEIGHT]:SIDE: ' \
            '--size=[of pages\: free (default), square or pot (powers of two)]:SHAPE:(free square pot)' \
            '--border=[free pixels around a page; 0 to 256, default 0]:N: ' \
            '--padding=[free pixels between sprites; 0 to 256, default 0]:N: ' \
            '--extrude=[repeat each sprite'\''s rim, so that no neighbour bleeds in; 0 to 64, default 1]:N: ' \
            '--trim=[frame (default), animation (one box for all its frames) or none]:HOW:(none frame animation)' \
            '--rotate[sprites may be turned; for texturepacker, phaser and pixi]' \
            '--no-share[equal frames each get a place]' \
            '--layout=[dense (default) or grid (equal cells, untrimmed)]:HOW:(dense grid)' \
            '--columns=[of a grid; 0 (default) makes it as square as it gets]:N: ' \
            '--bleed=[spread colours N pixels under transparent ones; 0 to 64, default 0]:N: ' \
            '--duration=[of a frame that says none itself; default 100]:MS: ' \
            '--pivot=[center (default), bottom, top-left ..., or X,Y as 0.5,1]:WHERE:(center bottom top left right top-left top-right bottom-left bottom-right)' \
            '--animations=[from names (default\: walk_01, walk_02), folders or none]:HOW:(names folders none)' \
            '--terrain=[numbers in names are terrain bits\: corner, edge or mixed; default none]:KIND:(none corner edge mixed)' \
            '--pixels-per-unit=[for unity; default 16]:N: ' \
            '--sidecar=[YAML with durations, pivots, animations, slices]:FILE:_files' \
            '--fresh[place everything anew instead of moving as little as possible]' \
            '(-f --force)'{-f,--force}'[replace files that were not packed here, or were changed since]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE|DIR...:_files'
        ;;
    (palette)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[where to; the ending says what; without it the palette is printed]:FILE|DIR:_files' \
            '--as=[kind of palette file, whatever the ending; without --out to standard output]:KIND:(gpl hex txt jasc riff act ase png aseprite)' \
            '(-f --force)'{-f,--force}'[replace files that exist]' \
            '(-c --colors)'{-c+,--colors=}'[extract, merge\: at most so many, 1 to 256]:N: ' \
            '--sort=[as-is (default), light (dark to light) or hue]:ORDER:(as-is light hue)' \
            '--near=[merge\: leave out colours nearer than that to one before; 0.02 is hard to see]:D: ' \
            '(-d --dither)'{-d+,--dither=}'[apply\: mix the colours in a pattern, as bayer4\:0.5; FILE\: a picture of it]:KIND|FILE[:STRENGTH]: ' \
            '--space=[apply\: how the nearest colour is found\: oklab (default) or srgb]:SPACE:(oklab srgb)' \
            '--name=[the palette'\''s name, in kinds that have one]:TEXT: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:apply|convert|extract|list|merge|show ...:_files'
        ;;
    (pixelize)
        _arguments -s -S \
            '--cell=[the cells are so many pixels, as 8, 7.3 or 8x9 (default\: found)]:W[xH]: ' \
            '--grid=[a cell has its corner at X,Y and is W x H pixels]:X,Y,W,H: ' \
            '--to=[look for no grid and reduce to so many pixels\: for photos and paintings]:WxH: ' \
            '(-c --colors)'{-c+,--colors=}'[at most so many colours; auto\: all that noise did not make; with --to 32]:N|auto: ' \
            '--palette=[only the colours of this palette]:NAME|FILE:_files' \
            '--dither=[mix the palette'\''s colours in a pattern, as bayer4\:0.5; FILE\: a picture of it, dark first]:KIND|FILE[:STRENGTH]:(none bayer2 bayer4 bayer8 blue-noise floyd-steinberg atkinson)' \
            '--background=[keep; auto\: away if most of the border is one colour; flood\: from the border only; color=#RRGGBB]:WHAT:(keep auto flood color=#)' \
            '--ground2=[the same picture on another ground, which shows what is transparent]:FILE:_files' \
            '--bleed=[colour under N transparent pixels around the opaque ones, for filtering in games]:N: ' \
            '--scale=[every pixel of the result as N x N]:N: ' \
            '(-o --out)'{-o+,--out=}'[where to (default\: here, as NAME-pixel.png)]:DIR|FILE:_files' \
            '--format=[png (default; an APNG if it moves), webp, gif or aseprite]:KIND:(png webp gif aseprite)' \
            '(-f --force)'{-f,--force}'[replace files that exist]' \
            '--sequence[the files are the frames of one animation]' \
            '(-p --preview)'{-p+,--preview=}'[show the result\: auto (on a terminal), never or always]:WHEN:(auto never always)' \
            '(-t --threads)'{-t+,--threads=}'[threads to use; the results never depend on it]:N: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE...:_files'
        ;;
    (plan)
        _arguments -s -S \
            '--tree[show\: domains, workstreams and gates as a tree (the default)]' \
            '--gantt[show\: a bar for each workstream over time]' \
            '--dot[show\: the graph for Graphviz]' \
            '--svg[show\: the bars as an SVG picture]' \
            '(-n --runs)'{-n+,--runs=}'[simulate\: how many random runs; 1 to 1000000, default 1000]:N: ' \
            '(-s --seed)'{-s+,--seed=}'[simulate\: the same seed gives the same numbers; default 1]:N: ' \
            '(-j --jobs)'{-j+,--jobs=}'[run\: at most so many workstreams at once; default the plan'\''s capacity, or the CPUs]:N: ' \
            '(-f --force)'{-f,--force}'[run\: also what is up to date]' \
            '--no-wait[run\: end when only a person can move it, instead of waiting]' \
            '--survive=[run\: what the journal survives\: the end of the program, or of the machine (default)]:kill|power:(kill power)' \
            '--no-domains[run\: no processes for domains; one looks after all of them]' \
            '--mend[resume\: put a damaged journal aside and go on from its sound part]' \
            '--week=[report\: only the N-th seven days of the run]:N: ' \
            '--as=[approve\: the role that the gate asks for]:ROLE: ' \
            '--text=[decide\: why, and what follows; Markdown]:TEXT: ' \
            '--by=[approve, cancel, gate, retry\: who says so; default your account'\''s name]:NAME: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:WORD FILE...:_files'
        ;;
    (serve)
        _arguments -s -S \
            '--config=[the configuration; default\: ~/.config/spritery/config.yaml]:FILE:_files' \
            '--data=[where the queue and the gallery are (data.folder)]:DIR:_files -/' \
            '--workers=[jobs at a time (engine.workers)]:N: ' \
            '--set=[any setting of '\''spritery config show'\''; as often as needed]:NAME=VALUE: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            && return
        ;;
    (show)
        _arguments -s -S \
            '(-p --preview)'{-p+,--preview=}'[show the picture\: auto (on a terminal), never or always]:WHEN:(auto never always)' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE...:_files'
        ;;
    (status)
        _arguments -s -S \
            '--daemon=[the daemon'\''s address; default\: $SPRITERY_DAEMON, else this user'\''s own]:ADDR: ' \
            '--key=[my key file, for a daemon on another machine]:FILE:_files' \
            '--server-key=[that daemon'\''s .pub file]:FILE:_files' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            && return
        ;;
    (tiles)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[where to (default\: here, as NAME-WHAT.png)]:FILE:_files' \
            '(-f --force)'{-f,--force}'[replace files that exist]' \
            '--axis=[seamless\: x, y or xy (default)]:AXIS:(x y xy)' \
            '(-k --kind)'{-k+,--kind=}'[wang\: corner (default) or edge; preview\: plain (default), corner, edge or blob]:KIND:(corner edge blob)' \
            '--wave=[wang, blob\: how wavy the line between the grounds is, 0 to 1; default 0.5]:W: ' \
            '--border=[wang, blob\: a rim of the upper ground, as #RRGGBB]:COLOUR: ' \
            '--seed=[of the waves, or of the plane; default 1]:N: ' \
            '--tsx[wang, blob\: also a Tiled tileset with its terrain, beside the picture]' \
            '--size=[preview\: so many tiles; default 8x6]:WxH: ' \
            '--lower=[preview\: the tile under a blob set]:FILE:_files' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:blob|measure|preview|seamless|wang FILE...:_files'
        ;;
    (train)
        _arguments -s -S \
            '(-d --data)'{-d+,--data=}'[tiles and captions.jsonl; several times for several; DIR=0.3\: those 0.3 times as often]:DIR[=X]:_files -/' \
            '(-o --out)'{-o+,--out=}'[where the run is kept\: checkpoint, logs, sheets, model]:DIR:_files -/' \
            '(-i --init)'{-i+,--init=}'[begin with a model'\''s weights, and learn the data'\''s new words; without it from nothing]:MODEL:_files' \
            '(-r --resume)'{-r,--resume}'[go on with the run in --out, as if it had never stopped]' \
            '(-n --samples)'{-n+,--samples=}'[length of the whole run; may be changed with --resume]:N: ' \
            '(-b --batch)'{-b+,--batch=}'[samples in a step]:N: ' \
            '--lr=[highest learning rate]:X: ' \
            '(-s --seed)'{-s+,--seed=}'[seed of every chance]:N: ' \
            '--set=[any other setting, as often as you like; '\''train settings'\'' lists them]:NAME=VALUE: ' \
            '(-t --threads)'{-t+,--threads=}'[threads to use; the result never depends on it]:N: ' \
            '(-m --minutes)'{-m+,--minutes=}'[stop after so long, with a checkpoint]:X: ' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:base|settings:(base settings)'
        ;;
    (transform)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[where to (default\: here, as NAME-transform)]:DIR|FILE:_files' \
            '(-f --force)'{-f,--force}'[replace files that exist]' \
            '(-s --scale)'{-s+,--scale=}'[enlarge by a whole number, 1 to 64]:N: ' \
            '(-m --method)'{-m+,--method=}'[how\: nearest; or by 2, 4, 8 ...\: epx, mmpx (best for sprites), xbr (shaded art)]:KIND:(nearest epx mmpx xbr)' \
            '--mirror=[x\: left and right change places; y\: top and bottom; xy\: both]:AXIS:(x y xy)' \
            '(-r --rotate)'{-r+,--rotate=}'[clockwise; quarters of a turn are exact]:DEGREES: ' \
            '--by=[how to rotate\: smart (lines stay whole, as RotSprite) or nearest]:KIND:(smart nearest)' \
            '--keep-size[rotate on the same canvas; else it grows to hold everything]' \
            '--set=[2\: as it is and mirrored; 4 or 8\: rotated into so many directions]:N:(2 4 8)' \
            '--facing=[where the sprite looks; the set'\''s files are named by the wind, not by degrees]:WIND:(n ne e se s sw w nw)' \
            '--outline=[outer, inner or corners; then \:#RRGGBB (default black) or \:shade]:KIND: ' \
            '--clean[take the corner pixels out of freehand lines (jaggies)]' \
            '--close[close gaps of one or two pixels in a dark outline]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE...:_files'
        ;;
    (unpack)
        _arguments -s -S \
            '(-o --out)'{-o+,--out=}'[where frames go; made where it is missing, default here]:DIR:_files -/' \
            '(-f --force)'{-f,--force}'[replace files that are there]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:SHEET...:_files'
        ;;
    (version)
        _arguments -s -S \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            && return
        ;;
    esac
}
if [ "$funcstack[1]" = _spritery ]; then
    _spritery "$@"
else
    compdef _spritery spritery
fi
