// SPDX-License-Identifier: BSD-2-Clause
// Session descriptions of both sides, and what must never cross.
const print = Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).toUpperCase()).join(':');

// What a browser writes. n: another one each. setup: actpass in an offer.
export const web = (n = 1, setup = 'actpass') => ['v=0', `o=- ${1000 + n} 2 IN IP4 127.0.0.1`, 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=msid-semantic: WMS s',
	'm=audio 9 UDP/TLS/RTP/SAVPF 0 101', 'c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0', `a=candidate:1 1 udp 2122260223 127.0.0.1 ${20000 + n} typ host`,
	`a=ice-ufrag:U${n}xy`, 'a=ice-pwd:0123456789abcdef01234567', 'a=ice-options:trickle', `a=fingerprint:sha-256 ${print}`, `a=setup:${setup}`, 'a=mid:0',
	'a=sendrecv', 'a=msid:s t', 'a=rtcp-mux', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ssrc:12345 cname:raw-of-a-browser', ''].join('\r\n');

// What a UE of the core writes; its port and its name say which one.
export const core = (n = 1) => ['v=0', `o=raw-core ${2000 + n} 1 IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${24000 + n * 2} RTP/AVP 0 101`,
	'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv', ''].join('\r\n');

// Towards the core: nothing of WebRTC. Towards a page: nothing of the core's.
export const ofBrowser = /a=(candidate|ice-|fingerprint|setup|group|mid|msid|ssrc|rtcp-mux)|SAVPF|raw-of-a-browser/;
export const isRawCore = (sdp) => /m=audio 2[4-9]\d\d\d RTP\/AVP /.test(sdp) || !/a=fingerprint/.test(sdp);
