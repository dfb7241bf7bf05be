-- eP-CSCF: the policy of epcscf.cfg, for app_lua. What both share (listeners,
-- modules, parameters) stays in epcscf.cfg; addresses and names in site.cfg.
-- Chosen by `#!define WITH_LUA` in site.cfg.
--
-- A script function of ours returns 1 or a negative number; Kamailio's own
-- return a number or a boolean. yes() takes both.

local function yes(result)
	return result == true or (type(result) == "number" and result > 0)
end

local function site(name)
	return KSR.pv.get("$def(" .. name .. ")")
end

-- Ends the script, as `exit` does.
local function done()
	KSR.x.exit()
end

local function reply(code, reason)
	KSR.sl.send_reply(code, reason)
end

local function methods(list)
	return KSR.is_method(list)
end

local function in_dialog()
	return yes(KSR.siputils.has_totag())
end

local function from_core()
	local proto = KSR.pv.get("$proto")
	return (proto == "udp" or proto == "tcp")
		and yes(KSR.ipops.is_in_subnet(KSR.pv.get("$si"), site("CORE_NETS")))
end

-- An OPTIONS that is for us.
local function is_ping()
	return methods("OPTIONS") and KSR.pv.is_null("$rU") and not in_dialog()
end

local function limits()
	if not yes(KSR.maxfwd.process_maxfwd(10)) then
		KSR.sl.sl_send_reply(483, "Too Many Hops")
		done()
	end
	-- Towards the core it may go over TCP, where nothing else marks its end.
	if not yes(KSR.hdr.is_present("Content-Length")) then
		KSR.sl.sl_send_reply(400, "Content-Length Missing")
		done()
	end
	if yes(KSR.textops.has_body()) and not yes(KSR.hdr.is_present("Content-Type")) then
		KSR.sl.sl_send_reply(400, "Content-Type Missing")
		done()
	end
end

local function cancel()
	if yes(KSR.tm.t_check_trans()) then
		KSR.tm.t_relay()
	end
	done()
end

local function refused_media()
	if not KSR.pv.is_null("$sdpm(warning)") then
		KSR.hdr.append_to_reply("Warning: " .. KSR.pv.get("$sdpm(warning)") .. "\r\n")
	end
	reply(KSR.pv.get("$sdpm(code)"), KSR.pv.get("$sdpm(reason)"))
	done()
end

function ksr_media_done()
	if methods("INVITE|UPDATE|PRACK|ACK") then
		if not yes(KSR.sdp_mediate.mediate("default")) and not methods("ACK") then
			refused_media()
		end
	end
	if not methods("ACK") then
		KSR.tm.t_on_reply("ksr_onreply_session")
		KSR.tm.t_on_failure("ksr_failure_session")
	end
	if not yes(KSR.tm.t_relay()) then
		reply(500, "Server Internal Error")
	end
	done()
end

-- Both directions, in and out of dialog.
local function session()
	local begins = not in_dialog()
	local binding = KSR.pv.gete("$tna(binding)")
	KSR.pv.sets("$avp(leg)", binding)
	if methods("INVITE") or not begins then
		KSR.dialog.dlg_manage()
	end
	if methods("INVITE") and begins then
		KSR.pv.sets("$dlg_var(legs)", KSR.pv.gete("$dlg_var(legs)") .. binding .. ";")
	end
	-- A NOTIFY may make a dialog, too: the first of a forked SUBSCRIBE.
	if methods("NOTIFY") or methods("INVITE|SUBSCRIBE|REFER") and begins then
		KSR.tna_register.tna_record_route()
	end
	-- What has SDP goes on in ksr_media_done when a gateway has answered: 0.
	if site("WITH_IQ") and methods("INVITE|UPDATE|PRACK") then
		local verdict = KSR.sdp_mediate.mediate_async("default", "ksr_media_done")
		if verdict == 0 then
			done()
		elseif not yes(verdict) then
			refused_media()
		end
	end
	-- Trickled candidates (RFC 8840) are for the media gateway here, and end here.
	if methods("INFO") then
		local taken = KSR.sdp_mediate.mediate("default")
		if taken < 0 then
			if KSR.pv.get("$sdpm(code)") == 469 then
				KSR.hdr.append_to_reply("Recv-Info: \r\n")
			end
			refused_media()
		end
		if taken == 2 then
			reply(200, "OK")
			done()
		end
	end
	ksr_media_done()
