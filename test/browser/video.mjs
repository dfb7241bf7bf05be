// SPDX-License-Identifier: BSD-2-Clause
// A camera that sees a known moving picture, and what becomes of it: looked at
// in a page's <video>, or decoded from what a phone received.
import fs from 'node:fs';

const WIDTH = 320, HEIGHT = 240, RATE = 15, BAR = 32, STEP = 8;
const RED = [81, 90, 240], BLUE = [41, 240, 110], WHITE = [235, 128, 128];

/** Red above, blue below, a white bar that goes from left to right: as Y4M. */
export function patternFile(file) {
	const frame = (n) => {
		const at = (n * STEP) % WIDTH;
		const colour = (x, y) => ((x - at + WIDTH) % WIDTH < BAR ? WHITE : y < HEIGHT / 2 ? RED : BLUE);
		const planes = [[1, 0], [2, 1], [2, 2]].map(([scale, which]) => {
			const [w, h] = [WIDTH / scale, HEIGHT / scale];
			return Buffer.from(Uint8Array.from({ length: w * h }, (_, i) => colour((i % w) * scale, Math.floor(i / w) * scale)[which]));
		});
		return Buffer.concat([Buffer.from('FRAME\n'), ...planes]);
	};
	fs.writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420\n`),
		...Array.from({ length: WIDTH / STEP }, (_, n) => frame(n))]));
	return file;
}

// Both run in a page. A look: {top, bottom: [r, g, b], bar: 0..39}.
const LOOK = `(source, width, height) => {
	const canvas = new OffscreenCanvas(40, 30), pen = canvas.getContext('2d', { willReadFrequently: true });
	pen.drawImage(source, 0, 0, 40, 30);
	const { data } = pen.getImageData(0, 0, 40, 30);
	const row = (y) => Array.from({ length: 40 }, (_, x) => [...data.subarray(4 * (y * 40 + x), 4 * (y * 40 + x) + 3)]);
	const median = (pixels, c) => pixels.map((p) => p[c]).sort((a, b) => a - b)[20];
	const colour = (y) => [0, 1, 2].map((c) => median(row(y), c));
	const light = row(7).map((p, x) => p[1] + row(22)[x][1]);
	return { top: colour(7), bottom: colour(22), bar: light.indexOf(Math.max(...light)), width, height };
}`;

/** What this page sees of the other side, looked at every 100 ms: {looks, frames_n}. */
export function lookInPage(page, peerConnection, ms = 1500, nth = 0) {
	return page.evaluate(async ([expression, lookText, duration, which]) => {
		const look = (0, eval)(lookText);
		const pc = await (0, eval)(expression);
		const track = pc.getReceivers().map((r) => r.track).filter((t) => t.kind === 'video' && t.readyState === 'live')[which];
		const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true,
			srcObject: new MediaStream([track]) });
		document.body.append(video);
		await video.play();
		const before = video.getVideoPlaybackQuality().totalVideoFrames;
		const looks = [];
		const until = performance.now() + duration;
		while (performance.now() < until) {
			await new Promise((r) => setTimeout(r, 100));
			if (video.videoWidth) looks.push(look(video, video.videoWidth, video.videoHeight));
		}
		const frames = video.getVideoPlaybackQuality().totalVideoFrames - before;
		video.srcObject = null;
		video.remove();
		return { looks, frames_n: frames };
	}, [peerConnection, LOOK, ms, nth]);
}

const DECODER = { VP8: 'vp8', H264: 'avc1.42e01f' };

/** Decodes frames of a VideoStream in a browser: {looks, frames_n}, or throws what its decoder says. */
export function decodeInPage(page, codec, frames) {
	return page.evaluate(async ([lookText, name, list]) => {
		const look = (0, eval)(lookText);
		const looks = [];
		let failed;
		const decoder = new VideoDecoder({
			output: (frame) => { looks.push(look(frame, frame.displayWidth, frame.displayHeight)); frame.close(); },
			error: (error) => { failed = error; } });
		decoder.configure({ codec: name });
		for (const [i, { key, data }] of list.entries()) {
			decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: i * 66666,
				data: Uint8Array.from(atob(data), (c) => c.charCodeAt(0)) }));
		}
		await decoder.flush().catch((error) => { failed ??= error; });
		if (failed) throw new Error(`not decodable: ${failed.message}`);
		decoder.close();
		return { looks, frames_n: looks.length };
	}, [LOOK, DECODER[codec], frames.map(({ key, data }) => ({ key, data: data.toString('base64') }))]);
}

/** What is wrong with these looks at the pattern; '' if nothing is. */
export function patternFault({ looks, frames_n: frames }) {
	if (frames < 8 || looks.length < 4) return `only ${frames} frames, ${looks.length} looks`;
	const last = looks.at(-1);
	const [top, bottom] = [last.top, last.bottom];
	if (!(top[0] > 100 && top[0] > 1.8 * top[2])) return `above it is ${top}, not red`;
	if (!(bottom[2] > 100 && bottom[2] > 1.8 * bottom[0])) return `below it is ${bottom}, not blue`;
	const bars = new Set(looks.map((l) => l.bar));
	return bars.size < 4 ? `the bar stands still (at ${[...bars]})` : '';
}
