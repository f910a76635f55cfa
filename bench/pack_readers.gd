# Loads sheet.tres as Godot 3 does and compares it with sheet.pack.json: every frame's place, margin and size, and its
# pixels with the file it was packed from (frames/NAME.png).
extends SceneTree

func wrong(text):
	print("WRONG: ", text)
	quit_with(1)

func quit_with(code):
	OS.exit_code = code
	quit()

# The server draws nothing and keeps no pixels of textures, so the page is read once more.
var page = Image.new()

func check(t, f):
	var size = Vector2(f.source[0], f.source[1])
	if t.region != Rect2(f.at[0], f.at[1], f.size[0], f.size[1]) or t.get_size() != size:
		return "%s is %s of size %s" % [f.name, t.region, t.get_size()]
	var want = Image.new()
	if want.load("res://frames/%s.png" % f.name) != OK:
		return "%s.png cannot be read" % f.name
	want.convert(Image.FORMAT_RGBA8)
	var got = Image.new()
	got.create(int(size.x), int(size.y), false, Image.FORMAT_RGBA8)
	if t.atlas.resource_path != "res://sheet.png":
		return "%s is cut from %s" % [f.name, t.atlas.resource_path]
	got.blit_rect(page, t.region, t.margin.position)
	got.premultiply_alpha()
	want.premultiply_alpha()
	if got.get_data() != want.get_data():
		return "%s looks different" % f.name
	return ""

func _init():
	var file = File.new()
	file.open("res://sheet.pack.json", File.READ)
	var truth = parse_json(file.get_as_text())
	if page.load("res://sheet.png") != OK:
		return wrong("sheet.png cannot be read")
	page.convert(Image.FORMAT_RGBA8)
	var frames = load("res://sheet.tres")
	if frames == null:
		return wrong("sheet.tres does not load")
	var tagged = {}
	var count = 0
	for tag in truth.tags:
		var beat = 1000.0 / frames.get_animation_speed(tag.name)
		var at = 0
		for i in range(tag.from, tag.to + 1):
			tagged[int(i)] = true
			var times = int(round(truth.frames[i].duration / beat))
			for _n in range(times):
				var text = check(frames.get_frame(tag.name, at), truth.frames[i])
				if text != "":
					return wrong(text)
				at += 1
			count += 1
		if at != frames.get_frame_count(tag.name):
			return wrong("%s has %d frames, not %d" % [tag.name, frames.get_frame_count(tag.name), at])
	for i in range(truth.frames.size()):
		if tagged.has(i):
			continue
		var f = truth.frames[i]
		var name = f.name
		for tag in truth.tags:
			if tag.name == name:
				name = f.name + " still"
		if frames.get_frame_count(name) != 1:
			return wrong("%s is no animation of one frame" % name)
		var text = check(frames.get_frame(name, 0), f)
		if text != "":
			return wrong(text)
		count += 1
	print("godot3    %d frames, %d animations: all as packed, pixels too" % [count, truth.tags.size()])
	quit_with(0)