end

-- TS 33.203 X.3.2.3 step 5: the token becomes a Trusted Node Authentication.
local function register()
	if not yes(KSR.tna_register.tna_register()) then
		local code, cause = KSR.pv.get("$tna(code)"), KSR.pv.gete("$tna(cause)")
		KSR.notice("REGISTER of " .. KSR.pv.gete("$tu") .. " refused: " .. cause .. "\n")
		-- A token that ends too soon is to be renewed like an expired one.
		if code == 401 then
			KSR.hdr.append_to_reply("WWW-Authenticate: Bearer realm=\""
				.. site("HOME_DOMAIN") .. "\", error=\"invalid_token\"\r\n")
		end
		reply(code, KSR.pv.get("$tna(reason)"))
		-- Its web server or its WAF is: no other try of this page is of use.
		if cause == "barred" then
			KSR.webrtc_auth.close(4003, "authorization revoked")
		end
		done()
	end
	KSR.pv.sets("$du", "sip:" .. site("ICSCF_NAME") .. ":" .. site("ICSCF_PORT"))
	KSR.tm.t_on_reply("ksr_onreply_registered")
	KSR.tm.t_on_failure("ksr_failure_register")
	if not yes(KSR.tm.t_relay()) then
		reply(504, "Server Time-out")
	end
	done()
end

local function judged(verdict)
	if not yes(verdict) then
		KSR.webrtc_auth.challenge()
		done()
	end
end

function ksr_waf_answered()
	judged(KSR.webrtc_auth.check())
	register()
end

-- A browser's request. Nothing of it goes on before its token, its connection
-- and its identity are known.
local function from_wic()
	limits()
	KSR.force_rport()
	if methods("CANCEL") then
		cancel()
	end
	if not yes(KSR.sanity.sanity_check(2023, 7)) then
		done()
	end
	local auth = KSR.pv.get("$tna(auth)")
	if methods("REGISTER") then
		-- The user's password is the S-CSCF's affair. Who has a token renews by
		-- one; who shows nothing yet hears what both want.
		if site("WITH_SIP_DIGEST") then
			local credentials = KSR.pv.get("$tna(credentials)")
			if credentials == "digest" or not credentials and auth ~= "token" then
				register()
			end
		end
		-- A token that only its WAF can judge: goes on in ksr_waf_answered().
		local verdict = KSR.webrtc_auth.check_async("ksr_waf_answered")
		if verdict == 0 then
			done()
		end
		judged(verdict)
		register()
	end
	-- What Digest registered is known by its connection; no token of it exists.
	if auth ~= "digest" then
		judged(KSR.webrtc_auth.check())
	end
	if methods("BYE|PRACK|UPDATE") and not in_dialog() then
		reply(481, "Call/Transaction Does Not Exist")
		done()
	end
	if not yes(KSR.tna_register.tna_check()) then
		if not methods("ACK") then
			reply(KSR.pv.get("$tna(code)"), KSR.pv.get("$tna(reason)"))
		end
		done()
	end
	if is_ping() then
		reply(200, "OK")
		done()
	end
	session()
end

