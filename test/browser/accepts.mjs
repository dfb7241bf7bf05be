// SPDX-License-Identifier: BSD-2-Clause
// What ends of the core say, as they should and as they should not.
const text = (...lines) => `${lines.flat(Infinity).join('\r\n')}\r\n`;

const PCMA = ['8 126', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:126 telephone-event/8000', 'a=fmtp:126 0-15'];
const VP8 = ['96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli'];
const H264 = ['108', 'a=rtpmap:108 H264/90000', 'a=fmtp:108 profile-level-id=42e01f;packetization-mode=1', 'a=rtcp-fb:* nack pli', 'a=rtcp-fb:* ccm fir', 'a=rtcp-fb:* ccm tmmbr',
	'a=rtcp-fb:* trr-int 5000', 'a=imageattr:108 send [x=320,y=240]', 'a=extmap:4 urn:3gpp:video-orientation'];

// Lines that are no business of a page's, that are not what they should be, or
// that nobody knows.
export const ODD = ['a=ptime:abc', 'a=maxptime:', 'a=ptime', 'a=fmtp:8', 'a=framerate:x', 'a=sendrecv ', 'a=rtcp:x', 'a=silenceSupp:off - - - -', 'a=X-y:z', 'a=label:',
	'a=content:main', 'a=lang:de', 'a=curr:qos local none', 'a=curr:qos remote none', 'a=des:qos mandatory local sendrecv', 'a=conf:qos remote sendrecv', 'a=crypto:1 x y', 'a=ssrc:foo', 'a=msid:x',
	'a=mid:99', 'a=rid:x', 'a=simulcast:send', 'a=extmap:99 foo', 'a=candidate:bad', 'a=ice-ufrag:x', 'a=fingerprint:x', 'a=setup:x', 'a=bundle-only', 'a=rtcp-mux', 'a=sctp-port:5', 'a=orient:portrait',
	'a=3ge2ae:requested', 'a=key-mgmt:mikey x', 'a=source-filter: incl IN IP4 1.2.3.4 5.6.7.8', 'a=rtcp-xr:voip-metrics', 'a=acap:1 x', 'a=csup:foo', 'a=visited-realm:1 x', 'a=tra-att:x', 'a=', 'a= x', 'a=:',
	`a=x:${'y'.repeat(3000)}`, 'a=inactive'];

// name -> how an end answers: `audio`, `video`: payload types and lines;
// `not`: sections that it rejects; `more`: lines of each other section.
export const ANSWERS = {
	plain: {}, video_rejected: { not: ['video'] }, audio_rejected: { not: ['audio'] },
	first_rejected: { not: [0] }, last_rejected: { not: [-1] },
	hold_by_address: { address: '0.0.0.0' }, inactive: { more: ['a=inactive'] }, session_direction: { session: ['a=sendonly'] },
	nameless: { name: [] }, empty_name: { name: ['s='] }, blank_name: { name: ['s= '] },
	session_out_of_order: { session: ['a=sendrecv', 'b=AS:500', 'i=late'] }, odd_session: { session: ['a=tool:', 'a=', 'a=group:LS 1', 'a=ice-lite', 'a=setup:x', 'a=fingerprint:x'] },
	odd_lines: { more: ODD }, opus: { audio: ['111 110', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1', 'a=rtpmap:110 telephone-event/48000'] },
	opus_of_one_channel: { audio: ['111', 'a=rtpmap:111 opus/48000'] }, h264: { video: H264 }, no_feedback: { video: VP8.slice(0, 2) },
	narrow: { more: ['b=AS:30', 'b=TIAS:12000', 'b=RS:0', 'b=RR:2000'] }, events_last: { audio: ['126 8', ...PCMA.slice(1)] }, only_lf: { end: '\n' },
};

function answerSection(section, i, how) {
	const [, kind, port, proto, types] = /^m=(\S+) (\d+) (\S+) (.*)/.exec(section);
	const rejected = how.not?.some((n) => n === kind || n === i);
	if (port === '0' || rejected) return [`m=${kind} 0 ${proto} ${types.split(' ')[0]}`];
	const [own, ...lines] = how[kind] ?? (kind === 'audio' ? PCMA : VP8), more = how.more ?? [], bandwidth = (l) => l.startsWith('b=');
	return [`m=${kind} ${6000 + 2 * i} ${proto} ${own}`, more.filter(bandwidth), lines, more.filter((l) => !bandwidth(l))];
}

// An end's answer to `offer`, which has come to the core.
export function answerTo(offer, how) {
	const sections = offer.trim().split(/\r\n(?=m=)/).slice(1), not = how.not?.map((n) => (n < 0 ? sections.length + n : n));
	const out = text('v=0', 'o=ue 1 1 IN IP4 127.0.0.1', how.name ?? 's=-', `c=IN IP4 ${how.address ?? '127.0.0.1'}`, 't=0 0', how.session ?? [], sections.map((s, i) => answerSection(s, i, { ...how, not })));
	return how.end ? out.replaceAll('\r\n', how.end) : out;
}

const HEAD = ['v=0', 'o=ue 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
const AMR = ['m=audio 6000 RTP/AVP 104 102 8 0 101', 'b=AS:41', 'b=RS:0', 'b=RR:2000', 'a=rtpmap:104 AMR-WB/16000', 'a=fmtp:104 mode-change-capability=2;max-red=0', 'a=rtpmap:102 AMR/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=maxptime:240'];
const video = (proto, ...more) => [`m=video 6002 ${proto} 99`, 'b=AS:512', 'a=rtpmap:99 H264/90000', 'a=fmtp:99 profile-level-id=42e00d;packetization-mode=1', ...more];
const KEY = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';

// name -> what an end offers.
export const OFFERS = {
	speech: text(HEAD, AMR), no_rtpmap: text(HEAD, 'm=audio 6000 RTP/AVP 0 8 9'),
	preconditions: text(HEAD, AMR, 'a=curr:qos local none', 'a=curr:qos remote none', 'a=des:qos mandatory local sendrecv', 'a=des:qos none remote sendrecv', 'a=inactive'),
	speech_and_video: text(HEAD, AMR, video('RTP/AVPF', 'a=rtcp-fb:* nack pli', 'a=rtcp-fb:* ccm fir', 'a=rtcp-fb:* trr-int 5000')), video_without_feedback: text(HEAD, AMR, video('RTP/AVP', 'a=rtcp-fb:99 nack')),
	video_that_may: text(HEAD, AMR, video('RTP/AVP', 'a=tcap:1 RTP/AVPF', 'a=pcfg:1 t=1', 'a=rtcp-fb:* nack pli')), video_first: text(HEAD, video('RTP/AVPF', 'a=rtcp-fb:* nack pli'), AMR),
	two_of_each: text(HEAD, AMR, ['m=audio 6010 RTP/AVP 8', 'a=sendonly'], video('RTP/AVPF'), video('RTP/AVPF', 'a=content:slides')), first_rejected: text(HEAD, 'm=audio 0 RTP/AVP 8', AMR), all_but_the_middle: text(HEAD, 'm=video 0 RTP/AVP 99', AMR, 'm=text 0 RTP/AVP 98'),
	others: text(HEAD, 'm=message 6020 TCP/MSRP *', 'a=path:msrp://127.0.0.1:6020/x;tcp', 'a=accept-types:*', AMR, 'm=image 6022 udptl t38', 'a=T38FaxVersion:0', 'm=text 6024 RTP/AVP 98', 'a=rtpmap:98 t140/1000',
		'm=application 6026 TCP/BFCP *', 'm=application 6028 UDP/DTLS/SCTP webrtc-datachannel', 'a=sctp-port:5000'),
	keys: text(HEAD, 'm=audio 6000 RTP/SAVP 8 0', KEY), keys_and_feedback: text(HEAD, 'm=audio 6000 RTP/SAVPF 8 0', KEY), hold: text(HEAD, AMR, 'a=sendonly'), session_direction: text(HEAD, 'a=sendonly', AMR), hold_by_address: text(HEAD, AMR).replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'),
	address_of_the_section: text(HEAD.filter((l) => !l.startsWith('c=')), AMR[0], 'c=IN IP4 127.0.0.1', AMR.slice(1)), ipv6: text(HEAD, AMR).replaceAll('IP4 127.0.0.1', 'IP6 ::1'), nameless: text(HEAD.filter((l) => !l.startsWith('s=')), AMR), empty_name: text(HEAD, AMR).replace('s=-', 's='),
	odd_lines: text(HEAD, 'a=cat:x', AMR, ODD), only_lf: text(HEAD, AMR).replaceAll('\r\n', '\n'), groups: text(HEAD, 'a=group:LS 1 2', AMR, 'a=mid:1', video('RTP/AVPF', 'a=mid:2')), ice_of_a_ue: text(HEAD, AMR, 'a=candidate:1 1 udp 1 127.0.0.1 6000 typ host', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx'),
	same_numbers: text(HEAD, 'm=audio 6000 RTP/AVP 96 8', 'a=rtpmap:96 AMR/8000', 'm=video 6002 RTP/AVPF 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli'), events_at_16000: text(HEAD, 'm=audio 6000 RTP/AVP 8 100 101', 'a=rtpmap:100 telephone-event/16000', 'a=rtpmap:101 telephone-event/8000'),
};
