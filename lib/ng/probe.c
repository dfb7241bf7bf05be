/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/probe.h"

/* What IMS and browsers speak. PCMU is what the offer itself has. */
static const char *const wanted[] = {"AMR", "AMR-WB", "EVS", "G722", "G729",
		"GSM", "iLBC", "opus", "PCMA", "PCMU", "speex", "telephone-event"};
#define WANTED_N (sizeof wanted / sizeof *wanted)
_Static_assert(WANTED_N <= EP_NG_PROBE_CODECS_MAX, "room for all");

#define SDP_TEXT                                                                                             \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"                                       \
	"t=0 0\r\na=tls-id:rtpengine-iq-probe-000\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\n" \
	"m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:1\r\n"

static void list_put(struct ep_buf *out, const char *key, const char *one)
{
	ep_ng_put_key(out, key);
	ep_ng_list_open(out);
	ep_ng_put_str(out, ep_view_z(one));
	ep_ng_close(out);
}

void ep_ng_probe_put(struct ep_buf *out, struct ep_view call_id)
{
	ep_ng_dict_open(out);
	list_put(out, "bundle", "offer");
	ep_ng_put_pair(out, "call-id", call_id);
	ep_ng_put_key(out, "codec");
	ep_ng_dict_open(out);
	ep_ng_put_key(out, "transcode");
	ep_ng_list_open(out);
	for(size_t i = 0; i < WANTED_N; i++)
		ep_ng_put_str(out, ep_view_z(wanted[i]));
	ep_ng_close(out);
	ep_ng_close(out);
	ep_ng_put_pair(out, "command", EP_LIT("offer"));
	list_put(out, "flags", "generate-mid");
	ep_ng_put_pair(out, "from-tag", EP_LIT(EP_NG_PROBE_TAG));
	list_put(out, "rtcp-mux", "offer");
	ep_ng_put_pair(out, "sdp", EP_LIT(SDP_TEXT));
	ep_ng_close(out);
}

void ep_ng_probe_put_end(struct ep_buf *out, struct ep_view call_id)
{
	ep_ng_dict_open(out);
	ep_ng_put_pair(out, "call-id", call_id);
	ep_ng_put_pair(out, "command", EP_LIT("delete"));
	ep_ng_put_pair_int(out, "delete-delay", 0);
	ep_ng_put_pair(out, "from-tag", EP_LIT(EP_NG_PROBE_TAG));
	ep_ng_close(out);
}

/* `a=rtpmap:96 opus/48000/2` -> `opus` */
static struct ep_view encoding_of(struct ep_view line)
{
	if(!ep_view_starts(line, EP_LIT("a=rtpmap:")))
		return ep_view_none();
	ep_view_cut(&line, ' ');
	return ep_view_cut(&line, '/');
}

static void codec_add(struct ep_ng_probe *out, struct ep_view name)
{
	for(size_t i = 0; i < out->codec_n; i++)
		if(ep_view_ieq(ep_view_z(out->codec[i]), name))
			return;
	for(size_t i = 0; i < WANTED_N; i++)
		if(ep_view_ieq(ep_view_z(wanted[i]), name)) {
			out->codec[out->codec_n++] = wanted[i];
			return;
		}
}

enum ep_err ep_ng_probe_decode(
		struct ep_ng_probe *out, const struct ep_ng_val *answer)
{
	struct ep_view sdp = ep_ng_get_str(answer, EP_LIT("sdp"));

	*out = (struct ep_ng_probe){0};
	if(!sdp.len)
		return EP_ENOENT;
	out->tls_id = true;
	while(sdp.p) {
		struct ep_view line = ep_view_trim(ep_view_cut(&sdp, '\n'));
		if(ep_view_starts(line, EP_LIT("a=group:BUNDLE ")))
			out->bundle = true;
		if(ep_view_starts(line, EP_LIT("a=tls-id:")))
			out->tls_id = false;
		struct ep_view name = encoding_of(line);
		if(name.p)
			codec_add(out, name);
	}
	return EP_OK;
}