-- The core's request for a browser: its own live connection or nothing.
local function towards_wic()
	limits()
	if methods("CANCEL") then
		cancel()
	end
	if is_ping() then
		KSR.sl.sl_send_reply(200, "OK")
		done()
	end
	-- What the S-CSCF says about our users' registrations.
	if methods("NOTIFY") then
		if yes(KSR.tna_register.tna_notify()) then
			KSR.sl.sl_send_reply(200, "OK")
			done()
		end
		if KSR.pv.get("$tna(cause)") ~= "not_ours" then
			KSR.sl.sl_send_reply(KSR.pv.get("$tna(code)"), KSR.pv.get("$tna(reason)"))
			done()
		end
	end
	if not yes(KSR.tna_register.tna_locate()) then
		if not methods("ACK") then
			KSR.sl.sl_send_reply(KSR.pv.get("$tna(code)"), KSR.pv.get("$tna(reason)"))
		end
		done()
	end
	session()
end

-- On the listener of the nodes that share what is revoked and barred?
local function node_listener()
	return site("WITH_NODES") and KSR.pv.get("$Ri") == site("NODE_ADDR")
		and tostring(KSR.pv.get("$Rp")) == site("NODE_PORT")
end

local function is_node()
	return yes(KSR.ipops.is_in_subnet(KSR.pv.get("$si"), site("NODE_NETS")))
end

-- SIP over bare TLS on the browsers' socket, and strangers on Mw: neither is
-- anybody we answer.
function ksr_request_route()
	if node_listener() then
		-- KDMQ and nothing else, here and nowhere else.
		if KSR.pv.get("$rm") == "KDMQ" and is_node() then
			KSR.dmq.handle_message()
		end
	elseif KSR.is_WSS() then
		from_wic()
	elseif from_core() then
		towards_wic()
	end
	return 1
end

-- An answer belongs to a request that went out from here, or it goes nowhere:
-- without this, Kamailio sends it on by its Via.
function ksr_reply_route()
	if node_listener() then
		if not is_node() or not yes(KSR.tm.t_check_trans()) then
			KSR.set_drop()
		end
		return 1
	end
	if not KSR.is_WSS() and not from_core() or not yes(KSR.tm.t_check_trans()) then
		KSR.set_drop()
	end
	return 1
end

local function is_provisional()
	return KSR.pv.get("$rs") < 200
end

-- A refusal that is not for the page's eyes was rewritten: it goes on anyway.
function ksr_onreply_registered()
	if not yes(KSR.tna_register.tna_reply()) then
		return 1
	end
	-- The core's Digest, or a token (RFC 8898 2.2): Digest last, for SIP
	-- stacks that keep one challenge of several.
	if site("WITH_SIP_DIGEST") and KSR.pv.get("$rs") == 401 and KSR.pv.is_null("$tna(auth)") then
		KSR.hdr.insert_before("WWW-Authenticate: Bearer realm=\"" .. site("HOME_DOMAIN") .. "\"\r\n",
			"WWW-Authenticate")
	end
	return 1
end

function ksr_onreply_session()
	if not yes(KSR.tna_register.tna_reply()) and is_provisional() then
		KSR.set_drop()
		return 1
	end
	-- WITH_IQ, SDP was mediated before it came here: headers are what is left.
	if methods("INVITE|UPDATE|PRACK")
			and not yes(KSR.sdp_mediate.mediate("default")) then
		KSR.warn("media of " .. KSR.pv.gete("$ci") .. " failed: "
			.. KSR.pv.gete("$sdpm(code)") .. " " .. KSR.pv.gete("$sdpm(reason)") .. "\n")
		if is_provisional() then
			KSR.set_drop()
		end
	end
	return 1
end

-- No answer of the core is 504 towards the UE (TS 24.229 5.2.2).
function ksr_failure_register()
	-- The core wants the password of a user whose token was good.
	if site("WITH_DIGEST_CORE") and yes(KSR.tna_register.tna_answer()) then
		KSR.pv.sets("$du", "sip:" .. site("ICSCF_NAME") .. ":" .. site("ICSCF_PORT"))
		KSR.tm.t_on_reply("ksr_onreply_registered")
		KSR.tm.t_on_failure("ksr_failure_register")
		if not yes(KSR.tm.t_relay()) then
			KSR.tm.t_reply(504, "Server Time-out")
		end
		return 1
	end
	if yes(KSR.tm.t_branch_timeout()) or yes(KSR.tm.t_check_status("408")) then
		KSR.tm.t_reply(504, "Server Time-out")
	-- tm would make a 500 of it, and the page would not know when to come back.
	elseif yes(KSR.tm.t_check_status("503")) then
		local after = KSR.pv.get("$T_rpl($hdr(Retry-After))")
		if after then
			KSR.hdr.append_to_reply("Retry-After: " .. after .. "\r\n")
		end
		KSR.tm.t_reply(503, "Service Unavailable")
	-- Somebody whom the core does not know without credentials may have a token.
	elseif site("WITH_SIP_DIGEST") and yes(KSR.tm.t_check_status("40[34]"))
			and KSR.pv.is_null("$tna(credentials)") and KSR.pv.is_null("$tna(auth)") then
		KSR.hdr.append_to_reply("WWW-Authenticate: Bearer realm=\"" .. site("HOME_DOMAIN") .. "\"\r\n")
		KSR.tm.t_reply(401, "Unauthorized")
	end
	return 1
end

function ksr_failure_session()
	if yes(KSR.tm.t_branch_timeout()) and not yes(KSR.tm.t_branch_replied()) then
		KSR.tm.t_reply(504, "Server Time-out")
	end
	return 1
end

-- A call ends here, whoever ended it and however far it came: every media leg
-- that stood under this dialog.
function ksr_dialog_event(event)
	if event ~= "dialog:end" and event ~= "dialog:failed" then
		return 1
	end
	for leg in string.gmatch(KSR.pv.gete("$dlg_var(legs)"), "([^;]+)") do
		KSR.pv.sets("$avp(leg)", leg)
		KSR.sdp_mediate.mediate("default")
	end
	return 1
end

-- What a gateway says of a call. One whose media broke down is released towards
-- both ends (TS 24.229 5.2.8): BYE with a Reason, or CANCEL and a final answer.
function ksr_media_event()
	local event = KSR.pv.get("$sdpm(event)")
	if event == "ice-failed" or event == "dtls-failed" or event == "media-lost" then
		KSR.notice("media of " .. KSR.pv.gete("$sdpm(callid)") .. ": " .. event .. " "
			.. KSR.pv.gete("$sdpm(detail)") .. "\n")
		KSR.tna_register.tna_end_call_of(KSR.pv.gete("$sdpm(callid)"), "media", KSR.pv.gete("$sdpm(leg)"))
	end
	return 1
end

-- The WebSocket handshake: only from a page of a configured web server.
function ksr_xhttp_event(event)
	local port = tostring(KSR.pv.get("$Rp"))
	KSR.set_reply_close()
	KSR.set_reply_no_connect()
	if KSR.pv.get("$proto") == "tls" and port == site("WSS_PORT")
			and KSR.pv.gete("$hu") == "/backchannel_logout" then
		KSR.webrtc_auth.logout()
		return 1
	end
	if KSR.pv.get("$proto") == "tls" and port == site("WSS_PORT")
			and string.find(string.lower(KSR.pv.gete("$hdr(Upgrade)")), "websocket", 1, true)
			and KSR.pv.get("$rm") == "GET" then
		if yes(KSR.webrtc_auth.origin()) then
			KSR.websocket.handle_handshake()
		else
			KSR.xhttp.xhttp_reply(403, "Forbidden", "", "")
		end
		return 1
	end
	if site("WITH_METRICS") and KSR.pv.get("$proto") == "tcp" and KSR.pv.get("$Ri") == site("METRICS_ADDR")
			and port == site("METRICS_PORT") and KSR.pv.gete("$hu") == "/metrics" then
		KSR.xhttp_prom.dispatch()
		return 1
	end
	KSR.xhttp.xhttp_reply(404, "Not Found", "", "")
	return 1
end
